//! Our own release binary, with a host and a keeper of its own.

use super::OURS;
use crate::bench::peer::{Peer, Victims, first_line, with_command};
use crate::bench::place::{Argv, Place, argv};
use crate::bench::processes::Process;
use crate::workspace;

use anyhow::Result;

/// Winsta.
#[derive(Debug)]
pub(super) struct Winsta;

fn winsta(words: &[&str]) -> Argv {
    let binary = workspace::root().join("target/release/winsta");
    with_command(argv([binary]), words)
}

/// Its processes of one role: `winsta ROLE …`.
fn of_role(own: &[Process], role: &str) -> Vec<Process> {
    let of_role = |process: &&Process| process.arguments.first().is_some_and(|word| word == role);
    own.iter().filter(of_role).cloned().collect()
}

impl Peer for Winsta {
    fn name(&self) -> &'static str {
        OURS
    }

    fn version(&self) -> Option<String> {
        let binary = winsta(&[]);
        first_line(binary.first()?.to_str()?, &["--version"])
    }

    fn programs(&self) -> &'static [&'static str] {
        &["winsta"]
    }

    fn create_argv(&self, _place: &Place, name: &str, command: &[&str]) -> Argv {
        with_command(winsta(&["new", "-d", "-n", name, "--"]), command)
    }

    fn handle(&self, _name: &str, printed: &str) -> String {
        printed.trim().to_owned()
    }

    fn attach(&self, _place: &Place, handle: &str) -> Argv {
        winsta(&["connect", handle])
    }

    fn list(&self, _place: &Place) -> Option<Argv> {
        Some(winsta(&["query", "session"]))
    }

    fn history(&self, _place: &Place, handle: &str) -> Option<Argv> {
        Some(winsta(&["read", handle]))
    }

    fn victims(&self, place: &Place) -> Result<Vec<Victims>> {
        let own = place.own(self.programs())?;
        let (host, keeper) = (of_role(&own, "host"), of_role(&own, "keeper"));
        let both = [host.clone(), keeper.clone()].concat();
        let case = |case, processes| Victims { case, processes };
        Ok(vec![
            case("host", host),
            case("keeper", keeper),
            case("host and keeper", both),
        ])
    }

    fn groups(&self, own: &[Process]) -> Vec<(&'static str, Vec<Process>)> {
        let roles = ["keeper", "host"];
        roles.map(|role| (role, of_role(own, role))).to_vec()
    }
}
