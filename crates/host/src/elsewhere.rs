//! Sessions that Winsta does not host, under the numbers that the host gave them.

pub(crate) mod register;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use winsta_api::{Session, Source};
use winsta_domain::{SessionId, State, Timestamp};
use winsta_sources::{Found, Key, Listener, Origin, Snapshot};

use self::register::Register;
use crate::clock;
use crate::config::SourcesConfig;
use crate::numbering::Numbering;

/// What was found at the last look.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    register: Register,
    last: Arc<Snapshot>,
    looked: bool,
    sessions: BTreeMap<SessionId, Found>,
    /// When users of desktops last typed.
    inputs: HashMap<Key, Timestamp>,
    /// Logins that are listed as the connection of a hosted session.
    inside: HashSet<SessionId>,
}

impl Elsewhere {
    /// Nothing found yet; numbers that an earlier host gave are known.
    pub(crate) fn new(register: Register) -> Self {
        Self {
            register,
            ..Self::default()
        }
    }

    /// Takes in what was found; gives what became of sessions since the last time.
    pub(crate) fn learn(
        &mut self,
        snapshot: Arc<Snapshot>,
        wanted: &SourcesConfig,
        numbering: &mut Numbering,
    ) -> Vec<Event> {
        if Arc::ptr_eq(&snapshot, &self.last) {
            return Vec::new();
        }
        let listed = snapshot.sessions.iter();
        let listed: Vec<&Found> = listed.filter(|found| wanted.has(found.origin)).collect();
        let ids = self.register.numbers(&listed, numbering);
        let numbered = ids.into_iter().zip(listed);
        let sessions: BTreeMap<SessionId, Found> = numbered
            .filter_map(|(id, found)| Some((id?, found.clone())))
            .collect();
        // What the first look finds has not just happened.
        let events = if self.looked {
            events(&self.sessions, &sessions)
        } else {
            Vec::new()
        };
        self.looked = true;
        self.sessions = sessions;
        // Where less is known than could be, what is missing may be there all the same.
        if snapshot.trouble.is_none() {
            self.register.forget_others(&self.sessions);
        }
        self.last = snapshot;
        events
    }

    /// The session of this number; also one that is listed as a connection.
    pub(crate) fn get(&self, id: SessionId) -> Option<&Found> {
        self.sessions.get(&id)
    }

    /// All sessions.
    pub(crate) fn all(&self) -> impl Iterator<Item = (SessionId, &Found)> {
        self.sessions.iter().map(|(id, found)| (*id, found))
    }

    /// Those that are listed by themselves.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (SessionId, &Found)> {
        self.all().filter(|(id, _)| !self.inside.contains(id))
    }

    /// Takes in when users of desktops last typed.
    pub(crate) fn set_inputs(&mut self, inputs: HashMap<Key, Timestamp>) {
        self.inputs = inputs;
    }

    /// A session as callers see it.
    pub(crate) fn describe(
        &self,
        host: &str,
        id: SessionId,
        found: &Found,
        current: Option<SessionId>,
    ) -> Session {
        let input = self.inputs.get(&found.key).copied();
        describe(host, id, found, input, current)
    }

    /// From now on these are listed as connections.
    pub(crate) fn set_inside(&mut self, inside: HashSet<SessionId>) {
        self.inside = inside;
    }

    /// Whether there is any session, or was at the last look.
    pub(crate) fn concerns_nobody(&self) -> bool {
        self.sessions.is_empty() && self.inside.is_empty()
    }

    /// Who waits for logins.
    pub(crate) fn listeners(&self) -> &[Listener] {
        &self.last.listeners
    }
}

/// Something that became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// The session.
    pub(crate) id: SessionId,
    /// What listeners are told: `created`, `connected`, `disconnected` or `ended`.
    pub(crate) change: &'static str,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

fn events(before: &BTreeMap<SessionId, Found>, now: &BTreeMap<SessionId, Found>) -> Vec<Event> {
    let event = |id: &SessionId, found: &Found, change| Event {
        id: *id,
        change,
        origin: found.origin,
    };
    let ended = before.iter().filter(|(id, _)| !now.contains_key(*id));
    let mut events: Vec<Event> = ended.map(|(id, found)| event(id, found, "ended")).collect();
    for (id, found) in now {
        let there = found.state == State::Active;
        let change = match before.get(id) {
            None => "created",
            Some(earlier) if (earlier.state == State::Active) == there => continue,
            Some(_) if there => "connected",
            Some(_) => "disconnected",
        };
        events.push(event(id, found, change));
    }
    events
}

/// A session as callers see it; `input` is when its user last typed, if something else than its
/// terminals says.
pub(crate) fn describe(
    host: &str,
    id: SessionId,
    found: &Found,
    input: Option<Timestamp>,
    current: Option<SessionId>,
) -> Session {
    let now = clock::now();
    let last_input = match found.state {
        State::Down | State::Init => None,
        _ => input.or_else(|| found.last_input()),
    };
    Session {
        host: host.to_owned(),
        id: id.0,
        name: found.connection_name(id),
        label: None,
        user: Some(found.user.clone()),
        state: found.state,
        kind: found.origin.kind().to_owned(),
        device: found.device(),
        source: source(found.origin),
        logon_time: Some(found.logon.rfc3339().to_string()),
        last_input_time: last_input.map(|time| time.rfc3339().to_string()),
        idle_seconds: last_input.map(|time| now.seconds_since(time)),
        disconnected_since: found.disconnected.map(|time| time.rfc3339().to_string()),
        client_name: found.client_name.clone(),
        client_address: found.client_address.clone(),
        leader_pid: found.leader,
        current: current == Some(id),
        connections: Vec::new(),
        command: Vec::new(),
    }
}

/// What listings call an origin.
pub(crate) fn source(origin: Origin) -> Source {
    match origin {
        Origin::Ssh => Source::Ssh,
        Origin::Xrdp => Source::Xrdp,
        Origin::Console => Source::Console,
        Origin::Other => Source::Other,
    }
}

#[cfg(test)]
pub(crate) mod tests;
