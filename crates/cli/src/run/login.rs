//! `login`: what an ssh login gets instead of a shell that dies with its connection.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::unistd::{Uid, User};
use rustix::termios::isatty;
use winsta_api::NewSession;
use winsta_client::{Dirs, Host};
use winsta_domain::SessionId;
use winsta_host::config::Config;
use winsta_host::shell::usable;

use super::attach::{attach_here, attach_with};
use super::connect::{Way, request};
use super::new::{like_here, size};
use super::reach::own_session;
use crate::grammar::unix::Login;
use crate::report::{Exit, Failure, Outcome, say};
use crate::tools::Execute;

/// What the user asked ssh for, where sshd runs this program instead.
const ASKED: &str = "SSH_ORIGINAL_COMMAND";
/// Where the keys of the user's own machine are reached.
const AGENT: &str = "SSH_AUTH_SOCK";
/// How long a host may take: whoever logs in does not wait for a broken one.
const PATIENCE: Duration = Duration::from_secs(8);
/// sshd's own sftp server, which only sshd can run, and the program that does the same.
const INTERNAL_SFTP: &str = "internal-sftp";
const SFTP_SERVERS: [&str; 3] = [
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
    "/usr/lib/ssh/sftp-server",
];

impl Execute for Login {
    fn execute(self) -> Outcome {
        let shell = Shell::of_this_user();
        if let Some(command) = self.command {
            return Err(shell.run(&command, &self.arguments));
        }
        if let Some(asked) = env::var_os(ASKED).filter(|_| !self.profile) {
            return Err(shell.run(&meant(asked), &[]));
        }
        let terminal = isatty(io::stdin()) && isatty(io::stdout());
        let by_ssh = env::var_os("SSH_CONNECTION").is_some();
        if !terminal || own_session().is_some() || (self.profile && !by_ssh) {
            return if self.profile {
                Ok(Exit::Nothing)
            } else {
                Err(shell.log_in())
            };
        }
        // Whatever is wrong with the host or with this very program, people get in.
        let outcome = catch_unwind(AssertUnwindSafe(hosted)).unwrap_or_else(|_| {
            let panicked = "cannot give you a hosted session";
            Err(Failure::local(panicked, &"this program has a fault"))
        });
        match outcome {
            Err(failure) if failure.exit != Exit::Refused && !self.profile => {
                failure.print();
                say("this is a plain shell, which ends with your connection");
                Err(shell.log_in())
            }
            // A profile shall go on where there was no session, and nowhere else.
            Ok(_) if self.profile => Ok(Exit::Done),
            outcome => outcome,
        }
    }
}

/// A hosted session, until the user leaves it or it ends.
fn hosted() -> Outcome {
    let what = "cannot give you a hosted session";
    let host = Host::local().map_err(|error| Failure::call(what, &error))?;
    let host = host.with_timeout(PATIENCE);
    let mut wanted = NewSession {
        login: true,
        attach: Some(request(&host, Way::TakeOver)),
        size: size(None),
        cwd: None,
        ..like_here(&host)
    };
    if let Some(agent) = lasting_agent() {
        wanted.env.retain(|(name, _)| name != AGENT);
        wanted.env.push((AGENT.to_owned(), agent));
    }
    let created = host
        .create(&wanted)
        .map_err(|error| Failure::call(what, &error))?;
    let id = SessionId(created.session.id);
    if created.back {
        say(&format!("back in session {id}"));
    }
    let outcome = match created.attach {
        Some(permit) => attach_with(&host, permit),
        None => attach_here(&host, id, &request(&host, Way::TakeOver)),
    };
    let outcome = match outcome {
        // The keeper was lost; the host hands its sessions to another one.
        Err(failure) if host.session(id).is_ok() => {
            failure.print();
            attach_here(&host, id, &request(&host, Way::TakeOver))
        }
        outcome => outcome,
    };
    // If it is the terminal that has gone, the session runs on, and this login is over.
    if let Ok(Exit::Session(_)) = outcome
        && isatty(io::stdin())
    {
        // Nobody else waits for the session, so that it can go.
        let _gone = host.wait(id);
    }
    outcome
}

/// A place that leads to the user's agent as long as any login has one: the socket that sshd made
/// goes with its connection, and the session's programs remember only one.
fn lasting_agent() -> Option<String> {
    let socket = PathBuf::from(env::var_os(AGENT)?);
    let dirs = Dirs::from_env().ok()?;
    dirs.prepare_runtime().ok()?;
    let folder = dirs.runtime().to_owned();
    let place = folder.join("agent.sock");
    if socket == place {
        return None;
    }
    let new = folder.join(format!("agent.{}", std::process::id()));
    symlink(&socket, &new).ok()?;
    std::fs::rename(&new, &place).ok()?;
    place.into_os_string().into_string().ok()
}

/// The command to run for what was asked.
fn meant(asked: OsString) -> OsString {
    let is_sftp = asked
        .to_str()
        .is_some_and(|text| text.split(' ').next() == Some(INTERNAL_SFTP));
    let found = || SFTP_SERVERS.iter().find(|path| Path::new(path).exists());
    match (is_sftp, found()) {
        (true, Some(server)) => server.into(),
        _ => asked,
    }
}

/// The user's shell, instead of which this program runs.
struct Shell(PathBuf);

impl Shell {
    fn of_this_user() -> Self {
        let entry = User::from_uid(Uid::effective()).ok().flatten();
        let shell = entry.map(|user| user.shell.to_string_lossy().into_owned());
        // A broken configuration keeps nobody out.
        let config = Config::load().unwrap_or_default();
        let shell = usable(&shell.unwrap_or_default(), config.login.shell.as_deref());
        Self(shell.into())
    }

    /// Becomes the shell as sshd would have started it.
    fn log_in(&self) -> Failure {
        let name = self.0.file_name().unwrap_or_else(|| OsStr::new("sh"));
        let mut dashed = OsString::from("-");
        dashed.push(name);
        let mut command = Command::new(&self.0);
        self.become_it(command.arg0(dashed))
    }

    /// Becomes the shell, running a command.
    fn run(&self, command: &OsStr, arguments: &[OsString]) -> Failure {
        let mut shell = Command::new(&self.0);
        self.become_it(shell.arg("-c").arg(command).args(arguments))
    }

    fn become_it(&self, command: &mut Command) -> Failure {
        let error = command.env("SHELL", &self.0).env_remove(ASKED).exec();
        Failure::local(format!("cannot start {}", self.0.display()), &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sshds_own_sftp_server_is_replaced() {
        for text in [
            "ls -l",
            "internal-sftpx",
            "/usr/lib/openssh/sftp-server",
            "",
        ] {
            assert_eq!(meant(text.into()), OsString::from(text));
        }
        let server = meant("internal-sftp -f AUTH".into());
        let exists = SFTP_SERVERS.iter().any(|path| Path::new(path).exists());
        assert_eq!(server != "internal-sftp -f AUTH", exists);
    }
}
