//! `host`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use winsta_api::HostStatus;
use winsta_client::{Cause, Dirs, Host as Client};

use super::reach::host;
use super::trust;
use crate::grammar::shared::Format;
use crate::grammar::unix::{Host, HostVerb};
use crate::output::{self, Row};
use crate::report::{Exit, Failure, Outcome, Text, say};
use crate::tools::Execute;

impl Row for HostStatus {
    const KEYS: &'static [&'static str] = &[
        "host",
        "pid",
        "version",
        "sessions",
        "started",
        "incarnation",
        "keeper_pid",
        "keeper_version",
        "mode",
        "socket",
        "counters",
        "problems",
    ];
}

/// How long a host may take to be gone.
const FAREWELL: Duration = Duration::from_secs(5);

impl Execute for Host {
    fn execute(self) -> Outcome {
        let Some(verb) = self.verb else {
            return if self.system {
                serve(vec!["--system".into()])
            } else {
                let what =
                    "host: say what: status, stop, upgrade, token, trusted, run, or --system";
                Err(Failure::usage(what))
            };
        };
        match verb {
            HostVerb::Status { output } => status(output.format),
            HostVerb::Stop { force } => stop(force),
            HostVerb::Upgrade { program } => upgrade(program),
            HostVerb::Token { address, user } => trust::token(address, user),
            HostVerb::Trusted { remove, output } => {
                trust::trusted(remove.as_deref(), output.format)
            }
            HostVerb::Run { args } => serve(args),
        }
    }
}

/// Is the host, until it is no longer needed.
fn serve(args: Vec<OsString>) -> Outcome {
    winsta_keeper::give_memory_back();
    if winsta_host::run(args) == ExitCode::SUCCESS {
        Ok(Exit::Done)
    } else {
        // It has said why.
        Err(Failure::silent(Exit::HostFailed))
    }
}

fn status(format: Format) -> Outcome {
    let status = host(None)?
        .status()
        .map_err(|error| Failure::call("cannot ask the host", &error))?;
    output::print_one(format, &status, || lines(&status))?;
    Ok(Exit::Done)
}

fn lines(status: &HostStatus) -> String {
    let keeper = match (status.keeper_pid, &status.keeper_version) {
        (Some(pid), Some(version)) => format!("pid {pid}, version {version}"),
        (Some(pid), None) => format!("pid {pid}"),
        (None, _) => "does not run".to_owned(),
    };
    let counters = status.counters;
    let rows = [
        ("host", status.host.clone()),
        ("pid", status.pid.to_string()),
        ("version", status.version.clone()),
        ("mode", status.mode.clone()),
        ("started", status.started.clone()),
        ("sessions", status.sessions.to_string()),
        ("keeper", keeper),
        ("socket", status.socket.clone()),
        (
            "totals",
            format!(
                "{} created, {} disconnected, {} reconnected",
                counters.created, counters.disconnected, counters.reconnected
            ),
        ),
    ];
    let problems = status.problems.iter().map(|text| ("problem", text.clone()));
    let mut out = String::new();
    for (name, value) in rows.into_iter().chain(problems) {
        let value = crate::table::layout::visible(&value);
        let _infallible = writeln!(out, "{name:9} {value}");
    }
    out
}

fn stop(force: bool) -> Outcome {
    let dirs = Dirs::of_host().map_err(|error| Failure::local("cannot look for a host", &error))?;
    let running =
        Client::running(&dirs).map_err(|error| Failure::call("cannot look for a host", &error))?;
    let none = || Failure {
        exit: Exit::Nothing,
        text: Text::Plain("No host is running".to_owned()),
        hint: None,
    };
    let host = running.ok_or_else(none)?;
    let report = host.stop(force).map_err(|error| match &error.cause {
        // It was on its way out when it was found.
        Cause::Unreachable { source, .. } if source.kind() == ErrorKind::NotFound => none(),
        _ => Failure::call("cannot stop the host", &error),
    })?;
    // It has said that it ends; whoever looks next shall not find it any more.
    let patience = Instant::now() + FAREWELL;
    while Instant::now() < patience && matches!(Client::running(&dirs), Ok(Some(_))) {
        std::thread::sleep(Duration::from_millis(5));
    }
    if report.ended > 0 {
        say(&format!("{} sessions ended", report.ended));
    }
    Ok(Exit::Done)
}

fn upgrade(program: Option<PathBuf>) -> Outcome {
    let program = match program {
        Some(program) => std::path::absolute(&program),
        None => std::env::current_exe(),
    };
    let program = program.map_err(|error| Failure::local("cannot find the program", &error))?;
    let Some(program) = program.to_str() else {
        return Err(Failure::usage(
            "host upgrade: the program's path is no UTF-8",
        ));
    };
    let host = host(None)?;
    let report = host
        .upgrade(program)
        .map_err(|error| Failure::call("cannot upgrade the host", &error))?;
    say(&format!(
        "host {} and keeper {} replaced; the keeper is {} now",
        report.host_before, report.keeper_before, report.keeper
    ));
    Ok(Exit::Done)
}
