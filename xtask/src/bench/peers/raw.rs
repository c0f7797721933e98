//! No peer at all: the program runs on the terminal itself. What there is to reach.

use anyhow::Result;

use super::RAW;
use crate::bench::peer::Peer;
use crate::bench::place::{Argv, Place, argv};

/// A bare terminal.
#[derive(Debug)]
pub(super) struct Raw;

impl Peer for Raw {
    fn name(&self) -> &'static str {
        RAW
    }

    fn version(&self) -> Option<String> {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
        Some(format!("PTY of Linux {}", release.trim()))
    }

    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    fn create_argv(&self, _place: &Place, _name: &str, command: &[&str]) -> Argv {
        argv(command.iter().copied())
    }

    /// Nothing runs before a terminal is there: the command is only noted.
    fn create(&self, place: &Place, name: &str, command: &[&str]) -> Result<String> {
        let script = place.write(name, &format!("exec {}\n", command.join(" ")))?;
        Ok(script.to_string_lossy().into_owned())
    }

    fn attach(&self, _place: &Place, handle: &str) -> Argv {
        argv(["/bin/sh", handle])
    }
}
