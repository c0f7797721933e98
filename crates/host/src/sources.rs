//! Where sessions come from. A source says what it cannot do, and what would do instead.

use winsta_api::{ErrorCode, Session, Source};
use winsta_domain::{SessionId, State};
use winsta_sources::{Found, Listener, Origin};

use crate::access::Verb;
use crate::elsewhere::{describe, source};
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
pub(crate) struct Listeners<'a>(pub(crate) &'a [Listener]);

/// The listener of an origin has always the same number.
const SSH_LISTENER: SessionId = SessionId(SessionId::FIRST_LISTENER + 1);
const RDP_LISTENER: SessionId = SessionId(SessionId::FIRST_LISTENER + 2);

impl SessionSource for Listeners<'_> {
    fn owns(&self, id: SessionId) -> bool {
        id.is_listener()
    }

    fn list(&self, host: &str) -> Vec<Session> {
        let first = SessionId(SessionId::FIRST_LISTENER);
        let mut rows = vec![empty(host, first, "pty", State::Listen, "pty")];
        rows.extend(self.0.iter().filter_map(|listener| {
            let (id, name) = match listener.origin {
                Origin::Ssh => (SSH_LISTENER, "ssh-tcp"),
                Origin::Xrdp => (RDP_LISTENER, "rdp-tcp"),
                Origin::Console | Origin::Other => return None,
            };
            let mut row = empty(host, id, name, State::Listen, listener.origin.kind());
            row.source = source(listener.origin);
            Some(row)
        }));
        rows
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

/// A session that Winsta does not host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login<'a> {
    /// Its number.
    pub(crate) id: SessionId,
    /// What was found.
    pub(crate) found: &'a Found,
}

impl SessionSource for Login<'_> {
    fn owns(&self, id: SessionId) -> bool {
        id == self.id
    }

    fn list(&self, host: &str) -> Vec<Session> {
        vec![describe(host, self.id, self.found, None, None)]
    }

    fn supports(&self, verb: Verb) -> Support {
        let not = |reason, hint| Support::Unsupported { reason, hint };
        match (verb, self.found.origin) {
            (Verb::List | Verb::End | Verb::Kill | Verb::Message | Verb::Inspect, _)
            | (Verb::Disconnect, Origin::Xrdp) => Support::Supported,
            (Verb::Disconnect, Origin::Console) if self.found.graphical => Support::Supported,
            (Verb::Disconnect, Origin::Console) => not(
                "a login at a text console cannot be disconnected or locked from outside",
                "log it off, or have its user run vlock",
            ),
            (Verb::Disconnect, Origin::Ssh) => not(
                "an ssh session that Winsta does not host cannot be disconnected: it would end",
                "log it off, or have users log in through 'winsta login'",
            ),
            (Verb::Disconnect, Origin::Other) => not(
                "a session of another service cannot be disconnected",
                "log it off",
            ),
            (Verb::Attach | Verb::Input | Verb::Output | Verb::Screen, _) => not(
                "Winsta does not host this session, so it cannot be seen or typed into",
                "sessions that are started with 'winsta new' can",
            ),
            (Verb::Wait, _) => not(
                "Winsta does not host this session, so nobody keeps its exit status",
                "winsta query session shows whether it is there",
            ),
            (Verb::Change, _) => not(
                "Winsta does not host this session, so it keeps neither label nor size for it",
                "sessions that are started with 'winsta new' have both",
            ),
            (
                Verb::Status
                | Verb::Audit
                | Verb::Events
                | Verb::Survey
                | Verb::Create
                | Verb::CreateConsole
                | Verb::CancelWarning
                | Verb::Stop
                | Verb::Upgrade
                | Verb::Trusted
                | Verb::Token
                | Verb::Enrol
                | Verb::Distrust
                | Verb::Remote
                | Verb::ReachKeeper
                | Verb::Configurations
                | Verb::Configure,
                _,
            ) => not(
                "this is no request about a session",
                "winsta --help lists what can be done",
            ),
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
        let listening = [Origin::Ssh, Origin::Xrdp].map(|origin| Listener { origin, port: 1 });
        let rows = Listeners(&listening).list("h");
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.id, row.name.as_deref(), row.kind.as_str()))
            .collect();
        let expected = [
            (65_536, Some("pty"), "pty"),
            (65_537, Some("ssh-tcp"), "ssh"),
            (65_538, Some("rdp-tcp"), "rdpwd"),
        ];
        assert_eq!(rows, expected);
        assert_eq!(IdleConsole.list("h")[0].state, State::Connected);
        for verb in [Verb::End, Verb::Attach, Verb::Input, Verb::Message] {
            for source in [&Listeners(&[]) as &dyn SessionSource, &IdleConsole] {
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
