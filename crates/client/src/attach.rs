//! Getting into a session.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use winsta_api::{AttachRequest, AttachTicket};
use winsta_domain::{SessionId, TerminalSize};
use winsta_wire::frame::encode_json;
use winsta_wire::{Decoder, FrameError, Hello, Kind, Stream, Ticket, VERSIONS, Welcome};

use crate::error::{Cause, ClientError};
use crate::host::Host;
use crate::transport::Dialled;

/// How long the keeper may take to answer the handshake.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What an attaching client wants to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttachView {
    /// Size of the client's terminal, if it has one.
    pub size: Option<TerminalSize>,
    /// Raw output from this offset on, instead of a snapshot of the screen and what follows it.
    pub from: Option<u64>,
    /// Which stream.
    pub stream: Stream,
}

/// A client's connection to its session, after the handshake.
#[derive(Debug)]
pub struct Attached {
    /// Frames both ways.
    pub stream: UnixStream,
    /// Holds what came with the keeper's greeting; go on pushing what `stream` gives.
    pub decoder: Decoder,
    /// The version of the protocol that both speak.
    pub version: u32,
    /// Name of the connection: `pty#2`.
    pub name: String,
    /// What the connection goes through, if the session is on another machine.
    pub way: Option<Way>,
}

/// What a connection goes through; it ends when this is dropped.
pub struct Way(#[expect(dead_code, reason = "it lives for as long as it is needed")] Box<dyn Send>);

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Way")
    }
}

impl Host {
    /// Asks for a permit and attaches with it.
    pub fn attach(
        &self,
        id: SessionId,
        request: &AttachRequest,
        view: &AttachView,
    ) -> Result<Attached, ClientError> {
        let ticket = self.ticket(id, request)?;
        self.about(id, self.attach_by(&ticket, view))
    }

    /// Attaches with a permit that the host gave, also one that came with
    /// [`Notice::Switch`](winsta_wire::Notice).
    pub fn attach_with(
        &self,
        id: SessionId,
        ticket: &AttachTicket,
        view: &AttachView,
    ) -> Result<Attached, ClientError> {
        self.about(id, self.attach_by(ticket, view))
    }

    /// Connects to a socket on the host's machine: that of the keeper which a permit names.
    pub fn dial(&self, socket: &Path) -> Result<Dialled, ClientError> {
        self.dial_socket(socket)
            .map_err(|cause| self.failed(None, cause))
    }

    fn attach_by(&self, ticket: &AttachTicket, view: &AttachView) -> Result<Attached, Cause> {
        attach_with(self.dial_socket(Path::new(&ticket.socket))?, ticket, view)
    }
}

fn attach_with(
    dialled: Dialled,
    ticket: &AttachTicket,
    view: &AttachView,
) -> Result<Attached, Cause> {
    let Dialled { mut stream, way } = dialled;
    let hello = Hello::Attach {
        versions: VERSIONS,
        ticket: Ticket(ticket.ticket.clone()),
        size: view.size,
        from: view.from,
        stream: view.stream,
    };
    let (welcome, decoder) = greet(&mut stream, &hello).map_err(|error| {
        if matches!(error.kind(), io::ErrorKind::WouldBlock) {
            let seconds = TIMEOUT.as_secs();
            return Cause::Timeout { seconds };
        }
        Cause::Connection(error)
    })?;
    match welcome {
        Welcome::Attach { version } => Ok(Attached {
            stream,
            decoder,
            version,
            name: ticket.name.clone(),
            way: way.map(Way),
        }),
        Welcome::Control { .. } => Err(Cause::Keeper {
            reason: "it took this client for a host".to_owned(),
        }),
        Welcome::Refused { reason, versions } if VERSIONS.common(versions).is_none() => {
            Err(Cause::Version {
                host: format!("a keeper that says: {reason}"),
                spoken: format!("keeper protocol {} to {}", versions.oldest, versions.newest),
                client: env!("CARGO_PKG_VERSION"),
                needed: format!("keeper protocol {} to {}", VERSIONS.oldest, VERSIONS.newest),
            })
        }
        Welcome::Refused { reason, .. } => Err(Cause::Keeper { reason }),
    }
}

/// Says hello and reads the answer; what came behind it stays in the decoder.
fn greet(stream: &mut UnixStream, hello: &Hello) -> io::Result<(Welcome, Decoder)> {
    let mut out = Vec::new();
    encode_json(&mut out, Kind::HELLO, hello).map_err(unreadable)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(&out)?;
    let mut decoder = Decoder::new();
    let mut buffer = vec![0; 16 << 10];
    loop {
        if let Some(frame) = decoder.next_frame().map_err(unreadable)? {
            if frame.kind != Kind::WELCOME {
                return Err(io::Error::other("the keeper answered without a greeting"));
            }
            let welcome = frame.json().map_err(unreadable)?;
            stream.set_read_timeout(None)?;
            stream.set_write_timeout(None)?;
            return Ok((welcome, decoder));
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        decoder.push(buffer.get(..count).unwrap_or_default());
    }
}

fn unreadable(error: FrameError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
