//! What clients ask, carried out.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use winsta_domain::SessionId;
use winsta_domain::shell::{ClientName, ShellMachine, ShellRefusal};
use winsta_wire::Buffering;
use winsta_wsman::fault::Kind;
use winsta_wsman::names::{self, Action, Signal};
use winsta_wsman::request::{Operation, Piece, Request};
use winsta_wsman::{Answer, BufferMode, Created, Fault, Found, Header, Shell as Described};

use super::command::Command;
use super::config_resource::{self, MAX_ENVELOPE};
use super::line;
use super::receive::Wanted;
use super::shell::{Facts, Shell};
use super::{Principal, of_shell, worker_id};
use crate::clock;
use crate::engine::Engine;
use crate::keeper::port::KeeperError;
use crate::people::Owner;
use crate::workers::Job;

/// How long a request may wait if it does not say.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Most bytes of a reply if the client does not say.
const ENVELOPE: u64 = 153_600;
/// Pause between attempts to give a program input that it does not read.
const PAUSE: Duration = Duration::from_millis(5);
/// Interrupt and quit, as signals.
const INTERRUPT: u8 = 2;
const QUIT: u8 = 3;

impl Engine {
    /// Carries out what `who` asks.
    pub(crate) async fn remote(&self, who: &Principal, request: Request) -> Result<Answer, Fault> {
        let Request { header, operation } = request;
        match operation {
            Operation::Identify => Ok(Answer::Identified {
                vendor: "Winsta".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            }),
            Operation::Create(wanted) => self.create_shell(who, &header, *wanted),
            Operation::Get if header.resource == names::CONFIG => {
                let config = config_resource::describe(&self.config.remoting);
                Ok(Answer::Config(Box::new(config)))
            }
            Operation::Get => {
                let shell = self.visible(who, &header)?;
                Ok(Answer::Shell(Box::new(self.described(&shell))))
            }
            Operation::Delete => {
                let shell = self.visible(who, &header)?;
                self.end_shell(&shell);
                Ok(Answer::Done(Action::Delete))
            }
            Operation::Enumerate { filter, .. } => self.enumerate(who, &header, &filter),
            // Lists are given whole.
            Operation::Pull { .. } | Operation::Release { .. } => {
                Err(Kind::Parameter.saying("There is no such enumeration."))
            }
            Operation::Disconnect {
                idle_timeout,
                buffer_mode,
            } => self.disconnect_shell(who, &header, idle_timeout, buffer_mode),
            Operation::Reconnect { command } => self.reconnect_shell(who, &header, command),
            Operation::Connect { command, .. } => self.connect_shell(who, &header, command),
            Operation::Command { .. }
            | Operation::Receive { .. }
            | Operation::Send { .. }
            | Operation::Signal { .. } => {
                let shell = self.owned(who, &header)?;
                let asked = Asked::new(&shell, &client(&header))?;
                let answer = self.in_shell(&shell, &header, operation).await;
                drop(asked);
                self.remoting.timing.notify_one();
                answer
            }
        }
    }

    /// What needs a shell that the client holds.
    async fn in_shell(
        &self,
        shell: &Arc<Shell>,
        header: &Header,
        operation: Operation,
    ) -> Result<Answer, Fault> {
        let until = Instant::now() + header.timeout.unwrap_or(TIMEOUT).min(TIMEOUT);
        match operation {
            Operation::Command {
                id,
                line,
                arguments,
            } => self.run_command(shell, header, id, line, &arguments).await,
            Operation::Receive { command, .. } => {
                let command = command.map(|id| id.to_ascii_uppercase());
                let command = command.ok_or_else(|| {
                    Kind::Parameter.saying("A command shell has no output of its own.")
                })?;
                let wanted = Wanted {
                    shell,
                    command: &command,
                    request: &header.message_id,
                    envelope: header.max_envelope.unwrap_or(ENVELOPE).min(MAX_ENVELOPE),
                    until,
                };
                self.receive(wanted).await
            }
            Operation::Send { streams } => self.send_input(shell, streams, until).await,
            Operation::Signal { command, code } => self.signal_command(shell, command, &code),
            _ => Err(Kind::Internal.fault()),
        }
    }

    fn create_shell(
        &self,
        who: &Principal,
        header: &Header,
        wanted: Described,
    ) -> Result<Answer, Fault> {
        if header.resource != names::COMMAND_SHELL {
            return Err(Kind::NoResource.fault());
        }
        if header.compression.is_some() {
            return Err(Kind::Unsupported.saying(
                "This host does not compress streams. Use a session option with -NoCompression.",
            ));
        }
        let limits = self.config.remoting;
        let idle = wanted.idle_timeout.map(|idle| idle.as_millis());
        let idle = idle.map_or(limits.idle_timeout_ms, |idle| {
            // Too long a timeout is noticed when the shell is disconnected.
            u64::try_from(idle).unwrap_or(u64::MAX)
        });
        let now = clock::now();
        let id = wanted.id.map(|id| id.trim().to_ascii_uppercase());
        let id = match id {
            Some(id) if is_guid(&id) => id,
            Some(id) => {
                let text = format!("A shell's id is a GUID, and {id:?} is none.");
                return Err(Kind::Parameter.saying(text));
            }
            None => new_guid(),
        };
        let shell = Shell::new(
            Facts {
                id: id.clone(),
                name: wanted.name,
                resource: header.resource.clone(),
                uid: who.uid,
                owner: who.name.clone(),
                client_ip: who.address.clone(),
                created: now,
                input_streams: wanted.input_streams,
                output_streams: wanted.output_streams,
                working_directory: wanted.working_directory,
                environment: wanted.environment,
            },
            ShellMachine::new(client(header), idle, now),
            buffering(wanted.buffer_mode.unwrap_or_default()),
        );
        let shell = Arc::new(shell);
        {
            let mut shells = self.remoting.shells();
            if shells.contains_key(&id) {
                return Err(Kind::ShellExists.fault());
            }
            let owners = shells.values().map(|shell| shell.facts.owner.as_str());
            admit(&limits, &who.name, owners)?;
            shells.insert(id, Arc::clone(&shell));
        }
        self.keep_shell(&shell);
        self.remoting.timing.notify_one();
        let described = self.described(&shell);
        let created = Created::new(header.to.clone(), header.resource.clone(), described);
        Ok(Answer::Created(Box::new(created)))
    }

    async fn run_command(
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
            let most = self.config.remoting.max_concurrent_commands_per_shell;
            if state.commands.len() >= most {
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
        let buffering = shell.state().buffering;
        let account = self.account(shell)?;
        // The user's keeper stays until the command is there.
        let _lease = self.lease(account.uid).await.map_err(|failure| {
            Kind::Internal.saying(format!(
                "The command cannot be started: {}",
                failure.message
            ))
        })?;
        let workers = of_shell(self, shell)?;
        let job = Job {
            argv,
            inherit: self.is_shared(),
            env: environment(&account, &shell.facts.environment),
            cwd: shell
                .facts
                .working_directory
                .clone()
                .unwrap_or(account.home),
            capacity: self.config.remoting.buffer_bytes,
            buffering,
            shell: shell.id().to_owned(),
        };
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

    async fn send_input(
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

    fn signal_command(
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

    fn disconnect_shell(
        &self,
        who: &Principal,
        header: &Header,
        idle_timeout: Option<Duration>,
        buffer_mode: Option<BufferMode>,
    ) -> Result<Answer, Fault> {
        let shell = self.owned(who, header)?;
        let idle = idle_timeout.map(|idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        let most = self.config.remoting.max_idle_timeout_ms;
        let workers = self.workers_of(shell.uid());
        {
            let mut state = shell.state();
            let done = state
                .machine
                .disconnect(&client(header), idle, most, clock::now());
            done.map_err(refused)?;
            if let (Some(mode), Some(workers)) = (buffer_mode, workers) {
                state.buffering = buffering(mode);
                for command in state.commands.values() {
                    workers.set_buffering(worker_id(command.worker), state.buffering);
                }
            }
        }
        self.settle(&shell);
        Ok(Answer::Done(Action::Disconnect))
    }

    fn reconnect_shell(
        &self,
        who: &Principal,
        header: &Header,
        command: Option<String>,
    ) -> Result<Answer, Fault> {
        let shell = self.owned(who, header)?;
        // The shell comes first; a command is then the client's too.
        if let Some(id) = command {
            has_command(&shell, &id)?;
        } else {
            let mut state = shell.state();
            let done = state.machine.reconnect(&client(header), clock::now());
            drop(state);
            done.map_err(refused)?;
            self.settle(&shell);
        }
        Ok(Answer::Done(Action::Reconnect))
    }

    fn connect_shell(
        &self,
        who: &Principal,
        header: &Header,
        command: Option<String>,
    ) -> Result<Answer, Fault> {
        let shell = self.owned(who, header)?;
        if let Some(id) = command {
            has_command(&shell, &id)?;
            return Ok(Answer::Connected {
                input_streams: Vec::new(),
                output_streams: Vec::new(),
                opening: None,
            });
        }
        let done = shell.state().machine.connect(&client(header), clock::now());
        done.map_err(refused)?;
        self.settle(&shell);
        Ok(Answer::Connected {
            input_streams: shell.facts.input_streams.clone(),
            output_streams: shell.facts.output_streams.clone(),
            opening: None,
        })
    }

    fn enumerate(
        &self,
        who: &Principal,
        header: &Header,
        filter: &[(String, String)],
    ) -> Result<Answer, Fault> {
        let named = filter
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(names::SHELL_ID));
        let id = named
            .map(|(_, id)| id.trim().to_ascii_uppercase())
            .or_else(|| header.shell_id());
        let items = match header.resource.as_str() {
            names::COMMANDS => {
                let shell = self.find(who, id.as_deref().unwrap_or_default())?;
                let workers = of_shell(self, &shell)?;
                let state = shell.state();
                let commands = state.commands.iter().map(|(id, command)| Found::Command {
                    id: id.clone(),
                    line: command.line.clone(),
                    state: match workers.exit(worker_id(command.worker)) {
                        Some(_) => "Done",
                        None => "Running",
                    }
                    .to_owned(),
                });
                commands.collect()
            }
            resource => {
                let all = self.remoting.all().into_iter().filter(|shell| {
                    who.may_see(&shell.facts.owner)
                        && id.as_deref().is_none_or(|id| id == shell.id())
                        && (resource == names::SHELLS || resource == shell.facts.resource)
                });
                all.map(|shell| Found::Shell(Box::new(self.described(&shell))))
                    .collect()
            }
        };
        Ok(Answer::Items {
            first: true,
            items,
            context: String::new(),
        })
    }

    /// Writes a shell down and tells those who wait.
    fn settle(&self, shell: &Shell) {
        self.keep_shell(shell);
        shell.tell();
        self.remoting.timing.notify_one();
    }

    fn described(&self, shell: &Shell) -> Described {
        let workers = self.workers_of(shell.uid());
        let runs = |id: &SessionId| workers.as_ref().is_some_and(|all| all.exit(*id).is_none());
        let busy = shell.workers().iter().filter(|id| runs(id)).count();
        let most = self.config.remoting.max_idle_timeout_ms;
        shell.describe(clock::now(), most, u32::try_from(busy).unwrap_or(u32::MAX))
    }

    /// A shell that `who` may see. One that they may not is as if it were not there.
    fn find(&self, who: &Principal, id: &str) -> Result<Arc<Shell>, Fault> {
        let found = self.remoting.shells().get(id).cloned();
        let found = found.filter(|shell| who.may_see(&shell.facts.owner));
        found.ok_or_else(|| Kind::NoShell.fault())
    }

    fn visible(&self, who: &Principal, header: &Header) -> Result<Arc<Shell>, Fault> {
        self.find(who, &header.shell_id().unwrap_or_default())
    }

    /// A shell that `who` may work in.
    fn owned(&self, who: &Principal, header: &Header) -> Result<Arc<Shell>, Fault> {
        let shell = self.visible(who, header)?;
        if !who.owns(&shell.facts.owner) {
            return Err(Kind::AccessDenied.saying(format!(
                "The shell is {}'s. An administrator can list and remove it, but not work in it.",
                shell.facts.owner
            )));
        }
        Ok(shell)
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

/// Variables of a shell's programs: a few that everybody needs, and the shell's own.
fn environment(account: &Owner, own: &[(String, String)]) -> Vec<(String, String)> {
    let inherited = ["PATH", "LANG", "TZ"]
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

/// A request of the shell's client that is being carried out.
struct Asked<'a>(&'a Shell);

impl<'a> Asked<'a> {
    fn new(shell: &'a Shell, client: &ClientName) -> Result<Self, Fault> {
        let asked = shell.state().machine.asked(client, clock::now());
        asked.map_err(refused)?;
        Ok(Self(shell))
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.state().machine.answered(clock::now());
    }
}

fn client(header: &Header) -> ClientName {
    ClientName(header.session_id.clone().unwrap_or_default())
}

fn buffering(mode: BufferMode) -> Buffering {
    match mode {
        BufferMode::Block => Buffering::Block,
        BufferMode::Drop => Buffering::Drop,
    }
}

fn has_command(shell: &Shell, id: &str) -> Result<(), Fault> {
    let known = shell
        .state()
        .commands
        .contains_key(&id.to_ascii_uppercase());
    known.then_some(()).ok_or_else(|| Kind::NoCommand.fault())
}

/// Whether one more shell of `user` may be, besides those of `owners`.
fn admit<'a>(
    limits: &super::Limits,
    user: &str,
    owners: impl Iterator<Item = &'a str>,
) -> Result<(), Fault> {
    let owners: Vec<&str> = owners.collect();
    let own = owners.iter().filter(|owner| **owner == user).count();
    if own >= limits.max_shells_per_user {
        return Err(Kind::UserShells.saying(format!(
            "The WS-Management service cannot process the request. This user is allowed a maximum \
             number of {} concurrent shells, which has been exceeded. Close existing shells or \
             raise the quota for this user.",
            limits.max_shells_per_user
        )));
    }
    if owners.len() >= limits.max_shells {
        return Err(Kind::PluginShells.fault());
    }
    let users: std::collections::BTreeSet<&str> = owners.into_iter().collect();
    if !users.contains(user) && users.len() >= limits.max_concurrent_users {
        return Err(Kind::ShellUsers.fault());
    }
    Ok(())
}

fn refused(refusal: ShellRefusal) -> Fault {
    match refusal {
        ShellRefusal::InUse => Kind::InUse.fault(),
        ShellRefusal::Disconnected => Kind::Disconnected.fault(),
        ShellRefusal::NotConnected => Kind::NotConnected.fault(),
        ShellRefusal::NotDisconnected => Kind::NotReconnectable.fault(),
        ShellRefusal::IdleTimeout { wanted, most } => Kind::IdleTimeout.saying(format!(
            "The specified idle timeout value {}(seconds) is either greater than the server \
             maximum allowed {} (seconds) or less than the minimum allowed {} (seconds).",
            wanted / 1_000,
            most / 1_000,
            winsta_domain::shell::MIN_IDLE / 1_000
        )),
    }
}

fn not_started(error: &KeeperError) -> Fault {
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

/// Whether the text is a GUID in capitals, as shells are named.
fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F' | b'-'))
}

/// A new random GUID.
pub(crate) fn new_guid() -> String {
    uuid::Uuid::new_v4().to_string().to_ascii_uppercase()
}
