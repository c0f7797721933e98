//! `new`, and the console's beginning.

use std::env;
use std::ffi::OsString;
use std::io;

use rustix::termios::tcgetwinsize;
use winsta_api::NewSession;
use winsta_client::Host;
use winsta_domain::{SessionId, TerminalSize};

use super::attach::{attach_with, check_terminal};
use super::connect::{Way, attach_to, request};
use super::reach::pass_on_problems;
use crate::grammar::unix::New;
use crate::output;
use crate::report::{Exit, Failure, Outcome};
use crate::tools::Execute;

/// Variables that describe the session that the caller sits in, not the one to be started.
const NOT_INHERITED: [&str; 2] = ["WINSTA_SESSION", "WINSTA_SOCKET"];

impl Execute for New {
    fn execute(self) -> Outcome {
        if !self.detached {
            // Not a session first, and then nothing to show it at.
            check_terminal()?;
        }
        let host = self.on.host()?;
        let wanted = NewSession {
            label: self.label.map(String::from),
            command: texts(self.command)?,
            size: size(self.size),
            attach: (!self.detached).then(|| request(&host, Way::TakeOver)),
            ..like_here(&host)
        };
        let created = host
            .create(&wanted)
            .map_err(|error| Failure::call("cannot start a session", &error))?;
        pass_on_problems(&host);
        if self.detached {
            output::text(&format!("{}\n", created.session.id))?;
            return Ok(Exit::Done);
        }
        let outcome = match created.attach {
            Some(permit) => attach_with(&host, permit),
            // A host of an older version, which gives permits only to those who come.
            None => attach_to(&host, &created.session, Way::TakeOver),
        };
        if let Ok(Exit::Session(_)) = outcome {
            // Nobody else waits for the session that this command started, so that it can go.
            let _gone = host.wait(SessionId(created.session.id));
        }
        outcome
    }
}

/// Starts the console's shell.
pub(crate) fn console(host: &Host) -> Result<(), Failure> {
    let wanted = NewSession {
        console: true,
        size: size(None),
        ..like_here(host)
    };
    host.new_session(&wanted)
        .map(|_| ())
        .map_err(|error| Failure::call("cannot start the console", &error))
}

/// What of the environment means the same on another machine: what the terminal can do, and its
/// user's language.
fn travels(name: &str) -> bool {
    matches!(name, "TERM" | "COLORTERM" | "LANG" | "LANGUAGE" | "TZ") || name.starts_with("LC_")
}

/// A session like the place where the command was called, as far as that means something on the
/// host's machine.
pub(super) fn like_here(host: &Host) -> NewSession {
    let remote = host.is_remote();
    let cwd = env::current_dir().ok().filter(|_| !remote);
    NewSession {
        env: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| !remote || travels(name))
            .filter(|(name, _)| !NOT_INHERITED.contains(&name.as_str()))
            .collect(),
        cwd: cwd.and_then(|cwd| cwd.into_os_string().into_string().ok()),
        ..NewSession::default()
    }
}

/// The size that is asked for, else this terminal's.
pub(super) fn size(asked: Option<TerminalSize>) -> Option<(u32, u32)> {
    let own = || {
        let size = tcgetwinsize(io::stdout())
            .or_else(|_| tcgetwinsize(io::stdin()))
            .ok()?;
        Some(TerminalSize::clamped(size.ws_col, size.ws_row))
    };
    let size = asked.or_else(own)?;
    Some((size.cols().into(), size.rows().into()))
}

fn texts(words: Vec<OsString>) -> Result<Vec<String>, Failure> {
    words
        .into_iter()
        .map(|word| {
            word.into_string().map_err(|word| {
                let word = word.to_string_lossy().into_owned();
                Failure::usage(format!(
                    "new: the command has bytes that are no UTF-8: {word}"
                ))
            })
        })
        .collect()
}
