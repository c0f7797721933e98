//! `passwd`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::grammar::unix::Passwd;
use crate::report::{Exit, Failure, Outcome, Text, say};
use crate::tools::Execute;

impl Execute for Passwd {
    fn execute(self) -> Outcome {
        let unreadable = |error: io::Error| Failure::local("cannot read the password", &error);
        let password = ask(&format!("Password of {}: ", self.name)).map_err(unreadable)?;
        let again = ask("The same again: ").map_err(unreadable)?;
        if password != again {
            return Err(Failure {
                exit: Exit::Usage,
                text: Text::Plain("the passwords differ, so nothing was changed".to_owned()),
                hint: None,
            });
        }
        let set = winsta_host::set_password(&self.file, &self.name, &password);
        set.map_err(|error| Failure::local("cannot set the password", &error))?;
        say(&format!(
            "{} has a password in {}",
            self.name,
            self.file.display()
        ));
        Ok(Exit::Done)
    }
}

/// Reads a line; at a terminal it is asked for, and not shown.
fn ask(prompt: &str) -> io::Result<String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return line(&mut stdin.lock());
    }
    io::stderr().write_all(prompt.as_bytes())?;
    let terminal = File::from(stdin.as_fd().try_clone_to_owned()?);
    let read = hidden_line(&terminal);
    io::stderr().write_all(b"\n")?;
    read
}

/// Reads a line from a terminal, which does not show it.
pub(crate) fn hidden_line(terminal: &File) -> io::Result<String> {
    let shown = tcgetattr(terminal)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
    let read = line(&mut BufReader::new(terminal));
    tcsetattr(terminal, OptionalActions::Flush, &shown)?;
    read
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    if from.read_line(&mut text)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
