//! How a session's first process ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a session's first process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// It exited with this status, 0 to 255.
    Code(u8),
    /// A signal of this number ended it.
    Signal(u8),
    /// It is gone, and how is not known: its keeper died too and the kernel no longer says.
    Unknown,
}

impl ExitStatus {
    /// The status as a shell has it in `$?`: 128 + N for a signal, 255 when unknown.
    pub fn shell_code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.saturating_add(128),
            Self::Unknown => 255,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => write!(f, "ended by signal {signal}"),
            Self::Unknown => f.write_str("exit status unknown"),
        }
    }
}
