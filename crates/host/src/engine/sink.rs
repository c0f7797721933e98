//! What the keeper says, taken in.

use std::sync::Arc;

use winsta_api::{AuditEntry, ErrorCode};
use winsta_domain::session::{EndHow, Input, SessionMachine};
use winsta_domain::{ConnectionId, ExitStatus, SessionId};
use winsta_wire::{
    Adopt, AttachMode, Conduit, ConnectionReport, Event, NoticeAnswer, SessionReport, Verb,
};

use super::hosted::Hosted;
use super::notices::Answered;
use super::{Core, Engine};
use crate::audit::{Begun, Milestone};
use crate::clock;
use crate::keeper::conn::Greeting;
use crate::keeper::ledger::Ledger;
use crate::keeper::port::KeeperError;
use crate::keeper::sink::{Found, Keepsakes, Orphaned};
use crate::meta::{Meta, Note};
use crate::problems::Topic;
use crate::workers::Workers;

impl Engine {
    /// A user's keeper answers.
    pub(super) fn greeted(&self, uid: u32, greeting: Greeting) {
        tracing::info!(pid = greeting.pid, program = %greeting.program, "the keeper answers");
        let mut core = self.core();
        let Some(kept) = core.keepers.get_mut(&uid) else {
            return;
        };
        kept.pid = Some(greeting.pid);
        kept.program = Some(greeting.program);
        kept.ledger = Ledger::new(greeting.ledger).map(Arc::new);
        kept.workers.reads_from(kept.ledger.clone());
        if kept.ledger.is_none() {
            tracing::warn!(uid, "a keeper's ledger is no memory file");
        }
    }

    /// These are all sessions of a user's keeper.
    pub(super) fn reconcile(&self, uid: u32, found: Vec<Found>) {
        let mut core = self.core();
        let mut present = std::collections::HashSet::with_capacity(found.len());
        for found in found {
            present.insert(found.report.session);
            if Workers::owns(found.report.session) {
                if let Some(kept) = core.keepers.get(&uid) {
                    kept.workers.learn(&found.report, found.keepsakes);
                }
                continue;
            }
            self.take_in(&mut core, &found.report, found.keepsakes);
        }
        // A session that has no report yet was asked for, and its answer is still to come.
        let known = core.sessions.iter();
        let known = known
            .filter(|(_, hosted)| hosted.report.is_some() && hosted.meta.uid == uid)
            .map(|(id, _)| *id);
        let missing = known.filter(|id| !present.contains(id)).collect::<Vec<_>>();
        for id in missing {
            self.lose(&mut core, id);
        }
        if let Some(kept) = core.keepers.get(&uid) {
            kept.workers.reconcile(|id| present.contains(&id));
        }
        drop(core);
        self.strike_lost(uid);
    }

    /// A session that was asked for runs.
    pub(super) fn spawned(&self, report: &SessionReport, keepsakes: Keepsakes) {
        let mut core = self.core();
        let id = report.session;
        if let Some(hosted) = core.sessions.get_mut(&id) {
            hosted.learn(report, keepsakes);
        }
        self.enrol(&mut core, id);
        self.feed(&mut core, id, Input::Started);
    }

    /// Something happened in a user's keeper.
    pub(super) fn event(&self, uid: u32, event: Event) {
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
            Event::Upgraded { program } => self.upgraded(&mut core, uid, program),
            Event::UpgradeFailed { reason } => {
                let kept = core.keepers.get_mut(&uid);
                if let Some(waiting) = kept.and_then(|kept| kept.upgrade.take()) {
                    // Whoever asked may have given up.
                    let _ = waiting.send(Err(reason));
                }
            }
        }
    }

    /// A user's keeper is lost; gives what another one is to take over.
    pub(super) fn lost(&self, uid: u32) -> Vec<Orphaned> {
        self.tell(
            "keeper_lost",
            None,
            "sessions are being handed to a new keeper".to_owned(),
        );
        self.audit_own("keeper_lost", None, "done", String::new());
        let mut core = self.core();
        if let Some(kept) = core.keepers.get_mut(&uid) {
            (kept.pid, kept.program) = (None, None);
        }
        let rows = core.ledger_of(uid);
        let own = core.sessions.iter();
        let own = own.filter(|(_, hosted)| hosted.meta.uid == uid);
        let orphans = own.filter_map(|(id, hosted)| {
            let mut report = (**hosted.report.as_ref()?).clone();
            if !self.is_shared() {
                report.meta = hosted.meta.to_json();
            }
            report.last_input = hosted.last_input(&rows)?;
            let ledger = rows.words(report.slot, *id).unwrap_or_default();
            Some(Orphaned {
                adopt: Adopt { report, ledger },
                keepsakes: hosted.keepsakes.clone(),
            })
        });
        let mut orphans: Vec<Orphaned> = orphans.collect();
        if let Some(kept) = core.keepers.get(&uid) {
            orphans.extend(kept.workers.orphans(kept.ledger.as_deref()));
        }
        // Every client was connected to the dead keeper.
        let clients = core
            .sessions
            .iter()
            .filter(|(_, hosted)| hosted.meta.uid == uid)
            .flat_map(|(id, hosted)| hosted.clients.iter().map(move |client| (*id, client.id)));
        for (session, connection) in clients.collect::<Vec<_>>() {
            self.detached(&mut core, session, connection);
        }
        orphans
    }

    /// The new keeper could not take this session over.
    pub(super) fn not_adopted(&self, orphaned: &Orphaned, reason: &KeeperError) {
        let id = orphaned.adopt.report.session;
        tracing::warn!(session = %id, %reason, "a session could not be handed over");
        let mut core = self.core();
        self.lose(&mut core, id);
    }

    /// What hinders the rescue of a user's sessions. On the machine's host that is theirs to know.
    pub(super) fn rescue_problem(&self, uid: u32, problem: Option<String>) {
        if self.is_shared() {
            if let Some(problem) = problem {
                tracing::warn!(uid, problem, "a rescue has not come through");
            }
            return;
        }
        self.problems.set(Topic::Keeper, problem);
    }

    /// Whether a user's keeper was told to end, or has nothing for which another is needed.
    pub(super) fn is_retiring(&self, uid: u32) -> bool {
        let core = self.core();
        let told = core.keepers.get(&uid).is_some_and(|kept| kept.retiring);
        told || (self.is_shared() && !core.needs_keeper(uid))
    }

    /// Takes in what a keeper says of one of its sessions.
    fn take_in(&self, core: &mut Core, report: &SessionReport, keepsakes: Keepsakes) {
        let id = report.session;
        core.numbering.seen(id);
        let known = core.sessions.contains_key(&id);
        if !known {
            let meta = if self.is_shared() {
                let Some(meta) = self.take_enrolled(id) else {
                    return;
                };
                meta
            } else {
                self.completed(Meta::from_json(&report.meta), report)
            };
            let connections = report.connections.iter().filter_map(|connection| {
                let (_, note) = self.permitted(&meta, connection)?;
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
        let mut last = hosted
            .meta
            .permits
            .iter()
            .map(|permit| permit.connection.0)
            .max();
        for connection in &report.connections {
            let Some((uid, note)) = self.permitted(&hosted.meta, connection) else {
                continue;
            };
            last = last.max(Some(connection.connection.0));
            hosted
                .clients
                .retain(|client| client.id != connection.connection);
            hosted.clients.push(super::hosted::Client {
                id: connection.connection,
                mode: connection.mode,
                since: connection.since,
                pid: connection.pid,
                uid,
                note,
                place: None,
                via: None,
            });
        }
        let next = last.unwrap_or_default().saturating_add(1);
        core.next_connection = core.next_connection.max(next);
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

    /// Who got the permit of a connection that a keeper reports, and what is known of its client.
    /// `None` if the machine's host gave no such permit.
    fn permitted(&self, meta: &Meta, connection: &ConnectionReport) -> Option<(u32, Note)> {
        if !self.is_shared() {
            let note = serde_json::from_str(&connection.note).unwrap_or_default();
            return Some((meta.uid, note));
        }
        let mut permits = meta.permits.iter();
        let permit = permits.find(|permit| permit.connection == connection.connection)?;
        Some((permit.uid, permit.note.clone()))
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
        }
        meta.uid = self.owner.uid;
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
        if self.is_shared() && !hosted.knows(connection) {
            return tracing::warn!(%session, "a keeper has a client that got no permit");
        }
        let client = hosted.attached(connection, pid, now);
        self.enrol(core, session);
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
            let connection = Some(connection);
            core.post(
                session,
                Verb::Notify {
                    session,
                    connection,
                    notice,
                },
            );
        }
    }

    fn detached(&self, core: &mut Core, session: SessionId, connection: ConnectionId) {
        let hosted = core.sessions.get_mut(&session);
        let Some(client) = hosted.and_then(|hosted| hosted.detached(connection)) else {
            return;
        };
        self.enrol(core, session);
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

    fn upgraded(&self, core: &mut Core, uid: u32, program: String) {
        self.tell("keeper_upgraded", None, program.clone());
        let Some(kept) = core.keepers.get_mut(&uid) else {
            return;
        };
        kept.program = Some(program.clone());
        if let Some(waiting) = kept.upgrade.take() {
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
        self.reconcile(self.owner.uid, found);
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
