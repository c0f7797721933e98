//! tmux.

use crate::bench::peer::{Peer, first_line, with_command};
use crate::bench::place::{Argv, Place, argv};

/// tmux as it comes, without anybody's configuration.
#[derive(Debug)]
pub(super) struct Tmux;

fn tmux(place: &Place, words: &[&str]) -> Argv {
    let socket = place.path("tmux");
    let mut line = argv(["tmux", "-f", "/dev/null", "-S"]);
    line.push(socket.into());
    with_command(line, words)
}

impl Peer for Tmux {
    fn name(&self) -> &'static str {
        "tmux"
    }

    fn version(&self) -> Option<String> {
        first_line("tmux", &["-V"])
    }

    fn programs(&self) -> &'static [&'static str] {
        &["tmux"]
    }

    fn create_argv(&self, place: &Place, name: &str, command: &[&str]) -> Argv {
        let words = [
            "new-session",
            "-d",
            "-s",
            name,
            "-x",
            "80",
            "-y",
            "24",
            "--",
        ];
        with_command(tmux(place, &words), command)
    }

    fn attach(&self, place: &Place, handle: &str) -> Argv {
        tmux(
            place,
            &["attach-session", "-d", "-t", &format!("={handle}")],
        )
    }

    fn list(&self, place: &Place) -> Option<Argv> {
        Some(tmux(place, &["list-sessions"]))
    }

    fn history(&self, place: &Place, handle: &str) -> Option<Argv> {
        let target = format!("={handle}:");
        Some(tmux(
            place,
            &["capture-pane", "-p", "-S", "-", "-t", &target],
        ))
    }
}
