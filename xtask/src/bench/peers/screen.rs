//! GNU screen.

use anyhow::Result;

use crate::bench::peer::{Peer, first_line, with_command};
use crate::bench::place::{Argv, Place, argv};

/// screen as it comes, without anybody's configuration.
#[derive(Debug)]
pub(super) struct Screen;

impl Peer for Screen {
    fn name(&self) -> &'static str {
        "screen"
    }

    fn version(&self) -> Option<String> {
        first_line("screen", &["--version"])
    }

    fn programs(&self) -> &'static [&'static str] {
        &["screen"]
    }

    fn start(&self, place: &Place) -> Result<()> {
        place.write("screenrc", "startup_message off\n")?;
        Ok(())
    }

    fn create_argv(&self, place: &Place, name: &str, command: &[&str]) -> Argv {
        let mut line = argv(["screen", "-c"]);
        line.push(place.path("screenrc").into());
        with_command(line, &[&["-dmS", name], command].concat())
    }

    fn attach(&self, _place: &Place, handle: &str) -> Argv {
        argv(["screen", "-d", "-r", handle])
    }

    fn list(&self, _place: &Place) -> Option<Argv> {
        Some(argv(["screen", "-ls"]))
    }
}
