//! One hosted session, as the host knows it.

use winsta_domain::session::{Phase, SessionMachine};
use winsta_domain::{ConnectionId, SessionId, Timestamp};
use winsta_sources::Place;
use winsta_wire::{AttachMode, SessionReport};

use super::Ending;
use crate::keeper::ledger::{Behind, Rows};
use crate::keeper::sink::Keepsakes;
use crate::meta::{Meta, Note, Permitted, connection_name};
use crate::rows::Row;

/// Most permits of one session that wait to be used.
const MAX_EXPECTED: usize = 64;

/// A hosted session.
#[derive(Debug)]
pub(crate) struct Hosted {
    pub(crate) machine: SessionMachine,
    pub(crate) meta: Meta,
    /// What the keeper said of it, without description and connections; `None` until it runs.
    pub(crate) report: Option<Box<SessionReport>>,
    pub(crate) keepsakes: Keepsakes,
    pub(crate) clients: Vec<Client>,
    behind: Behind,
    expected: Vec<Expected>,
    row: Option<Row>,
}

/// An attached client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: ConnectionId,
    pub(crate) mode: AttachMode,
    pub(crate) since: Timestamp,
    pub(crate) pid: u32,
    /// The user who got its permit.
    pub(crate) uid: u32,
    pub(crate) note: Note,
    /// Where it sits, once somebody wanted to know.
    pub(crate) place: Option<Place>,
    /// The login that it came through.
    pub(crate) via: Option<Via>,
}

/// A login from which a client is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Via {
    pub(crate) login: SessionId,
    pub(crate) name: String,
    pub(crate) client_name: Option<String>,
    pub(crate) client_address: Option<String>,
}

impl Client {
    /// Name of its connection: `ssh-tcp#5` if it came through an ssh login, else `pty#2`.
    pub(crate) fn name(&self) -> String {
        let via = self.via.as_ref().map(|via| via.name.clone());
        via.unwrap_or_else(|| connection_name(self.id))
    }

    /// Name of its machine or terminal.
    pub(crate) fn machine(&self) -> Option<String> {
        let via = self.via.as_ref();
        via.and_then(|via| via.client_name.clone())
            .or_else(|| self.note.client_name.clone())
    }

    /// Its network address: what the login service saw counts more than what it says itself.
    pub(crate) fn address(&self) -> Option<String> {
        let via = self.via.as_ref();
        via.and_then(|via| via.client_address.clone())
            .or_else(|| self.note.client_address.clone())
    }
}

/// A client that has a permit and has not come yet.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) id: ConnectionId,
    pub(crate) mode: AttachMode,
    /// The user who got the permit.
    pub(crate) uid: u32,
    pub(crate) note: Note,
    /// When the permit is void.
    pub(crate) until: Timestamp,
}

impl Hosted {
    /// A session that is being started or was found.
    pub(crate) fn new(machine: SessionMachine, meta: Meta) -> Self {
        Self {
            machine,
            meta,
            report: None,
            keepsakes: Vec::new(),
            clients: Vec::new(),
            behind: Behind::default(),
            expected: Vec::new(),
            row: None,
        }
    }

    /// Takes in what the keeper reports.
    pub(crate) fn learn(&mut self, report: &SessionReport, keepsakes: Keepsakes) {
        let mut report = report.clone();
        report.meta = String::new();
        report.connections = Vec::new();
        self.report = Some(Box::new(report));
        self.keepsakes = keepsakes;
        self.touch();
    }

    /// Something of it changed: it must be listed anew.
    pub(crate) fn touch(&mut self) {
        self.row = None;
    }

    /// What its listing shows, made by `make` if something changed.
    pub(crate) fn row(&mut self, make: impl FnOnce(&Self) -> Row) -> &Row {
        let row = match self.row.take() {
            Some(row) => row,
            None => make(self),
        };
        self.row.insert(row)
    }

    /// Whether a client that has a permit may still come.
    pub(crate) fn is_expected(&self, now: Timestamp) -> bool {
        self.expected.iter().any(|expected| now < expected.until)
    }

    /// Takes note of what the ledger says of its clients.
    pub(crate) fn note(&mut self, rows: &Rows) {
        let Some(report) = self.report.as_deref() else {
            return;
        };
        let behind = rows.behind(report.slot, report.session);
        if behind != self.behind {
            self.behind = behind;
            self.touch();
        }
    }

    /// Whether output waits for this client.
    pub(crate) fn is_behind(&self, client: &Client) -> bool {
        self.behind.has(client.id)
    }

    /// Awaits a client with a permit.
    pub(crate) fn expect(&mut self, expected: Expected) {
        if self.expected.len() >= MAX_EXPECTED {
            self.expected.remove(0);
        }
        self.expected.push(expected);
    }

    /// Whether this connection is one that the host gave.
    pub(crate) fn knows(&self, id: ConnectionId) -> bool {
        self.expected.iter().any(|expected| expected.id == id)
    }

    /// The connections that the host gave: those that are there, and those that may still come.
    pub(crate) fn permits(&self) -> Vec<Permitted> {
        let clients = self.clients.iter();
        let clients = clients.map(|client| (client.id, client.uid, &client.note));
        let expected = self.expected.iter();
        let expected = expected.map(|expected| (expected.id, expected.uid, &expected.note));
        let all = clients.chain(expected);
        all.map(|(connection, uid, note)| Permitted {
            connection,
            uid,
            note: note.clone(),
        })
        .collect()
    }

    /// A client came.
    pub(crate) fn attached(&mut self, id: ConnectionId, pid: u32, now: Timestamp) -> Client {
        let known = self.expected.iter().position(|expected| expected.id == id);
        let expected = known.map(|at| self.expected.remove(at));
        // One whose permit an earlier host gave.
        let (mode, uid, note) = match expected {
            Some(expected) => (expected.mode, expected.uid, expected.note),
            None => (AttachMode::Share, self.meta.uid, Note::default()),
        };
        let client = Client {
            id,
            mode,
            since: now,
            pid,
            uid,
            note,
            place: None,
            via: None,
        };
        self.clients.retain(|client| client.id != id);
        self.clients.push(client.clone());
        self.touch();
        client
    }

    /// A client went.
    pub(crate) fn detached(&mut self, id: ConnectionId) -> Option<Client> {
        let at = self.clients.iter().position(|client| client.id == id)?;
        self.touch();
        Some(self.clients.remove(at))
    }

    /// The client that the session is listed under: the latest that controls it, else the latest.
    pub(crate) fn foremost(&self) -> Option<&Client> {
        let connecting = || self.clients.iter().filter(|c| c.note.transport.connects());
        let controlling = connecting().rfind(|client| client.mode.controls());
        controlling.or_else(|| connecting().next_back())
    }

    /// How it ended, if it did.
    pub(crate) fn ending(&self) -> Option<Ending> {
        match self.machine.phase() {
            Phase::Ended { status, cause, .. } => Some(Ending {
                status: *status,
                cause: *cause,
            }),
            Phase::Starting { .. }
            | Phase::Active { .. }
            | Phase::Disconnected { .. }
            | Phase::Ending { .. } => None,
        }
    }
}
