//! shpool, with and without restoring what a session shows.

use std::os::unix::process::CommandExt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::installed;
use crate::bench::peer::{Peer, first_line, with_command};
use crate::bench::place::{Argv, Place, argv};

/// shpool with its daemon.
#[derive(Debug)]
pub(super) struct Shpool {
    /// Whether it keeps what it needs to restore a session's screen (its default).
    pub(super) restores: bool,
}

fn shpool(place: &Place, words: &[&str]) -> Argv {
    let mut line = argv([installed("shpool")]);
    line.extend(argv(["--no-daemonize", "--config-file"]));
    line.push(place.path("shpool.toml").into());
    line.push("--socket".into());
    line.push(place.path("shpool").into());
    with_command(line, words)
}

impl Peer for Shpool {
    fn name(&self) -> &'static str {
        if self.restores {
            "shpool"
        } else {
            "shpool-simple"
        }
    }

    fn version(&self) -> Option<String> {
        first_line(&installed("shpool").to_string_lossy(), &["version"])
    }

    fn programs(&self) -> &'static [&'static str] {
        &["shpool"]
    }

    fn start(&self, place: &Place) -> Result<()> {
        let mode = if self.restores { "screen" } else { "simple" };
        let configuration = format!("prompt_prefix = \"\"\nsession_restore_mode = \"{mode}\"\n");
        place.write("shpool.toml", &configuration)?;
        let mut daemon = place.command(&shpool(place, &["daemon"]))?;
        daemon.process_group(0);
        daemon.spawn().context("cannot run shpool's daemon")?;
        let limit = Instant::now() + Duration::from_secs(5);
        while !place.path("shpool").exists() {
            ensure!(Instant::now() < limit, "shpool's daemon does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn create_argv(&self, place: &Place, name: &str, command: &[&str]) -> Argv {
        let command = command.join(" ");
        let words = ["attach", "--background", "--cmd", &command, name];
        shpool(place, &words)
    }

    fn attach(&self, place: &Place, handle: &str) -> Argv {
        shpool(place, &["attach", "--force", handle])
    }

    fn list(&self, place: &Place) -> Option<Argv> {
        Some(shpool(place, &["list"]))
    }
}
