//! How a keeper comes to life.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::Instant;

use crate::cgroup::Tree;
use crate::home::Home;
use crate::ledger::Ledger;
use crate::server::Server;
use crate::socket;
use crate::sys::{limits, passing, signals};
use crate::tickets::Tickets;
use crate::upgrade;
use crate::waits::Waits;

/// Why a keeper did not come to life, or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Another keeper has the folder.
    #[error("the folder has a keeper already")]
    Taken,
    /// The command line makes no sense.
    #[error("usage: winsta keeper --dir DIR [--ready-fd N] | --unit")]
    Usage,
    /// The kernel refused.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What came of it.
        source: io::Error,
    },
}

impl Failure {
    /// What a failed step comes to.
    pub(crate) fn step(what: &str) -> impl FnOnce(io::Error) -> Self + use<> {
        let what = what.to_owned();
        move |source| Self::System { what, source }
    }
}

/// The command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    folder: Option<PathBuf>,
    unit: bool,
    ready: Option<RawFd>,
    resume: Option<RawFd>,
    trial: bool,
}

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let mut arguments = Self::default();
        let number = |word: Option<OsString>| -> Result<RawFd, Failure> {
            word.and_then(|word| word.to_str()?.parse().ok())
                .ok_or(Failure::Usage)
        };
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--dir") => {
                    arguments.folder = Some(words.next().ok_or(Failure::Usage)?.into());
                }
                Some("--unit") => arguments.unit = true,
                Some("--ready-fd") => arguments.ready = Some(number(words.next())?),
                Some("--resume") => arguments.resume = Some(number(words.next())?),
                Some("--trial") => arguments.trial = true,
                _ => return Err(Failure::Usage),
            }
        }
        Ok(arguments)
    }
}

/// Does what the command line says.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let step = Failure::step;
    if arguments.trial {
        return upgrade::trial().map_err(step("reading the state"));
    }
    let mut server = if let Some(number) = arguments.resume {
        upgrade::resume(number).map_err(step("carrying on"))?
    } else {
        let (home, listener) = match (arguments.folder, arguments.unit) {
            (Some(folder), false) => Home::folder(folder)?,
            (None, true) => Home::unit()?,
            (Some(_), true) | (None, false) => return Err(Failure::Usage),
        };
        let server = fresh(home, listener).map_err(step("starting"))?;
        server.watch_base();
        server
    };
    if let Some(ready) = arguments.ready {
        let mut ready = File::from(passing::take(ready).map_err(step("saying that it is ready"))?);
        ready
            .write_all(b"\n")
            .map_err(step("saying that it is ready"))?;
    }
    server.run().map_err(step("waiting for events"))
}

fn fresh(mut home: Home, listener: OwnedFd) -> io::Result<Server> {
    let ledger = match home.store() {
        Some(store) => store.ledger()?,
        None => Ledger::create()?,
    };
    // On its own: no terminal, no folder that somebody may want to unmount.
    let _ = rustix::process::setsid();
    std::env::set_current_dir("/")?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    for signal in [
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGPIPE,
        libc::SIGTSTP,
    ] {
        signals::ignore(signal);
    }
    let signals = signals::descriptor(&[libc::SIGCHLD, libc::SIGTERM])?;
    let files = limits::raise_file_limit()?;
    Ok(Server {
        home,
        epoll: rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC)?,
        listener,
        signals,
        ledger,
        tree: Tree::create(),
        files,
        sessions: BTreeMap::new(),
        unborn: HashMap::new(),
        leaders: HashMap::new(),
        timed: BTreeSet::new(),
        conns: HashMap::new(),
        next_conn: 1,
        control: None,
        tickets: Tickets::default(),
        waits: Waits::default(),
        replacement: None,
        nursery: None,
        spare: socket::spare(),
        buffer: vec![0; socket::TURN],
        clock: Instant::now(),
        stopping: false,
        closing_down: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_strictly() {
        let parse = |words: &[&str]| Arguments::parse(words.iter().map(OsString::from));
        let arguments = parse(&["--dir", "/x", "--ready-fd", "5"]).unwrap();
        assert_eq!(
            (arguments.folder, arguments.ready),
            (Some("/x".into()), Some(5))
        );
        assert!(parse(&["--unit"]).unwrap().unit);
        assert!(parse(&["--dir"]).is_err());
        assert!(parse(&["--ready-fd", "x"]).is_err());
        assert!(parse(&["more"]).is_err());
    }
}
