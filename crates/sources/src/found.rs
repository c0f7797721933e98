//! What is found.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use winsta_domain::{SessionId, State, Timestamp};

use crate::parse::tty::Tty;
use crate::processes::Place;

/// Names a session for as long as it lives, and no other ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub String);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// An ssh login.
    Ssh,
    /// A desktop of xrdp.
    Xrdp,
    /// The machine's own screen and keyboard, or a serial line.
    Console,
    /// Another service that registers its logins with logind.
    Other,
}

impl Origin {
    /// What listings give as its type.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Xrdp => "rdpwd",
            Self::Console => "wdcon",
            Self::Other => "other",
        }
    }

    /// In a sentence: "an ssh session".
    pub fn words(self) -> &'static str {
        match self {
            Self::Ssh => "an ssh session that Winsta does not host",
            Self::Xrdp => "an xrdp session",
            Self::Console => "a login at the machine's console",
            Self::Other => "a session of another service",
        }
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name for good.
    pub key: Key,
    /// Its first process with its start, while that lives: the same session found in another way
    /// has the same.
    pub leader_key: Option<Key>,
    /// Where it comes from.
    pub origin: Origin,
    /// Its user.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// Its state. One whose first process has ended and that has processes left is `Down`: it
    /// has no client, and none can come back.
    pub state: State,
    /// Terminals, those that were opened first coming first.
    pub ttys: Vec<Tty>,
    /// Display of its desktop.
    pub display: Option<u32>,
    /// Whether it has a desktop rather than terminals.
    pub graphical: bool,
    /// When the user logged on.
    pub logon: Timestamp,
    /// Since when it has no client, where that is known.
    pub disconnected: Option<Timestamp>,
    /// Name of the client's machine, if the login service knows it by name.
    pub client_name: Option<String>,
    /// Network address that the client has now.
    pub client_address: Option<String>,
    /// Its first process, while that lives.
    pub leader: Option<u32>,
    /// logind's name for it.
    pub login: Option<String>,
    /// systemd's unit that holds its processes.
    pub scope: Option<String>,
    /// The folder of its control group.
    pub cgroup: Option<PathBuf>,
    /// Ends of the connection that its processes carry in their environment (`SSH_CONNECTION`).
    pub connection: Option<String>,
}

impl Found {
    /// Its connection's name, `ssh-tcp#5`; without a client there is none.
    ///
    /// At the console it is the terminal's: the name `console` is that of the place kept for
    /// administrators.
    pub fn connection_name(&self, id: SessionId) -> Option<String> {
        match self.state {
            State::Active | State::Connected | State::ConnectQuery | State::Shadow => {}
            State::Disconnected
            | State::Idle
            | State::Listen
            | State::Reset
            | State::Down
            | State::Init => return None,
        }
        match self.origin {
            Origin::Ssh => Some(format!("ssh-tcp#{id}")),
            Origin::Xrdp => Some(format!("rdp-tcp#{id}")),
            Origin::Console => self.device().or_else(|| Some(format!("seat#{id}"))),
            Origin::Other => Some(format!("other#{id}")),
        }
    }

    /// Whether what sits at `place` sits in this session, and at a terminal of its own making if at
    /// any: what runs in a terminal inside the session, as in tmux, does not.
    pub fn holds(&self, place: &Place) -> bool {
        let same_login = self.login.is_some() && self.login == place.login;
        let below = self
            .leader
            .is_some_and(|leader| place.sshd.contains(&leader));
        let at_console = self.origin == Origin::Console && self.login.is_none();
        let at_its_terminal = place.tty.is_some_and(|tty| self.ttys.contains(&tty));
        if at_console {
            return at_its_terminal;
        }
        (same_login || below) && (at_its_terminal || place.tty.is_none())
    }

    /// The terminal that is listed: `pts/3`, or a display, `:10`.
    pub fn device(&self) -> Option<String> {
        let tty = self.ttys.first().map(ToString::to_string);
        tty.or_else(|| self.display.map(|display| format!(":{display}")))
    }

    /// When its user last typed: the latest time at which something was read from one of its
    /// terminals, as far as the kernel notes that (in steps of 8 s), and never before the logon.
    pub fn last_input(&self) -> Option<Timestamp> {
        if self.origin == Origin::Xrdp || self.state == State::Down {
            return None;
        }
        let times = self.ttys.iter().filter_map(|tty| {
            let found = std::fs::metadata(format!("/dev/{tty}")).ok()?;
            let read = found.accessed().ok()?;
            let since = read.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(Timestamp(u64::try_from(since.as_millis()).ok()?))
        });
        times.max().map(|last| last.max(self.logon))
    }
}

/// What accepts connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Whose sessions come of them.
    pub origin: Origin,
    /// The port.
    pub port: u16,
}

/// All that was found at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The sessions, by key.
    pub sessions: Vec<Found>,
    /// The listeners, one of each origin.
    pub listeners: Vec<Listener>,
    /// Why less is known than could be.
    pub trouble: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sits_in_a_session_sits_at_its_terminal() {
        let found = crate::assemble::tests::ssh();
        let place = |login: &str, tty, sshd: &[u32]| Place {
            login: Some(login.to_owned()),
            tty,
            sshd: sshd.to_vec(),
        };
        for (what, place, held) in [
            (
                "its shell",
                place("3", Some(Tty::Pts(3)), &[185, 179]),
                true,
            ),
            ("a command without a terminal", place("3", None, &[]), true),
            ("in tmux", place("3", Some(Tty::Pts(9)), &[]), false),
            ("elsewhere", place("4", Some(Tty::Pts(3)), &[999]), false),
            (
                "after su",
                place("c7", Some(Tty::Pts(3)), &[185, 179]),
                true,
            ),
        ] {
            assert_eq!(found.holds(&place), held, "{what}");
        }
    }

    #[test]
    fn a_connection_has_a_name_as_long_as_it_is_there() {
        let mut found = crate::assemble::tests::ssh();
        assert_eq!(
            found.connection_name(SessionId(5)).as_deref(),
            Some("ssh-tcp#5")
        );
        assert_eq!(found.device().as_deref(), Some("pts/3"));
        found.state = State::Down;
        assert_eq!(found.connection_name(SessionId(5)), None);
        found.state = State::Active;
        found.origin = Origin::Console;
        found.ttys = vec![Tty::Virtual(2)];
        assert_eq!(found.connection_name(SessionId(5)).as_deref(), Some("tty2"));
    }
}
