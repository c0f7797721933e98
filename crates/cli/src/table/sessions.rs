//! The tables of `query session`, `query user` and `query process`.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use winsta_api::{Counters, Field, Fields, LineInfo, ProcessInfo, Session};

use super::idle::{idle, local};
use super::layout::{Column, header, line};

/// Columns of `query session`.
const SESSION: [Column; 6] = [
    Column::left("SESSIONNAME", 1, 17),
    Column::left("USERNAME", 19, 20),
    Column::right("ID", 45),
    Column::left("STATE", 48, 7),
    Column::left("TYPE", 56, 11),
    Column::left("DEVICE", 68, usize::MAX),
];
/// Column in which the first group of further columns begins.
const FURTHER: usize = 80;
/// What `/FLOW` adds, counted from the group's beginning, and how wide the group is.
const FLOW: ([Column; 4], usize) = (
    [
        Column::left("FLOW CONTROL", 0, 13),
        Column::left("BUFFER", 14, 7),
        Column::left("READER", 22, 8),
        Column::right("BUFFERED", 50),
    ],
    53,
);
/// What `/CONNECT` adds.
const CONNECT: ([Column; 4], usize) = (
    [
        Column::left("CLIENT", 0, 19),
        Column::left("ADDRESS", 20, 23),
        Column::left("TRANSPORT", 44, 10),
        Column::left("SINCE", 55, 24),
    ],
    81,
);
/// What `/MODE` adds; it comes last because it has no end.
const MODE: [Column; 2] = [
    Column::left("SIZE", 0, 9),
    Column::left("LINE SETTINGS", 10, usize::MAX),
];
/// Columns of `query user`.
const USER: [Column; 6] = [
    Column::left("USERNAME", 1, 20),
    Column::left("SESSIONNAME", 23, 15),
    Column::right("ID", 43),
    Column::left("STATE", 46, 7),
    Column::right("IDLE TIME", 62),
    Column::left("LOGON TIME", 65, usize::MAX),
];
/// What the columns of `query session` show of a session.
pub(crate) const SESSION_FIELDS: Fields = Fields::LEAST
    .with(Field::Name)
    .with(Field::User)
    .with(Field::Device);
/// What the columns of `query user` show of a session.
pub(crate) const USER_FIELDS: Fields = Fields::LEAST
    .with(Field::Name)
    .with(Field::User)
    .with(Field::LogonTime)
    .with(Field::IdleSeconds);
/// Columns of `query process`.
const PROCESS: [Column; 5] = [
    Column::left("USERNAME", 1, 20),
    Column::left("SESSIONNAME", 23, 15),
    Column::right("ID", 44),
    Column::right("PID", 51),
    Column::left("IMAGE", 54, usize::MAX),
];

/// What `query session` shows beside the plain columns.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras<'a> {
    /// `/MODE`
    pub(crate) mode: bool,
    /// `/FLOW`
    pub(crate) flow: bool,
    /// `/CONNECT`
    pub(crate) connect: bool,
    /// With `/MODE` or `/FLOW`: the line of each session, in the order of the sessions.
    pub(crate) lines: &'a [Option<LineInfo>],
    /// `/COUNTER`
    pub(crate) counters: Option<Counters>,
}

/// The table of `query session`.
pub(crate) fn sessions(sessions: &[Session], extras: Extras<'_>) -> String {
    let columns = session_columns(extras);
    let mut out = String::with_capacity(80 * (sessions.len() + 1));
    header(&columns, &mut out);
    for (index, session) in sessions.iter().enumerate() {
        let mut cells = session_cells(session);
        let info = extras.lines.get(index).and_then(Option::as_ref);
        if extras.flow {
            cells.extend(flow_cells(info));
        }
        if extras.connect {
            cells.extend(connect_cells(session));
        }
        if extras.mode {
            cells.extend(mode_cells(info));
        }
        line(&columns, marker(session.current), &cells, &mut out);
    }
    if let Some(counters) = extras.counters {
        out.push_str(&totals(counters));
    }
    out
}

/// The table of `query user`.
pub(crate) fn users(sessions: &[Session], zone: &TimeZone) -> String {
    let mut out = String::with_capacity(88 * (sessions.len() + 1));
    header(&USER, &mut out);
    for session in sessions {
        let logon = session.logon_time.as_deref();
        let cells: [Cow<'_, str>; 6] = [
            text(session.user.as_ref()),
            text(session.name.as_ref()),
            session.id.to_string().into(),
            session.state.short().into(),
            idle(session.idle_seconds).into(),
            logon
                .map(|time| local(time, zone))
                .unwrap_or_default()
                .into(),
        ];
        line(&USER, marker(session.current), &cells, &mut out);
    }
    out
}

/// The table of `query process`.
pub(crate) fn processes(processes: &[ProcessInfo]) -> String {
    let mut out = String::with_capacity(72 * (processes.len() + 1));
    header(&PROCESS, &mut out);
    for process in processes {
        let cells: [Cow<'_, str>; 5] = [
            text(process.user.as_ref()),
            text(process.session_name.as_ref()),
            process.id.to_string().into(),
            process.pid.to_string().into(),
            process.image.as_str().into(),
        ];
        line(&PROCESS, marker(process.current), &cells, &mut out);
    }
    out
}

fn session_columns(extras: Extras<'_>) -> Vec<Column> {
    let mut columns = SESSION.to_vec();
    let mut base = FURTHER;
    let groups: [(bool, &[Column], usize); 3] = [
        (extras.flow, &FLOW.0, FLOW.1),
        (extras.connect, &CONNECT.0, CONNECT.1),
        (extras.mode, &MODE, 0),
    ];
    for (wanted, group, width) in groups {
        if wanted {
            columns.extend(group.iter().map(|column| column.moved(base)));
            base += width;
        }
    }
    columns
}

fn session_cells(session: &Session) -> Vec<Cow<'_, str>> {
    vec![
        text(session.name.as_ref()),
        text(session.user.as_ref()),
        session.id.to_string().into(),
        session.state.short().into(),
        session.kind.as_str().into(),
        text(session.device.as_ref()),
    ]
}

fn mode_cells(info: Option<&LineInfo>) -> [Cow<'_, str>; 2] {
    let size = info.and_then(|info| info.size);
    let size = size.map(|(cols, rows)| format!("{cols}x{rows}"));
    let flags = info.map(|info| info.flags.join(" "));
    [
        size.unwrap_or_default().into(),
        flags.unwrap_or_default().into(),
    ]
}

fn flow_cells(info: Option<&LineInfo>) -> [Cow<'_, str>; 4] {
    let Some(info) = info else {
        return Default::default();
    };
    let on = |flag: &str| info.flags.iter().any(|set| set == flag);
    let control = match (on("ixon"), on("ixoff")) {
        (true, true) => "ixon ixoff",
        (true, false) => "ixon",
        (false, true) => "ixoff",
        (false, false) => "none",
    };
    [
        control.into(),
        info.buffering.as_str().into(),
        if info.paused { "paused" } else { "running" }.into(),
        format!("{}/{}", info.kept, info.capacity).into(),
    ]
}

/// Of several clients the first is shown; all are in the JSON.
fn connect_cells(session: &Session) -> [Cow<'_, str>; 4] {
    let Some(connection) = session.connections.first() else {
        return [
            text(session.client_name.as_ref()),
            text(session.client_address.as_ref()),
            Cow::default(),
            text(session.disconnected_since.as_ref()),
        ];
    };
    [
        text(connection.client_name.as_ref()),
        text(connection.client_address.as_ref()),
        connection.transport.as_str().into(),
        connection.since.as_str().into(),
    ]
}

fn totals(counters: Counters) -> String {
    format!(
        "Total sessions created: {}\nTotal sessions disconnected: {}\nTotal sessions reconnected: {}\n",
        counters.created, counters.disconnected, counters.reconnected
    )
}

fn text(text: Option<&String>) -> Cow<'_, str> {
    text.map_or(Cow::Borrowed(""), |text| text.as_str().into())
}

fn marker(current: bool) -> char {
    if current { '>' } else { ' ' }
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
