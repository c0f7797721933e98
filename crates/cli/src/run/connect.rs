//! `connect` and `shadow`.

use std::env;

use winsta_api::{AttachRequest, Attachment, Session, Source};
use winsta_client::Host;
use winsta_domain::{ConnectionName, SessionId, State};

use super::attach::{attach_here, check_terminal};
use super::new::console;
use super::reach::{host_within, own_session, user};
use super::targets::{describe, one};
use crate::grammar::unix::Connect;
use crate::grammar::windows::Shadow;
use crate::report::{Exit, Failure, Outcome, Text, say};
use crate::tools::Execute;

/// How this terminal goes into a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Instead of the clients that are there.
    TakeOver,
    /// Beside them.
    Share,
    /// Beside them, if the session's user agrees.
    ShareIfAgreed,
    /// Watching.
    View,
}

impl Execute for Connect {
    fn execute(self) -> Outcome {
        let way = match (self.share, self.view) {
            (true, _) => Way::Share,
            (false, true) => Way::View,
            (false, false) => Way::TakeOver,
        };
        let host = self.on.host()?;
        let listing = host
            .sessions()
            .map_err(|error| Failure::call("cannot list the sessions", &error))?;
        let session = match &self.target {
            Some(target) => one(&listing.sessions, target)?,
            // There, all that is hosted is of the user who logs in.
            None if host.is_remote() => last_left(&listing.sessions, None)?,
            None => last_left(&listing.sessions, Some(&user()))?,
        };
        attach_to(&host, session, way)
    }
}

impl Execute for Shadow {
    fn execute(self) -> Outcome {
        let host = host_within(self.server.as_deref(), self.network)?;
        let listing = host
            .sessions()
            .map_err(|error| Failure::call("cannot list the sessions", &error))?;
        let session = one(&listing.sessions, &self.target)?;
        let way = if self.view {
            Way::View
        } else {
            Way::ShareIfAgreed
        };
        if self.verbose && way == Way::ShareIfAgreed {
            say(&format!("asking the user of {}", describe(session)));
        }
        attach_to(&host, session, way)
    }
}

/// Connects this terminal to a session until the user leaves it or it ends.
pub(crate) fn attach_to(host: &Host, session: &Session, way: Way) -> Outcome {
    if !host.is_remote() && own_session() == Some(SessionId(session.id)) {
        return Err(Failure {
            exit: Exit::Refused,
            text: Text::Error(format!(
                "cannot connect to {}: this is it",
                describe(session)
            )),
            hint: Some("'winsta tsdiscon' leaves it; then connect from outside".to_owned()),
        });
    }
    // The console has no programs until an administrator wants it.
    let idle_console = session.id == SessionId::CONSOLE.0
        && session.name.as_deref() == Some(ConnectionName::CONSOLE)
        && session.leader_pid.is_none();
    if idle_console {
        check_terminal()?;
        console(host)?;
    }
    attach_here(host, SessionId(session.id), &request(host, way))
}

pub(crate) fn request(host: &Host, way: Way) -> AttachRequest {
    let own = own_session().filter(|_| !host.is_remote());
    AttachRequest {
        mode: match way {
            Way::TakeOver => Attachment::TakeOver,
            Way::Share | Way::ShareIfAgreed => Attachment::Share,
            Way::View => Attachment::View,
        },
        client_name: client_name(),
        client_address: client_address(),
        ask_consent: way == Way::ShareIfAgreed,
        from_session: own.map(|id| id.0),
    }
}

/// What the client is called: its terminal's program, else the terminal's kind.
fn client_name() -> Option<String> {
    ["TERM_PROGRAM", "TERM"]
        .iter()
        .find_map(|name| env::var(name).ok())
        .filter(|name| !name.is_empty())
}

/// Where the client's user sits, if they came through ssh.
fn client_address() -> Option<String> {
    let connection = env::var("SSH_CONNECTION").ok()?;
    connection.split(' ').next().map(str::to_owned)
}

/// The user's disconnected session that was used last.
fn last_left<'a>(sessions: &'a [Session], user: Option<&str>) -> Result<&'a Session, Failure> {
    let left: Vec<&Session> = sessions
        .iter()
        .filter(|session| session.source == Source::Hosted)
        .filter(|session| session.state == State::Disconnected)
        .filter(|session| user.is_none() || session.user.as_deref() == user)
        .collect();
    // Times are RFC 3339 of one form in UTC, so that their order is that of their texts.
    let last_use = |session: &Session| {
        session
            .disconnected_since
            .clone()
            .max(session.last_input_time.clone())
            .max(session.logon_time.clone())
    };
    let Some(latest) = left.iter().map(|session| last_use(session)).max() else {
        return Err(Failure {
            exit: Exit::Nothing,
            text: Text::Error("you have no disconnected session".to_owned()),
            hint: Some("'winsta new' starts one; 'winsta connect ID' takes one over".to_owned()),
        });
    };
    let mut candidates = left.iter().filter(|session| last_use(session) == latest);
    if let (Some(session), None) = (candidates.next(), candidates.next()) {
        return Ok(session);
    }
    let lines = left
        .iter()
        .map(|session| format!("\n  {}", describe(session)));
    let lines: String = lines.collect();
    Err(
        Failure::usage(format!("you have several disconnected sessions:{lines}"))
            .with_hint("name one of them: winsta connect ID"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::sample;

    fn left(id: u32, user: &str, since: &str, typed: Option<&str>) -> Session {
        Session {
            id,
            name: None,
            user: Some(user.to_owned()),
            state: State::Disconnected,
            disconnected_since: Some(since.to_owned()),
            last_input_time: typed.map(str::to_owned),
            ..sample()
        }
    }

    #[test]
    fn going_back_means_the_session_that_was_used_last() {
        let early = "2026-11-21T07:00:00.000Z";
        let late = "2026-11-21T08:00:00.000Z";
        let cases: [(&[Session], Result<u32, Exit>); 5] = [
            (&[], Err(Exit::Nothing)),
            (&[left(1, "ann", late, None)], Err(Exit::Nothing)),
            (&[left(1, "bob", early, None)], Ok(1)),
            (
                &[
                    left(1, "bob", late, None),
                    left(2, "bob", early, None),
                    left(3, "ann", late, None),
                ],
                Ok(1),
            ),
            (
                &[
                    left(1, "bob", late, None),
                    left(2, "bob", early, Some(late)),
                ],
                Err(Exit::Usage),
            ),
        ];
        for (sessions, expected) in cases {
            let found = last_left(sessions, Some("bob"));
            assert_eq!(found.map(|s| s.id).map_err(|f| f.exit), expected);
        }
    }
}
