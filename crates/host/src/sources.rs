//! Where sessions come from. A source says what it cannot do, and what would do instead.

use winsta_api::{ErrorCode, Session, Source};
use winsta_domain::{SessionId, State};

use crate::access::Verb;
use crate::failure::{Failure, hinted};

/// Whether a source can do something.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    /// It can.
    Supported,
    /// It cannot.
    Unsupported {
        /// Why.
        reason: &'static str,
        /// What would do instead.
        hint: &'static str,
    },
}

/// Lists sessions of one origin and says what can be done with them. Hosted ones are listed from
/// their rows ([`crate::rows`]); those of other sources are as they are found.
pub(crate) trait SessionSource: Send + Sync {
    /// Whether the session is one of this source's.
    fn owns(&self, id: SessionId) -> bool;
    /// The sessions that are there now.
    fn list(&self, host: &str) -> Vec<Session>;
    /// Whether the verb can be carried out on its sessions.
    fn supports(&self, verb: Verb) -> Support;
}

/// What accepts connections: not sessions, but listed among them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listeners;

impl SessionSource for Listeners {
    fn owns(&self, id: SessionId) -> bool {
        id.is_listener()
    }

    fn list(&self, host: &str) -> Vec<Session> {
        let id = SessionId(SessionId::FIRST_LISTENER);
        vec![empty(host, id, "pty", State::Listen, "pty")]
    }

    fn supports(&self, verb: Verb) -> Support {
        match verb {
            Verb::List => Support::Supported,
            _ => Support::Unsupported {
                reason: "a listener is no session, it only accepts connections",
                hint: "winsta query session lists the sessions",
            },
        }
    }
}

/// The console while nobody uses it: a place kept for administrators.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleConsole;

impl SessionSource for IdleConsole {
    fn owns(&self, id: SessionId) -> bool {
        id == SessionId::CONSOLE
    }

    fn list(&self, host: &str) -> Vec<Session> {
        let state = winsta_domain::session::SessionMachine::console_state(None);
        vec![empty(host, SessionId::CONSOLE, "console", state, "wdcon")]
    }

    fn supports(&self, verb: Verb) -> Support {
        match verb {
            Verb::List | Verb::CreateConsole => Support::Supported,
            _ => Support::Unsupported {
                reason: "nobody uses the console now, so there is nothing to do this to",
                hint: "winsta connect console starts a session there",
            },
        }
    }
}

/// The refusal for what a source cannot do.
pub(crate) fn unsupported(source: &dyn SessionSource, verb: Verb) -> Option<Failure> {
    match source.supports(verb) {
        Support::Supported => None,
        Support::Unsupported { reason, hint } => Some(hinted(ErrorCode::Unsupported, reason, hint)),
    }
}

/// A row that says no more than what it is.
pub(crate) fn empty(host: &str, id: SessionId, name: &str, state: State, kind: &str) -> Session {
    Session {
        host: host.to_owned(),
        id: id.0,
        name: Some(name.to_owned()),
        label: None,
        user: None,
        state,
        kind: kind.to_owned(),
        device: None,
        source: Source::Hosted,
        logon_time: None,
        last_input_time: None,
        idle_seconds: None,
        disconnected_since: None,
        client_name: None,
        client_address: None,
        leader_pid: None,
        current: false,
        connections: Vec::new(),
        command: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_session_can_only_be_listed() {
        assert_eq!(Listeners.list("h").len(), 1);
        assert_eq!(IdleConsole.list("h")[0].state, State::Connected);
        for verb in [Verb::End, Verb::Attach, Verb::Input, Verb::Message] {
            for source in [&Listeners as &dyn SessionSource, &IdleConsole] {
                let refusal = unsupported(source, verb).unwrap();
                assert_eq!(refusal.code, ErrorCode::Unsupported);
                assert!(refusal.hint.is_some());
            }
        }
        assert_eq!(
            IdleConsole.supports(Verb::CreateConsole),
            Support::Supported
        );
    }
}
