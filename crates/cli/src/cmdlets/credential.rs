//! Passwords: from the environment, a file, a helper or whoever sits there; never from the command
//! line.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::process::{Command, Stdio};

use crate::report::Failure;
use crate::run::passwd;

/// The password itself.
const VARIABLE: &str = "WINSTA_PASSWORD";
/// A file that holds it in its first line.
const FILE: &str = "WINSTA_PASSWORD_FILE";
/// A command that prints it: `HELPER USER`.
const HELPER: &str = "WINSTA_CREDENTIAL_HELPER";

/// The password of a user.
pub(super) fn password(user: &str) -> Result<String, Failure> {
    if let Ok(password) = std::env::var(VARIABLE) {
        return Ok(password);
    }
    let failed =
        |error: io::Error| Failure::local(format!("there is no password of {user}"), &error);
    if let Some(path) = std::env::var_os(FILE) {
        return first_line(std::fs::File::open(path).map_err(failed)?).map_err(failed);
    }
    if let Ok(helper) = std::env::var(HELPER) {
        return helped(&helper, user).map_err(failed);
    }
    if !io::stderr().is_terminal() {
        let hint = format!("{VARIABLE}, {FILE} or {HELPER} can give it");
        return Err(Failure::usage(format!("the password of {user} is not known")).with_hint(hint));
    }
    // What comes through a pipe is for the cmdlet.
    let terminal = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/tty");
    let mut terminal = terminal.map_err(failed)?;
    write!(terminal, "Password of {user}: ").map_err(failed)?;
    passwd::hidden_line(&terminal).map_err(failed)
}

fn helped(helper: &str, user: &str) -> io::Result<String> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", "exec $0 \"$1\"", helper, user])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let line = first_line(out);
    if child.wait()?.success() {
        line
    } else {
        Err(io::Error::other(format!("{helper} failed")))
    }
}

fn first_line(from: impl io::Read) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(io::Read::take(from, 4_096)).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
