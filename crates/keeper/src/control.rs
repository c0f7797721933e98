//! The host's requests.

use std::os::fd::OwnedFd;

use rustix::event::epoll::EventFlags;
use winsta_domain::SessionId;
use winsta_wire::{
    Answer, CloseReason, ConnectionReport, FirstPermit, KeeperMessage, Kind, LineSettings, Refusal,
    RefusalKind, Reply, Request, SessionReport, Spawn, VERSIONS, Verb, Versions, Welcome,
};

use crate::birth::Cradle;
use crate::conn::{Conn, ConnKey, Role};
use crate::environment;
use crate::flow::dismiss;
use crate::nursery::{self, Nursery};
use crate::pty;
use crate::refuse::{invalid, refusal, system, unknown};
use crate::server::{Replacement, Server, Token, Unborn};
use crate::session::Session;
use crate::store::Store;
use crate::tickets::Permit;

/// Most sessions that a keeper has.
const SESSIONS: usize = 16_384;
/// Most bytes of reports in one reply.
const REPORTS: usize = 512 << 10;
/// Place of standard input among what is kept of a session with pipes.
const STDIN: usize = 3;
pub(crate) type Outcome = Result<Answer, Refusal>;

impl Server {
    /// The host says hello. It takes the place of an earlier one.
    pub(crate) fn meet_host(&mut self, key: ConnKey, versions: Versions) {
        let Some(version) = VERSIONS.common(versions) else {
            return self.refuse(key, "host and keeper have no protocol version in common");
        };
        if let Some(earlier) = self.control.take() {
            self.close(earlier);
        }
        let Ok(ledger) = self.ledger.file().try_clone_to_owned() else {
            return self.refuse(key, "the keeper has no descriptors left");
        };
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        conn.role = Role::Control;
        self.control = Some(key);
        self.waits.clear();
        let welcome = Welcome::Control {
            version,
            pid: std::process::id(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut bytes = Vec::new();
        if winsta_wire::frame::encode_json(&mut bytes, Kind::WELCOME, &welcome).is_ok() {
            conn.outbox.push(bytes, vec![ledger]);
        }
        self.flush(key);
    }

    /// Whether the peer may be this keeper's host.
    pub(crate) fn may_be_host(&self, key: ConnKey) -> bool {
        let is_root = self.conns.get(&key).is_some_and(|conn| conn.uid == 0);
        is_root || !self.home.is_unit()
    }

    /// Carries out a request and replies, at once or when the outcome is known.
    pub(crate) fn serve(&mut self, key: ConnKey, request: Request, tail: &[u8]) {
        let Request { seq, verb } = request;
        let mut bytes = Vec::new();
        let outcome = match verb {
            Verb::Spawn(spawn) => match self.spawn(key, seq, *spawn) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            Verb::Keepsakes { session } if self.sessions.contains_key(&session) => {
                return self.reply_with_keepsakes(seq, session, Answer::Done);
            }
            Verb::Adopt(adopt) => {
                let came = self
                    .conns
                    .get_mut(&key)
                    .map(|c| std::mem::take(&mut c.descriptors));
                let left = self
                    .home
                    .store()
                    .map(|store| store.take(adopt.report.session));
                let kept = left.unwrap_or_else(|| came.unwrap_or_default().into());
                self.adopt(*adopt, kept)
            }
            Verb::Read {
                session,
                stream,
                from,
                max,
            } => self.read(session, stream, from, max, &mut bytes),
            Verb::Await {
                session,
                stream,
                beyond,
            } => match self.await_output(seq, session, stream, beyond) {
                Ok(()) => return,
                Err(refusal) => Err(refusal),
            },
            Verb::Snapshot { session } => self.snapshot(session, &mut bytes),
            Verb::Write { session, user } => self.write(session, user, tail),
            Verb::Upgrade { program } => {
                self.replacement = Some(Replacement { seq, program });
                return;
            }
            verb => self.carry_out(verb),
        };
        self.reply(
            &Reply {
                seq,
                descriptors: 0,
                outcome,
            },
            &bytes,
            Vec::new(),
        );
    }

    /// The requests that are answered with a message alone.
    fn carry_out(&mut self, verb: Verb) -> Outcome {
        match verb {
            Verb::List { after } => Ok(self.list(after)),
            Verb::Ticket {
                session,
                connection,
                ticket,
                mode,
                seconds,
                note,
            } => {
                self.known(session)?;
                let until = self.millis() + u64::from(seconds) * 1_000;
                self.permit(
                    ticket,
                    Permit {
                        session,
                        connection,
                        mode,
                        note,
                        until,
                    },
                )
            }
            Verb::Disconnect {
                session,
                connection,
                reason,
            } => {
                self.known(session)?;
                Ok(self.disconnect(session, connection, &reason))
            }
            Verb::Signal {
                session,
                signal,
                to,
            } => self.signal(session, signal, to),
            Verb::Resize { session, size } if self.known(session)?.size().is_some() => {
                self.resize(session, size);
                Ok(Answer::Done)
            }
            Verb::Resize { .. } => Err(invalid("a session with pipes has no size")),
            Verb::SetMeta { session, meta } if meta.len() <= Verb::MAX_META => {
                self.known(session)?.meta = meta;
                Ok(Answer::Done)
            }
            Verb::SetMeta { .. } => Err(invalid("the description is too long")),
            Verb::SetBuffering { session, buffering } => {
                self.known(session)?.buffering = buffering;
                self.rearm(session);
                Ok(Answer::Done)
            }
            Verb::CloseInput { session } => {
                let known = self.known(session)?;
                if known.size().is_some() {
                    return Err(invalid("a terminal's input cannot be closed; send it ^D"));
                }
                known.close_input = true;
                if self.home.is_unit() {
                    Store::blank(session, STDIN).map_err(|e| system("close the input", &e))?;
                }
                self.feed(session);
                Ok(Answer::Done)
            }
            Verb::Acknowledge {
                session,
                stream,
                upto,
            } => self.acknowledge(session, stream, upto),
            Verb::Line { session } => self.line(session),
            Verb::Members { session } => self.members(session),
            Verb::Census { after } => self.census(after),
            Verb::Notify {
                session,
                connection,
                notice,
            } => {
                self.known(session)?;
                Ok(self.notify(session, connection, &notice))
            }
            Verb::End { session, steps } => {
                self.known(session)?;
                self.end(session, steps);
                Ok(Answer::Done)
            }
            Verb::Collect { session } => self.collect(session).map(|()| Answer::Done),
            Verb::Shutdown if self.sessions.is_empty() => {
                self.stopping = true;
                Ok(Answer::Done)
            }
            Verb::Shutdown => Err(refusal(RefusalKind::Busy, "the keeper has sessions")),
            Verb::Keepsakes { session } => Err(unknown(session)),
            Verb::Spawn(_)
            | Verb::Adopt(_)
            | Verb::Read { .. }
            | Verb::Await { .. }
            | Verb::Snapshot { .. }
            | Verb::Write { .. }
            | Verb::Upgrade { .. } => Err(invalid("not a request of this kind")),
        }
    }

    fn permit(&mut self, ticket: winsta_wire::Ticket, permit: Permit) -> Outcome {
        let added = self.tickets.add(self.millis(), ticket, permit);
        added
            .then_some(Answer::Done)
            .ok_or_else(|| invalid("the ticket is not acceptable"))
    }

    pub(crate) fn known(&mut self, id: SessionId) -> Result<&mut Session, Refusal> {
        let live = self
            .sessions
            .get_mut(&id)
            .filter(|session| session.collected.is_none());
        live.ok_or_else(|| unknown(id))
    }

    /// Replies with a message alone.
    pub(crate) fn settle(&mut self, seq: u64, outcome: Outcome) {
        let reply = Reply {
            seq,
            descriptors: 0,
            outcome,
        };
        self.reply(&reply, &[], Vec::new());
    }

    /// Replies to the present host; one that is gone does not need it any more.
    pub(crate) fn reply(&mut self, reply: &Reply, tail: &[u8], descriptors: Vec<OwnedFd>) {
        let Some(key) = self.control else { return };
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        if let Err(error) = conn.say_with(Kind::REPLY, reply, tail, descriptors) {
            let outcome = Err(refusal(RefusalKind::System, error.to_string()));
            let short = Reply {
                seq: reply.seq,
                descriptors: 0,
                outcome,
            };
            let _ = conn.say_with(Kind::REPLY, &short, &[], Vec::new());
        }
        self.flush(key);
    }

    fn spawn(&mut self, host: ConnKey, seq: u64, spawn: Spawn) -> Result<(), Refusal> {
        let id = spawn.session;
        if self.sessions.contains_key(&id) {
            return Err(refusal(RefusalKind::Exists, format!("session {id} exists")));
        }
        if self.closing_down || self.sessions.len() >= SESSIONS {
            return Err(refusal(
                RefusalKind::Exhausted,
                "the keeper takes no more sessions",
            ));
        }
        let permit = spawn.permit.clone();
        let spawn = inheriting(spawn);
        if self.sessions.len() >= nursery::MANY && self.nursery.is_none() {
            self.nursery = Nursery::open(self.files).ok();
        }
        let mut cradle = Cradle {
            ledger: &self.ledger,
            tree: self.tree.as_ref(),
            files: self.files,
            now: Self::now(),
            nursery: &mut self.nursery,
        };
        let (session, status) = cradle.start(spawn)?;
        if let Some(first) = permit {
            let until = self.millis() + u64::from(first.seconds) * 1_000;
            let FirstPermit {
                connection,
                ticket,
                mode,
                note,
                ..
            } = first;
            self.permit(
                ticket,
                Permit {
                    session: id,
                    connection,
                    mode,
                    note,
                    until,
                },
            )?;
        }
        self.leaders.insert(session.leader, id);
        self.sessions.insert(id, session);
        self.watch(&status, Token::Birth(id), 0, EventFlags::IN);
        self.unborn.insert(id, Unborn { status, host, seq });
        Ok(())
    }

    fn list(&self, after: Option<SessionId>) -> Answer {
        let mut size = 0;
        let mut sessions = Vec::new();
        let live = |id: &&SessionId| after.is_none_or(|after| **id > after);
        let mut ids = self.sessions.keys().filter(live);
        let mut more = false;
        for id in &mut ids {
            let Some(report) = self.report(*id) else {
                continue;
            };
            size += report.meta.len() + 512 + report.connections.len() * 256;
            sessions.push(report);
            if size > REPORTS {
                more = true;
                break;
            }
        }
        Answer::Sessions { sessions, more }
    }

    /// What the host is told of a session; `None` if it was collected.
    pub(crate) fn report(&self, id: SessionId) -> Option<SessionReport> {
        let session = self
            .sessions
            .get(&id)
            .filter(|session| session.collected.is_none())?;
        let mut report = session.report();
        let conns = session.clients.iter().filter_map(|key| self.conns.get(key));
        report.connections = conns.filter_map(report_connection).collect();
        Some(report)
    }

    fn disconnect(
        &mut self,
        id: SessionId,
        connection: Option<winsta_domain::ConnectionId>,
        reason: &str,
    ) -> Answer {
        let clients = self
            .sessions
            .get(&id)
            .map(|session| session.clients.clone());
        let mut connections = 0;
        for key in clients.unwrap_or_default() {
            let Some(conn) = self.conns.get_mut(&key) else {
                continue;
            };
            let this = conn.attached().map(|attached| attached.connection);
            if connection.is_none() || connection == this {
                dismiss(
                    conn,
                    CloseReason::Disconnected {
                        reason: reason.to_owned(),
                    },
                );
                self.flush(key);
                self.close(key);
                connections += 1;
            }
        }
        Answer::Disconnected { connections }
    }

    fn line(&mut self, id: SessionId) -> Outcome {
        let session = self.known(id)?;
        let flags = match &session.master {
            Some(master) => {
                pty::settings(master).map_err(|e| system("read the settings", &e.into()))?
            }
            None => Vec::new(),
        };
        let paused = session
            .streams()
            .iter()
            .any(|stream| session.is_full(*stream));
        Ok(Answer::Line(LineSettings {
            size: session.size(),
            flags,
            buffering: session.buffering,
            paused,
            input_waiting: u32::try_from(session.input.len()).unwrap_or(u32::MAX),
        }))
    }

    fn notify(
        &mut self,
        id: SessionId,
        connection: Option<winsta_domain::ConnectionId>,
        notice: &str,
    ) -> Answer {
        let clients = self
            .sessions
            .get(&id)
            .map(|session| session.clients.clone());
        let mut connections = Vec::new();
        for key in clients.unwrap_or_default() {
            let Some(conn) = self.conns.get_mut(&key) else {
                continue;
            };
            let Some(attached) = conn.attached().filter(|attached| attached.pictured) else {
                continue;
            };
            let this = attached.connection;
            if connection.is_none_or(|wanted| wanted == this) {
                let notice = KeeperMessage::Notice {
                    notice: notice.to_owned(),
                };
                if conn.say(Kind::KEEPER, &notice).is_ok() {
                    connections.push(this);
                    self.pump(key);
                }
            }
        }
        Answer::Notified { connections }
    }
}

/// The session to start, with this process's own environment under its own if it wants that.
fn inheriting(mut spawn: Spawn) -> Spawn {
    if spawn.inherit {
        let own = std::env::vars_os();
        let texts = own.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        spawn.env = environment::merged(texts, std::mem::take(&mut spawn.env));
    }
    spawn
}

fn report_connection(conn: &Conn) -> Option<ConnectionReport> {
    let attached = conn.attached()?;
    Some(ConnectionReport {
        connection: attached.connection,
        mode: attached.mode,
        since: attached.since,
        pid: conn.pid,
        note: attached.note.clone(),
        behind: attached.late || !conn.outbox.is_empty(),
    })
}
