//! Machines that have no winsta: what can be learned and done there with a shell, `ps` and, where
//! it runs, logind.

mod report;

use std::io::Write;
use std::time::Duration;

use winsta_api::{
    ApiError, EndReport, EndRequest, ErrorCode, Guard, How, Message, MessageReport, ProcessInfo,
    Session,
};
use winsta_domain::{SessionId, Timestamp};

pub use report::{PlainSession, Report, ReportError};

use super::open::open;
use super::{Deadline, Problem, SshConnector, SshFailure};
use crate::error::Cause;
use crate::host::Listing;

/// Prints a [`Report`].
const LIST: &str = include_str!("list.sh");
/// Writes to a terminal.
const MESSAGE: &str = include_str!("message.sh");
/// Ends a session.
const LOGOFF: &str = include_str!("logoff.sh");
/// Most bytes that a script may print.
const MOST: u64 = 16 << 20;
/// How much longer the end of a session may take than an answer.
const LADDER: Duration = Duration::from_secs(15);
/// How far two readings of the moment when a process began may lie apart, in seconds.
const BLUR: u64 = 2;

/// A machine without winsta.
#[derive(Clone, Debug)]
pub struct PlainHost {
    way: SshConnector,
    name: String,
}

impl PlainHost {
    pub(crate) fn new(way: SshConnector, name: &str) -> Self {
        Self {
            way,
            name: name.to_owned(),
        }
    }

    /// Its sessions.
    pub(crate) fn sessions(&self) -> Result<Listing, Cause> {
        let report = self.report()?;
        let named = |found: PlainSession| Session {
            host: self.name.clone(),
            ..found.session
        };
        Ok(Listing {
            incarnation: report.boot,
            sessions: report.sessions.into_iter().map(named).collect(),
        })
    }

    /// Their processes.
    pub(crate) fn processes(&self) -> Result<Vec<ProcessInfo>, Cause> {
        let mut processes = self.report()?.processes;
        for process in &mut processes {
            process.host.clone_from(&self.name);
        }
        Ok(processes)
    }

    /// Shows a message at a session's terminal.
    pub(crate) fn message(&self, id: SessionId, message: &Message) -> Result<MessageReport, Cause> {
        if message.wait {
            return Err(unsupported("nobody there can answer, leave /W out"));
        }
        let found = self.find(id)?;
        let Some(tty) = found.session.device else {
            return Err(unsupported("it has no terminal that could show a message"));
        };
        let from = message.from.clone();
        let from = from.map(|from| format!("Message from {from}: "));
        let text = format!("{}{}", from.unwrap_or_default(), harmless(&message.text));
        let user = found.session.user.unwrap_or_default();
        let script = script(MESSAGE, &[("tty", &tty), ("user", &user), ("text", &text)]);
        self.run(&script, Duration::ZERO)?;
        Ok(MessageReport {
            id: id.0,
            shown: 1,
            answer: None,
        })
    }

    /// Ends a session in good order.
    pub(crate) fn end(&self, id: SessionId, request: &EndRequest) -> Result<EndReport, Cause> {
        match request.how {
            How::Logoff if request.warn.is_none() => {}
            How::Logoff => return Err(unsupported("a warning needs winsta there; use msg first")),
            How::Reset => return Err(unsupported("a reset needs winsta there; log it off")),
        }
        let boot = self.report_and(id)?;
        let (boot, found) = boot;
        check(&boot, &found, &request.guard)?;
        let (Some(leader), Some(began)) = (found.session.leader_pid, found.began) else {
            return Err(unsupported("its first process is gone"));
        };
        let (leader, began) = (leader.to_string(), began.to_string());
        let logind = found.logind.unwrap_or_default();
        let script = script(
            LOGOFF,
            &[("id", &logind), ("leader", &leader), ("began", &began)],
        );
        let said = self.run(&script, LADDER)?;
        let step = said.trim();
        Ok(EndReport {
            id: id.0,
            ended: step != "left",
            step: step.to_owned(),
            left: u32::from(step == "left"),
            by: None,
        })
    }

    fn find(&self, id: SessionId) -> Result<PlainSession, Cause> {
        self.report_and(id).map(|(_, found)| found)
    }

    fn report_and(&self, id: SessionId) -> Result<(String, PlainSession), Cause> {
        let report = self.report()?;
        let mut sessions = report.sessions.into_iter();
        match sessions.find(|found| found.session.id == id.0) {
            Some(found) => Ok((report.boot, found)),
            None => Err(refused(
                ErrorCode::NotFound,
                format!("there is no session {id}"),
            )),
        }
    }

    fn report(&self) -> Result<Report, Cause> {
        let said = self.run(LIST, Duration::ZERO)?;
        Report::parse(&said).map_err(|error| other(format!("its list of sessions: {error}")))
    }

    /// Runs a script there, and gives what it prints.
    fn run(&self, script: &str, longer: Duration) -> Result<String, Cause> {
        let SshConnector {
            settings,
            to,
            deadline,
            ..
        } = &self.way;
        let mut settings = settings.clone();
        settings.patience += longer;
        // The script comes as input, so that only `sh` reads it, whatever shell the user has.
        let mut remote = open(&settings, to, "exec sh -s", *deadline)?;
        let sent = Deadline::after(settings.patience).or(*deadline);
        let write = || {
            sent.limit(&remote.stream)?;
            (&remote.stream).write_all(script.as_bytes())?;
            remote.stream.shutdown(std::net::Shutdown::Write)
        };
        // Should it have ended before, its words say why.
        let _said_below = write();
        let (status, said) = remote.output(MOST)?;
        if status == Some(0) {
            return Ok(String::from_utf8_lossy(&said).into_owned());
        }
        let words = remote.errors();
        let words = words.trim();
        match status {
            Some(4) => Err(refused(ErrorCode::Forbidden, words.to_owned())),
            Some(5) => Err(refused(ErrorCode::Stale, words.to_owned())),
            Some(255) | None => Err(Cause::Ssh(SshFailure::read(status, words))),
            Some(status) => Err(other(format!(
                "a script there ended with {status}: {words}"
            ))),
        }
    }
}

/// Refuses if the session is another one than the caller saw.
fn check(boot: &str, found: &PlainSession, guard: &Guard) -> Result<(), Cause> {
    let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse_rfc3339);
    let same = match (time(&found.session.logon_time), time(&guard.logon_time)) {
        (Some(now), Some(then)) => now.0.abs_diff(then.0) <= BLUR * 1000,
        (now, then) => now == then,
    };
    if same && (guard.incarnation.is_empty() || guard.incarnation == boot) {
        return Ok(());
    }
    Err(refused(
        ErrorCode::Stale,
        format!("session {} is another one by now", found.session.id),
    ))
}

fn refused(code: ErrorCode, message: String) -> Cause {
    Cause::Refused(ApiError {
        code,
        message,
        hint: None,
        holders: Vec::new(),
    })
}

fn unsupported(why: &str) -> Cause {
    let Cause::Refused(mut refusal) = refused(ErrorCode::Unsupported, why.to_owned()) else {
        return other(why.to_owned());
    };
    refusal.hint = Some("with winsta installed there, everything works".to_owned());
    Cause::Refused(refusal)
}

fn other(said: String) -> Cause {
    Cause::Ssh(SshFailure {
        problem: Problem::Other,
        said,
    })
}

/// A script with its variables set.
fn script(body: &str, variables: &[(&str, &str)]) -> String {
    let set = variables
        .iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)));
    set.chain([body.to_owned()]).collect()
}

/// One word to a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Without what a terminal would obey.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect::<String>()
        .replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn values_reach_a_script_as_they_are() {
        for value in [
            "",
            "a b",
            "it's",
            "$(touch /nowhere)",
            "`x`\\",
            "a\nb",
            "''",
        ] {
            let script = script("printf '%s' \"$v\"", &[("v", value)]);
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), value);
        }
        assert_eq!(harmless("a\x1b[31m\nb\u{9b}"), "a[31m\r\nb");
    }

    #[test]
    fn this_machine_reports() {
        let output = Command::new("sh").args(["-c", LIST]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(Report::parse(&said).is_ok(), "{said}");
    }
}
