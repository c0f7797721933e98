//! What a host shows to the users of attached clients, and what they answer.
//!
//! The keeper passes both on without reading them, so that only hosts and clients need agree.

use serde::{Deserialize, Serialize};

/// Something to show to a user: the JSON in [`KeeperMessage::Notice`](crate::KeeperMessage).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// A message (`msg`).
    Message {
        /// Number that the answer repeats.
        id: u32,
        /// Who sends it.
        from: String,
        /// The text; a client shows control characters other than newline and tab as `^X`.
        text: String,
        /// Seconds that it is shown; 0: until it is acknowledged.
        seconds: u32,
        /// Whether the sender waits for an answer.
        wait: bool,
    },
    /// The session will be ended unless somebody cancels it.
    Countdown {
        /// Number that the answer repeats.
        id: u32,
        /// What to tell the user.
        text: String,
        /// When: milliseconds since the epoch.
        due_ms: u64,
        /// Whether the answer `cancel` will be taken.
        may_cancel: bool,
    },
    /// Takes back the notice of this number.
    Cancelled {
        /// Number of the notice.
        id: u32,
        /// Why, for people.
        reason: String,
    },
    /// Asks whether somebody may control the session (`shadow`).
    Consent {
        /// Number that the answer repeats.
        id: u32,
        /// Who asks.
        from: String,
    },
    /// The client shall leave this session and attach with this ticket (`tscon /DEST:`).
    Switch {
        /// Path of the keeper's socket.
        socket: String,
        /// The permit.
        ticket: String,
    },
    /// A notice that this build does not know.
    #[serde(other)]
    Other,
}

/// A user's answer to a notice: the JSON in [`ClientMessage::Answer`](crate::ClientMessage).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeAnswer {
    /// Number of the notice.
    pub id: u32,
    /// `ok`, `cancel`, `yes`, `no`, `timed_out` or what the user typed.
    pub answer: String,
}
