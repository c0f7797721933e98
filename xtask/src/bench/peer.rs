//! What the measures need of a peer.

use anyhow::{Context, Result};

use super::place::{Argv, Place, argv};
use super::processes::Process;

/// A way to keep sessions, ours or another's.
pub(crate) trait Peer {
    /// Its name in tables.
    fn name(&self) -> &'static str;

    /// Its version, `None` if it is not installed.
    fn version(&self) -> Option<String>;

    /// File names of its programs, to tell its processes from those in the sessions.
    fn programs(&self) -> &'static [&'static str];

    /// Prepares `place`: configuration, and the server if it does not start by itself.
    fn start(&self, _place: &Place) -> Result<()> {
        Ok(())
    }

    /// The command line that creates a session with no client, running `command`; no word of it
    /// needs quoting.
    fn create_argv(&self, place: &Place, name: &str, command: &[&str]) -> Argv;

    /// What the commands below want to be told, from what creating printed.
    fn handle(&self, name: &str, _printed: &str) -> String {
        name.to_owned()
    }

    /// Creates a session with no client, and gives its handle.
    fn create(&self, place: &Place, name: &str, command: &[&str]) -> Result<String> {
        let printed = place
            .output(&self.create_argv(place, name, command))
            .with_context(|| format!("cannot create session {name}"))?;
        Ok(self.handle(name, &printed))
    }

    /// The command line that attaches a terminal, from whoever else has the session.
    fn attach(&self, place: &Place, handle: &str) -> Argv;

    /// The command line that lists sessions, `None` if there is none.
    fn list(&self, _place: &Place) -> Option<Argv> {
        None
    }

    /// The command line that prints all the output that is kept of a session, `None` if there
    /// is none.
    fn history(&self, _place: &Place, _handle: &str) -> Option<Argv> {
        None
    }

    /// The processes whose sudden death is measured: what to call each case, and who dies.
    fn victims(&self, place: &Place) -> Result<Vec<Victims>> {
        let servers = place.own(self.programs())?;
        Ok(servers
            .into_iter()
            .take(1)
            .map(|server| Victims {
                case: "server",
                processes: vec![server],
            })
            .collect())
    }

    /// Its processes in named groups, for peers that have several sorts.
    fn groups(&self, _own: &[Process]) -> Vec<(&'static str, Vec<Process>)> {
        Vec::new()
    }
}

/// Processes that are killed at once.
#[derive(Debug)]
pub(crate) struct Victims {
    /// What the case is called.
    pub(crate) case: &'static str,
    /// Who dies.
    pub(crate) processes: Vec<Process>,
}

/// A command line of fixed words, then `command`.
pub(crate) fn with_command(words: Argv, command: &[&str]) -> Argv {
    let mut line = words;
    line.extend(argv(command.iter().copied()));
    line
}

/// What a program prints about its version: the first line, cut at 60 characters.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = if text.trim().is_empty() {
        String::from_utf8_lossy(&output.stderr).into_owned()
    } else {
        text
    };
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(line.trim().chars().take(60).collect())
}
