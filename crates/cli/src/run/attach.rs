//! This terminal, while it is connected to a session.

use std::cell::RefCell;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::Deserialize;
use winsta_api::{AttachRequest, AttachTicket};
use winsta_attach::{AttachError, Dial, Ending, KeyError, Options, attach_through, terminal_size};
use winsta_client::Host;
use winsta_domain::{SessionId, TerminalSize};
use winsta_host::config::Config;
use winsta_wire::Ticket;

use crate::report::{Exit, Failure, Outcome};

/// Added to a signal's number to make an exit status, as shells do it.
const SIGNALLED: u8 = 128;
/// SIGHUP: what a program gets whose terminal has gone.
const HANG_UP: u8 = 1;

/// Makes sure that there is a terminal before anything is asked of the host.
pub(crate) fn check_terminal() -> Result<TerminalSize, Failure> {
    terminal_size().map_err(|error| failed(&error))
}

/// Shows a session at this terminal until the user leaves it or it ends.
pub(crate) fn attach_here(host: &Host, id: SessionId, request: &AttachRequest) -> Outcome {
    check_terminal()?;
    let ticket = host
        .ticket(id, request)
        .map_err(|error| Failure::call(&format!("cannot connect to session {id}"), &error))?;
    attach_with(host, ticket)
}

/// The same with a permit that is at hand.
pub(crate) fn attach_with(host: &Host, ticket: AttachTicket) -> Outcome {
    let options = options()?;
    let dial = Keepers {
        host,
        ways: RefCell::default(),
    };
    let socket = Path::new(&ticket.socket);
    let outcome = attach_through(&dial, socket, Ticket(ticket.ticket), &options);
    Ok(match outcome.map_err(|error| failed(&error))?.ending {
        Ending::Detached | Ending::TakenOver | Ending::Disconnected { .. } => Exit::Done,
        Ending::Ended { status } => Exit::Session(status.shell_code()),
        Ending::Signalled { signal } => {
            let signal = u8::try_from(signal).unwrap_or_default();
            Exit::Session(SIGNALLED.saturating_add(signal))
        }
        Ending::TerminalGone => Exit::Session(SIGNALLED + HANG_UP),
    })
}

/// The keepers of a host's machine, wherever that is.
struct Keepers<'a> {
    host: &'a Host,
    /// What the connections go through.
    ways: RefCell<Vec<Option<Box<dyn Send>>>>,
}

impl Dial for Keepers<'_> {
    fn dial(&self, socket: &Path) -> io::Result<UnixStream> {
        let dialled = self.host.dial(socket).map_err(io::Error::other)?;
        self.ways.borrow_mut().push(dialled.way);
        Ok(dialled.stream)
    }
}

/// The `[attach]` part of the configuration file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Keys that detach: `C-\\ d`, or `none`.
    detach_key: Option<String>,
    /// Lines that are printed above the screen.
    scrollback: Option<usize>,
}

fn options() -> Result<Options, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::local("cannot use the configuration", error);
    let config = Config::load().map_err(|error| wrong(&error))?;
    let settings: Settings = config.attach.try_into().map_err(|error| wrong(&error))?;
    let mut options = Options::default();
    if let Some(key) = settings.detach_key {
        options.detach = key.parse().map_err(|error: KeyError| wrong(&error))?;
    }
    if let Some(lines) = settings.scrollback {
        options.scrollback = lines;
    }
    Ok(options)
}

fn failed(error: &AttachError) -> Failure {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    Failure::local("cannot connect this terminal", &text)
}
