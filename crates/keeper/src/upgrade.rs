//! The keeper's program is replaced by another without ending anything.
//!
//! The process stays the same, so its children stay its children and its descriptors stay open:
//! what is in memory is written to a memory file, the other program is executed in this one's
//! place, and reads it. Before that, a trial process of the other program reads it too, so that
//! one that cannot is never let in.

mod state;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::event::epoll::EventFlags;
use rustix::fs::MemfdFlags;
use winsta_wire::{Answer, Decoder, Event, RefusalKind};

use self::state::{FORMAT, SavedClient, SavedConn, SavedFlow, SavedSession, State, read_state};
use crate::cgroup::{Cgroup, Tree};
use crate::conn::{Attached, Conn, ConnKey, Role};
use crate::home::Home;
use crate::ladder::Ladder;
use crate::ledger::{Ledger, Word};
use crate::outbox::Outbox;
use crate::picture::Picture;
use crate::refuse::refusal;
use crate::ring::Ring;
use crate::server::{Replacement, Server, Token};
use crate::session::{Flow, Parts, Session, stream_names};
use crate::sys::limits::FileLimit;
use crate::sys::{passing, signals};
use crate::tickets::Tickets;
use crate::waits::Waits;

impl Server {
    /// Replaces this program by another. Returns only if that cannot be done.
    pub(crate) fn upgrade(&mut self, replacement: &Replacement) {
        let Replacement { seq, ref program } = *replacement;
        if !self.unborn.is_empty() {
            let outcome = Err(refusal(
                RefusalKind::Busy,
                "a session is just being started",
            ));
            return self.settle(seq, outcome);
        }
        match self.save().and_then(|state| try_out(program, &state)) {
            Ok(()) => {
                let outcome = Ok(Answer::Done);
                self.settle(seq, outcome);
                self.wake_all();
                let error = match self.save() {
                    Ok(state) => self.turn_into(program, &state),
                    Err(error) => error,
                };
                self.tell(&Event::UpgradeFailed {
                    reason: error.to_string(),
                });
            }
            Err(error) => {
                let outcome = Err(refusal(RefusalKind::System, format!("{program}: {error}")));
                self.settle(seq, outcome);
            }
        }
    }

    fn save(&self) -> io::Result<File> {
        let state = State {
            format: FORMAT,
            folder: self.home.path().to_owned(),
            listener: self.listener.as_raw_fd(),
            lock: self.home.lock_number(),
            ledger: self.ledger.file().as_raw_fd(),
            soft_files: self.files.soft(),
            tree: self.tree.as_ref().map(|tree| tree.folder().to_owned()),
            next_conn: self.next_conn,
            control: self.control,
            sessions: self.sessions.values().map(save_session).collect(),
            conns: self
                .conns
                .iter()
                .map(|(key, conn)| save_conn(*key, conn))
                .collect(),
            tickets: self.tickets.save(self.millis()),
        };
        let file = rustix::fs::memfd_create("winsta-keeper", MemfdFlags::CLOEXEC)?;
        let mut file = File::from(file);
        serde_json::to_writer(io::BufWriter::new(&mut file), &state)?;
        file.rewind()?;
        Ok(file)
    }

    /// Executes `program` with everything kept; returns what went wrong.
    fn turn_into(&self, program: &str, state: &File) -> io::Error {
        let kept = self.kept();
        for descriptor in kept.iter().copied() {
            if let Err(error) = passing::keep(descriptor) {
                return error;
            }
        }
        if let Err(error) = passing::keep(state) {
            return error;
        }
        let error = Command::new(program)
            .arg("keeper")
            .args(self.home.arguments())
            .arg("--resume")
            .arg(state.as_raw_fd().to_string())
            .exec();
        for descriptor in kept {
            let _ = rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC);
        }
        error
    }

    /// Every descriptor that the next program needs.
    fn kept(&self) -> Vec<std::os::fd::BorrowedFd<'_>> {
        use std::os::fd::AsFd;
        let mut kept = vec![self.listener.as_fd(), self.ledger.file()];
        kept.extend(self.home.lock().map(AsFd::as_fd));
        for session in self.sessions.values() {
            kept.push(session.pidfd.as_fd());
            kept.extend(session.master.iter().chain(&session.stdin).map(AsFd::as_fd));
            for flow in &session.flows {
                kept.push(flow.ring.file());
                kept.extend(flow.pipe.as_ref().map(AsFd::as_fd));
            }
        }
        kept.extend(self.conns.values().flat_map(Conn::descriptors));
        kept
    }
}

/// Lets a process of `program` read the state and say whether it could carry on with it.
fn try_out(program: &str, state: &File) -> io::Result<()> {
    let output = Command::new(program)
        .args(["keeper", "--trial"])
        .stdin(Stdio::from(state.try_clone()?))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or("it says nothing");
    Err(io::Error::other(format!(
        "it cannot carry on from this keeper: {last}"
    )))
}

/// What a trial process does: reads a state from standard input.
pub(crate) fn trial() -> io::Result<()> {
    read_state(io::stdin()).map(drop)
}

fn save_session(session: &Session) -> SavedSession {
    SavedSession {
        id: session.id,
        row: session.row.number(),
        leader: session.leader,
        pidfd: session.pidfd.as_raw_fd(),
        child: session.child,
        cgroup: session
            .cgroup
            .as_ref()
            .map(|cgroup| cgroup.folder().to_owned()),
        conduit: session.conduit,
        device: session.device.clone(),
        master: session.master.as_ref().map(AsRawFd::as_raw_fd),
        stdin: session.stdin.as_ref().map(AsRawFd::as_raw_fd),
        flows: session
            .flows
            .iter()
            .map(|flow| SavedFlow {
                ring: flow.ring.file().as_raw_fd(),
                pipe: flow.pipe.as_ref().map(AsRawFd::as_raw_fd),
                open: flow.open,
                acknowledged: flow.acknowledged,
            })
            .collect(),
        marks: session
            .picture
            .as_ref()
            .map(|p| p.marks().to_vec())
            .unwrap_or_default(),
        picture_size: session.picture.as_ref().map(Picture::size),
        input: session.input.iter().copied().collect(),
        written: session.written,
        close_input: session.close_input,
        buffering: session.buffering,
        started: session.started,
        meta: session.meta.clone(),
        exit: session.exit,
        finished: session.finished,
        collected: session.collected.is_some(),
        ladder: session.ladder.as_ref().map(Ladder::rest),
        clients: session.clients.clone(),
    }
}

fn numbers<'a>(descriptors: impl IntoIterator<Item = &'a OwnedFd>) -> Vec<RawFd> {
    descriptors.into_iter().map(AsRawFd::as_raw_fd).collect()
}

fn save_conn(key: ConnKey, conn: &Conn) -> SavedConn {
    SavedConn {
        key,
        socket: conn.socket.as_raw_fd(),
        pid: conn.pid,
        uid: conn.uid,
        unread: conn.decoder.remainder().to_vec(),
        unsent: conn.outbox.remainder(),
        received: numbers(&conn.descriptors),
        parcels: conn
            .outbox
            .parcels()
            .map(|(offset, descriptors)| (offset, numbers(descriptors)))
            .collect(),
        closing: conn.closing,
        stuffed: conn.stuffed,
        attached: conn.attached().map(|attached| SavedClient {
            session: attached.session,
            connection: attached.connection,
            mode: attached.mode,
            stream: attached.stream,
            pictured: attached.pictured,
            cursor: attached.cursor,
            held: attached.held,
            size: attached.size,
            since: attached.since,
            note: attached.note.clone(),
        }),
    }
}

/// Carries on from the state that an earlier program left in descriptor `number`.
pub(crate) fn resume(number: RawFd) -> io::Result<Server> {
    let state = read_state(File::from(passing::take(number)?))?;
    let ledger = Ledger::reopen(passing::take(state.ledger)?)?;
    let now = 0;
    let mut server = Server {
        home: Home::restored(state.folder, state.lock.map(passing::take).transpose()?),
        epoll: rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC)?,
        listener: passing::take(state.listener)?,
        signals: signals::descriptor(&[libc::SIGCHLD, libc::SIGTERM])?,
        tree: state.tree.and_then(Tree::reopen),
        files: FileLimit::restored(state.soft_files)?,
        sessions: std::collections::BTreeMap::new(),
        unborn: HashMap::new(),
        leaders: HashMap::new(),
        timed: std::collections::BTreeSet::new(),
        conns: HashMap::new(),
        next_conn: state.next_conn,
        control: None,
        tickets: Tickets::restore(state.tickets),
        waits: Waits::default(),
        replacement: None,
        nursery: None,
        spare: crate::socket::spare(),
        buffer: vec![0; crate::socket::TURN],
        clock: std::time::Instant::now(),
        stopping: false,
        closing_down: false,
        ledger,
    };
    for saved in state.conns {
        let key = saved.key;
        server
            .conns
            .insert(key, restore_conn(saved, state.control)?);
    }
    server.control = state.control;
    for saved in state.sessions {
        let session = restore_session(saved, &server.ledger, now)?;
        if session.child && session.exit.is_none() {
            server.leaders.insert(session.leader, session.id);
        }
        server.sessions.insert(session.id, session);
    }
    server.start_again();
    Ok(server)
}

impl Server {
    fn start_again(&mut self) {
        self.watch_base();
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            if !session.child && session.exit.is_none() {
                self.watch(&session.pidfd, Token::Leader(id), 0, EventFlags::IN);
            }
            if session.due().is_some() {
                self.timed.insert(id);
            }
            self.rearm(id);
        }
        self.reap();
        for key in self.conns.keys().copied().collect::<Vec<_>>() {
            // What it had got is not known: the first writable moment tells.
            if let Some(conn) = self.conns.get_mut(&key) {
                conn.behind = true;
            }
            self.rearm_conn(key);
            // What had come before the program was replaced comes no second time.
            self.hear(key);
        }
        self.tell(&Event::Upgraded {
            program: env!("CARGO_PKG_VERSION").to_owned(),
        });
    }
}

fn take_all<T: FromIterator<OwnedFd>>(numbers: Vec<RawFd>) -> io::Result<T> {
    numbers.into_iter().map(passing::take).collect()
}

fn restore_conn(saved: SavedConn, control: Option<ConnKey>) -> io::Result<Conn> {
    let mut conn = Conn::new(passing::take(saved.socket)?, saved.pid, saved.uid);
    conn.decoder = Decoder::resume(saved.unread);
    conn.descriptors = take_all(saved.received)?;
    let parcels = saved.parcels.into_iter();
    let parcels = parcels.map(|(offset, numbers)| Ok((offset, take_all(numbers)?)));
    conn.outbox = Outbox::resume(saved.unsent, parcels.collect::<io::Result<_>>()?);
    conn.closing = saved.closing;
    conn.stuffed = saved.stuffed;
    conn.role = match saved.attached {
        Some(client) => Role::Attached(Attached {
            session: client.session,
            connection: client.connection,
            mode: client.mode,
            stream: client.stream,
            pictured: client.pictured,
            cursor: client.cursor,
            held: client.held,
            late: false,
            size: client.size,
            since: client.since,
            note: client.note,
        }),
        None if control == Some(saved.key) => Role::Control,
        None => Role::New,
    };
    Ok(conn)
}

fn restore_session(
    saved: SavedSession,
    ledger: &std::rc::Rc<Ledger>,
    now: u64,
) -> io::Result<Session> {
    let row = ledger
        .row(saved.row)
        .ok_or_else(|| io::Error::other("no such row in the ledger"))?;
    let take = |number: Option<RawFd>| -> io::Result<Option<OwnedFd>> {
        number.map(passing::take).transpose()
    };
    let mut flows = Vec::new();
    for (flow, stream) in saved.flows.into_iter().zip(stream_names(saved.conduit)) {
        flows.push(Flow {
            ring: Ring::reopen(passing::take(flow.ring)?, row.window(*stream), false)?,
            pipe: take(flow.pipe)?,
            open: flow.open,
            acknowledged: flow.acknowledged,
        });
    }
    let picture = match (saved.picture_size, flows.first()) {
        (Some(size), Some(flow)) => Some(Picture::restore(&flow.ring, size, saved.marks)),
        _ => None,
    };
    let mut session = Session::new(Parts {
        id: saved.id,
        leader: saved.leader,
        pidfd: passing::take(saved.pidfd)?,
        child: saved.child,
        mark: Some(row.get(Word::Mark)).filter(|mark| *mark != 0),
        cgroup: saved.cgroup.and_then(|folder| Cgroup::open(folder).ok()),
        conduit: saved.conduit,
        device: saved.device,
        master: take(saved.master)?,
        stdin: take(saved.stdin)?,
        flows,
        picture,
        buffering: saved.buffering,
        started: saved.started,
        meta: saved.meta,
        row,
    });
    session.input = saved.input.into();
    session.written = saved.written;
    session.close_input = saved.close_input;
    session.exit = saved.exit;
    session.finished = saved.finished;
    session.collected = saved.collected.then_some(now);
    session.ladder = saved.ladder.map(|steps| Ladder::new(steps, now));
    session.clients = saved.clients;
    Ok(session)
}

#[cfg(test)]
mod tests;
