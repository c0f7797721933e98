//! What can go wrong between a client and a service.

use std::fmt::Write as _;

use winsta_client::Cause;
use winsta_client::http::HttpError;
use winsta_psrp::ProtocolError;
use winsta_wsman::fault::Kind;
use winsta_wsman::{Fault, Malformed};

use crate::negotiate::LogonProblem;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Nothing answers.
    #[error("{0}")]
    Unreachable(#[source] Cause),
    /// The connection was lost.
    #[error("the connection was lost")]
    Lost(#[source] HttpError),
    /// The service does not know the user, or the password is wrong.
    #[error("access is denied: the user name or the password is wrong")]
    Denied,
    /// Logging on came to nothing, or its keys do not fit what comes.
    #[error("{0}")]
    Logon(#[source] LogonProblem),
    /// There is an answer, and it is not one of WS-Management.
    #[error("it answers with status {status} of HTTP{said}")]
    Status {
        /// The status.
        status: u16,
        /// What it says beside, with a colon in front.
        said: String,
    },
    /// What it answers cannot be read.
    #[error("its answer cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// It answers something else than what was asked.
    #[error("it does not answer what was asked")]
    Unrelated,
    /// It refuses.
    #[error("{}", .0.text().trim())]
    Fault(Box<Fault>),
    /// What comes is no PowerShell remoting.
    #[error("{0}")]
    Protocol(#[from] ProtocolError),
    /// The session cannot be used.
    #[error("the session is broken{0}")]
    Broken(String),
}

impl Problem {
    /// Whether the same request may succeed when it is sent again.
    pub fn is_passing(&self) -> bool {
        match self {
            // What is too long or malformed is so again.
            Self::Lost(error) => matches!(
                error,
                HttpError::Io(_) | HttpError::Cut | HttpError::NoAnswer
            ),
            Self::Unreachable(cause) => matches!(
                cause,
                Cause::Unreachable { .. }
                    | Cause::Connection(_)
                    | Cause::Timeout { .. }
                    | Cause::Ssh(_)
            ),
            _ => false,
        }
    }

    /// Whether the service refuses for this reason.
    pub fn is(&self, kind: Kind) -> bool {
        match self {
            Self::Fault(fault) => fault.code() == kind.fault().code(),
            _ => false,
        }
    }

    /// All of it in one line.
    pub fn in_words(&self) -> String {
        let mut words = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            let text = error.to_string();
            if !words.contains(&text) {
                // Writing to a String cannot fail.
                let _ = write!(words, ": {text}");
            }
            source = error.source();
        }
        words
    }
}

impl From<LogonProblem> for Problem {
    fn from(problem: LogonProblem) -> Self {
        match problem {
            LogonProblem::Denied => Self::Denied,
            other => Self::Logon(other),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}
