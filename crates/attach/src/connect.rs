//! Opening a connection to the keeper.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use winsta_domain::TerminalSize;
use winsta_wire::frame::{HEADER, encode_json};
use winsta_wire::{Frame, Hello, Kind, Stream, Ticket, VERSIONS, Welcome};

use crate::AttachError;

/// How long the keeper may take to answer; it does nothing that takes longer than a millisecond.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest welcome that is read, in bytes.
const LONGEST_WELCOME: usize = 64 << 10;

/// Makes connections to keepers' sockets.
pub trait Dial {
    /// A connection to the keeper behind `socket`.
    fn dial(&self, socket: &Path) -> io::Result<UnixStream>;
}

/// Keepers of this machine.
#[derive(Clone, Copy, Debug)]
pub struct ThisMachine;

impl Dial for ThisMachine {
    fn dial(&self, socket: &Path) -> io::Result<UnixStream> {
        UnixStream::connect(socket)
    }
}

/// Connects to the keeper behind `socket` and shows the ticket. The stream that comes back is
/// ready for [`run`](crate::run); of what the keeper sends, only its welcome was read.
pub fn connect(
    dial: &dyn Dial,
    socket: &Path,
    ticket: Ticket,
    size: TerminalSize,
) -> Result<UnixStream, AttachError> {
    let mut stream = dial.dial(socket).map_err(|source| AttachError::Connect {
        socket: socket.to_owned(),
        source,
    })?;
    let hello = Hello::Attach {
        versions: VERSIONS,
        ticket,
        size: Some(size),
        from: None,
        stream: Stream::Out,
    };
    let mut bytes = Vec::new();
    encode_json(&mut bytes, Kind::HELLO, &hello)?;
    match greet(&mut stream, &bytes)? {
        Welcome::Attach { .. } => Ok(stream),
        Welcome::Refused { reason, .. } => Err(AttachError::Refused { reason }),
        Welcome::Control { .. } => Err(AttachError::Refused {
            reason: "it took this client for a host".to_owned(),
        }),
    }
}

fn greet(stream: &mut UnixStream, hello: &[u8]) -> Result<Welcome, AttachError> {
    let lost = |source: io::Error| AttachError::Lost {
        source: Some(source),
    };
    stream.set_read_timeout(Some(PATIENCE)).map_err(lost)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(lost)?;
    stream.write_all(hello).map_err(lost)?;
    // exactly one frame is read, since what follows it belongs to `run`
    let mut frame = vec![0; HEADER];
    stream.read_exact(&mut frame).map_err(lost)?;
    let length = match frame.first_chunk::<4>() {
        Some(length) => u32::from_le_bytes(*length) as usize,
        None => 0,
    };
    if length > LONGEST_WELCOME {
        return Err(winsta_wire::FrameError::TooLong { length }.into());
    }
    frame.resize(HEADER + length, 0);
    let payload = frame.get_mut(HEADER..).unwrap_or_default();
    stream.read_exact(payload).map_err(lost)?;
    stream.set_read_timeout(None).map_err(lost)?;
    stream.set_write_timeout(None).map_err(lost)?;
    match Frame::at_front(&frame)? {
        Some(frame) if frame.kind == Kind::WELCOME => Ok(frame.json()?),
        _ => Err(winsta_wire::FrameError::Short {
            kind: Kind::WELCOME,
        }
        .into()),
    }
}
