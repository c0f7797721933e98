//! Clients: how they come, what they say, how they go.

use winsta_domain::{SessionId, TerminalSize};
use winsta_wire::{
    AttachMode, ClientMessage, CloseReason, Event, Frame, Hello, KeeperMessage, Kind, Stream,
    Ticket, VERSIONS, Versions, Welcome,
};

use crate::conn::{Attached, Conn, ConnKey, Role};
use crate::flow::dismiss;
use crate::server::Server;
use crate::session::INPUT;
use crate::tickets::Permit;

/// What a client says in its hello.
pub(crate) struct Wish {
    pub(crate) versions: Versions,
    pub(crate) ticket: Ticket,
    pub(crate) size: Option<TerminalSize>,
    pub(crate) from: Option<u64>,
    pub(crate) stream: Stream,
}

impl Server {
    /// The first frame of a connection.
    pub(crate) fn greet(&mut self, key: ConnKey, frame: Frame<'_>) {
        if frame.kind != Kind::HELLO {
            return self.refuse(key, "the first frame must be a hello");
        }
        match frame.json() {
            Ok(Hello::Control { .. }) if !self.may_be_host(key) => {
                self.refuse(key, "only root's host may control this keeper");
            }
            Ok(Hello::Control { versions, pid: _ }) => self.meet_host(key, versions),
            Ok(Hello::Attach {
                versions,
                ticket,
                size,
                from,
                stream,
            }) => {
                self.admit(
                    key,
                    &Wish {
                        versions,
                        ticket,
                        size,
                        from,
                        stream,
                    },
                );
            }
            Err(error) => self.refuse(key, &error.to_string()),
        }
    }

    pub(crate) fn refuse(&mut self, key: ConnKey, reason: &str) {
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        let refused = Welcome::Refused {
            reason: reason.to_owned(),
            versions: VERSIONS,
        };
        let _ = conn.say(Kind::WELCOME, &refused);
        conn.closing = true;
        self.flush(key);
    }

    fn admit(&mut self, key: ConnKey, wish: &Wish) {
        let Some(version) = VERSIONS.common(wish.versions) else {
            return self.refuse(key, "client and keeper have no protocol version in common");
        };
        let now = self.millis();
        let Some(permit) = self.tickets.take(now, &wish.ticket) else {
            return self.refuse(
                key,
                "the ticket is not known, was used before, or is too old",
            );
        };
        let Some(session) = self.sessions.get(&permit.session) else {
            return self.refuse(key, &format!("session {} has ended", permit.session));
        };
        if session.flow(wish.stream).is_none() {
            return self.refuse(key, "the session has no such stream");
        }
        let (session, mode) = (permit.session, permit.mode);
        self.welcome(key, version, wish, permit);
        // Behind the welcome: the session is never without a client in between, for the host.
        if mode == AttachMode::TakeOver {
            self.take_over(session, key);
        }
    }

    /// Closes the connections of all other clients that control a session, without their help.
    fn take_over(&mut self, id: SessionId, newcomer: ConnKey) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        for key in session.clients.clone() {
            let Some(conn) = self.conns.get_mut(&key).filter(|_| key != newcomer) else {
                continue;
            };
            if conn
                .attached()
                .is_some_and(|attached| attached.mode.controls())
            {
                dismiss(conn, CloseReason::TakenOver);
                self.flush(key);
                self.close(key);
            }
        }
    }

    fn welcome(&mut self, key: ConnKey, version: u32, wish: &Wish, permit: Permit) {
        let Permit {
            session: id,
            connection,
            mode,
            note,
            until: _,
        } = permit;
        // Before it is one of the clients, so that its snapshot is the first that it hears of.
        if let Some(size) = wish.size.filter(|_| mode.controls()) {
            self.resize(id, size);
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let pictured = wish.from.is_none() && session.picture.is_some();
        let base = session.ring_report(wish.stream).base;
        let meta = session.meta.clone();
        session.clients.push(key);
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        conn.role = Role::Attached(Attached {
            session: id,
            connection,
            mode,
            stream: wish.stream,
            pictured,
            cursor: wish.from.unwrap_or(base),
            held: false,
            late: false,
            size: wish.size,
            since: Self::now(),
            note,
        });
        let pid = conn.pid;
        let attached = KeeperMessage::Attached {
            session: id,
            connection,
            mode,
            meta,
        };
        let said = conn
            .say(Kind::WELCOME, &Welcome::Attach { version })
            .and_then(|()| conn.say(Kind::KEEPER, &attached));
        if said.is_err() {
            return self.close(key);
        }
        self.tell(&Event::Attached {
            session: id,
            connection,
            pid,
        });
        if pictured {
            self.send_snapshot(key);
        }
        self.pump(key);
    }

    /// A client was overtaken, or lets go of a hold because the session has ended.
    pub(crate) fn catch_up(&mut self, key: ConnKey) {
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        let Some(attached) = conn.attached() else {
            return;
        };
        let Some(session) = self.sessions.get(&attached.session) else {
            return;
        };
        let base = session.ring_report(attached.stream).base;
        let missed = base.saturating_sub(attached.cursor);
        let (stream, pictured) = (attached.stream, attached.pictured);
        if let Some(attached) = conn.attached_mut() {
            attached.cursor = attached.cursor.max(base);
            attached.held = false;
        }
        if missed > 0 {
            let _ = conn.say(
                Kind::KEEPER,
                &KeeperMessage::Missed {
                    stream,
                    bytes: missed,
                },
            );
        }
        if pictured {
            self.send_snapshot(key);
        }
    }

    /// Sends a client what it needs to rebuild the screen.
    fn send_snapshot(&mut self, key: ConnKey) {
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        let Some(id) = conn.attached().map(|attached| attached.session) else {
            return;
        };
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (Some(picture), Some(flow)) = (&session.picture, session.flow(Stream::Out)) else {
            return;
        };
        let report = session.ring_report(Stream::Out);
        let (info, paint) = picture.snapshot(&flow.ring, report);
        let (offset, incomplete) = (info.offset, info.incomplete);
        let _ = conn.say(Kind::KEEPER, &KeeperMessage::Snapshot(info));
        let mut bytes = Vec::new();
        if winsta_wire::frame::encode(&mut bytes, Kind::CHECKPOINT, &paint).is_err() {
            // Larger than a frame: the client begins with an empty screen, and the program is
            // asked to paint.
            let _ = winsta_wire::frame::encode(&mut bytes, Kind::CHECKPOINT, &[]);
        }
        conn.outbox.push(bytes, Vec::new());
        if let Some(attached) = conn.attached_mut() {
            attached.cursor = offset;
        }
        if incomplete {
            self.nudge(id);
        }
    }

    /// Asks the program in the foreground to paint its screen again.
    fn nudge(&self, id: SessionId) {
        let master = self
            .sessions
            .get(&id)
            .and_then(|session| session.master.as_ref());
        if let Some(group) = master.and_then(|master| rustix::termios::tcgetpgrp(master).ok()) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::WINCH);
        }
    }

    /// Gives a session's terminal another size.
    pub(crate) fn resize(&mut self, id: SessionId, size: TerminalSize) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.size().is_none_or(|present| present == size) {
            return;
        }
        if let Some(master) = &session.master
            && let Err(error) = crate::pty::resize(master, size)
        {
            return crate::log::say(&format!("cannot resize session {id} to {size}: {error}"));
        }
        session.conduit = winsta_wire::Conduit::Pty(size);
        if let (Some(picture), Some(flow)) = (&mut session.picture, session.flows.first_mut()) {
            picture.resized(&mut flow.ring, size);
        }
        for key in session.clients.clone() {
            if let Some(conn) = self.conns.get_mut(&key)
                && conn
                    .say(Kind::KEEPER, &KeeperMessage::Resized { size })
                    .is_ok()
            {
                self.pump(key);
            }
        }
        self.tell(&Event::Resized { session: id, size });
    }

    /// A frame from a client.
    pub(crate) fn hear_client(&mut self, key: ConnKey, frame: Frame<'_>) {
        match frame.kind {
            Kind::INPUT => self.hear_input(key, frame.payload),
            Kind::CLIENT => match frame.json() {
                Ok(message) => self.hear_message(key, message),
                Err(error) => {
                    crate::log::say(&format!("client {key}: {error}"));
                    self.close(key);
                }
            },
            // Kinds of later versions are passed over.
            _ => {}
        }
    }

    fn hear_input(&mut self, key: ConnKey, bytes: &[u8]) {
        let Some(attached) = self.conns.get(&key).and_then(Conn::attached) else {
            return;
        };
        if !attached.mode.controls() {
            return;
        }
        let (id, size) = (attached.session, attached.size);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.typed(Self::now());
        if session.clients.last() != Some(&key) {
            session.clients.retain(|client| *client != key);
            session.clients.push(key);
            if let Some(size) = size {
                self.resize(id, size);
            }
        }
        self.type_in(id, bytes);
        let full = self
            .sessions
            .get(&id)
            .is_some_and(|session| session.input.len() >= INPUT);
        if let Some(conn) = self.conns.get_mut(&key) {
            conn.stuffed = full;
        }
    }

    fn hear_message(&mut self, key: ConnKey, message: ClientMessage) {
        let Some(attached) = self.conns.get_mut(&key).and_then(Conn::attached_mut) else {
            return;
        };
        let (id, connection) = (attached.session, attached.connection);
        match message {
            ClientMessage::Resize { size } => {
                attached.size = Some(size);
                if attached.mode.controls() {
                    self.resize(id, size);
                }
            }
            ClientMessage::Resync => {
                attached.held = false;
                if attached.pictured {
                    self.send_snapshot(key);
                }
                self.pump(key);
            }
            ClientMessage::Hold => attached.held = true,
            ClientMessage::Answer { answer } => {
                self.tell(&Event::Answered {
                    session: id,
                    connection,
                    answer,
                });
            }
            ClientMessage::Detach => self.close(key),
        }
    }

    /// A client's connection was closed.
    pub(crate) fn client_gone(&mut self, key: ConnKey, attached: &Attached) {
        let (id, connection) = (attached.session, attached.connection);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.clients.retain(|client| *client != key);
            let latest = session
                .clients
                .iter()
                .rev()
                .filter_map(|key| self.conns.get(key));
            let size = latest
                .filter_map(Conn::attached)
                .find(|other| other.mode.controls())
                .and_then(|other| other.size);
            if session.patience.is_some() {
                session.patience = None;
                self.rearm(id);
            }
            if let Some(size) = size {
                self.resize(id, size);
            }
        }
        self.note_behind(id);
        self.tell(&Event::Detached {
            session: id,
            connection,
        });
        let now = self.millis();
        self.bury(id, now);
    }
}
