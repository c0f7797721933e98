//! The ten states that a session can be listed in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// State of a session ([MS-TSTS] 2.2.1.9, `WINSTATIONSTATECLASS`): full names in JSON and CSV, the
/// [short form](State::short) in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// A user is connected to the session.
    Active,
    /// A client is connected, or can be at once, but nobody has logged on: the idle console.
    Connected,
    /// The session is connecting to a client.
    ConnectQuery,
    /// The session's user watches another session.
    Shadow,
    /// The session runs on without a client.
    Disconnected,
    /// The session waits for a client to connect.
    Idle,
    /// Not a session: a listener that accepts connections.
    Listen,
    /// The session is being ended.
    Reset,
    /// The session is down: it ended, and waits for its exit status to be taken.
    Down,
    /// The session is starting.
    Init,
}

impl State {
    /// All states, in the order of the specification.
    pub const ALL: [Self; 10] = [
        Self::Active,
        Self::Connected,
        Self::ConnectQuery,
        Self::Shadow,
        Self::Disconnected,
        Self::Idle,
        Self::Listen,
        Self::Reset,
        Self::Down,
        Self::Init,
    ];

    /// The short form that tables have: `Active`, `Conn`, `ConnQ`, `Shadow`, `Disc`, …
    pub fn short(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Connected => "Conn",
            Self::ConnectQuery => "ConnQ",
            Self::Shadow => "Shadow",
            Self::Disconnected => "Disc",
            Self::Idle => "Idle",
            Self::Listen => "Listen",
            Self::Reset => "Reset",
            Self::Down => "Down",
            Self::Init => "Init",
        }
    }

    /// The state that `text` names, by its short form or its full name, in any case.
    pub fn from_name(text: &str) -> Option<Self> {
        let full = match text.to_ascii_lowercase().as_str() {
            "connected" => Some(Self::Connected),
            "connectquery" => Some(Self::ConnectQuery),
            "disconnected" => Some(Self::Disconnected),
            _ => None,
        };
        full.or_else(|| {
            Self::ALL
                .into_iter()
                .find(|s| s.short().eq_ignore_ascii_case(text))
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_found_by_its_name() {
        for state in State::ALL {
            assert_eq!(State::from_name(&state.short().to_uppercase()), Some(state));
        }
        assert_eq!(State::from_name("Disconnected"), Some(State::Disconnected));
        assert_eq!(State::from_name("gone"), None);
    }
}
