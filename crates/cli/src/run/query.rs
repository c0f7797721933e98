//! `query session`, `query user` and `query termserver`.

use jiff::tz::TimeZone;
use serde::Serialize;
use winsta_api::{Counters, Field, Fields, LineInfo, Session};
use winsta_client::Host;
use winsta_domain::SessionId;

use super::reach::{host, is_this_machine, machine};
use super::targets::listed;
use crate::grammar::shared::Format;
use crate::grammar::windows::{QuerySession, QueryTermserver, QueryUser};
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome};
use crate::table::layout::{Column, header, line};
use crate::table::sessions::{Extras, SESSION_FIELDS, USER_FIELDS, sessions, users};
use crate::tools::Execute;

impl Row for Session {
    const KEYS: &'static [&'static str] = &Field::NAMES;
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

impl Row for Detailed<'_> {
    const KEYS: &'static [&'static str] = &Field::NAMES;
}

impl Execute for QuerySession {
    fn execute(self) -> Outcome {
        let host = host(self.server.as_deref())?;
        let format = self.output.format;
        let filter = self.filters.filter();
        let bare = !(self.connect || self.mode || self.flow);
        let plain = self.target.is_none() && filter.is_empty() && format == Format::Table;
        let fields = shown(plain && bare, SESSION_FIELDS);
        let listing = host
            .sessions_with(fields)
            .map_err(|error| Failure::call("cannot list the sessions", &error))?;
        let found = listed(listing, self.target.as_deref(), &filter, "session");
        let found = or_empty::<Session>(found, format)?;
        let lines = if self.mode || self.flow {
            lines(&host, &found)
        } else {
            Vec::new()
        };
        let counters = self
            .counter
            .then(|| host.status())
            .transpose()
            .map_err(|error| Failure::call("cannot read the counters", &error))?
            .map(|status| status.counters);
        let extras = Extras {
            mode: self.mode,
            flow: self.flow,
            connect: self.connect,
            lines: &lines,
            counters,
        };
        let table = || sessions(&found, extras);
        if lines.is_empty() && counters.is_none() {
            output::print(format, &found, table)?;
        } else {
            let rows: Vec<Detailed<'_>> = found
                .iter()
                .enumerate()
                .map(|(index, session)| Detailed {
                    session,
                    line: lines.get(index).and_then(Option::as_ref),
                    counters,
                })
                .collect();
            output::print(format, &rows, table)?;
        }
        Ok(Exit::Done)
    }
}

/// What to ask of each session: for a table that shows all sessions no more than it has columns
/// for, because a thousand whole sessions take longer to read than to print.
fn shown(plain: bool, columns: Fields) -> Fields {
    if plain { columns } else { Fields::ALL }
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
        let format = self.output.format;
        let filter = self.filters.filter();
        let plain = self.target.is_none() && filter.is_empty() && format == Format::Table;
        let fields = shown(plain, USER_FIELDS);
        let mut listing = host(self.server.as_deref())?
            .sessions_with(fields)
            .map_err(|error| Failure::call("cannot list the users", &error))?;
        listing.sessions.retain(|session| session.user.is_some());
        let found = listed(listing, self.target.as_deref(), &filter, "User");
        let found = or_empty::<Session>(found, format)?;
        output::print(format, &found, || users(&found, &TimeZone::system()))?;
        Ok(Exit::Done)
    }
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

/// A host that is known.
#[derive(Serialize)]
struct KnownHost {
    host: String,
    address: String,
    version: Option<String>,
    sessions: Option<u32>,
}

impl Row for KnownHost {
    const KEYS: &'static [&'static str] = &["host", "address", "version", "sessions"];
}

impl Execute for QueryTermserver {
    fn execute(self) -> Outcome {
        let machine = machine();
        if let Some(target) = self
            .target
            .as_deref()
            .filter(|t| !is_this_machine(t, &machine))
        {
            let none = Err(Failure::nothing("server", target));
            return or_empty::<KnownHost>(none, self.output.format).map(|_| Exit::Done);
        }
        let status = host(None)?
            .status()
            .map_err(|error| Failure::call("cannot ask the host", &error))?;
        let rows = [KnownHost {
            host: status.host,
            address: status.socket,
            version: Some(status.version),
            sessions: Some(status.sessions),
        }];
        output::print(self.output.format, &rows, || hosts(&rows, self.address))?;
        Ok(Exit::Done)
    }
}

fn hosts(rows: &[KnownHost], with_address: bool) -> String {
    let mut columns = vec![
        Column::left("SERVER", 1, 22),
        Column::left("VERSION", 25, 9),
        Column::right("SESSIONS", 43),
    ];
    if with_address {
        columns.push(Column::left("ADDRESS", 46, usize::MAX));
    }
    let mut out = String::new();
    header(&columns, &mut out);
    for row in rows {
        let sessions = row.sessions.map(|count| count.to_string());
        let cells = [
            row.host.as_str().into(),
            row.version.as_deref().unwrap_or_default().into(),
            sessions.unwrap_or_default().into(),
            row.address.as_str().into(),
        ];
        line(&columns, ' ', &cells, &mut out);
    }
    out
}
