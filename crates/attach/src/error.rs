//! What can go wrong while attached, and how it can end.

use std::fmt;
use std::io;
use std::path::PathBuf;

use winsta_domain::{ExitStatus, SessionId};
use winsta_wire::FrameError;

/// Why a terminal could not be attached, or was torn off.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Standard output, or whatever keys are read from, is no terminal.
    #[error("{0} is not a terminal: run this in a terminal, or use `winsta read` in a pipe")]
    NotATerminal(&'static str),
    /// The terminal refused.
    #[error("cannot {doing} the terminal")]
    Terminal {
        /// What was tried.
        doing: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// No keeper answers on the socket.
    #[error("cannot reach the keeper at {}", socket.display())]
    Connect {
        /// The keeper's socket.
        socket: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The keeper does not let this client in.
    #[error("the keeper refused: {reason}")]
    Refused {
        /// The keeper's words.
        reason: String,
    },
    /// The keeper is gone. The session may live on under a new one.
    #[error("lost the keeper; the session may live on: look with `winsta query session`")]
    Lost {
        /// What the kernel said, if it said anything.
        source: Option<io::Error>,
    },
    /// The keeper sent what this build does not understand.
    #[error("the keeper sent something that this version does not understand")]
    Protocol {
        /// What it was.
        source: FrameError,
    },
    /// The machine has no thread, descriptor or signal handler left.
    #[error("cannot {doing}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

impl From<FrameError> for AttachError {
    fn from(source: FrameError) -> Self {
        Self::Protocol { source }
    }
}

/// How being attached ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The user detached.
    Detached,
    /// Another client took the session over.
    TakenOver,
    /// The host disconnected this client.
    Disconnected {
        /// Why, for people.
        reason: String,
    },
    /// The session's first process ended.
    Ended {
        /// How.
        status: ExitStatus,
    },
    /// A signal of this number asked this process to end. The session lives on.
    Signalled {
        /// The signal.
        signal: i32,
    },
    /// The terminal is gone. The session lives on.
    TerminalGone,
}

/// How being attached ended, and to which session: the last one, if the host switched this client
/// from one to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The session; `None` if the keeper had not said it yet.
    pub session: Option<SessionId>,
    /// How it ended.
    pub ending: Ending,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = match self.session {
            Some(id) => format!("session {id}"),
            None => "session".to_owned(),
        };
        match &self.ending {
            Ending::Detached | Ending::Signalled { .. } | Ending::TerminalGone => {
                write!(f, "[detached from {session}]")
            }
            Ending::TakenOver => write!(f, "[{session} was taken over]"),
            Ending::Disconnected { reason } if reason.is_empty() => {
                write!(f, "[disconnected from {session}]")
            }
            Ending::Disconnected { reason } => {
                write!(
                    f,
                    "[disconnected from {session}: {}]",
                    reason.escape_debug()
                )
            }
            Ending::Ended { status } => write!(f, "[{session} ended: {status}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_one_line() {
        let of = |ending| {
            Outcome {
                session: Some(SessionId(5)),
                ending,
            }
            .to_string()
        };
        assert_eq!(of(Ending::Detached), "[detached from session 5]");
        assert_eq!(of(Ending::TakenOver), "[session 5 was taken over]");
        assert_eq!(
            of(Ending::Ended {
                status: ExitStatus::Code(0)
            }),
            "[session 5 ended: exit status 0]"
        );
        assert_eq!(
            of(Ending::Disconnected {
                reason: "bob\u{1b}[2J did it".into()
            }),
            "[disconnected from session 5: bob\\u{1b}[2J did it]"
        );
    }
}
