//! `query session` and `query user`.

use jiff::tz::TimeZone;
use serde::Serialize;
use winsta_api::{Counters, Field, Fields, LineInfo, Session};
use winsta_client::{Deadline, Host, Listing};
use winsta_domain::SessionId;

use super::fleet::{self, Gathered};
use super::reach::{Place, places};
use super::targets::listed;
use crate::grammar::shared::Format;
use crate::grammar::windows::{QuerySession, QueryUser};
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome};
use crate::table::sessions::{Extras, SESSION_FIELDS, USER_FIELDS, sessions, users};
use crate::tools::Execute;

impl Row for Session {
    const KEYS: &'static [&'static str] = &Field::NAMES;
}

/// What one host has to say to `query session`.
struct Answer {
    sessions: Vec<Session>,
    /// With `/MODE` or `/FLOW`: the line of each session.
    lines: Vec<Option<LineInfo>>,
    counters: Option<Counters>,
}

/// A session with what `/MODE`, `/FLOW` and `/COUNTER` add.
#[derive(Serialize)]
struct Detailed {
    #[serde(flatten)]
    session: Session,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<LineInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<Counters>,
}

impl Row for Detailed {
    const KEYS: &'static [&'static str] = &Field::NAMES;
}

impl QuerySession {
    /// What to ask of each session.
    fn fields(&self) -> Fields {
        let bare = !(self.connect || self.mode || self.flow);
        shown(bare && self.is_plain(), SESSION_FIELDS)
    }

    fn is_plain(&self) -> bool {
        let filter = self.filters.filter();
        self.target.is_none() && filter.is_empty() && self.output.format == Format::Table
    }

    fn ask(&self, place: &Place, host: &Host) -> Result<Answer, Failure> {
        let all = listing(place, host, self.fields(), "cannot list the sessions")?;
        let filter = self.filters.filter();
        let sessions = listed(all, self.target.as_deref(), &filter, "session")?;
        let lines = if self.mode || self.flow {
            lines(host, &sessions)
        } else {
            Vec::new()
        };
        let counters = self
            .counter
            .then(|| host.status())
            .transpose()
            .map_err(|error| Failure::call("cannot read the counters", &error))?
            .map(|status| status.counters);
        Ok(Answer {
            sessions,
            lines,
            counters,
        })
    }

    fn table(&self, answer: &Answer) -> String {
        let extras = Extras {
            mode: self.mode,
            flow: self.flow,
            connect: self.connect,
            lines: &answer.lines,
            counters: answer.counters,
        };
        sessions(&answer.sessions, extras)
    }

    fn one(&self, place: &Place) -> Outcome {
        let format = self.output.format;
        let host = place.host(self.network.time(), Deadline::NEVER)?;
        let answer = self.ask(place, &host);
        let answer = match answer {
            Err(failure) => {
                return or_empty::<Session>(Err(failure), format).map(|_| Exit::Nothing);
            }
            Ok(answer) => answer,
        };
        if format == Format::Table || (answer.lines.is_empty() && answer.counters.is_none()) {
            output::print(format, &answer.sessions, || self.table(&answer))?;
        } else {
            output::print(format, &answer.detailed(), String::new)?;
        }
        Ok(Exit::Done)
    }

    fn several(&self, places: &[Place]) -> Outcome {
        let ask = |place: &Place, host: Host| self.ask(place, &host);
        let answers = fleet::ask(places, self.network, ask);
        let mut totals: Option<Counters> = None;
        for counters in answers
            .iter()
            .flatten()
            .filter_map(|answer| answer.counters)
        {
            let sum = totals.get_or_insert_default();
            sum.created += counters.created;
            sum.disconnected += counters.disconnected;
            sum.reconnected += counters.reconnected;
        }
        let rows = |answer: Result<Answer, Failure>| answer.map(Answer::detailed);
        let gathered = Gathered::new(places, answers.into_iter().map(rows).collect());
        let (format, target) = (self.output.format, self.target.as_deref());
        gathered.print(format, "session", target, |rows| {
            let session = |row: &&Detailed| row.session.clone();
            let all = Answer {
                sessions: rows.iter().map(session).collect(),
                lines: rows.iter().map(|row| row.line.clone()).collect(),
                counters: totals,
            };
            self.table(&all)
        })
    }
}

impl Answer {
    fn detailed(self) -> Vec<Detailed> {
        let Self {
            sessions,
            mut lines,
            counters,
        } = self;
        let row = |(index, session)| Detailed {
            session,
            line: lines.get_mut(index).and_then(Option::take),
            counters,
        };
        sessions.into_iter().enumerate().map(row).collect()
    }
}

impl Execute for QuerySession {
    fn execute(self) -> Outcome {
        match places(self.server.as_deref())?.as_slice() {
            [only] if is_alone(only, self.output.format) => self.one(only),
            several => self.several(several),
        }
    }
}

/// What to ask of each session: for a table that shows all sessions no more than it has columns
/// for, because a thousand whole sessions take longer to read than to print.
fn shown(plain: bool, columns: Fields) -> Fields {
    if plain { columns } else { Fields::ALL }
}

/// The sessions of a host, each with the name by which the caller knows it.
pub(super) fn listing(
    place: &Place,
    host: &Host,
    fields: Fields,
    what: &str,
) -> Result<Listing, Failure> {
    let mut listing = host
        .sessions_with(fields)
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
        let format = self.output.format;
        let filter = self.filters.filter();
        let plain = self.target.is_none() && filter.is_empty() && format == Format::Table;
        let fields = shown(plain, USER_FIELDS);
        let list = |place: &Place, host: &Host| {
            let mut listing = listing(place, host, fields, "cannot list the users")?;
            listing.sessions.retain(|session| session.user.is_some());
            listed(listing, self.target.as_deref(), &filter, "User")
        };
        let places = places(self.server.as_deref())?;
        if let [only] = places.as_slice()
            && is_alone(only, format)
        {
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

/// Whether the answer of this one host is shown by itself. For programs, what other machines
/// answer has one form however many there are, with a row for each that failed.
pub(super) fn is_alone(place: &Place, format: Format) -> bool {
    place.is_here() || format == Format::Table
}

/// For programs, nothing found is an empty list as well as an exit status.
pub(super) fn or_empty<R: Row>(
    found: Result<Vec<R>, Failure>,
    format: Format,
) -> Result<Vec<R>, Failure> {
    let nothing = matches!(&found, Err(failure) if failure.exit == Exit::Nothing);
    if nothing && format != Format::Table {
        output::print::<R>(format, &[], String::new)?;
    }
    found
}
