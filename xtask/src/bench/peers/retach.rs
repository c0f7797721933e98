//! retach.

use anyhow::{Context, Result};

use super::installed;
use crate::bench::peer::{Peer, first_line, with_command};
use crate::bench::place::{Argv, Place, argv};

/// retach; its server starts by itself.
#[derive(Debug)]
pub(super) struct Retach;

impl Peer for Retach {
    fn name(&self) -> &'static str {
        "retach"
    }

    fn version(&self) -> Option<String> {
        first_line(&installed("retach").to_string_lossy(), &["--version"])
    }

    fn programs(&self) -> &'static [&'static str] {
        &["retach"]
    }

    fn create_argv(&self, _place: &Place, name: &str, command: &[&str]) -> Argv {
        let command = format!("exec {}", command.join(" "));
        let line = argv([installed("retach")]);
        with_command(line, &["new", name, "--command", &command])
    }

    /// It knows no session without a client: without a terminal it creates the session, then
    /// complains that there is none, and leaves.
    fn create(&self, place: &Place, name: &str, command: &[&str]) -> Result<String> {
        let mut create = place.command(&self.create_argv(place, name, command))?;
        create.status().context("cannot run retach")?;
        Ok(name.to_owned())
    }

    fn attach(&self, _place: &Place, handle: &str) -> Argv {
        with_command(argv([installed("retach")]), &["attach", handle])
    }

    fn list(&self, _place: &Place) -> Option<Argv> {
        Some(with_command(argv([installed("retach")]), &["list"]))
    }
}
