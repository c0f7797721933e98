//! The protocol of OpenSSH's connection sharing (its PROTOCOL.mux, version 4), as far as it takes
//! to run a command over a connection that a master process keeps open, and to lead a local socket
//! to one on the other side.
//!
//! It saves the process that `ssh` would be: with hundreds of hosts that process is most of what a
//! listing costs.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::clock::Deadline;

const HELLO: u32 = 0x0000_0001;
const NEW_SESSION: u32 = 0x1000_0002;
const OPEN_FORWARD: u32 = 0x1000_0006;
const OK: u32 = 0x8000_0001;
const PERMISSION_DENIED: u32 = 0x8000_0002;
const FAILURE: u32 = 0x8000_0003;
const EXIT: u32 = 0x8000_0004;
const SESSION_OPENED: u32 = 0x8000_0006;

const VERSION: u32 = 4;
/// Number of this client's only request.
const REQUEST: u32 = 1;
/// A forwarding from here to there.
const LOCAL: u32 = 1;
/// The port that says that an address is the path of a Unix socket.
const UNIX_SOCKET: u32 = 0xffff_fffe;
/// What stands for "no escape character".
const NO_ESCAPE: u32 = 0xffff_ffff;
/// Longest packet that is read; the master's are some dozen bytes, and a reason.
const MAX_PACKET: usize = 16 << 10;

/// Why a master did not run a command.
#[derive(Debug, thiserror::Error)]
pub(super) enum MuxError {
    /// The socket failed, or was closed.
    #[error("the connection to ssh's master failed")]
    Io(#[from] io::Error),
    /// It said no.
    #[error("ssh's master refused: {0}")]
    Refused(String),
    /// It speaks otherwise.
    #[error("ssh's master says what this version does not understand")]
    Protocol,
}

/// A command that runs over a master's connection; dropping this ends it.
#[derive(Debug)]
pub(super) struct MuxSession {
    control: UnixStream,
    session: u32,
}

/// Runs `command` with these descriptors as its standard input, output and error.
pub(super) fn run(
    mut control: UnixStream,
    command: &str,
    descriptors: [BorrowedFd<'_>; 3],
    deadline: Deadline,
) -> Result<MuxSession, MuxError> {
    deadline.limit(&control)?;
    send(&mut control, &request(command))?;
    // After the request the master takes one byte with each descriptor.
    for descriptor in descriptors {
        pass(&control, descriptor)?;
    }
    let mut answer = answer(&mut control, SESSION_OPENED)?;
    match answer.number() {
        Some(session) => Ok(MuxSession { control, session }),
        None => Err(MuxError::Protocol),
    }
}

/// Has the master listen at `here`, and lead whoever connects to the socket `there` on the other
/// side. It goes on for as long as the master lives.
pub(super) fn forward(
    mut control: UnixStream,
    here: &str,
    there: &str,
    deadline: Deadline,
) -> Result<(), MuxError> {
    deadline.limit(&control)?;
    let request = [
        Field::Number(OPEN_FORWARD),
        Field::Number(REQUEST),
        Field::Number(LOCAL),
        Field::Text(here),
        Field::Number(UNIX_SOCKET),
        Field::Text(there),
        Field::Number(UNIX_SOCKET),
    ];
    send(&mut control, &request)?;
    answer(&mut control, OK).map(|_| ())
}

fn send(control: &mut UnixStream, request: &[Field<'_>]) -> io::Result<()> {
    let mut out = Vec::with_capacity(256);
    packet(&mut out, &[Field::Number(HELLO), Field::Number(VERSION)]);
    packet(&mut out, request);
    control.write_all(&out)
}

/// What follows the request's number in an answer of the kind `good`.
fn answer(control: &mut UnixStream, good: u32) -> Result<Packet, MuxError> {
    let mut hello = read_packet(control)?;
    if (hello.number(), hello.number()) != (Some(HELLO), Some(VERSION)) {
        return Err(MuxError::Protocol);
    }
    let mut answer = read_packet(control)?;
    match (answer.number(), answer.number()) {
        (Some(kind), Some(REQUEST)) if kind == good => Ok(answer),
        (Some(PERMISSION_DENIED | FAILURE), Some(REQUEST)) => Err(MuxError::Refused(answer.text())),
        _ => Err(MuxError::Protocol),
    }
}

impl MuxSession {
    /// Waits for the command's exit status; none if the connection was lost first.
    pub(super) fn exit_status(&mut self, deadline: Deadline) -> Option<u32> {
        loop {
            deadline.limit(&self.control).ok()?;
            let mut packet = read_packet(&mut self.control).ok()?;
            let (kind, session) = (packet.number(), packet.number());
            if kind == Some(EXIT) && session == Some(self.session) {
                return packet.number();
            }
        }
    }
}

/// A part of a packet.
enum Field<'a> {
    Number(u32),
    Text(&'a str),
}

fn request(command: &str) -> [Field<'_>; 10] {
    [
        Field::Number(NEW_SESSION),
        Field::Number(REQUEST),
        // reserved
        Field::Text(""),
        // terminal, X11, agent, subsystem: none of them
        Field::Number(0),
        Field::Number(0),
        Field::Number(0),
        Field::Number(0),
        Field::Number(NO_ESCAPE),
        // terminal type
        Field::Text(""),
        Field::Text(command),
    ]
}

fn packet(out: &mut Vec<u8>, fields: &[Field<'_>]) {
    let size = |field: &Field<'_>| match field {
        Field::Number(_) => 4,
        Field::Text(text) => 4 + text.len(),
    };
    number(out, fields.iter().map(size).sum());
    for field in fields {
        match field {
            Field::Number(value) => out.extend_from_slice(&value.to_be_bytes()),
            Field::Text(text) => {
                number(out, text.len());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

fn number(out: &mut Vec<u8>, value: usize) {
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    out.extend_from_slice(&value.to_be_bytes());
}

fn pass(control: &UnixStream, descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let descriptors = [descriptor];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut message = SendAncillaryBuffer::new(&mut space);
    if !message.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(rustix::io::Errno::INVAL.into());
    }
    let byte = [IoSlice::new(&[0])];
    sendmsg(control.as_fd(), &byte, &mut message, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What is left of a packet.
struct Packet(Vec<u8>);

impl Packet {
    fn number(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk::<4>()?;
        let value = u32::from_be_bytes(*first);
        self.0 = rest.to_vec();
        Some(value)
    }

    fn text(&mut self) -> String {
        let length = self.number().unwrap_or_default() as usize;
        let bytes = self.0.get(..length).unwrap_or(&self.0);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

fn read_packet(control: &mut impl Read) -> Result<Packet, MuxError> {
    let mut length = [0; 4];
    control.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_PACKET {
        return Err(MuxError::Protocol);
    }
    let mut bytes = vec![0; length];
    control.read_exact(&mut bytes)?;
    Ok(Packet(bytes))
}

#[cfg(test)]
#[path = "mux_tests.rs"]
mod tests;
