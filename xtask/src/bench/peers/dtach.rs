//! dtach.

use crate::bench::peer::{Peer, first_line, with_command};
use crate::bench::place::{Argv, Place, argv};

/// dtach; a session is a socket, so there is nothing to list.
#[derive(Debug)]
pub(super) struct Dtach;

impl Peer for Dtach {
    fn name(&self) -> &'static str {
        "dtach"
    }

    fn version(&self) -> Option<String> {
        first_line("dtach", &["--version"])
    }

    fn programs(&self) -> &'static [&'static str] {
        &["dtach"]
    }

    fn create_argv(&self, place: &Place, name: &str, command: &[&str]) -> Argv {
        let mut line = argv(["dtach", "-n"]);
        line.push(place.path(name).into());
        with_command(line, command)
    }

    fn attach(&self, place: &Place, handle: &str) -> Argv {
        let mut line = argv(["dtach", "-a"]);
        line.push(place.path(handle).into());
        with_command(line, &["-r", "winch"])
    }
}
