//! How bytes get to a host.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::dirs::Dirs;
use crate::error::Cause;
use crate::ssh::PlainHost;
use crate::start::{self, Launch};

/// A connection to a host.
pub trait Connection: Read + Write + Send {
    /// How long a read or a write may wait; `None` is for ever.
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;

    /// What ties a logon to this connection: the server's certificate, as `tls-server-end-point`
    /// names it (RFC 5929). There is none without TLS.
    fn end_point(&self) -> Option<Vec<u8>> {
        None
    }
}

impl Connection for UnixStream {
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(timeout)?;
        self.set_write_timeout(timeout)
    }
}

/// Makes connections to one host.
pub trait Connector: Send {
    /// A new connection.
    fn connect(&self) -> Result<Box<dyn Connection>, Cause>;
    /// A connection that costs less and may lead nowhere: if it is lost before an answer comes,
    /// [`connect`](Self::connect) tells whether there is a host.
    fn quick(&self) -> Option<Box<dyn Connection>> {
        None
    }
    /// Where it leads, for messages: the path of a socket, the name of a machine.
    fn place(&self) -> String;
    /// Whether it leads to another machine.
    fn is_remote(&self) -> bool {
        false
    }
    /// The same machine without winsta, which is called `name`, if something is possible there.
    fn plain(&self, _name: &str) -> Option<PlainHost> {
        None
    }
    /// A connection to another socket on the host's machine: that of a keeper.
    fn dial(&self, socket: &Path) -> Result<Dialled, Cause> {
        match UnixStream::connect(socket) {
            Ok(stream) => Ok(Dialled { stream, way: None }),
            Err(source) => Err(Cause::Unreachable {
                place: socket.display().to_string(),
                source,
            }),
        }
    }
}

/// A connection to a socket on a host's machine.
pub struct Dialled {
    /// The bytes.
    pub stream: UnixStream,
    /// What they go through, and what ends when it is dropped; nothing on this machine.
    pub way: Option<Box<dyn Send>>,
}

impl Dialled {
    /// Bytes that go through `way`.
    pub(crate) fn over(stream: UnixStream, way: impl Send + 'static) -> Self {
        let way: Box<dyn Send> = Box::new(way);
        Self {
            stream,
            way: Some(way),
        }
    }
}

impl fmt::Debug for Dialled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialled")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for dyn Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connector").field(&self.place()).finish()
    }
}

/// Connects to a Unix socket on this machine.
#[derive(Clone, Debug)]
pub struct UnixConnector {
    path: PathBuf,
}

impl UnixConnector {
    /// To the socket at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Connector for UnixConnector {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        match UnixStream::connect(&self.path) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) => Err(Cause::Unreachable {
                place: self.place(),
                source,
            }),
        }
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// Connects to the caller's own host, which is started whenever it does not run.
#[derive(Clone, Debug)]
pub(crate) struct LocalConnector {
    dirs: Dirs,
    launch: Launch,
}

impl LocalConnector {
    pub(crate) fn new(dirs: &Dirs, launch: &Launch) -> Self {
        Self {
            dirs: dirs.clone(),
            launch: launch.clone(),
        }
    }
}

impl Connector for LocalConnector {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        Ok(Box::new(start::connect_or_start(&self.dirs, &self.launch)?))
    }

    fn place(&self) -> String {
        self.dirs.host_socket().display().to_string()
    }
}
