//! Sessions and jobs for people, or for the next command of a pipe.

use std::io::{self, IsTerminal};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;
use winsta_cmdlet::Guid;
use winsta_cmdlet::object::{JobObject, Properties, SessionObject};
use winsta_pssession::agent::{Job, View};

use crate::output;
use crate::report::Failure;
use crate::table::layout::visible;

/// A column: its title, its least width, whether it stands to the right.
struct Column(&'static str, usize, bool);

/// Columns of sessions, as PowerShell has them.
const SESSIONS: [Column; 6] = [
    Column("Id", 3, true),
    Column("Name", 15, false),
    Column("ComputerName", 15, false),
    Column("State", 13, false),
    Column("ConfigurationName", 21, false),
    Column("Availability", 12, true),
];

/// Columns of jobs, as PowerShell has them.
const JOBS: [Column; 6] = [
    Column("Id", 6, false),
    Column("Name", 15, false),
    Column("State", 13, false),
    Column("HasMoreData", 15, false),
    Column("Location", 20, false),
    Column("Command", 24, false),
];

/// Prints sessions: a table for people, a line of JSON for each to a pipe.
pub(super) fn sessions(views: &[View]) -> Result<(), Failure> {
    let lines = || views.iter().map(|view| object(view).to_string());
    let rows: Vec<_> = views.iter().map(cells).collect();
    print(&SESSIONS, &rows, lines)
}

/// Prints jobs.
pub(super) fn jobs(jobs: &[Job]) -> Result<(), Failure> {
    let lines = || jobs.iter().map(|job| job_object(job).to_string());
    let rows = jobs.iter().map(|job| {
        [
            job.id.to_string(),
            job.name.clone(),
            format!("{:?}", job.state),
            if job.has_more_data { "True" } else { "False" }.to_owned(),
            job.location.clone(),
            job.command.lines().next().unwrap_or_default().to_owned(),
        ]
    });
    print(&JOBS, &rows.collect::<Vec<_>>(), lines)
}

fn print<I: Iterator<Item = String>>(
    columns: &[Column; 6],
    rows: &[[String; 6]],
    lines: impl FnOnce() -> I,
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    if is_for_people() {
        return output::text(&table(columns, rows));
    }
    let text: String = lines().map(|line| line + "\n").collect();
    output::text(&text)
}

/// Whether output is read by somebody, not by the next command.
pub(super) fn is_for_people() -> bool {
    match std::env::var("WINSTA_OUTPUT").as_deref() {
        Ok("table") => true,
        Ok("json") => false,
        _ => io::stdout().is_terminal(),
    }
}

fn cells(view: &View) -> [String; 6] {
    [
        view.id.to_string(),
        view.name.clone(),
        view.target.computer_name.clone(),
        view.state.clone(),
        view.configuration_name.clone(),
        view.availability.clone(),
    ]
}

/// A session as it goes through pipes and variables.
pub(super) fn object(view: &View) -> SessionObject {
    let target = &view.target;
    let mut others = Properties::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            others.insert(key.to_owned(), value);
        }
    };
    put("ConnectionUri", Some(view.address.clone().into()));
    put("UserName", target.user.clone().map(Value::from));
    put("Port", target.port.map(Value::from));
    let authentication = target.authentication;
    put(
        "Authentication",
        (!authentication.is_default()).then(|| format!("{authentication:?}").into()),
    );
    put("SkipCACheck", target.skip_ca_check.then_some(true.into()));
    put("IdleTimeout", view.idle_timeout_ms.map(Value::from));
    put(
        "OutputBufferingMode",
        view.output_buffering_mode.clone().map(Value::from),
    );
    SessionObject {
        id: view.id,
        name: view.name.clone(),
        instance_id: view.instance_id.parse().unwrap_or_default(),
        computer_name: target.computer_name.clone(),
        transport: format!("{:?}", target.transport).as_str().into(),
        state: view.state.as_str().into(),
        configuration_name: view.configuration_name.clone(),
        availability: view.availability.as_str().into(),
        others,
    }
}

fn job_object(job: &Job) -> JobObject {
    JobObject {
        id: job.id,
        name: job.name.clone(),
        instance_id: Guid::default(),
        state: format!("{:?}", job.state).as_str().into(),
        has_more_data: job.has_more_data,
        location: job.location.clone(),
        command: job.command.clone(),
        others: Properties::new(),
    }
}

/// A table in PowerShell's form: titles, dashes under them, rows.
fn table(columns: &[Column; 6], rows: &[[String; 6]]) -> String {
    let titles = columns
        .each_ref()
        .map(|Column(title, ..)| (*title).to_owned());
    let dashes = columns
        .each_ref()
        .map(|Column(title, ..)| "-".repeat(title.len()));
    let rows = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| visible(cell).into_owned()));
    let all: Vec<[String; 6]> = [titles, dashes].into_iter().chain(rows).collect();
    let mut widths = columns.each_ref().map(|Column(_, width, _)| *width);
    for row in &all {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::from("\n");
    for row in &all {
        let mut line = String::new();
        for ((cell, width), Column(_, _, right)) in row.iter().zip(widths).zip(columns) {
            let gap = " ".repeat(width - cell.width());
            if *right {
                line.push_str(&gap);
            }
            line.push_str(cell);
            if !*right {
                line.push_str(&gap);
            }
            line.push(' ');
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push('\n');
    text
}
