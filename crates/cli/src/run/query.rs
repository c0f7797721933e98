//! `query session` and `query user`.

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use winsta_api::{Counters, LineInfo, Session};
use winsta_client::{Deadline, Host, Listing};
use winsta_domain::SessionId;

use super::fleet::{self, Gathered};
use super::reach::{Place, places};
use super::targets::listed;
use crate::grammar::shared::Format;
use crate::grammar::windows::{QuerySession, QueryUser};
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome};
use crate::table::sessions::{Extras, sessions, users};
use crate::tools::Execute;

/// Keys that every session has.
const SESSION_KEYS: &[&str] = &[
    "host",
    "id",
    "name",
    "label",
    "user",
    "state",
    "type",
    "device",
    "source",
    "logon_time",
    "last_input_time",
    "idle_seconds",
    "disconnected_since",
    "client_name",
    "client_address",
    "leader_pid",
    "current",
    "connections",
    "command",
];

impl Row for Session {
    const KEYS: &'static [&'static str] = SESSION_KEYS;
}

/// A session with what `/MODE`, `/FLOW` and `/COUNTER` add.
#[derive(Serialize)]
struct Detailed<'a> {
    #[serde(flatten)]
    session: &'a Session,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'a LineInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<Counters>,
}

/// What one host has to say to `query session`.
struct Part {
    session: Session,
    line: Option<LineInfo>,
    counters: Option<Counters>,
}

impl QuerySession {
    fn parts(&self, place: &Place, host: &Host) -> Result<Vec<Part>, Failure> {
        let filter = self.filters.filter();
        let found = listing(place, host, "cannot list the sessions")?;
        let found = listed(found, self.target.as_deref(), &filter, "session")?;
        let mut lines = if self.mode || self.flow {
            lines(host, &found)
        } else {
            Vec::new()
        };
        let counters = self
            .counter
            .then(|| host.status())
            .transpose()
            .map_err(|error| Failure::call("cannot read the counters", &error))?
            .map(|status| status.counters);
        let part = |(index, session)| Part {
            line: lines.get_mut(index).and_then(Option::take),
            session,
            counters,
        };
        Ok(found.into_iter().enumerate().map(part).collect())
    }

    fn table(&self, parts: &[&Part]) -> String {
        let found: Vec<Session> = parts.iter().map(|part| part.session.clone()).collect();
        let lines: Vec<Option<LineInfo>> = parts.iter().map(|part| part.line.clone()).collect();
        let extras = Extras {
            mode: self.mode,
            flow: self.flow,
            connect: self.connect,
            lines: &lines,
            counters: totals(parts),
        };
        sessions(&found, extras)
    }
}

/// The counters of all hosts together.
fn totals(parts: &[&Part]) -> Option<Counters> {
    let mut hosts: Vec<&str> = Vec::new();
    let mut totals = None;
    for part in parts {
        let Some(counters) = part.counters else {
            continue;
        };
        if !hosts.contains(&part.session.host.as_str()) {
            hosts.push(&part.session.host);
            let sum: &mut Counters = totals.get_or_insert_default();
            sum.created += counters.created;
            sum.disconnected += counters.disconnected;
            sum.reconnected += counters.reconnected;
        }
    }
    totals
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Detailed {
            session: &self.session,
            line: self.line.as_ref(),
            counters: self.counters,
        }
        .serialize(serializer)
    }
}

impl Row for Part {
    const KEYS: &'static [&'static str] = SESSION_KEYS;
}

impl Execute for QuerySession {
    fn execute(self) -> Outcome {
        let places = places(self.server.as_deref())?;
        let format = self.output.format;
        if let [only] = places.as_slice() {
            let host = only.host(self.network.time(), Deadline::NEVER)?;
            let parts = or_empty::<Part>(self.parts(only, &host), format)?;
            let table = || self.table(&parts.iter().collect::<Vec<_>>());
            output::print(format, &parts, table)?;
            return Ok(Exit::Done);
        }
        let ask = |place: &Place, host: Host| self.parts(place, &host);
        let answers = fleet::ask(&places, self.network, ask);
        let target = self.target.as_deref();
        Gathered::new(&places, answers).print(format, "session", target, |parts| self.table(parts))
    }
}

/// The sessions of a host, each with the name by which the caller knows it.
pub(super) fn listing(place: &Place, host: &Host, what: &str) -> Result<Listing, Failure> {
    let mut listing = host
        .sessions()
        .map_err(|error| Failure::call(what, &error))?;
    if !place.is_here() {
        for session in &mut listing.sessions {
            session.host.clone_from(&place.name);
        }
    }
    Ok(listing)
}

/// The line of each session; none for what has no line, such as a listener, or has just ended.
fn lines(host: &Host, sessions: &[Session]) -> Vec<Option<LineInfo>> {
    sessions
        .iter()
        .map(|session| {
            session.leader_pid?;
            host.line(SessionId(session.id)).ok()
        })
        .collect()
}

impl Execute for QueryUser {
    fn execute(self) -> Outcome {
        let list = |place: &Place, host: &Host| {
            let mut listing = listing(place, host, "cannot list the users")?;
            listing.sessions.retain(|session| session.user.is_some());
            listed(
                listing,
                self.target.as_deref(),
                &self.filters.filter(),
                "User",
            )
        };
        let format = self.output.format;
        let places = places(self.server.as_deref())?;
        if let [only] = places.as_slice() {
            let host = only.host(self.network.time(), Deadline::NEVER)?;
            let found = or_empty::<Session>(list(only, &host), format)?;
            output::print(format, &found, || users(&found, &TimeZone::system()))?;
            return Ok(Exit::Done);
        }
        let answers = fleet::ask(&places, self.network, |place, host| list(place, &host));
        print_users(
            &Gathered::new(&places, answers),
            format,
            self.target.as_deref(),
        )
    }
}

/// Prints users of several hosts.
pub(super) fn print_users(
    gathered: &Gathered<'_, Session>,
    format: Format,
    target: Option<&str>,
) -> Outcome {
    gathered.print(format, "User", target, |found| {
        let found: Vec<Session> = found.iter().map(|session| (*session).clone()).collect();
        users(&found, &TimeZone::system())
    })
}

/// For programs, nothing found is an empty list as well as an exit status.
pub(super) fn or_empty<R: Row>(
    found: Result<Vec<R>, Failure>,
    format: Format,
) -> Result<Vec<R>, Failure> {
    if found.is_err() && format != Format::Table {
        output::print::<R>(format, &[], String::new)?;
    }
    found
}
