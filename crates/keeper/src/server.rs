//! The keeper's one thread: waits for something to happen, and does what follows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::epoll::{self, EventData, EventFlags};
use winsta_domain::{SessionId, Timestamp};
use winsta_wire::{Event, Kind, Stream};

use crate::cgroup::Tree;
use crate::conn::{Conn, ConnKey, Role};
use crate::home::Home;
use crate::ladder::Millis;
use crate::ledger::Ledger;
use crate::nursery::Nursery;
use crate::session::Session;
use crate::sys::limits::FileLimit;
use crate::tickets::Tickets;
use crate::waits::Waits;

/// Something that epoll watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Listener,
    Signals,
    Conn(ConnKey),
    /// A PTY's master, or a pipe that output comes from.
    Source(SessionId, Stream),
    /// Standard input of a session with pipes.
    Sink(SessionId),
    /// The pidfd of a first process that is not this one's child.
    Leader(SessionId),
    /// The pipe that tells whether a program could be executed.
    Birth(SessionId),
}

impl Token {
    fn pack(self) -> EventData {
        let (kind, number) = match self {
            Self::Listener => (0, 0),
            Self::Signals => (1, 0),
            Self::Conn(key) => (2, key),
            Self::Source(SessionId(id), Stream::Out) => (3, id),
            Self::Source(SessionId(id), Stream::Err) => (4, id),
            Self::Sink(SessionId(id)) => (5, id),
            Self::Leader(SessionId(id)) => (6, id),
            Self::Birth(SessionId(id)) => (7, id),
        };
        EventData::new_u64((kind << 32) | u64::from(number))
    }

    fn unpack(data: EventData) -> Option<Self> {
        let data = data.u64();
        let number = u32::try_from(data & u64::from(u32::MAX)).ok()?;
        let session = SessionId(number);
        Some(match data >> 32 {
            0 => Self::Listener,
            1 => Self::Signals,
            2 => Self::Conn(number),
            3 => Self::Source(session, Stream::Out),
            4 => Self::Source(session, Stream::Err),
            5 => Self::Sink(session),
            6 => Self::Leader(session),
            7 => Self::Birth(session),
            _ => return None,
        })
    }
}

/// A session whose program is being executed.
pub(crate) struct Unborn {
    pub(crate) status: OwnedFd,
    /// The host that asked for it, and the number of its request.
    pub(crate) host: ConnKey,
    pub(crate) seq: u64,
}

/// A wish for another program.
#[derive(Debug)]
pub(crate) struct Replacement {
    pub(crate) seq: u64,
    pub(crate) program: String,
}

/// A keeper.
pub(crate) struct Server {
    pub(crate) home: Home,
    pub(crate) epoll: OwnedFd,
    pub(crate) listener: OwnedFd,
    pub(crate) signals: OwnedFd,
    pub(crate) ledger: Rc<Ledger>,
    pub(crate) tree: Option<Tree>,
    pub(crate) files: FileLimit,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) unborn: HashMap<SessionId, Unborn>,
    /// First processes that are this process's children.
    pub(crate) leaders: HashMap<i32, SessionId>,
    /// Sessions that something is due for: a rung, patience, the last client's leaving.
    pub(crate) timed: BTreeSet<SessionId>,
    pub(crate) conns: HashMap<ConnKey, Conn>,
    pub(crate) next_conn: ConnKey,
    pub(crate) control: Option<ConnKey>,
    pub(crate) tickets: Tickets,
    /// Requests of the host that wait for output.
    pub(crate) waits: Waits,
    /// Carried out between two frames, when nothing that came is in a local variable.
    pub(crate) replacement: Option<Replacement>,
    /// Starts programs once there are many sessions.
    pub(crate) nursery: Option<Nursery>,
    /// Given up for a moment when no descriptor is left, so that a connection can be refused
    /// instead of waiting in the listener for ever.
    pub(crate) spare: Option<OwnedFd>,
    /// Where bytes from connections arrive.
    pub(crate) buffer: Vec<u8>,
    pub(crate) clock: Instant,
    /// Set when the keeper shall end.
    pub(crate) stopping: bool,
    /// Set while all sessions are being ended because the keeper was told to end.
    pub(crate) closing_down: bool,
}

impl Server {
    /// Runs until told to end.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(256);
        while !self.stopping {
            let timeout = self.next_due().map(|due| {
                let wait = crate::ladder::until(self.millis(), due);
                rustix::time::Timespec::try_from(wait).unwrap_or_default()
            });
            events.clear();
            let buffer = rustix::buffer::spare_capacity(&mut events);
            match epoll::wait(&self.epoll, buffer, timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                if let Some(token) = Token::unpack(event.data) {
                    self.dispatch(token, event.flags);
                }
            }
            self.run_due();
        }
        Ok(())
    }

    fn dispatch(&mut self, token: Token, flags: EventFlags) {
        match token {
            Token::Listener => self.accept(),
            Token::Signals => self.take_signals(),
            Token::Conn(key) => self.conn_ready(key, flags),
            Token::Source(session, stream) => {
                if flags.contains(EventFlags::OUT) {
                    self.feed(session);
                }
                if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
                    self.drain(session, stream);
                }
            }
            Token::Sink(session) => self.feed(session),
            Token::Leader(session) => self.leader_gone(session, flags),
            Token::Birth(session) => self.born(session),
        }
    }

    /// Milliseconds on a clock that only goes forward.
    pub(crate) fn millis(&self) -> Millis {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The time of day.
    pub(crate) fn now() -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn next_due(&self) -> Option<Millis> {
        let sessions = self.timed.iter();
        let sessions = sessions.filter_map(|id| self.sessions.get(id)?.due());
        let tree = self.tree.as_ref().and_then(Tree::due);
        sessions.chain(tree).min()
    }

    /// Watches a descriptor, or changes what it is watched for. `armed` is what it was.
    pub(crate) fn watch(
        &self,
        descriptor: impl AsFd,
        token: Token,
        armed: u32,
        wanted: EventFlags,
    ) -> u32 {
        if armed == wanted.bits() {
            return armed;
        }
        let data = token.pack();
        let result = match (armed, wanted.is_empty()) {
            (0, _) => epoll::add(&self.epoll, descriptor, data, wanted),
            (_, true) => epoll::delete(&self.epoll, descriptor),
            (_, false) => epoll::modify(&self.epoll, descriptor, data, wanted),
        };
        match result {
            Ok(()) => wanted.bits(),
            Err(error) => {
                crate::log::say(&format!("cannot watch {token:?}: {error}"));
                armed
            }
        }
    }

    /// Watches a session's descriptors for what the session is ready for.
    pub(crate) fn rearm(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let mut armed = session.armed;
        let waiting = if session.input.is_empty() {
            EventFlags::empty()
        } else {
            EventFlags::OUT
        };
        for (index, stream) in session.streams().iter().enumerate() {
            let Some(source) = session.source(*stream) else {
                continue;
            };
            let mut wanted = EventFlags::empty();
            if session.reads(*stream) {
                wanted |= EventFlags::IN;
            }
            if session.master.is_some() {
                wanted |= waiting;
            }
            let token = Token::Source(id, *stream);
            if let Some(armed) = armed.get_mut(index) {
                *armed = self.watch(source, token, *armed, wanted);
            }
        }
        if let (Some(stdin), [_, _, armed]) = (&session.stdin, &mut armed) {
            *armed = self.watch(stdin, Token::Sink(id), *armed, waiting);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.armed = armed;
        }
    }

    /// Watches a connection for what it is ready for.
    pub(crate) fn rearm_conn(&mut self, key: ConnKey) {
        let Some(conn) = self.conns.get(&key) else {
            return;
        };
        let mut wanted = EventFlags::empty();
        if !conn.stuffed && !conn.closing {
            wanted |= EventFlags::IN;
        } else {
            // Its end is still heard of.
            wanted |= EventFlags::RDHUP;
        }
        if conn.behind || !conn.outbox.is_empty() {
            wanted |= EventFlags::OUT;
        }
        let armed = self.watch(conn.fd(), Token::Conn(key), conn.armed, wanted);
        if let Some(conn) = self.conns.get_mut(&key) {
            conn.armed = armed;
        }
    }

    /// Tells the host, if there is one. What it is not told it sees when it lists.
    pub(crate) fn tell(&mut self, event: &Event) {
        let Some(key) = self.control else { return };
        if let Some(conn) = self.conns.get_mut(&key)
            && conn.say(Kind::EVENT, event).is_ok()
        {
            self.flush(key);
        }
    }

    /// Process id of the host.
    pub(crate) fn host(&self) -> Option<i32> {
        let conn = self.conns.get(&self.control?)?;
        i32::try_from(conn.pid).ok()
    }

    /// Sends what waits for a peer that is no client, or closes it.
    pub(crate) fn flush(&mut self, key: ConnKey) {
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        match conn.outbox.flush(conn.socket.as_fd()) {
            Ok(true) if conn.closing => self.close(key),
            Ok(_) => self.rearm_conn(key),
            Err(_) => self.close(key),
        }
    }

    /// Ends a connection.
    pub(crate) fn close(&mut self, key: ConnKey) {
        let Some(conn) = self.conns.remove(&key) else {
            return;
        };
        // Closing the last descriptor would do, but a child between fork and exec may have one.
        let _ = epoll::delete(&self.epoll, &conn.socket);
        match conn.role {
            Role::New => {}
            Role::Control => {
                if self.control == Some(key) {
                    self.control = None;
                }
            }
            Role::Attached(attached) => self.client_gone(key, &attached),
        }
    }

    fn run_due(&mut self) {
        let now = self.millis();
        if let Some(tree) = &mut self.tree
            && tree.due().is_some_and(|due| due <= now)
        {
            tree.clear(now);
        }
        if self.timed.is_empty() {
            return;
        }
        let due: Vec<SessionId> = self
            .timed
            .iter()
            .copied()
            .filter(|id| {
                self.sessions
                    .get(id)
                    .is_some_and(|s| s.due().is_some_and(|at| at <= now))
            })
            .collect();
        self.climb(&due, now);
        for id in due {
            self.lose_patience(id, now);
            self.stop_asking(id, now);
            self.bury(id, now);
        }
        let sessions = &self.sessions;
        self.timed.retain(|id| {
            sessions
                .get(id)
                .is_some_and(|session| session.due().is_some())
        });
        if self.closing_down && self.sessions.is_empty() {
            self.stopping = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back() {
        for token in [
            Token::Listener,
            Token::Signals,
            Token::Conn(7),
            Token::Source(SessionId(u32::MAX), Stream::Out),
            Token::Source(SessionId(0), Stream::Err),
            Token::Sink(SessionId(3)),
            Token::Leader(SessionId(4)),
            Token::Birth(SessionId(5)),
        ] {
            assert_eq!(Token::unpack(token.pack()), Some(token));
        }
    }
}
