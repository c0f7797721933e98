//! What the keeper says, taken in.

use std::sync::atomic::Ordering;

use winsta_api::{AuditEntry, ErrorCode};
use winsta_domain::session::{EndHow, Input, SessionMachine};
use winsta_domain::{ConnectionId, ExitStatus, SessionId};
use winsta_wire::{Adopt, AttachMode, Conduit, Event, NoticeAnswer, SessionReport, Verb};

use super::hosted::Hosted;
use super::notices::Answered;
use super::view::ledger_rows;
use super::{Core, Engine};
use crate::audit::{Begun, Milestone};
use crate::clock;
use crate::keeper::conn::Greeting;
use crate::keeper::ledger::Ledger;
use crate::keeper::port::KeeperError;
use crate::keeper::sink::{Found, KeeperSink, Keepsakes, Orphaned};
use crate::meta::{Meta, Note};
use crate::problems::Topic;
use crate::workers::Workers;

impl KeeperSink for Engine {
    fn greeted(&self, greeting: Greeting) {
        tracing::info!(pid = greeting.pid, program = %greeting.program, "the keeper answers");
        let mut core = self.core();
        core.keeper.pid = Some(greeting.pid);
        core.keeper.program = Some(greeting.program);
        core.ledger = Some(Ledger::new(greeting.ledger));
    }

    fn reconcile(&self, found: Vec<Found>) {
        let mut core = self.core();
        let mut present = std::collections::HashSet::with_capacity(found.len());
        for found in found {
            present.insert(found.report.session);
            if Workers::owns(found.report.session) {
                self.workers.learn(&found.report, found.keepsakes);
                continue;
            }
            self.take_in(&mut core, &found.report, found.keepsakes);
        }
        // A session that has no report yet was asked for, and its answer is still to come.
        let known = core.sessions.iter();
        let known = known
            .filter(|(_, hosted)| hosted.report.is_some())
            .map(|(id, _)| *id);
        let missing = known.filter(|id| !present.contains(id)).collect::<Vec<_>>();
        for id in missing {
            self.lose(&mut core, id);
        }
        self.workers.reconcile(|id| present.contains(&id));
    }

    fn spawned(&self, report: &SessionReport, keepsakes: Keepsakes) {
        if Workers::owns(report.session) {
            return self.workers.learn(report, keepsakes);
        }
        let mut core = self.core();
        let id = report.session;
        if let Some(hosted) = core.sessions.get_mut(&id) {
            hosted.learn(report, keepsakes);
        }
        self.feed(&mut core, id, Input::Started);
    }

    fn event(&self, event: Event) {
        if let Some(worker) = event.session().filter(|id| Workers::owns(*id)) {
            return self.workers.event(worker, &event);
        }
        let mut core = self.core();
        match event {
            Event::Attached {
                session,
                connection,
                pid,
            } => self.attached(&mut core, session, connection, pid),
            Event::Detached {
                session,
                connection,
            } => self.detached(&mut core, session, connection),
            Event::Resized { session, size } => {
                if let Some(hosted) = core.sessions.get_mut(&session)
                    && let Some(report) = &mut hosted.report
                {
                    report.conduit = Conduit::Pty(size);
                }
            }
            Event::Answered {
                session, answer, ..
            } => self.answered(&mut core, session, &answer),
            Event::Exited { session, status } => {
                let status = self.best_status(&core, session, status);
                self.feed(&mut core, session, Input::Exited(status));
            }
            Event::Stepped { session, signal } => {
                tracing::debug!(%session, signal, "the kill ladder goes on");
            }
            Event::Emptied {
                session,
                signal,
                left,
            } => self.feed(&mut core, session, Input::Emptied { signal, left }),
            Event::Upgraded { program } => self.upgraded(&mut core, program),
            Event::UpgradeFailed { reason } => {
                if let Some(waiting) = core.upgrade.take() {
                    // Whoever asked may have given up.
                    let _ = waiting.send(Err(reason));
                }
            }
        }
    }

    fn lost(&self) -> Vec<Orphaned> {
        self.tell(
            "keeper_lost",
            None,
            "sessions are being handed to a new keeper".to_owned(),
        );
        self.audit_own("keeper_lost", None, "done", String::new());
        let mut core = self.core();
        core.keeper = super::KeeperFacts::default();
        let rows = ledger_rows(&core);
        let orphans = core.sessions.iter().filter_map(|(id, hosted)| {
            let mut report = (**hosted.report.as_ref()?).clone();
            report.meta = hosted.meta.to_json();
            report.last_input = hosted.last_input(&rows)?;
            let ledger = rows.words(report.slot, *id).unwrap_or_default();
            Some(Orphaned {
                adopt: Adopt { report, ledger },
                keepsakes: hosted.keepsakes.clone(),
            })
        });
        let mut orphans: Vec<Orphaned> = orphans.collect();
        orphans.extend(self.workers.orphans(core.ledger.as_ref()));
        // Every client was connected to the dead keeper.
        let clients = core
            .sessions
            .iter()
            .flat_map(|(id, hosted)| hosted.clients.iter().map(move |client| (*id, client.id)));
        for (session, connection) in clients.collect::<Vec<_>>() {
            self.detached(&mut core, session, connection);
        }
        orphans
    }

    fn not_adopted(&self, orphaned: &Orphaned, reason: &KeeperError) {
        let id = orphaned.adopt.report.session;
        tracing::warn!(session = %id, %reason, "a session could not be handed over");
        if Workers::owns(id) {
            return self.workers.lose(id);
        }
        let mut core = self.core();
        self.lose(&mut core, id);
    }

    fn rescue_problem(&self, problem: Option<String>) {
        self.problems.set(Topic::Keeper, problem);
    }

    fn is_retiring(&self) -> bool {
        self.retiring.load(Ordering::Acquire)
    }
}

impl Engine {
    /// Takes in what a keeper says of one of its sessions.
    fn take_in(&self, core: &mut Core, report: &SessionReport, keepsakes: Keepsakes) {
        let id = report.session;
        core.numbering.seen(id);
        let known = core.sessions.contains_key(&id);
        if !known {
            let meta = Meta::from_json(&report.meta);
            let meta = self.completed(meta, report);
            let connections = report.connections.iter().filter_map(|connection| {
                let note: Note = serde_json::from_str(&connection.note).unwrap_or_default();
                note.transport.connects().then_some(connection.connection)
            });
            let since = meta.disconnected.unwrap_or(meta.logon);
            let machine = SessionMachine::adopt(
                since,
                connections.collect(),
                meta.disconnected != Some(meta.logon),
            );
            core.sessions.insert(id, Hosted::new(machine, meta));
        }
        let Some(hosted) = core.sessions.get_mut(&id) else {
            return;
        };
        hosted.learn(report, keepsakes);
        for connection in &report.connections {
            let next = connection.connection.0.saturating_add(1);
            core.next_connection = core.next_connection.max(next);
            let note: Note = serde_json::from_str(&connection.note).unwrap_or_default();
            hosted
                .clients
                .retain(|client| client.id != connection.connection);
            hosted.clients.push(super::hosted::Client {
                id: connection.connection,
                mode: connection.mode,
                since: connection.since,
                pid: connection.pid,
                note,
                place: None,
                via: None,
            });
        }
        if known {
            for connection in &report.connections {
                self.feed(core, id, Input::Attached(connection.connection));
            }
        }
        match report.exit {
            // A ladder whose end this host has not heard of runs again; it costs nothing if
            // nothing is left.
            _ if report.ending => self.feed(core, id, Input::EndAsked(EndHow::Logoff)),
            Some(status) => self.feed(core, id, Input::Exited(status)),
            None => {}
        }
    }

    fn begun(&self, report: &SessionReport) -> Begun {
        let meta = self.completed(Meta::from_json(&report.meta), report);
        Begun {
            session: report.session,
            user: meta.user,
            command: meta.command.join(" "),
            time: meta.logon.rfc3339().to_string(),
        }
    }

    /// Fills in what a description lacks, if another program wrote it.
    fn completed(&self, mut meta: Meta, report: &SessionReport) -> Meta {
        if meta.user.is_empty() {
            meta.user.clone_from(&self.owner.name);
            meta.uid = self.owner.uid;
        }
        if meta.logon.0 == 0 {
            meta.logon = report.started;
        }
        meta
    }

    /// A session that no keeper has.
    fn lose(&self, core: &mut Core, id: SessionId) {
        let status = self.best_status(core, id, ExitStatus::Unknown);
        self.feed(core, id, Input::LeaderLost(status));
    }

    /// The status that the keeper knows, else what the kernel told the host.
    fn best_status(&self, core: &Core, id: SessionId, known: ExitStatus) -> ExitStatus {
        match known {
            ExitStatus::Code(_) | ExitStatus::Signal(_) => known,
            ExitStatus::Unknown => {
                let report = core
                    .sessions
                    .get(&id)
                    .and_then(|hosted| hosted.report.as_ref());
                let leader = report.map(|report| report.leader);
                leader
                    .and_then(|leader| self.orphans.status_of(leader))
                    .unwrap_or(ExitStatus::Unknown)
            }
        }
    }

    fn attached(&self, core: &mut Core, session: SessionId, connection: ConnectionId, pid: u32) {
        let now = clock::now();
        let Some(hosted) = core.sessions.get_mut(&session) else {
            return;
        };
        let client = hosted.attached(connection, pid, now);
        if !client.note.transport.connects() {
            return;
        }
        self.feed(core, session, Input::Attached(connection));
        if let Some(from) = watcher(&client.note, client.mode) {
            self.feed(core, from, Input::WatchBegan(connection));
        }
        for notice in core.notices.for_newcomer(session, now) {
            let Ok(notice) = serde_json::to_string(&notice) else {
                continue;
            };
            self.keeper.post(Verb::Notify {
                session,
                connection: Some(connection),
                notice,
            });
        }
    }

    fn detached(&self, core: &mut Core, session: SessionId, connection: ConnectionId) {
        let hosted = core.sessions.get_mut(&session);
        let Some(client) = hosted.and_then(|hosted| hosted.detached(connection)) else {
            return;
        };
        if client.note.transport.connects() {
            self.feed(core, session, Input::Detached(connection));
        }
        if let Some(from) = watcher(&client.note, client.mode) {
            self.feed(core, from, Input::WatchEnded(connection));
        }
    }

    fn answered(&self, core: &mut Core, session: SessionId, answer: &str) {
        let Ok(answer) = serde_json::from_str::<NoticeAnswer>(answer) else {
            tracing::debug!(%session, "passing over an answer that is none");
            return;
        };
        match core.notices.answered(session, answer) {
            Answered::Taken => {}
            Answered::Cancels(warning) => {
                let user = core
                    .sessions
                    .get(&session)
                    .map(|hosted| hosted.meta.user.clone());
                self.cancel(core, warning, &user.unwrap_or_default());
            }
        }
    }

    fn upgraded(&self, core: &mut Core, program: String) {
        self.tell("keeper_upgraded", None, program.clone());
        core.keeper.program = Some(program.clone());
        if let Some(waiting) = core.upgrade.take() {
            // Whoever asked may have given up.
            let _ = waiting.send(Ok(program));
        }
    }

    /// Puts something on the trail that nobody asked for.
    pub(crate) fn audit_own(
        &self,
        action: &str,
        session: Option<SessionId>,
        outcome: &str,
        detail: String,
    ) {
        self.audit
            .entry(self.own_entry(action, session, outcome, detail));
    }

    pub(super) fn own_entry(
        &self,
        action: &str,
        session: Option<SessionId>,
        outcome: &str,
        detail: String,
    ) -> AuditEntry {
        AuditEntry {
            time: clock::now().rfc3339().to_string(),
            host: self.host.clone(),
            user: self.owner.name.clone(),
            uid: self.owner.uid,
            origin: "host".to_owned(),
            action: action.to_owned(),
            session: session.map(|id| id.0),
            owner: Some(self.owner.name.clone()),
            outcome: outcome.to_owned(),
            detail,
        }
    }

    /// Takes in what this host found when it began, and has the history say what it did not.
    pub(crate) fn begin_with(&self, found: Vec<Found>) {
        let sessions = found
            .iter()
            .filter(|found| !Workers::owns(found.report.session))
            .map(|found| self.begun(&found.report))
            .collect();
        let detail = "no keeper has it any more".to_owned();
        self.audit.milestone(Milestone::Found {
            incarnation: self.incarnation(),
            sessions,
            entry: Box::new(self.own_entry("lost", None, "done", detail)),
        });
        self.reconcile(found);
    }

    /// The refusal while the host stops.
    pub(crate) fn stopping_refusal() -> crate::failure::Failure {
        crate::failure::failure(ErrorCode::Exhausted, "the host is being stopped")
    }
}

/// The session whose user watches by this client from inside of it.
fn watcher(note: &Note, mode: AttachMode) -> Option<SessionId> {
    match mode {
        AttachMode::Share | AttachMode::View => note.from_session.map(SessionId),
        AttachMode::TakeOver => None,
    }
}
