//! `logoff` and `reset session`.

use winsta_api::{EndReport, EndRequest, How, Warn};
use winsta_client::Host;
use winsta_domain::SessionId;

use super::bulk::Bulk;
use super::reach::check_explicit;
use super::survey::{Meant, Survey};
use super::targets::{Wanted, several};
use crate::grammar::shared::{Care, Filters, Network, Warning};
use crate::grammar::windows::{Logoff, ResetSession};
use crate::report::{Exit, Failure, Outcome, Text, say};
use crate::tools::Execute;

/// A wish to end sessions.
struct End {
    how: How,
    target: Option<String>,
    server: Option<String>,
    network: Network,
    verbose: bool,
    filters: Filters,
    care: Care,
    warning: Warning,
}

impl Execute for Logoff {
    fn execute(self) -> Outcome {
        let end = End {
            how: How::Logoff,
            target: self.target,
            server: self.server,
            network: self.network,
            verbose: self.verbose,
            filters: self.filters,
            care: self.care,
            warning: self.warning,
        };
        end.run()
    }
}

impl Execute for ResetSession {
    fn execute(self) -> Outcome {
        let end = End {
            how: How::Reset,
            target: self.target,
            server: self.server,
            network: self.network,
            verbose: self.verbose,
            filters: self.filters,
            care: self.care,
            warning: self.warning,
        };
        end.run()
    }
}

impl End {
    fn run(self) -> Outcome {
        let verb = match self.how {
            How::Logoff => "log off",
            How::Reset => "reset",
        };
        let server = self.server.as_deref();
        check_explicit(server, self.care.what_if || self.care.confirm)?;
        let survey = Survey::take(server, self.network)?;
        let sessions = survey.choose(|place, sessions| {
            let wanted = Wanted {
                target: self.target.as_deref(),
                filter: self.filters.filter(),
                all: self.care.all,
                own: place.own_session(),
            };
            several(sessions, &wanted)
        })?;
        if let Some(seconds) = self.warning.warn.filter(|_| !self.care.what_if) {
            say(&format!(
                "warning {} for {seconds} s; 'winsta warnings' shows and cancels what is to come",
                match sessions.as_slice() {
                    [only] => only.words(),
                    more => format!("{} sessions", more.len()),
                }
            ));
        }
        let bulk = Bulk {
            verb,
            what_if: self.care.what_if,
            confirm: self.care.confirm,
            verbose: self.verbose,
        };
        let act = |host: &Host, meant: &Meant<'_>| self.end(verb, host, meant);
        bulk.run(&survey, sessions, act)
    }

    fn end(&self, verb: &str, host: &Host, meant: &Meant<'_>) -> Result<String, Failure> {
        let request = EndRequest {
            how: self.how,
            guard: meant.guard(),
            warn: self.warning.warn.map(|seconds| Warn {
                seconds,
                message: self.warning.message.clone(),
                user_may_cancel: self.warning.user_may_cancel,
            }),
        };
        let what = format!("cannot {verb} {}", meant.words());
        let report = host
            .end(SessionId(meant.session.id), &request)
            .map_err(|error| Failure::call(&what, &error))?;
        ended(meant, &what, &report)
    }
}

/// What an end came to, in words.
fn ended(meant: &Meant<'_>, what: &str, report: &EndReport) -> Result<String, Failure> {
    let refused = |why: String| Failure {
        exit: Exit::Refused,
        text: Text::Error(format!("{what}: {why}")),
        hint: None,
    };
    if !report.ended && report.step == "cancelled" {
        let by = report.by.as_deref().unwrap_or("somebody");
        return Err(refused(format!("{by} cancelled it")));
    }
    if !report.ended || report.left > 0 {
        let left = report.left;
        return Err(refused(format!(
            "{left} of its processes are left, which you have no right to kill"
        ))
        .with_hint("as root: winsta tskill PID"));
    }
    let how = match report.step.as_str() {
        "gone" => "was gone already".to_owned(),
        step => format!("ended by {step}"),
    };
    Ok(format!("{} {how}", meant.words()))
}
