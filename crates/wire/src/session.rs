//! What a keeper knows of a session.

use serde::{Deserialize, Serialize};
use winsta_domain::{ConnectionId, ExitStatus, SessionId, TerminalSize, Timestamp};

use crate::attach::AttachMode;

/// One of a session's output streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// The PTY's output, or standard output.
    #[default]
    Out,
    /// Standard error, of sessions with pipes.
    Err,
}

/// What happens when a stream's ring is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Buffering {
    /// The oldest output is dropped, the program runs on; readers are told how much they missed.
    Drop,
    /// The program waits until output is acknowledged, or sent to a controlling client.
    Block,
}

/// What a session's programs read from and write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conduit {
    /// A pseudo-terminal of this size.
    Pty(TerminalSize),
    /// Three pipes: standard input, output and error.
    Pipes,
}

/// The window of a stream's output that a ring holds. Offsets count the stream's bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingReport {
    /// Offset of the oldest byte kept.
    pub base: u64,
    /// Offset behind the newest byte.
    pub end: u64,
    /// Most bytes that the ring keeps.
    pub capacity: u64,
}

/// From this offset on, output was written for a terminal of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeMark {
    /// Offset in the stream.
    pub offset: u64,
    /// Size from there on.
    pub size: TerminalSize,
}

/// A client that is attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionReport {
    /// The connection.
    pub connection: ConnectionId,
    /// What it may do.
    pub mode: AttachMode,
    /// Since when.
    pub since: Timestamp,
    /// Process id of the client, from the socket's peer credentials.
    pub pid: u32,
    /// What the host wrote about it when it registered the ticket.
    pub note: String,
    /// Whether the client is so far behind that its socket is full.
    pub behind: bool,
}

/// A session as its keeper knows it: enough for a new host to carry on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionReport {
    /// The session.
    pub session: SessionId,
    /// Row of the session in the ledger.
    pub slot: u32,
    /// Process id of its first process.
    pub leader: u32,
    /// Name of its terminal (`pts/3`), if it has one.
    pub device: Option<String>,
    /// PTY with its present size, or pipes.
    pub conduit: Conduit,
    /// What happens when a ring is full.
    pub buffering: Buffering,
    /// When it was started.
    pub started: Timestamp,
    /// When a user last typed into it; the start if never.
    pub last_input: Timestamp,
    /// Bytes of input that it was given in all, whether its program has read them or not; `None`:
    /// an older keeper had it, which did not count.
    #[serde(default)]
    pub written: Option<u64>,
    /// The rings: one for a PTY, two for pipes.
    pub rings: Vec<RingReport>,
    /// Attached clients.
    pub connections: Vec<ConnectionReport>,
    /// How its first process ended, if it has.
    pub exit: Option<ExitStatus>,
    /// Whether the kill ladder is running.
    pub ending: bool,
    /// The host's own description, as the host last gave it.
    pub meta: String,
}
