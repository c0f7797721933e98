//! Other machines, through the user's own OpenSSH.
//!
//! On the other side runs `winsta dial-stdio --hello`, which connects its standard input and
//! output with a socket there. A master process of ssh keeps the connection open between commands;
//! while one lives, its socket is spoken to directly, and no process is started here. Once a host
//! has answered, its master also leads a socket here straight to the host's, so that no process
//! is started there either.

mod clock;
mod command;
mod mux;
mod open;
pub mod plain;
mod problem;
mod stream;

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::error::Cause;
use crate::transport::{Connection, Connector, Dialled};

pub use clock::Deadline;
pub use command::{Destination, RemoteProgram, SshSettings};
pub use plain::PlainHost;
pub use problem::{Problem, SshFailure};

/// What the line of [`hello`] begins with in every version.
const HELLO_START: &[u8] = b"winsta-dial/1 ";

/// The line by which `winsta dial-stdio --hello` says that it is connected, and with which socket.
/// What a login prints before it is no answer of a host.
pub fn hello(socket: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("winsta-dial/1 {version} {}\n", socket.display())
}

/// Connects to the host of another machine.
#[derive(Clone, Debug)]
pub struct SshConnector {
    settings: SshSettings,
    to: Destination,
    deadline: Deadline,
    own: bool,
}

impl SshConnector {
    /// To the host at `to`.
    pub fn new(settings: SshSettings, to: Destination) -> Self {
        Self {
            settings,
            to,
            deadline: Deadline::NEVER,
            own: false,
        }
    }

    /// To the user's own host there, also where another serves all users.
    #[must_use]
    pub fn own(mut self) -> Self {
        self.own = true;
        self
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
            None if self.own => Ok(format!("{program} dial-stdio --hello --own")),
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
        let there = remote.greeted()?;
        if let (None, Some(there)) = (socket, there) {
            self.lead_to(&there);
        }
        Ok(stream::SshStream::new(
            stream::Through::Command(remote),
            self.deadline,
        ))
    }

    /// The socket that a master leads to the host's.
    fn led(&self, control: &Path) -> PathBuf {
        let mut path = control.as_os_str().to_owned();
        path.push(if self.own { ".own.host" } else { ".host" });
        path.into()
    }

    /// Has the master lead a socket here to the host's own, unless one does. Nothing depends on
    /// it: where sshd forbids it, each command starts another there.
    fn lead_to(&self, there: &str) {
        let Some(control) = self.settings.control(&self.to) else {
            return;
        };
        let here = self.led(&control);
        if UnixStream::connect(&here).is_ok() {
            return;
        }
        // A master that has ended left it behind.
        let _none = std::fs::remove_file(&here);
        if let (Ok(control), Some(here)) = (UnixStream::connect(&control), here.to_str()) {
            let soon = Deadline::after(self.settings.patience).or(self.deadline);
            let _without = mux::forward(control, here, there, soon);
        }
    }
}

impl Connector for SshConnector {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        Ok(Box::new(self.open(None)?))
    }

    fn quick(&self) -> Option<Box<dyn Connection>> {
        let control = self.settings.control(&self.to)?;
        let stream = UnixStream::connect(self.led(&control)).ok()?;
        let through = stream::Through::Forward(stream);
        Some(Box::new(stream::SshStream::new(through, self.deadline)))
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
