//! `tskill`.

use winsta_api::ProcessInfo;
use winsta_client::{Deadline, Host, Listing};
use winsta_domain::SessionId;

use super::fleet::{self, Gathered};
use super::reach::{Place, check_explicit, places};
use crate::grammar::windows::Tskill;
use crate::output;
use crate::report::{Exit, Failure, Outcome};
use crate::table::layout::visible;
use crate::tools::Execute;

impl Execute for Tskill {
    fn execute(self) -> Outcome {
        let server = self.server.as_deref();
        check_explicit(server, self.what_if)?;
        let places = places(server)?;
        let answers = fleet::ask(&places, self.network, |place, host| self.look(place, &host));
        let several = places.len() > 1;
        let mut found = Gathered::new(&places, Vec::new());
        let mut nothing = None;
        for (place, answer) in places.iter().zip(answers) {
            match answer {
                Ok(here) => found.rows.push((place, here)),
                Err(none) if several && none.exit == Exit::Nothing => nothing = Some(none),
                Err(failure) if !several => return Err(failure),
                Err(failure) => found.failures.push((place, failure)),
            }
        }
        if let (true, true, Some(nothing)) =
            (found.rows.is_empty(), found.failures.is_empty(), nothing)
        {
            return Err(nothing);
        }
        let mut worst = Exit::Done;
        for (place, (sessions, meant)) in &found.rows {
            let named = if several { Some(*place) } else { None };
            let host = place.host(self.network.time(), Deadline::NEVER)?;
            let done = self.kill_all(named, &host, sessions, meant);
            worst = worst.max(done.map_err(|failure| failure.on(place))?);
        }
        Ok(worst.max(found.say_failures()))
    }
}

/// A host's sessions, and those of its processes that are meant.
type Found = (Listing, Vec<ProcessInfo>);

impl Tskill {
    fn look(&self, place: &Place, host: &Host) -> Result<Found, Failure> {
        let list = |error| Failure::call("cannot list the processes", &error);
        let processes = host.processes().map_err(list)?;
        let sessions = host.sessions().map_err(list)?;
        let meant = self.meant(processes, place.own_session())?;
        Ok((sessions, meant))
    }

    fn kill_all(
        &self,
        named: Option<&Place>,
        host: &Host,
        sessions: &Listing,
        meant: &[ProcessInfo],
    ) -> Outcome {
        let mut worst = Exit::Done;
        let on = named.map(|place| format!(" on {}", place.name));
        let on = on.unwrap_or_default();
        for process in meant {
            let words = describe(process) + &on;
            if self.what_if {
                output::text(&format!("What if: would kill {words}\n"))?;
                continue;
            }
            match kill(host, sessions, process) {
                Ok(()) if self.verbose => {
                    // A reader that has gone away does not stop the work.
                    let _unread = output::text(&format!("{words} killed\n"));
                }
                Ok(()) => {}
                Err(failure) => {
                    failure.print();
                    worst = worst.max(failure.exit);
                }
            }
        }
        Ok(worst)
    }
}

impl Tskill {
    /// The processes that are to be killed.
    fn meant(
        &self,
        processes: Vec<ProcessInfo>,
        own: Option<SessionId>,
    ) -> Result<Vec<ProcessInfo>, Failure> {
        let number = self.target.parse::<u32>().ok();
        let session = match (number, self.id, self.all, own) {
            // A process id says enough; /ID only makes sure.
            (Some(_), id, ..) => id,
            (None, Some(id), ..) => Some(id),
            (None, None, true, _) => None,
            (None, None, false, Some(own)) => Some(own),
            (None, None, false, None) => {
                return Err(
                    Failure::usage("tskill: a name says too little outside a session")
                        .with_hint("say in which session with /ID:sessionid, or /A for all"),
                );
            }
        };
        let meant: Vec<ProcessInfo> = processes
            .into_iter()
            .filter(|process| session.is_none_or(|id| process.id == id.0))
            .filter(|process| match number {
                Some(pid) => process.pid == pid,
                None => process.image.eq_ignore_ascii_case(&self.target),
            })
            .collect();
        if meant.is_empty() {
            return Err(Failure::nothing("Process", &self.target));
        }
        Ok(meant)
    }
}

fn kill(host: &Host, listing: &Listing, process: &ProcessInfo) -> Result<(), Failure> {
    let session = listing.sessions.iter().find(|s| s.id == process.id);
    let guard = session.map(|session| listing.guard(session));
    let what = format!("cannot kill {}", describe(process));
    host.kill(
        SessionId(process.id),
        process.pid,
        &guard.unwrap_or_default(),
    )
    .map(|_| ())
    .map_err(|error| Failure::call(&what, &error))
}

fn describe(process: &ProcessInfo) -> String {
    let image = visible(&process.image);
    format!(
        "process {} ({image}) of session {}",
        process.pid, process.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::shared::Network;

    fn processes() -> Vec<ProcessInfo> {
        let process = |pid, id, image: &str| ProcessInfo {
            host: "h".to_owned(),
            user: None,
            session_name: None,
            id,
            pid,
            image: image.to_owned(),
            current: false,
        };
        vec![
            process(10, 1, "bash"),
            process(11, 1, "vim"),
            process(12, 2, "bash"),
        ]
    }

    fn meant(target: &str, id: Option<u32>, all: bool, own: Option<u32>) -> Result<Vec<u32>, Exit> {
        let tool = Tskill {
            target: target.to_owned(),
            server: None,
            id: id.map(SessionId),
            all,
            verbose: false,
            what_if: false,
            network: Network::default(),
        };
        tool.meant(processes(), own.map(SessionId))
            .map(|meant| meant.iter().map(|process| process.pid).collect())
            .map_err(|failure| failure.exit)
    }

    #[test]
    fn a_name_needs_a_session_and_a_number_does_not() {
        assert_eq!(meant("10", None, false, None), Ok(vec![10]));
        assert_eq!(meant("10", Some(2), false, None), Err(Exit::Nothing));
        assert_eq!(meant("BASH", None, true, None), Ok(vec![10, 12]));
        assert_eq!(meant("bash", Some(2), false, Some(1)), Ok(vec![12]));
        assert_eq!(meant("bash", None, false, Some(1)), Ok(vec![10]));
        assert_eq!(meant("bash", None, false, None), Err(Exit::Usage));
        assert_eq!(meant("emacs", None, true, None), Err(Exit::Nothing));
        assert_eq!(meant("99", None, false, None), Err(Exit::Nothing));
    }
}
