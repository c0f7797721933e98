//! `completions` and `man`.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use winsta_cmdlet::aliases::{NoShell, Shell, aliases};

use crate::grammar::generate::{Aliases, Completions, Man};
use crate::output;
use crate::report::{Exit, Failure, Outcome};
use crate::tools::{Execute, GROUPS, TOOLS, all, group_command};

impl Execute for Completions {
    fn execute(self) -> Outcome {
        let mut command = if self.name == "winsta" {
            all()
        } else {
            linked(&self.name)?
        };
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, self.name.as_str(), &mut script);
        output::with_stdout(|out| out.write_all(&script)).map(|()| Exit::Done)
    }
}

impl Execute for Aliases {
    fn execute(self) -> Outcome {
        let shell: Shell = self.shell.parse().map_err(|error: NoShell| {
            Failure::usage(format!("aliases: {}: {error}", self.shell))
        })?;
        let program = std::env::current_exe();
        let program =
            program.map_err(|error| Failure::local("this program has no path", &error))?;
        let text = aliases(shell, &program.display().to_string());
        output::text(&text).map(|()| Exit::Done)
    }
}

/// The grammar of a link.
fn linked(name: &str) -> Result<Command, Failure> {
    let tool = TOOLS.iter().find(|tool| tool.link() == Some(name));
    let tool = tool.map(|tool| tool.command(name));
    let group = GROUPS.iter().find(|group| group.word == name);
    tool.or_else(|| group.map(group_command)).ok_or_else(|| {
        Failure::usage(format!("completions: there is no command '{name}'"))
            .with_hint("'winsta install-links' makes the names that there are")
    })
}

impl Execute for Man {
    fn execute(self) -> Outcome {
        let failed = |error: io::Error| Failure::local("cannot write the manual", &error);
        let Some(dir) = self.dir else {
            let page = page(all(), "winsta").map_err(failed)?;
            return output::with_stdout(|out| out.write_all(&page)).map(|()| Exit::Done);
        };
        write_all(&dir).map_err(failed)?;
        Ok(Exit::Done)
    }
}

/// One page for the program, one for each tool, and for each link one that leads to its tool's.
fn write_all(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("winsta.1"), page(all(), "winsta")?)?;
    for tool in &TOOLS {
        let name = format!("winsta-{}", tool.words.join("-"));
        let called = format!("winsta {}", tool.words.join(" "));
        fs::write(
            dir.join(format!("{name}.1")),
            page(tool.command(&called), &name)?,
        )?;
        if let Some(link) = tool.link() {
            fs::write(
                dir.join(format!("{link}.1")),
                format!(".so man1/{name}.1\n"),
            )?;
        }
    }
    Ok(())
}

fn page(command: Command, name: &str) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .title(name)
        .section("1")
        .manual("Winsta")
        .render(&mut page)?;
    Ok(page)
}
