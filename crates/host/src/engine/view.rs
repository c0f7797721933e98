//! Sessions as callers see them.

use std::collections::BTreeMap;

use winsta_api::{ConnectionInfo, Fields, HostStatus, Session, Source};
use winsta_domain::{ConnectionName, SessionId, State, Timestamp};
use winsta_wire::{AttachMode, Conduit};

use super::hosted::{Client, Hosted};
use super::{Core, Engine};
use crate::access::Verb;
use crate::clock;
use crate::failure::{Failure, failure, no_session};
use crate::keeper::ledger::Rows;
use crate::rows::Row;
use crate::sources::{IdleConsole, Listeners, Login, SessionSource, unsupported};

/// Bytes of a row, about, to take memory for a list at once.
const ROW_BYTES: usize = 640;

impl Engine {
    /// The chosen keys of all sessions as a JSON list, lowest id first; one of the sessions may be
    /// the caller's own.
    pub(crate) fn list(&self, fields: Fields, current: Option<SessionId>) -> Vec<u8> {
        let now = clock::now();
        let mut core = self.core();
        let rows = Ledgers::of(&core);
        let mut out = Vec::with_capacity((core.sessions.len() + 2) * ROW_BYTES);
        let mut standing: Vec<Session> = Vec::new();
        if !core.sessions.contains_key(&SessionId::CONSOLE) {
            standing.extend(IdleConsole.list(&self.host));
        }
        let elsewhere = core.elsewhere.listed();
        standing.extend(
            elsewhere.map(|(id, found)| core.elsewhere.describe(&self.host, id, found, current)),
        );
        standing.extend(Listeners(core.elsewhere.listeners()).list(&self.host));
        standing.sort_by_key(|row| row.id);
        let mut standing = standing.into_iter().peekable();
        out.push(b'[');
        for (id, hosted) in &mut core.sessions {
            while let Some(row) = standing.next_if(|row| row.id < id.0) {
                separate(&mut out);
                write(&row, fields, &mut out);
            }
            separate(&mut out);
            let rows = rows.rows(hosted.meta.uid);
            hosted.note(rows);
            let last_input = hosted.last_input(rows);
            let idle = hosted.idle_seconds(now, last_input);
            let row = hosted.row(|hosted| Row::of(&self.describe(*id, hosted)));
            row.write(&mut out, fields, last_input, idle, current == Some(*id));
        }
        for row in standing {
            separate(&mut out);
            write(&row, fields, &mut out);
        }
        out.push(b']');
        out
    }

    /// One session.
    pub(crate) fn session(
        &self,
        id: SessionId,
        current: Option<SessionId>,
    ) -> Result<Session, Failure> {
        let mut core = self.core();
        if !core.sessions.contains_key(&id) {
            if let Some(found) = core.elsewhere.get(id) {
                return Ok(core.elsewhere.describe(&self.host, id, found, current));
            }
            let listeners = Listeners(core.elsewhere.listeners());
            let places: [&dyn SessionSource; 2] = [&IdleConsole, &listeners];
            let mut rows = places.into_iter().flat_map(|place| place.list(&self.host));
            let row = rows.find(|row| row.id == id.0);
            return row.ok_or_else(|| gone(&core, id));
        }
        let rows = ledger_row(&core, id);
        let hosted = core.sessions.get_mut(&id);
        let hosted = hosted.ok_or_else(|| no_session(id))?;
        hosted.note(&rows);
        let last_input = hosted.last_input(&rows);
        let mut session = self.describe(id, hosted);
        session.last_input_time = last_input.map(|time| time.rfc3339().to_string());
        session.idle_seconds = hosted.idle_seconds(clock::now(), last_input);
        session.current = current == Some(id);
        Ok(session)
    }

    /// State of the host.
    pub(crate) fn status(&self) -> HostStatus {
        let core = self.core();
        let own = core.keepers.get(&self.owner.uid);
        let own = own.filter(|_| !self.is_shared());
        HostStatus {
            host: self.host.clone(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sessions: u32::try_from(core.sessions.len()).unwrap_or(u32::MAX),
            started: self.started.rfc3339().to_string(),
            incarnation: core.numbering.incarnation().0.clone(),
            keeper_pid: own.and_then(|kept| kept.pid),
            keeper_version: own.and_then(|kept| kept.program.clone()),
            mode: if self.is_shared() { "system" } else { "user" }.to_owned(),
            socket: self.dirs.host_socket().display().to_string(),
            counters: core.numbering.counters(),
            problems: self.problems.list(),
        }
    }

    /// What does not change by itself.
    pub(super) fn describe(&self, id: SessionId, hosted: &Hosted) -> Session {
        let report = hosted.report.as_deref();
        let foremost = hosted.foremost();
        let console = id == SessionId::CONSOLE;
        let kind = match report.map(|report| report.conduit) {
            _ if console => "wdcon",
            Some(Conduit::Pipes) => "pipes",
            Some(Conduit::Pty(_)) | None => "pty",
        };
        let name = if console {
            Some(ConnectionName::CONSOLE.to_owned())
        } else {
            foremost.map(Client::name)
        };
        let since = hosted.machine.disconnected_since();
        Session {
            host: self.host.clone(),
            id: id.0,
            name,
            label: hosted
                .meta
                .label
                .as_ref()
                .map(|label| label.as_str().to_owned()),
            user: Some(hosted.meta.user.clone()),
            state: hosted.machine.state(),
            kind: kind.to_owned(),
            device: report.and_then(|report| report.device.clone()),
            source: Source::Hosted,
            logon_time: Some(hosted.meta.logon.rfc3339().to_string()),
            last_input_time: None,
            idle_seconds: None,
            disconnected_since: since.map(|time| time.rfc3339().to_string()),
            client_name: foremost.and_then(Client::machine),
            client_address: foremost.and_then(Client::address),
            leader_pid: report.map(|report| report.leader),
            current: false,
            connections: hosted.connections(),
            command: hosted.meta.command.clone(),
        }
    }
}

impl Core {
    /// The session `id` for `verb`, or why there is none.
    pub(crate) fn find(&mut self, id: SessionId, verb: Verb) -> Result<&mut Hosted, Failure> {
        if !self.sessions.contains_key(&id) {
            let listeners = Listeners(self.elsewhere.listeners());
            let login = self.elsewhere.get(id).map(|found| Login { id, found });
            let login = login.as_ref().map(|login| login as &dyn SessionSource);
            let places = [
                Some(&IdleConsole as &dyn SessionSource),
                Some(&listeners),
                login,
            ];
            let mut places = places.into_iter().flatten();
            let found = places.find(|place| place.owns(id));
            let refusal = found.and_then(|place| unsupported(place, verb));
            return Err(refusal.unwrap_or_else(|| gone(self, id)));
        }
        self.sessions.get_mut(&id).ok_or_else(|| no_session(id))
    }
}

impl Hosted {
    fn connections(&self) -> Vec<ConnectionInfo> {
        let clients = self.clients.iter();
        clients
            .map(|client| connection_info(client, self.is_behind(client)))
            .collect()
    }

    /// When its user last typed; the start if never.
    pub(crate) fn last_input(&self, rows: &Rows) -> Option<Timestamp> {
        let report = self.report.as_deref()?;
        let on_ledger = rows.last_input(report.slot, report.session);
        Some(on_ledger.unwrap_or(report.last_input).max(self.meta.logon))
    }

    /// Seconds since its user last typed.
    pub(crate) fn idle_seconds(&self, now: Timestamp, last: Option<Timestamp>) -> Option<u64> {
        match self.machine.state() {
            State::Init | State::Down => None,
            State::Active
            | State::Connected
            | State::ConnectQuery
            | State::Shadow
            | State::Disconnected
            | State::Idle
            | State::Listen
            | State::Reset => last.map(|last| now.seconds_since(last)),
        }
    }
}

/// All users' ledgers at one moment.
pub(crate) struct Ledgers {
    rows: BTreeMap<u32, Rows>,
    none: Rows,
}

impl Ledgers {
    /// As far as the present sessions need them.
    pub(crate) fn of(core: &Core) -> Self {
        let users = core.keepers.keys();
        Self {
            rows: users.map(|uid| (*uid, core.ledger_of(*uid))).collect(),
            none: Rows::default(),
        }
    }

    /// The rows of one user's keeper.
    pub(crate) fn rows(&self, uid: u32) -> &Rows {
        self.rows.get(&uid).unwrap_or(&self.none)
    }
}

/// The ledger as far as this session needs it.
fn ledger_row(core: &Core, id: SessionId) -> Rows {
    let hosted = core.sessions.get(&id);
    let ledger = hosted
        .and_then(|hosted| core.keepers.get(&hosted.meta.uid))
        .and_then(|kept| kept.ledger.as_ref());
    match (hosted.and_then(|hosted| hosted.report.as_deref()), ledger) {
        (Some(report), Some(ledger)) => ledger.snapshot(report.slot..=report.slot),
        (None, _) | (_, None) => Rows::default(),
    }
}

fn connection_info(client: &Client, behind: bool) -> ConnectionInfo {
    let mode = match client.mode {
        AttachMode::TakeOver => "take_over",
        AttachMode::Share => "share",
        AttachMode::View => "view",
    };
    ConnectionInfo {
        name: client.name(),
        mode: mode.to_owned(),
        transport: client.note.transport.name().to_owned(),
        since: client.since.rfc3339().to_string(),
        user: client.note.user.clone(),
        client_name: client.machine(),
        client_address: client.address(),
        pid: Some(client.pid),
        behind,
    }
}

/// There is no such session, or not any more.
fn gone(core: &Core, id: SessionId) -> Failure {
    let ended = core.endings.iter().rev().find(|(ended, _)| *ended == id);
    match ended {
        Some((_, ending)) => failure(
            winsta_api::ErrorCode::NotFound,
            format!("session {id} has ended ({})", ending.status),
        ),
        None => no_session(id),
    }
}

/// Appends a session that is not hosted.
fn write(session: &Session, fields: Fields, out: &mut Vec<u8>) {
    let last_input = session.last_input_time.as_deref();
    let last_input = last_input.and_then(Timestamp::parse_rfc3339);
    Row::of(session).write(
        out,
        fields,
        last_input,
        session.idle_seconds,
        session.current,
    );
}

fn separate(out: &mut Vec<u8>) {
    if out.last() != Some(&b'[') {
        out.push(b',');
    }
}
