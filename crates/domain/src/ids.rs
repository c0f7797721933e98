//! Identities of sessions, connections and hosts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Number of a session on its host: unique while the host's boot lasts, never given twice.
///
/// `0` is the console; listeners are numbered from [`SessionId::FIRST_LISTENER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub u32);

impl SessionId {
    /// The host's own session for its administrators.
    pub const CONSOLE: Self = Self(0);
    /// The first id that a listener has.
    pub const FIRST_LISTENER: u32 = 65_536;
    /// The first id after those kept for listeners.
    const AFTER_LISTENERS: u32 = Self::FIRST_LISTENER + 1_024;

    /// The id to give after this one; `None` once all 2³² are used up.
    pub fn next(self) -> Option<Self> {
        let next = self.0.checked_add(1)?;
        if (Self::FIRST_LISTENER..Self::AFTER_LISTENERS).contains(&next) {
            return Some(Self(Self::AFTER_LISTENERS));
        }
        Some(Self(next))
    }

    /// Whether this id is one of those kept for listeners.
    pub fn is_listener(self) -> bool {
        (Self::FIRST_LISTENER..Self::AFTER_LISTENERS).contains(&self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SessionId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Number of one client's connection to a session: the `N` of `pty#N`, unique on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u32);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one life of a host's numbering: ids are unique within an incarnation, which lasts until
/// the machine boots again or the host's runtime folder is removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub String);

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_step_over_the_listeners() {
        assert_eq!(SessionId(1).next(), Some(SessionId(2)));
        assert_eq!(SessionId(65_535).next(), Some(SessionId(66_560)));
        assert_eq!(SessionId(u32::MAX).next(), None);
        assert!(SessionId(65_536).is_listener());
        assert!(!SessionId(66_560).is_listener());
    }
}
