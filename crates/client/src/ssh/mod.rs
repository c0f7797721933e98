//! Other machines, through the user's own OpenSSH.
//!
//! On the other side runs `winsta dial-stdio --hello`, which connects its standard input and
//! output with a socket there. A master process of ssh keeps the connection open between commands;
//! while one lives, its socket is spoken to directly, and no process is started here.

mod clock;
mod command;
mod mux;
mod open;
pub mod plain;
mod problem;
mod stream;

use std::path::Path;

use crate::error::Cause;
use crate::transport::{Connection, Connector, Dialled};

pub use clock::Deadline;
pub use command::{Destination, RemoteProgram, SshSettings};
pub use plain::PlainHost;
pub use problem::{Problem, SshFailure};

/// The line by which `winsta dial-stdio --hello` says that it is connected. What a login prints
/// before it is no answer of a host.
pub const HELLO: &str = concat!("winsta-dial/1 ", env!("CARGO_PKG_VERSION"), "\n");
/// What every version's line begins with.
const HELLO_START: &[u8] = b"winsta-dial/1 ";

/// Connects to the host of another machine.
#[derive(Clone, Debug)]
pub struct SshConnector {
    settings: SshSettings,
    to: Destination,
    deadline: Deadline,
}

impl SshConnector {
    /// To the host at `to`.
    pub fn new(settings: SshSettings, to: Destination) -> Self {
        Self {
            settings,
            to,
            deadline: Deadline::NEVER,
        }
    }

    /// Gives up at `deadline`, whatever is being waited for.
    #[must_use]
    pub fn until(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    fn dial_words(&self, socket: Option<&str>) -> Result<String, Cause> {
        let program = self.to.program.as_str();
        match socket {
            None => Ok(format!("{program} dial-stdio --hello")),
            Some(path) if command::is_plain(path) => {
                Ok(format!("{program} dial-stdio --hello --socket {path}"))
            }
            Some(path) => Err(Cause::Unreachable {
                place: format!("{path} on {}", self.to.address),
                source: std::io::ErrorKind::InvalidInput.into(),
            }),
        }
    }

    fn open(&self, socket: Option<&str>) -> Result<stream::SshStream, Cause> {
        let words = self.dial_words(socket)?;
        let mut remote = open::open(&self.settings, &self.to, &words, self.deadline)?;
        remote.greeted()?;
        Ok(stream::SshStream::new(remote, self.deadline))
    }
}

impl Connector for SshConnector {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        Ok(Box::new(self.open(None)?))
    }

    fn place(&self) -> String {
        self.to.address.to_string()
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn plain(&self, name: &str) -> Option<PlainHost> {
        Some(PlainHost::new(self.clone(), name))
    }

    fn dial(&self, socket: &Path) -> Result<Dialled, Cause> {
        let socket = socket.to_string_lossy();
        self.open(Some(&socket))?.into_dialled()
    }
}
