//! `tsdiscon`, `disconnect` and `tscon`.

use winsta_api::{Session, SwitchRequest};
use winsta_client::{Host, Listing};
use winsta_domain::SessionId;

use super::bulk::Bulk;
use super::connect::{Way, attach_to};
use super::reach::{host, own_session};
use super::targets::{Wanted, describe, one, several};
use crate::grammar::shared::{Care, Filters};
use crate::grammar::unix::Disconnect;
use crate::grammar::windows::{Tscon, Tsdiscon};
use crate::output;
use crate::report::{Exit, Failure, Outcome};
use crate::tools::Execute;

impl Execute for Tsdiscon {
    fn execute(self) -> Outcome {
        let target = self.target.as_deref();
        let server = self.server.as_deref();
        disconnect(target, server, &self.filters, self.care, self.verbose)
    }
}

impl Execute for Disconnect {
    fn execute(self) -> Outcome {
        let target = self.target.as_deref();
        let (filters, care) = (Filters::default(), Care::default());
        disconnect(target, None, &filters, care, self.verbose)
    }
}

fn disconnect(
    target: Option<&str>,
    server: Option<&str>,
    filters: &Filters,
    care: Care,
    verbose: bool,
) -> Outcome {
    let host = host(server)?;
    let listing = host
        .sessions()
        .map_err(|error| Failure::call("cannot list the sessions", &error))?;
    let wanted = Wanted {
        target,
        filter: filters.filter(),
        all: care.all,
        own: own_session(),
    };
    let sessions = several(&listing.sessions, &wanted)?;
    let bulk = Bulk {
        verb: "disconnect",
        what_if: care.what_if,
        confirm: care.confirm,
        verbose,
    };
    bulk.run(server, &host, sessions, |host, session| {
        disconnect_one(host, &listing, session)
    })
}

fn disconnect_one(host: &Host, listing: &Listing, session: &Session) -> Result<String, Failure> {
    let report = host
        .disconnect(SessionId(session.id), &listing.guard(session))
        .map_err(|error| {
            Failure::call(&format!("cannot disconnect {}", describe(session)), &error)
        })?;
    Ok(match report.connections {
        0 => format!("{} had no client", describe(session)),
        1 => format!("{} disconnected", describe(session)),
        more => format!("{} disconnected from {more} clients", describe(session)),
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
