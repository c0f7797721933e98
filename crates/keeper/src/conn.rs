//! A peer on the keeper's socket.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use winsta_domain::{ConnectionId, SessionId, TerminalSize, Timestamp};
use winsta_wire::frame::{self, FrameError};
use winsta_wire::{AttachMode, Decoder, Kind, Stream};

use crate::outbox::Outbox;

/// Number of a connection inside the keeper; never given twice.
pub(crate) type ConnKey = u32;

/// A connection.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) socket: OwnedFd,
    /// Process id of the peer.
    pub(crate) pid: u32,
    /// The user that the peer runs as.
    pub(crate) uid: u32,
    pub(crate) decoder: Decoder,
    /// Descriptors that came and that no request has taken yet.
    pub(crate) descriptors: VecDeque<OwnedFd>,
    pub(crate) outbox: Outbox,
    pub(crate) role: Role,
    /// Whether it is closed once the outbox is empty.
    pub(crate) closing: bool,
    /// Whether nothing is read from it, because the session takes no more input.
    pub(crate) stuffed: bool,
    /// Whether there is more to send than its socket took.
    pub(crate) behind: bool,
    /// What epoll watches it for.
    pub(crate) armed: u32,
}

/// What a connection is for.
#[derive(Debug)]
pub(crate) enum Role {
    /// Not known: no hello has come. Such a connection changes nothing.
    New,
    /// The host.
    Control,
    /// A client of a session.
    Attached(Attached),
}

/// A client of a session.
#[derive(Debug, Clone)]
pub(crate) struct Attached {
    pub(crate) session: SessionId,
    pub(crate) connection: ConnectionId,
    pub(crate) mode: AttachMode,
    pub(crate) stream: Stream,
    /// Whether it began with a snapshot of the screen, or reads raw output.
    pub(crate) pictured: bool,
    /// Offset of the next byte to send.
    pub(crate) cursor: u64,
    /// Whether it wants no output for now.
    pub(crate) held: bool,
    /// Whether it once was so slow that the program was let run past it; until it has caught up,
    /// nothing waits for it.
    pub(crate) late: bool,
    /// Size of its terminal.
    pub(crate) size: Option<TerminalSize>,
    pub(crate) since: Timestamp,
    pub(crate) note: String,
}

impl Conn {
    pub(crate) fn new(socket: OwnedFd, pid: u32, uid: u32) -> Self {
        Self {
            socket,
            pid,
            uid,
            decoder: Decoder::new(),
            descriptors: VecDeque::new(),
            outbox: Outbox::default(),
            role: Role::New,
            closing: false,
            stuffed: false,
            behind: false,
            armed: 0,
        }
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Every descriptor that it has: its socket, and those that came or go with frames.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let going = self.outbox.parcels().flat_map(|(_, parcel)| parcel);
        let passed = self.descriptors.iter().chain(going);
        std::iter::once(self.fd()).chain(passed.map(AsFd::as_fd))
    }

    pub(crate) fn attached(&self) -> Option<&Attached> {
        match &self.role {
            Role::Attached(attached) => Some(attached),
            Role::New | Role::Control => None,
        }
    }

    pub(crate) fn attached_mut(&mut self) -> Option<&mut Attached> {
        match &mut self.role {
            Role::Attached(attached) => Some(attached),
            Role::New | Role::Control => None,
        }
    }

    /// Queues a JSON frame.
    pub(crate) fn say<T: serde::Serialize>(
        &mut self,
        kind: Kind,
        message: &T,
    ) -> Result<(), FrameError> {
        let mut bytes = Vec::new();
        frame::encode_json(&mut bytes, kind, message)?;
        self.outbox.push(bytes, Vec::new());
        Ok(())
    }

    /// Queues a JSON frame with a tail and descriptors.
    pub(crate) fn say_with<T: serde::Serialize>(
        &mut self,
        kind: Kind,
        message: &T,
        tail: &[u8],
        descriptors: Vec<OwnedFd>,
    ) -> Result<(), FrameError> {
        let mut bytes = Vec::new();
        frame::encode_tailed(&mut bytes, kind, message, tail)?;
        self.outbox.push(bytes, descriptors);
        Ok(())
    }
}
