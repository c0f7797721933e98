//! What can go wrong between a command and a host.

use std::fmt;
use std::io;
use std::path::PathBuf;

use winsta_api::{ApiError, ErrorCode};
use winsta_domain::SessionId;

use crate::dirs::DirError;
use crate::http::HttpError;
use crate::ssh::{Problem, SshFailure};
use crate::tls::TlsFailure;

/// A call that failed: on which host, on which session, and why.
#[derive(Debug)]
pub struct ClientError {
    /// Name of the host, as the caller knows it.
    pub host: Box<str>,
    /// Whether it is another machine's.
    pub remote: bool,
    /// The session that the call was about.
    pub session: Option<SessionId>,
    /// Why.
    pub cause: Cause,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The host said no.
    #[error("{}", .0.message)]
    Refused(ApiError),
    /// A folder that should hold the socket cannot be used.
    #[error("no host can be reached")]
    Dirs(#[source] DirError),
    /// Nothing answers at this place.
    #[error("cannot connect to {place}")]
    Unreachable {
        /// Path of the socket, or name of the machine.
        place: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The program that would be the host cannot be run.
    #[error("cannot start a host with {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The machine's own host does not answer.
    #[error("this machine's host does not answer at {}", socket.display())]
    SystemHost {
        /// Its socket.
        socket: PathBuf,
    },
    /// The host that was started gave up.
    #[error("the host that was started could not begin: {reason}")]
    StartFailed {
        /// In the host's words.
        reason: String,
    },
    /// No host answers, and somebody else has been starting one for too long.
    #[error("no host answers, and another command has held {} for {seconds} s", lock.display())]
    StartBusy {
        /// The lock file.
        lock: PathBuf,
        /// How long.
        seconds: u64,
    },
    /// The host was lost in the middle of the call.
    #[error("the connection to the host failed")]
    Connection(#[source] io::Error),
    /// The host did not answer in time.
    #[error("the host did not answer within {seconds} s")]
    Timeout {
        /// How long the call waited.
        seconds: u64,
    },
    /// What came is no HTTP answer.
    #[error("the host's answer cannot be read")]
    Http(#[source] HttpError),
    /// What came is HTTP, but not what the interface promises.
    #[error("the host's answer is not what this version of winsta understands")]
    Answer(#[source] serde_json::Error),
    /// Host and client have no version of the interface in common, or the host does not know a
    /// request yet.
    #[error("the host is {host} and speaks {spoken}, this is winsta {client} and needs {needed}")]
    Version {
        /// What the host says it is.
        host: String,
        /// What it speaks.
        spoken: String,
        /// Version of this program.
        client: &'static str,
        /// What this program asked for.
        needed: String,
    },
    /// ssh did not lead to the host.
    #[error("{0}")]
    Ssh(SshFailure),
    /// TLS did not lead to the host.
    #[error(transparent)]
    Tls(Box<TlsFailure>),
    /// The keeper did not let the client attach.
    #[error("the keeper refused the connection: {reason}")]
    Keeper {
        /// In the keeper's words.
        reason: String,
    },
}

impl From<TlsFailure> for Cause {
    fn from(failure: TlsFailure) -> Self {
        Self::Tls(Box::new(failure))
    }
}

impl Cause {
    pub(crate) fn is_without_winsta(&self) -> bool {
        matches!(self, Self::Ssh(failure) if failure.problem == Problem::NotInstalled)
    }
}

impl ClientError {
    /// What to do next, if there is something.
    pub fn hint(&self) -> Option<String> {
        match &self.cause {
            Cause::Refused(refusal) => refusal.hint.clone(),
            Cause::StartBusy { .. } => {
                Some("end the command that holds it (see: fuser, lsof), then try again".to_owned())
            }
            Cause::Start { .. } | Cause::StartFailed { .. } => {
                Some("winsta host run shows what a host has to say".to_owned())
            }
            Cause::SystemHost { .. } => Some(
                "systemctl status winsta-host says why; WINSTA_RUNTIME_DIR leads to a host of \
                 your own"
                    .to_owned(),
            ),
            Cause::Version { .. } => Some(
                "bring both to the same version: winsta host upgrade keeps all sessions".to_owned(),
            ),
            Cause::Timeout { .. } | Cause::Connection(_) => {
                Some("the host's log is host.log in its runtime folder".to_owned())
            }
            Cause::Ssh(failure) => Some(failure.hint(&self.host)),
            Cause::Tls(failure) => failure.hint(),
            Cause::Dirs(_)
            | Cause::Unreachable { .. }
            | Cause::Http(_)
            | Cause::Answer(_)
            | Cause::Keeper { .. } => None,
        }
    }

    /// Whether the machine answered, but has no winsta.
    pub fn is_without_winsta(&self) -> bool {
        self.cause.is_without_winsta()
    }

    /// The refusal, if the host said no.
    pub fn refusal(&self) -> Option<&ApiError> {
        match &self.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The refusal's code, if the host said no.
    pub fn code(&self) -> Option<ErrorCode> {
        self.refusal().map(|refusal| refusal.code)
    }

    /// The cause and the causes behind it, on one line.
    pub fn reasons(&self) -> String {
        let mut text = self.cause.to_string();
        let mut source = std::error::Error::source(&self.cause);
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.session {
            Some(session) => write!(f, "session {session} on {}", self.host),
            None => write!(f, "host {}", self.host),
        }?;
        write!(f, ": {}", self.cause)
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.cause)
    }
}
