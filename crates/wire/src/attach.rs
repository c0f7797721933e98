//! Messages between an attached client and the keeper.

use serde::{Deserialize, Serialize};
use winsta_domain::{ConnectionId, ExitStatus, SessionId, TerminalSize};

use crate::frame::{FrameError, Kind};
use crate::session::{RingReport, SizeMark, Stream};

/// What an attached client may do, and what its coming does to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachMode {
    /// Types and sizes; other controlling clients are sent away.
    TakeOver,
    /// Types and sizes beside other controlling clients; the latest to type sets the size.
    Share,
    /// Only watches; neither types nor sizes.
    View,
}

impl AttachMode {
    /// Whether such a client may type.
    pub fn controls(self) -> bool {
        match self {
            Self::TakeOver | Self::Share => true,
            Self::View => false,
        }
    }
}

/// What a client says, beside raw [`Kind::INPUT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ClientMessage {
    /// The client's terminal has this size now.
    Resize {
        /// The size.
        size: TerminalSize,
    },
    /// Send a fresh snapshot: the client's screen was drawn over or output was passed over.
    Resync,
    /// Send output no further than the snapshot's end until [`Self::Resync`]: the client shows
    /// something of its own.
    Hold,
    /// What the user answered to a notice; opaque to the keeper.
    Answer {
        /// JSON for the host.
        answer: String,
    },
    /// Goodbye: the user detached.
    Detach,
}

/// What the keeper says to a client, beside raw [`Kind::OUTPUT`] and [`Kind::CHECKPOINT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum KeeperMessage {
    /// First message: where the client is.
    Attached {
        /// The session.
        session: SessionId,
        /// This connection.
        connection: ConnectionId,
        /// What the client may do.
        mode: AttachMode,
        /// The session's description, as the host last gave it.
        meta: String,
    },
    /// A snapshot begins; the [`Kind::CHECKPOINT`] frame follows, then output from
    /// [`SnapshotInfo::offset`] on.
    Snapshot(SnapshotInfo),
    /// The client was too slow or asked for what is gone: bytes of a stream that it will not get.
    /// A new snapshot follows on connections that began with one.
    Missed {
        /// The stream.
        stream: Stream,
        /// How many bytes.
        bytes: u64,
    },
    /// The session's terminal has a new size, from the output that follows on.
    Resized {
        /// The size.
        size: TerminalSize,
    },
    /// Something to show to the user; opaque to the keeper.
    Notice {
        /// JSON from the host.
        notice: String,
    },
    /// The last message: all output was sent before it, unless the client was taken over.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// Where a snapshot stands in a session's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotInfo {
    /// The checkpoint paints the screen as it was here; feed it the output from here on.
    pub offset: u64,
    /// Size of the terminal at `offset`.
    pub size: TerminalSize,
    /// Sizes that the terminal took behind `offset`, in order.
    pub marks: Vec<SizeMark>,
    /// The ring when the snapshot was taken. Output up to `ring.end` is history, what comes
    /// behind it is new.
    pub ring: RingReport,
    /// Whether output before `offset` was lost without a checkpoint, so that the screen may lack
    /// what was drawn long ago. The keeper has asked the program to paint again.
    pub incomplete: bool,
}

/// Why the keeper closes a client's connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum CloseReason {
    /// Another client took the session over.
    TakenOver,
    /// The host disconnected the client.
    Disconnected {
        /// Why, for people.
        reason: String,
    },
    /// The session's first process ended.
    Ended {
        /// How.
        status: ExitStatus,
    },
}

/// Payload of [`Kind::OUTPUT`]: `stream: u8`, `offset: u64le`, then the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<'a> {
    /// The stream.
    pub stream: Stream,
    /// Offset of the first byte.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Bytes of an [`Output`] payload in front of the output itself.
pub const OUTPUT_PREFIX: usize = 9;

impl<'a> Output<'a> {
    /// The bytes that stand in front of the output itself.
    pub fn prefix(stream: Stream, offset: u64) -> [u8; OUTPUT_PREFIX] {
        let tag = match stream {
            Stream::Out => 0,
            Stream::Err => 1,
        };
        let mut prefix = [tag; OUTPUT_PREFIX];
        for (to, from) in prefix.iter_mut().skip(1).zip(offset.to_le_bytes()) {
            *to = from;
        }
        prefix
    }

    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, FrameError> {
        let short = FrameError::Short { kind: Kind::OUTPUT };
        let Some(([tag, offset @ ..], bytes)) = payload.split_first_chunk::<OUTPUT_PREFIX>() else {
            return Err(short);
        };
        let stream = match tag {
            0 => Stream::Out,
            1 => Stream::Err,
            _ => return Err(short),
        };
        Ok(Self {
            stream,
            offset: u64::from_le_bytes(*offset),
            bytes,
        })
    }
}
