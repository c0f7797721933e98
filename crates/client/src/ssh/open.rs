//! Running a command on another machine: over a master's connection where there is one, else with
//! an ssh of its own, which becomes a master.

use std::fs::DirBuilder;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::HELLO_START;
use super::clock::Deadline;
use super::command::{Destination, SshSettings, is_plain};
use super::mux::{self, MuxSession};
use super::problem::{Problem, SshFailure};
use crate::error::Cause;

/// How long somebody may take to type a password.
const TYPING: Duration = Duration::from_secs(120);
/// How long the end of a command may take when its output has ended.
const ENDING: Duration = Duration::from_secs(2);
/// Most bytes of a command's errors.
const MAX_ERRORS: usize = 8 << 10;
/// Most bytes that a login may print before the command speaks.
const MAX_NOISE: usize = 64 << 10;

/// A command that runs on another machine; dropping this ends it.
#[derive(Debug)]
pub(super) struct Remote {
    /// Its standard input and output.
    pub(super) stream: UnixStream,
    errors: PipeReader,
    way: Way,
    opened: Deadline,
    seconds: u64,
}

/// What carries the command.
#[derive(Debug)]
enum Way {
    Master(MuxSession),
    Process(Child),
}

/// Runs `command`. By `deadline`, and by the settings' patience, it must have said something.
pub(super) fn open(
    settings: &SshSettings,
    to: &Destination,
    command: &str,
    deadline: Deadline,
) -> Result<Remote, Cause> {
    let patience = if settings.may_ask {
        settings.patience + TYPING
    } else {
        settings.patience
    };
    let opened = Deadline::after(patience).or(deadline);
    let seconds = opened.left().unwrap_or(patience).as_secs_f64().round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "minutes, and not negative"
    )]
    let seconds = seconds as u64;
    let control = settings.control(to);
    if let Some(path) = &control {
        if let Some(remote) = over_master(path, command, opened, seconds)? {
            return Ok(remote);
        }
        prepare(settings);
    }
    with_process(settings, to, command, control.as_deref(), opened, seconds)
}

/// The folder for control sockets. Should it not come to be, ssh says so.
fn prepare(settings: &SshSettings) {
    if let Some(folder) = &settings.masters {
        let _exists = DirBuilder::new().mode(0o700).recursive(true).create(folder);
    }
}

/// `None` if there is no master that takes the command.
fn over_master(
    path: &Path,
    command: &str,
    opened: Deadline,
    seconds: u64,
) -> Result<Option<Remote>, Cause> {
    let Ok(control) = UnixStream::connect(path) else {
        return Ok(None);
    };
    let (ours, theirs, errors, their_errors) = ends()?;
    let descriptors = [theirs.as_fd(), theirs.as_fd(), their_errors.as_fd()];
    match mux::run(control, command, descriptors, opened) {
        Ok(session) => Ok(Some(Remote {
            stream: ours,
            errors,
            way: Way::Master(session),
            opened,
            seconds,
        })),
        // The master lives, its connection does not answer: another one would not either.
        Err(_) if opened.is_over() => Err(Cause::Timeout { seconds }),
        // It is about to end, or sshd has a limit of sessions for each connection.
        Err(_) => Ok(None),
    }
}

fn with_process(
    settings: &SshSettings,
    to: &Destination,
    command: &str,
    control: Option<&Path>,
    opened: Deadline,
    seconds: u64,
) -> Result<Remote, Cause> {
    let (ours, theirs, errors, their_errors) = ends()?;
    let input = theirs.try_clone().map_err(Cause::Connection)?;
    let mut ssh = Command::new(&settings.program);
    ssh.args(settings.arguments(to, command, control))
        .stdin(Stdio::from(OwnedFd::from(input)))
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .stderr(Stdio::from(their_errors));
    let child = ssh.spawn().map_err(|error| {
        Cause::Ssh(SshFailure {
            problem: Problem::NoSsh,
            said: format!("{}: {error}", settings.program.display()),
        })
    })?;
    // The command owns copies of the other side's descriptors, whose end could not be seen.
    drop(ssh);
    Ok(Remote {
        stream: ours,
        errors,
        way: Way::Process(child),
        opened,
        seconds,
    })
}

type Ends = (UnixStream, UnixStream, PipeReader, OwnedFd);

fn ends() -> Result<Ends, Cause> {
    let (ours, theirs) = UnixStream::pair().map_err(Cause::Connection)?;
    let (errors, their_errors) = io::pipe().map_err(Cause::Connection)?;
    Ok((ours, theirs, errors, their_errors.into()))
}

impl Remote {
    /// Waits for the line that says that the other side is connected, and gives the path of the
    /// socket there, if it can be used.
    pub(super) fn greeted(&mut self) -> Result<Option<String>, Cause> {
        let mut said = Vec::new();
        let mut part = [0; 4096];
        loop {
            let limited = self.opened.limit(&self.stream);
            let read = limited.and_then(|()| self.stream.read(&mut part));
            match read {
                Ok(0) => return Err(self.failure()),
                Ok(count) => said.extend_from_slice(part.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) if self.opened.is_over() => {
                    return Err(Cause::Timeout {
                        seconds: self.seconds,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Err(self.failure());
                }
                Err(error) => return Err(Cause::Connection(error)),
            }
            match greeting(&said) {
                // The host speaks only when spoken to.
                Some((socket, [])) => return Ok(socket),
                None if said.len() <= MAX_NOISE => {}
                Some(_) | None => {
                    return Err(Cause::Ssh(SshFailure {
                        problem: Problem::Other,
                        said: "the login there prints too much".to_owned(),
                    }));
                }
            }
        }
    }

    /// The command's exit status, and all that it prints, at most `most` bytes of it.
    pub(super) fn output(&mut self, most: u64) -> Result<(Option<u32>, Vec<u8>), Cause> {
        let mut all = Vec::new();
        let mut part = [0; 16 << 10];
        loop {
            let limited = self.opened.limit(&self.stream);
            match limited.and_then(|()| self.stream.read(&mut part)) {
                Ok(0) => break,
                Ok(count) => all.extend_from_slice(part.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(_) if self.opened.is_over() => {
                    return Err(Cause::Timeout {
                        seconds: self.seconds,
                    });
                }
                Err(error) => return Err(Cause::Connection(error)),
            }
            if all.len() as u64 > most {
                return Err(Cause::Ssh(SshFailure {
                    problem: Problem::Other,
                    said: "the answer is too long".to_owned(),
                }));
            }
        }
        Ok((self.exit_status(), all))
    }

    /// Why there is no connection, when the other side has closed it.
    fn failure(&mut self) -> Cause {
        let status = self.exit_status();
        Cause::Ssh(SshFailure::read(status, &self.errors()))
    }

    fn exit_status(&mut self) -> Option<u32> {
        let ending = Deadline::after(ENDING);
        match &mut self.way {
            Way::Master(session) => session.exit_status(ending),
            Way::Process(child) => {
                if !ends_by(child, ending) {
                    return None;
                }
                let status = child.try_wait().ok()??;
                status.code().and_then(|code| u32::try_from(code).ok())
            }
        }
    }

    /// What came on standard error. Its end is not waited for: a master may hold it open.
    pub(super) fn errors(&mut self) -> String {
        let mut all = Vec::new();
        let mut part = [0; 1024];
        while all.len() < MAX_ERRORS && is_readable(&self.errors) {
            match self.errors.read(&mut part) {
                Ok(0) | Err(_) => break,
                Ok(count) => all.extend_from_slice(part.get(..count).unwrap_or_default()),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }
}

/// The socket that the greeting names and what follows the greeting, if that has come.
fn greeting(said: &[u8]) -> Option<(Option<String>, &[u8])> {
    let mut rest = said;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at_checked(end + 1)?;
        if let Some(words) = line.strip_prefix(HELLO_START) {
            let words = std::str::from_utf8(words).unwrap_or_default();
            let socket = words.split_whitespace().nth(1);
            let usable = |path: &&str| path.starts_with('/') && is_plain(path);
            return Some((socket.filter(usable).map(str::to_owned), after));
        }
        rest = after;
    }
    None
}

/// Whether the process ends by then.
fn ends_by(child: &Child, deadline: Deadline) -> bool {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let Some(Ok(handle)) = pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) else {
        return false;
    };
    waits(&handle, deadline.left())
}

fn is_readable(pipe: &PipeReader) -> bool {
    waits(pipe, Some(Duration::ZERO))
}

fn waits(what: impl AsFd, time: Option<Duration>) -> bool {
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    let mut waited = [PollFd::new(&what, PollFlags::IN)];
    matches!(poll(&mut waited, time.as_ref()), Ok(1))
}

impl Drop for Remote {
    fn drop(&mut self) {
        // An ssh that could not connect would go on trying; one that is connected ends with its
        // standard input. A master is a process of its own by then.
        if let Way::Process(child) = &mut self.way {
            let _gone = self.stream.shutdown(std::net::Shutdown::Both);
            if self.opened.is_over() {
                let _gone = child.kill();
            }
            let _reaped = child.try_wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_found_behind_what_a_login_prints() {
        type Found<'a> = Option<(Option<&'a str>, &'a [u8])>;
        let cases: [(&[u8], Found<'_>); 7] = [
            (b"winsta-dial/1 0.1.0 /run/x\n", Some((Some("/run/x"), b""))),
            (b"winsta-dial/1 0.1.0 /a;b\n", Some((None, b""))),
            (b"Hello!\nwinsta-dial/1 0.1.0\n", Some((None, b""))),
            (b"winsta-dial/1 0.1.0\nmore", Some((None, b"more"))),
            (b"winsta-dial/1 0.1", None),
            (b"say winsta-dial/1 0.1\n", None),
            (b"", None),
        ];
        for (said, expected) in cases {
            let found = greeting(said);
            let found = found.as_ref().map(|(path, rest)| (path.as_deref(), *rest));
            assert_eq!(found, expected, "{said:?}");
        }
    }
}
