//! How a connection opens, and which versions understand each other.

use serde::{Deserialize, Serialize};
use winsta_domain::TerminalSize;

use crate::session::Stream;

/// The versions of this protocol that this build speaks.
pub const VERSIONS: Versions = Versions {
    oldest: 1,
    newest: 1,
};

/// A range of protocol versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The oldest version spoken.
    pub oldest: u32,
    /// The newest version spoken.
    pub newest: u32,
}

impl Versions {
    /// The newest version that both sides speak, if there is one.
    pub fn common(self, other: Self) -> Option<u32> {
        let version = self.newest.min(other.newest);
        (version >= self.oldest && version >= other.oldest).then_some(version)
    }
}

/// A one-time permit to attach: 128 random bits in hexadecimal, made by the host and registered
/// with the keeper before the client gets it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(pub String);

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket(..)")
    }
}

/// The first frame on a connection. Until it has come, the keeper changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Hello {
    /// The host. A keeper serves one host: a later one takes the earlier one's place.
    Control {
        /// Versions that the host speaks.
        versions: Versions,
        /// Process id of the host, for messages.
        pid: u32,
    },
    /// A client that attaches to the session that its ticket names.
    Attach {
        /// Versions that the client speaks.
        versions: Versions,
        /// The permit.
        ticket: Ticket,
        /// Size of the client's terminal, if it has one.
        size: Option<TerminalSize>,
        /// Where to begin; `None` asks for a snapshot of the screen first, and then what follows
        /// it. A number asks for the raw output from that offset on.
        from: Option<u64>,
        /// Which stream to read; a PTY has only [`Stream::Out`].
        #[serde(default)]
        stream: Stream,
    },
}

/// The keeper's answer to a [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "welcome", rename_all = "snake_case")]
pub enum Welcome {
    /// To a host. One descriptor comes along: the ledger
    /// ([`SessionReport::slot`](crate::SessionReport)).
    Control {
        /// The version both will speak.
        version: u32,
        /// Process id of the keeper.
        pid: u32,
        /// Version of the keeper's program, for messages.
        program: String,
    },
    /// To a client; the connection's [`KeeperMessage`](crate::KeeperMessage)s follow.
    Attach {
        /// The version both will speak.
        version: u32,
    },
    /// Neither: the connection closes.
    Refused {
        /// Why, for people.
        reason: String,
        /// Versions that the keeper speaks.
        versions: Versions,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_meet_or_do_not() {
        let v = |oldest, newest| Versions { oldest, newest };
        assert_eq!(v(1, 3).common(v(2, 5)), Some(3));
        assert_eq!(v(2, 5).common(v(1, 3)), Some(3));
        assert_eq!(v(1, 1).common(v(2, 5)), None);
        assert_eq!(v(4, 5).common(v(1, 3)), None);
    }
}
