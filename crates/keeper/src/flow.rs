//! Bytes: from programs into rings, from rings to clients, from clients to programs.

use std::os::fd::AsFd;

use rustix::io::Errno;
use winsta_domain::SessionId;
use winsta_wire::frame::{self, MAX_OUTPUT};
use winsta_wire::{Buffering, CloseReason, KeeperMessage, Kind, Output, Stream};

use crate::conn::{Attached, Conn, ConnKey};
use crate::ladder::Millis;
use crate::outbox::Lost;
use crate::server::Server;
use crate::session::{INPUT, Session};

/// Most bytes taken from one program before others have their turn.
const TURN: usize = 64 << 10;
/// A read that brings less than this, in bytes, has most likely emptied the terminal.
const SHORT: usize = 1 << 10;
/// Most frames sent to one client before others have their turn.
const FRAMES: usize = 32;
/// A client this near to being overtaken, in bytes, is waited for a little.
const NEAR: u64 = 256 << 10;
/// How long the program waits for it, in milliseconds. A client that does not take a quarter of
/// [`NEAR`] in this time falls behind instead, and nothing waits for it until it has caught up.
const PATIENCE: Millis = 50;

/// What reading a program's output came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// There may be more.
    Some,
    /// There was nothing more.
    All,
    /// The ring is full.
    NoRoom,
}

impl Session {
    /// Whether output of this stream is to be read now.
    pub(crate) fn reads(&self, stream: Stream) -> bool {
        self.flow(stream).is_some_and(|flow| flow.open)
            && !self.finished
            && self.patience.is_none()
            && !self.is_full(stream)
    }

    /// Takes what the program has written, up to [`TURN`] bytes; with `strictly` no short read
    /// passes for the last.
    fn take(&mut self, stream: Stream, strictly: bool) -> Taken {
        let dropping = self.buffering == Buffering::Drop;
        let master = self.master.as_ref().map(AsFd::as_fd);
        let flow = match (self.flows.as_mut_slice(), stream) {
            ([out, ..], Stream::Out) => out,
            ([_, err, ..], Stream::Err) => err,
            _ => return Taken::All,
        };
        let Some(source) = flow.pipe.as_ref().map(AsFd::as_fd).or(master) else {
            return Taken::All;
        };
        let mut taken = 0;
        while taken < TURN {
            let floor = if dropping {
                flow.ring.end()
            } else {
                flow.acknowledged
            };
            match flow.ring.append(TURN - taken, floor, |memory| {
                rustix::io::read(source, memory)
            }) {
                None => return Taken::NoRoom,
                // A terminal whose last program has closed it says EIO.
                Some(Ok(0) | Err(Errno::IO)) => {
                    flow.open = false;
                    return Taken::All;
                }
                Some(Ok(count)) if count < SHORT && !strictly => return Taken::Some,
                Some(Ok(count)) => taken += count,
                Some(Err(Errno::INTR)) => {}
                Some(Err(Errno::AGAIN)) => return Taken::All,
                Some(Err(error)) => {
                    crate::log::say(&format!("reading from session {}: {error}", self.id));
                    flow.open = false;
                    return Taken::All;
                }
            }
        }
        Taken::Some
    }

    /// Takes everything that the program has written; `false` if the ring is full before.
    fn take_all(&mut self, stream: Stream) -> bool {
        loop {
            match self.take(stream, true) {
                Taken::Some => self.follow(stream),
                Taken::All => {
                    self.follow(stream);
                    return true;
                }
                Taken::NoRoom => return false,
            }
        }
    }

    fn follow(&mut self, stream: Stream) {
        if let (Stream::Out, Some(picture), [out, ..]) =
            (stream, &mut self.picture, self.flows.as_mut_slice())
        {
            picture.follow(&mut out.ring);
        }
    }

    /// How near to its end the ring may get before a client is waited for.
    fn nearness(&self, attached: &Attached) -> Option<(u64, u64)> {
        let flow = self.flow(attached.stream)?;
        let near = NEAR.min(flow.ring.capacity() / 4);
        let room = flow
            .ring
            .capacity()
            .saturating_sub(flow.ring.end() - attached.cursor);
        Some((room, near))
    }
}

impl Server {
    /// Reads a program's output and passes it on.
    pub(crate) fn drain(&mut self, id: SessionId, stream: Stream) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.reads(stream) {
            session.take(stream, false);
            session.follow(stream);
        }
        let clients = session.clients.clone();
        let exited = session.exit.is_some();
        self.wake(id);
        for key in clients {
            self.pump(key);
        }
        self.be_patient(id);
        if exited {
            self.finish(id);
        }
        self.rearm(id);
    }

    /// Once its first process has ended: takes the last output, and says so.
    pub(crate) fn finish(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(status) = session.exit.filter(|_| !session.finished) else {
            return;
        };
        if self.unborn.contains_key(&id) {
            return;
        }
        for stream in session.streams() {
            if !session.take_all(*stream) {
                return;
            }
        }
        session.finished = true;
        session.patience = None;
        let clients = session.clients.clone();
        self.rearm(id);
        self.tell(&winsta_wire::Event::Exited {
            session: id,
            status,
        });
        self.wake(id);
        for key in clients {
            self.pump(key);
        }
    }

    /// Sends a client what it has not got yet, as far as its socket takes it.
    pub(crate) fn pump(&mut self, key: ConnKey) {
        match self.pump_some(key) {
            Ok(more) => {
                if let Some(conn) = self.conns.get_mut(&key) {
                    let was = std::mem::replace(&mut conn.behind, more);
                    let session = conn.attached().map(|attached| attached.session);
                    if let Some(session) = session.filter(|_| was || more) {
                        self.note_behind(session);
                    }
                }
                self.rearm_conn(key);
            }
            Err(Lost) => self.close(key),
        }
    }

    /// Notes in the ledger which clients do not take output as fast as it comes.
    pub(crate) fn note_behind(&self, id: SessionId) {
        if let Some(session) = self.sessions.get(&id) {
            let conns = session.clients.iter().filter_map(|key| self.conns.get(key));
            let behind = conns.filter(|conn| conn.behind);
            let attached = behind.filter_map(Conn::attached);
            session
                .row
                .set_behind(attached.map(|attached| attached.connection));
        }
    }

    /// `Ok(true)`: there is more to send.
    fn pump_some(&mut self, key: ConnKey) -> Result<bool, Lost> {
        for _ in 0..FRAMES {
            let Some(conn) = self.conns.get_mut(&key) else {
                return Ok(false);
            };
            if !conn.outbox.flush(conn.socket.as_fd())? {
                return Ok(true);
            }
            if conn.closing {
                return Err(Lost);
            }
            let Some(attached) = conn.attached() else {
                return Ok(false);
            };
            let (id, stream, held) = (attached.session, attached.stream, attached.held);
            let Some(session) = self.sessions.get_mut(&id) else {
                return Err(Lost);
            };
            let Some(flow) = session.flow(stream) else {
                return Err(Lost);
            };
            if held && !session.finished {
                return Ok(false);
            }
            if held || attached.cursor < flow.ring.base() {
                self.catch_up(key);
                continue;
            }
            if attached.cursor >= flow.ring.end() {
                if session.finished || !flow.open && session.exit.is_some() {
                    let status = session.exit.unwrap_or(winsta_domain::ExitStatus::Unknown);
                    dismiss(conn, CloseReason::Ended { status });
                    continue;
                }
                if let Some(attached) = conn.attached_mut() {
                    attached.late = false;
                }
                return Ok(false);
            }
            if !send_output(conn, session)? {
                return Ok(true);
            }
            self.unblock(id, stream);
        }
        Ok(true)
    }

    /// Lets the program of a session write again whose ring was full and is not any more.
    pub(crate) fn unblock(&mut self, id: SessionId, stream: Stream) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.buffering == Buffering::Block && session.reads(stream) {
            self.rearm(id);
        }
    }

    /// Makes a program wait for a client that is nearly overtaken, or lets it go on when the
    /// client has got away.
    fn be_patient(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.buffering == Buffering::Block || session.finished {
            return;
        }
        let mut waits = false;
        for key in &session.clients {
            let Some(attached) = self.conns.get(key).and_then(Conn::attached) else {
                continue;
            };
            let Some((room, near)) = session.nearness(attached) else {
                continue;
            };
            let enough = if session.patience.is_some() {
                near + near / 4
            } else {
                near
            };
            waits |= !attached.late && !attached.held && room < enough;
        }
        let until = self.millis() + PATIENCE;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if !waits {
            session.patience = None;
        } else if session.patience.is_none() {
            session.patience = Some(until);
            self.timed.insert(id);
        }
    }

    /// A client's socket took something: the program may have waited for that.
    pub(crate) fn client_moved(&mut self, key: ConnKey) {
        let Some(id) = self
            .conns
            .get(&key)
            .and_then(Conn::attached)
            .map(|a| a.session)
        else {
            return;
        };
        if self
            .sessions
            .get(&id)
            .is_some_and(|session| session.patience.is_some())
        {
            self.be_patient(id);
            self.rearm(id);
        }
    }

    /// The program has waited long enough: clients that are still nearly overtaken are let fall
    /// behind.
    pub(crate) fn lose_patience(&mut self, id: SessionId, now: Millis) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.patience.is_none_or(|until| until > now) {
            return;
        }
        session.patience = None;
        for key in session.clients.clone() {
            let Some(session) = self.sessions.get(&id) else {
                return;
            };
            let Some(attached) = self.conns.get_mut(&key).and_then(Conn::attached_mut) else {
                continue;
            };
            if session
                .nearness(attached)
                .is_some_and(|(room, near)| room < near + near / 4)
            {
                attached.late = true;
            }
        }
        self.rearm(id);
    }

    /// Puts input at the end of what the program has not read yet, and writes what it takes.
    pub(crate) fn type_in(&mut self, id: SessionId, bytes: &[u8]) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.input.extend(bytes);
        }
        self.feed(id);
    }

    /// Writes waiting input to the program.
    pub(crate) fn feed(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        loop {
            let (front, _) = session.input.as_slices();
            let Some(sink) = session.sink().filter(|_| !front.is_empty()) else {
                break;
            };
            match rustix::io::write(sink, front) {
                Ok(count) => drop(session.input.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                // Nobody will read it any more.
                Err(_) => session.input.clear(),
            }
        }
        if session.input.is_empty() && session.input.capacity() > INPUT {
            session.input = std::collections::VecDeque::new();
        }
        if session.close_input && session.input.is_empty() {
            self.close_stdin(id);
        }
        self.rearm(id);
        self.unstuff(id);
    }

    fn close_stdin(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let [.., armed] = &mut session.armed;
        let before = std::mem::take(armed);
        if let Some(stdin) = session.stdin.take() {
            let none = rustix::event::epoll::EventFlags::empty();
            self.watch(&stdin, crate::server::Token::Sink(id), before, none);
        }
    }

    /// Reads clients again whose input had to wait.
    fn unstuff(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.input.len() >= INPUT {
            return;
        }
        let stuffed = |key: &ConnKey| self.conns.get(key).is_some_and(|conn| conn.stuffed);
        for key in session
            .clients
            .iter()
            .copied()
            .filter(stuffed)
            .collect::<Vec<_>>()
        {
            if let Some(conn) = self.conns.get_mut(&key) {
                conn.stuffed = false;
            }
            self.hear(key);
            self.rearm_conn(key);
        }
    }
}

/// Sends the next frame of output; `Ok(false)`: the socket takes nothing now.
fn send_output(conn: &mut Conn, session: &mut Session) -> Result<bool, Lost> {
    let Some(attached) = conn.attached() else {
        return Ok(false);
    };
    let (stream, cursor) = (attached.stream, attached.cursor);
    let acknowledges = attached.mode.controls();
    let Some(flow) = session.flow_mut(stream) else {
        return Ok(false);
    };
    let (first, second) = flow.ring.read(cursor, MAX_OUTPUT);
    let prefix = Output::prefix(stream, cursor);
    let sent = first.len() + second.len();
    let header = frame::header(Kind::OUTPUT, prefix.len() + sent).map_err(|_| Lost)?;
    let mut head = [0; frame::HEADER + winsta_wire::attach::OUTPUT_PREFIX];
    for (to, from) in head.iter_mut().zip(header.iter().chain(&prefix)) {
        *to = *from;
    }
    if !conn
        .outbox
        .send(conn.socket.as_fd(), [&head, first, second])?
    {
        return Ok(false);
    }
    let cursor = cursor + sent as u64;
    if acknowledges {
        flow.acknowledged = flow.acknowledged.max(cursor);
    }
    if let Some(attached) = conn.attached_mut() {
        attached.cursor = cursor;
    }
    Ok(true)
}

/// Says goodbye; the connection closes once that is sent.
pub(crate) fn dismiss(conn: &mut Conn, reason: CloseReason) {
    // A goodbye that cannot be said is one that the closing itself says.
    let _ = conn.say(Kind::KEEPER, &KeeperMessage::Closed { reason });
    conn.closing = true;
}
