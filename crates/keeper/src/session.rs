//! One session: its program, its streams, its rings.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use winsta_domain::{ExitStatus, SessionId, TerminalSize, Timestamp};
use winsta_wire::{Buffering, Conduit, RingReport, SessionReport, Stream};

use crate::cgroup::Cgroup;
use crate::conn::ConnKey;
use crate::ladder::{Ladder, Millis};
use crate::ledger::{Row, Word};
use crate::members::Membership;
use crate::picture::Picture;
use crate::ring::Ring;

/// Bytes of input that may wait for the program before its client is no longer read.
pub(crate) const INPUT: usize = 64 << 10;

/// One output stream.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) ring: Ring,
    /// The pipe it comes from; `None` with a PTY, or at its end.
    pub(crate) pipe: Option<OwnedFd>,
    /// Whether more may come.
    pub(crate) open: bool,
    /// Under [`Buffering::Block`]: offset before which nobody needs the output any more.
    pub(crate) acknowledged: u64,
}

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) row: Row,
    pub(crate) leader: i32,
    pub(crate) pidfd: OwnedFd,
    /// Whether the leader is this process's child.
    pub(crate) child: bool,
    pub(crate) mark: Option<u64>,
    pub(crate) cgroup: Option<Cgroup>,
    pub(crate) conduit: Conduit,
    pub(crate) device: Option<String>,
    /// The PTY's master.
    pub(crate) master: Option<OwnedFd>,
    /// Standard input of a session with pipes.
    pub(crate) stdin: Option<OwnedFd>,
    /// Standard output (or the PTY's), then standard error.
    pub(crate) flows: Vec<Flow>,
    pub(crate) picture: Option<Picture>,
    pub(crate) input: VecDeque<u8>,
    /// Bytes of input that came from hosts in all; `None`: an earlier keeper did not count.
    pub(crate) written: Option<u64>,
    /// Whether standard input is closed once `input` is through.
    pub(crate) close_input: bool,
    pub(crate) buffering: Buffering,
    pub(crate) started: Timestamp,
    pub(crate) meta: String,
    pub(crate) exit: Option<ExitStatus>,
    /// Until when to wait for the kernel to say how the leader ended, which is not a child.
    pub(crate) unasked: Option<Millis>,
    /// Whether the host was told of the exit; all output is in the rings then.
    pub(crate) finished: bool,
    /// Whether the host has collected it; it goes when its last client has all output, or then.
    pub(crate) collected: Option<Millis>,
    pub(crate) ladder: Option<Ladder>,
    /// Until when output waits for a client that is nearly overtaken.
    pub(crate) patience: Option<Millis>,
    /// Clients, the latest to type last.
    pub(crate) clients: Vec<ConnKey>,
    /// What epoll watches each descriptor for: master or standard output, standard error,
    /// standard input.
    pub(crate) armed: [u32; 3],
}

/// What a session begins with, whether it is born here or taken over.
pub(crate) struct Parts {
    pub(crate) id: SessionId,
    pub(crate) row: Row,
    pub(crate) leader: i32,
    pub(crate) pidfd: OwnedFd,
    pub(crate) child: bool,
    pub(crate) mark: Option<u64>,
    pub(crate) cgroup: Option<Cgroup>,
    pub(crate) conduit: Conduit,
    pub(crate) device: Option<String>,
    pub(crate) master: Option<OwnedFd>,
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) picture: Option<Picture>,
    pub(crate) buffering: Buffering,
    pub(crate) started: Timestamp,
    pub(crate) meta: String,
}

impl Session {
    /// A session that nothing has happened to.
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            id: parts.id,
            row: parts.row,
            leader: parts.leader,
            pidfd: parts.pidfd,
            child: parts.child,
            mark: parts.mark,
            cgroup: parts.cgroup,
            conduit: parts.conduit,
            device: parts.device,
            master: parts.master,
            stdin: parts.stdin,
            flows: parts.flows,
            picture: parts.picture,
            input: VecDeque::new(),
            written: Some(0),
            close_input: false,
            buffering: parts.buffering,
            started: parts.started,
            meta: parts.meta,
            exit: None,
            unasked: None,
            finished: false,
            collected: None,
            ladder: None,
            patience: None,
            clients: Vec::new(),
            armed: [0; 3],
        }
    }

    /// The descriptor that a stream comes from.
    pub(crate) fn source(&self, stream: Stream) -> Option<BorrowedFd<'_>> {
        match (self.conduit, stream) {
            (Conduit::Pty(_), Stream::Out) => self.master.as_ref().map(AsFd::as_fd),
            (Conduit::Pty(_), Stream::Err) => None,
            (Conduit::Pipes, stream) => self
                .flow(stream)
                .and_then(|flow| flow.pipe.as_ref())
                .map(AsFd::as_fd),
        }
    }

    /// The descriptor that input goes to.
    pub(crate) fn sink(&self) -> Option<BorrowedFd<'_>> {
        match self.conduit {
            Conduit::Pty(_) => self.master.as_ref(),
            Conduit::Pipes => self.stdin.as_ref(),
        }
        .map(AsFd::as_fd)
    }

    pub(crate) fn flow(&self, stream: Stream) -> Option<&Flow> {
        self.flows.get(index(stream))
    }

    pub(crate) fn flow_mut(&mut self, stream: Stream) -> Option<&mut Flow> {
        self.flows.get_mut(index(stream))
    }

    /// The streams that it has.
    pub(crate) fn streams(&self) -> &'static [Stream] {
        stream_names(self.conduit)
    }

    /// Whether a stream's ring is full of what somebody still needs.
    pub(crate) fn is_full(&self, stream: Stream) -> bool {
        self.buffering == Buffering::Block
            && self
                .flow(stream)
                .is_some_and(|flow| flow.ring.end() - flow.acknowledged >= flow.ring.capacity())
    }

    /// Size of the terminal, if it has one.
    pub(crate) fn size(&self) -> Option<TerminalSize> {
        match self.conduit {
            Conduit::Pty(size) => Some(size),
            Conduit::Pipes => None,
        }
    }

    pub(crate) fn typed(&self, now: Timestamp) {
        self.row.set(Word::LastInput, now.0);
    }

    pub(crate) fn membership(&self, host: Option<i32>) -> Membership {
        Membership {
            mark: self.mark,
            leader: self.leader,
            host,
        }
    }

    pub(crate) fn ring_report(&self, stream: Stream) -> RingReport {
        self.flow(stream).map_or(
            RingReport {
                base: 0,
                end: 0,
                capacity: 0,
            },
            |flow| RingReport {
                base: flow.ring.base(),
                end: flow.ring.end(),
                capacity: flow.ring.capacity(),
            },
        )
    }

    /// What the host is told, but for the clients.
    pub(crate) fn report(&self) -> SessionReport {
        SessionReport {
            session: self.id,
            slot: self.row.number(),
            leader: self.leader.unsigned_abs(),
            device: self.device.clone(),
            conduit: self.conduit,
            buffering: self.buffering,
            started: self.started,
            last_input: Timestamp(self.row.get(Word::LastInput)),
            written: self.written,
            rings: self
                .streams()
                .iter()
                .map(|stream| self.ring_report(*stream))
                .collect(),
            connections: Vec::new(),
            exit: self.exit.filter(|_| self.finished),
            ending: self.ladder.is_some(),
            meta: self.meta.clone(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.row.free();
    }
}

/// The output streams that a session of this kind has.
pub(crate) fn stream_names(conduit: Conduit) -> &'static [Stream] {
    match conduit {
        Conduit::Pty(_) => &[Stream::Out],
        Conduit::Pipes => &[Stream::Out, Stream::Err],
    }
}

fn index(stream: Stream) -> usize {
    match stream {
        Stream::Out => 0,
        Stream::Err => 1,
    }
}
