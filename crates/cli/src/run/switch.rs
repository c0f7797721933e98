//! `tsdiscon`, `disconnect` and `tscon`.

use winsta_api::SwitchRequest;
use winsta_client::Host;
use winsta_domain::SessionId;

use super::bulk::Bulk;
use super::connect::{Way, attach_to};
use super::reach::{check_explicit, host};
use super::survey::{Meant, Survey};
use super::targets::{Wanted, describe, one, several};
use crate::grammar::shared::{Care, Filters};
use crate::grammar::unix::Disconnect;
use crate::grammar::windows::{Tscon, Tsdiscon};
use crate::output;
use crate::report::{Exit, Failure, Outcome};
use crate::tools::Execute;

impl Execute for Tsdiscon {
    fn execute(self) -> Outcome {
        let server = self.server.as_deref();
        check_explicit(server, self.care.what_if || self.care.confirm)?;
        let survey = Survey::take(server, self.network)?;
        let target = self.target.as_deref();
        disconnect(target, &survey, &self.filters, self.care, self.verbose)
    }
}

impl Execute for Disconnect {
    fn execute(self) -> Outcome {
        let survey = self.on.survey()?;
        let target = self.target.as_deref();
        let (filters, care) = (Filters::default(), Care::default());
        disconnect(target, &survey, &filters, care, self.verbose)
    }
}

fn disconnect(
    target: Option<&str>,
    survey: &Survey,
    filters: &Filters,
    care: Care,
    verbose: bool,
) -> Outcome {
    let sessions = survey.choose(|place, sessions| {
        let wanted = Wanted {
            target,
            filter: filters.filter(),
            all: care.all,
            own: place.own_session(),
        };
        several(sessions, &wanted)
    })?;
    let bulk = Bulk {
        verb: "disconnect",
        what_if: care.what_if,
        confirm: care.confirm,
        verbose,
    };
    bulk.run(survey, sessions, disconnect_one)
}

fn disconnect_one(host: &Host, meant: &Meant<'_>) -> Result<String, Failure> {
    let words = meant.words();
    let report = host
        .disconnect(SessionId(meant.session.id), &meant.guard())
        .map_err(|error| Failure::call(&format!("cannot disconnect {words}"), &error))?;
    Ok(match report.connections {
        0 => format!("{words} had no client"),
        1 => format!("{words} disconnected"),
        more => format!("{words} disconnected from {more} clients"),
    })
}

impl Execute for Tscon {
    fn execute(self) -> Outcome {
        let host = host(None)?;
        let listing = host
            .sessions()
            .map_err(|error| Failure::call("cannot list the sessions", &error))?;
        let session = one(&listing.sessions, &self.target)?;
        let Some(destination) = self.dest else {
            return attach_to(&host, session, Way::TakeOver);
        };
        let request = SwitchRequest {
            destination: destination.clone(),
            guard: listing.guard(session),
        };
        host.switch(SessionId(session.id), &request)
            .map_err(|error| {
                let what = format!("cannot show {} at {destination}", describe(session));
                Failure::call(&what, &error)
            })?;
        if self.verbose {
            output::text(&format!(
                "{} is shown at {destination}\n",
                describe(session)
            ))?;
        }
        Ok(Exit::Done)
    }
}
