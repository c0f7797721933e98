//! Commands of command shells: their beginning, their input and their signals.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use winsta_wsman::fault::Kind;
use winsta_wsman::names::{Action, Signal};
use winsta_wsman::request::Piece;
use winsta_wsman::{Answer, Fault, Header};

use super::command::Command;
use super::line;
use super::serve::new_guid;
use super::shell::Shell;
use super::{of_shell, worker_id};
use crate::engine::Engine;
use crate::keeper::port::KeeperError;
use crate::people::Owner;
use crate::workers::Job;

/// Pause between attempts to give a program input that it does not read.
const PAUSE: Duration = Duration::from_millis(5);
/// Interrupt and quit, as signals.
const INTERRUPT: u8 = 2;
const QUIT: u8 = 3;

impl Engine {
    pub(super) async fn run_command(
        &self,
        shell: &Arc<Shell>,
        header: &Header,
        id: Option<String>,
        line: String,
        arguments: &[String],
    ) -> Result<Answer, Fault> {
        let id = id.map_or_else(new_guid, |id| id.to_ascii_uppercase());
        {
            let state = shell.state();
            if state.commands.contains_key(&id) {
                return Err(Kind::CommandExists.fault());
            }
            let most = shell.facts.terms.max_concurrent_commands_per_shell;
            if state.commands.len() >= most as usize {
                return Err(Kind::Commands.fault());
            }
        }
        let without_shell = header.option("WINRS_SKIP_CMD_SHELL");
        let without_shell = without_shell.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let argv = line::program(&line, arguments, without_shell, line::is_installed);
        let texts = argv
            .iter()
            .chain(shell.facts.environment.iter().flat_map(|(n, v)| [n, v]));
        if texts
            .chain(&shell.facts.working_directory)
            .any(|text| text.contains('\0'))
        {
            return Err(Kind::Parameter.saying("A command or variable holds a zero byte."));
        }
        // The user's keeper stays until the command is there.
        let _lease = self.lease(shell.uid()).await.map_err(|failure| {
            Kind::Internal.saying(format!(
                "The command cannot be started: {}",
                failure.message
            ))
        })?;
        let workers = of_shell(self, shell)?;
        self.has_room(shell, &workers).await?;
        let job = self.job(shell, argv)?;
        let worker = workers
            .start(job)
            .await
            .map_err(|error| not_started(&error))?;
        {
            let mut state = shell.state();
            if state.closed || state.commands.contains_key(&id) {
                workers.end(worker);
                let kind = if state.closed {
                    Kind::NoShell
                } else {
                    Kind::CommandExists
                };
                return Err(kind.fault());
            }
            let line = std::iter::once(line).chain(arguments.iter().cloned());
            let line = line.collect::<Vec<_>>().join(" ");
            state
                .commands
                .insert(id.clone(), Command::new(worker.0, line));
        }
        self.keep_shell(shell);
        Ok(Answer::Command { id })
    }

    pub(super) async fn send_input(
        &self,
        shell: &Shell,
        pieces: Vec<Piece>,
        until: Instant,
    ) -> Result<Answer, Fault> {
        let workers = of_shell(self, shell)?;
        for piece in pieces {
            let id = piece.command.unwrap_or_default().to_ascii_uppercase();
            let worker = shell
                .state()
                .commands
                .get(&id)
                .map(|command| worker_id(command.worker));
            let worker = worker.ok_or_else(|| Kind::NoCommand.fault())?;
            let mut rest = piece.bytes.as_slice();
            while !rest.is_empty() {
                let taken = workers.write(worker, rest).await;
                let taken = taken.map_err(|error| refused_input(&error))?;
                rest = rest.get(taken..).unwrap_or_default();
                if taken == 0 {
                    if Instant::now() >= until {
                        return Err(Kind::TimedOut.fault());
                    }
                    // The keeper does not say when the program reads again.
                    tokio::time::sleep(PAUSE).await;
                }
            }
            if piece.end {
                let closed = workers.close_input(worker).await;
                closed.map_err(|error| refused_input(&error))?;
            }
        }
        Ok(Answer::Done(Action::Send))
    }

    pub(super) fn signal_command(
        &self,
        shell: &Shell,
        command: Option<String>,
        code: &str,
    ) -> Result<Answer, Fault> {
        let signal = Signal::from_code(code).ok_or_else(|| Kind::Parameter.fault())?;
        let id = command.unwrap_or_default().to_ascii_uppercase();
        let worker = {
            let mut state = shell.state();
            let known = match signal {
                Signal::Terminate => state.commands.remove(&id),
                Signal::CtrlC | Signal::CtrlBreak | Signal::PowerShellCtrlC => {
                    state.commands.get(&id).cloned()
                }
            };
            known.map(|command| worker_id(command.worker))
        };
        let worker = worker.ok_or_else(|| Kind::NoCommand.fault())?;
        let workers = of_shell(self, shell)?;
        match signal {
            Signal::Terminate => {
                workers.end(worker);
                self.keep_shell(shell);
                shell.tell();
            }
            Signal::CtrlC | Signal::PowerShellCtrlC => workers.signal(worker, INTERRUPT),
            Signal::CtrlBreak => workers.signal(worker, QUIT),
        }
        Ok(Answer::Done(Action::Signal))
    }

    /// How a program of a shell is started.
    pub(super) fn job(&self, shell: &Shell, argv: Vec<String>) -> Result<Job, Fault> {
        let account = self.account(shell)?;
        let facts = &shell.facts;
        Ok(Job {
            argv,
            inherit: self.is_shared(),
            env: environment(&account, &facts.environment),
            cwd: facts.working_directory.clone().unwrap_or(account.home),
            capacity: self.config.remoting.buffer_bytes,
            buffering: shell.state().buffering,
            memory: match facts.terms.max_memory_per_shell_mb {
                0 => None,
                megabytes => Some(u64::from(megabytes) << 20),
            },
            shell: shell.id().to_owned(),
        })
    }

    /// The account whose rights a shell's programs have.
    fn account(&self, shell: &Shell) -> Result<Owner, Fault> {
        if shell.uid() == self.owner.uid {
            return Ok(self.owner.clone());
        }
        let account = Owner::of(shell.uid());
        account.ok_or_else(|| Kind::Internal.saying("The shell's user is gone from this machine."))
    }
}

/// Variables of a shell's programs: a few that everybody needs and that are the same in all logins of
/// the user, whichever of them started the host, and the shell's own.
fn environment(account: &Owner, own: &[(String, String)]) -> Vec<(String, String)> {
    let inherited = ["PATH", "LANG", "TZ", "XDG_RUNTIME_DIR"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    let facts = [
        ("HOME", &account.home),
        ("USER", &account.name),
        ("LOGNAME", &account.name),
        ("SHELL", &account.shell),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value.clone()));
    let mut env: Vec<_> = inherited.chain(facts).collect();
    if !env.iter().any(|(name, _)| name == "LANG") {
        env.push(("LANG".to_owned(), "C.UTF-8".to_owned()));
    }
    env.retain(|(name, _)| own.iter().all(|(other, _)| other != name));
    env.extend(own.iter().cloned());
    env
}

pub(super) fn not_started(error: &KeeperError) -> Fault {
    let text = format!("The command cannot be started: {error}");
    match error {
        KeeperError::Refused(refusal) if refusal.kind == winsta_wire::RefusalKind::Exec => {
            Kind::NotFound.saying(text)
        }
        _ => Kind::Internal.saying(text),
    }
}

fn refused_input(error: &KeeperError) -> Fault {
    Kind::Internal.saying(format!("The command takes no input: {error}"))
}
