//! What clients ask, carried out.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;
use winsta_domain::SessionId;
use winsta_domain::shell::{ClientName, ShellRefusal};
use winsta_wsman::fault::Kind;
use winsta_wsman::names::{self, Action, Signal};
use winsta_wsman::request::{Operation, Request};
use winsta_wsman::{Answer, Fault, Found, Header, Shell as Described, xpress};

use super::config_resource;
use super::native::Native;
use super::receive::Wanted;
use super::shell::Shell;
use super::{Principal, of_shell, worker_id};
use crate::clock;
use crate::engine::Engine;
use crate::failure::in_words;

/// How long a request may wait if it does not say.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);
/// Most bytes of a reply, whatever the client says.
pub(super) const MAX_REPLY: u64 = 4 << 20;
/// Most bytes of a reply if the client does not say.
pub(super) const ENVELOPE: u64 = 153_600;

/// Most bytes that what is sent at once may stand for.
const MAX_INPUT: usize = 8 << 20;

impl Engine {
    /// Carries out what `who` asks.
    pub(crate) async fn remote(&self, who: &Principal, request: Request) -> Result<Answer, Fault> {
        let Request { header, operation } = request;
        match operation {
            Operation::Identify => Ok(Answer::Identified {
                vendor: "Winsta".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            }),
            Operation::Create(wanted) => self.create_shell(who, &header, *wanted).await,
            Operation::Get if header.resource == names::CONFIG => {
                let config = config_resource::describe(self.remoting.catalogue.limits());
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
            Operation::Connect { command, opening } => {
                self.connect_shell(who, &header, command, opening).await
            }
            Operation::Command { .. }
            | Operation::Receive { .. }
            | Operation::Send { .. }
            | Operation::Signal { .. } => {
                let shell = self.owned(who, &header)?;
                let asked = Asked::new(&shell, &client(&header))?;
                let answer = match unpacked(&shell, operation) {
                    Ok(operation) => self.in_shell(&shell, &header, operation).await,
                    Err(fault) => Err(fault),
                };
                let answer = answer.map(|answer| packed(&shell, answer));
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
        if shell.state().native.is_some() {
            return self.in_native(shell, header, operation, until).await;
        }
        let is_pool = shell.state().pool.is_some();
        let capitals = |id: Option<String>| id.map(|id| id.to_ascii_uppercase());
        match operation {
            Operation::Command { id, arguments, .. } if is_pool => {
                let opening = STANDARD.decode(arguments.concat());
                let opening = opening.map_err(|_| Kind::Parameter.fault())?;
                self.run_pipeline(shell, id, &opening).await
            }
            Operation::Command {
                id,
                line,
                arguments,
            } => self.run_command(shell, header, id, line, &arguments).await,
            Operation::Receive { command, .. } => {
                let command = capitals(command);
                let wanted = Wanted {
                    shell,
                    command: command.as_deref().unwrap_or_default(),
                    request: &header.message_id,
                    envelope: header.max_envelope.unwrap_or(ENVELOPE).min(MAX_REPLY),
                    together: header.option(names::LINES_TOGETHER).is_some(),
                    until,
                };
                match (&command, is_pool) {
                    (None, true) => self.receive_from_pool(wanted).await,
                    (Some(_), true) => self.receive_from_pipeline(wanted).await,
                    (Some(_), false) => self.receive(wanted).await,
                    (None, false) => {
                        Err(Kind::Parameter.saying("A command shell has no output of its own."))
                    }
                }
            }
            Operation::Send { streams } if is_pool => {
                self.hear_pieces(shell, &header.message_id, streams).await?;
                Ok(Answer::Done(Action::Send))
            }
            Operation::Send { streams } => {
                if shell.state().has_heard(&header.message_id) {
                    return Ok(Answer::Done(Action::Send));
                }
                let answer = self.send_input(shell, streams, until).await?;
                shell.state().hears(&header.message_id);
                self.keep_shell(shell);
                Ok(answer)
            }
            Operation::Signal { command, code } if is_pool => {
                let signal = Signal::from_code(&code).ok_or_else(|| Kind::Parameter.fault())?;
                let id = capitals(command).unwrap_or_default();
                self.signal_pipeline(shell, &id, signal == Signal::Terminate)
                    .await?;
                Ok(Answer::Done(Action::Signal))
            }
            Operation::Signal { command, code } => self.signal_command(shell, command, &code),
            _ => Err(Kind::Internal.fault()),
        }
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
                let pipelines = state.pool.iter().flat_map(|pool| &pool.pipelines);
                let pipelines = pipelines.map(|(id, pipeline)| Found::Command {
                    id: id.clone(),
                    line: String::new(),
                    state: if pipeline.exit.is_some() {
                        "Done"
                    } else {
                        "Running"
                    }
                    .to_owned(),
                });
                let natives = state.native.iter().flat_map(Native::pipelines);
                let natives = natives.map(|(id, has_ended)| Found::Command {
                    id: id.to_owned(),
                    line: String::new(),
                    state: if has_ended { "Done" } else { "Running" }.to_owned(),
                });
                commands.chain(pipelines).chain(natives).collect()
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
    pub(super) fn settle(&self, shell: &Shell) {
        self.keep_shell(shell);
        shell.tell();
        self.remoting.timing.notify_one();
    }

    pub(super) fn described(&self, shell: &Shell) -> Described {
        let workers = self.workers_of(shell.uid());
        let runs = |id: &SessionId| workers.as_ref().is_some_and(|all| all.exit(*id).is_none());
        let busy = shell.workers().iter().filter(|id| runs(id)).count();
        shell.describe(clock::now(), u32::try_from(busy).unwrap_or(u32::MAX))
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
    pub(super) fn owned(&self, who: &Principal, header: &Header) -> Result<Arc<Shell>, Fault> {
        let shell = self.visible(who, header)?;
        if !who.owns(&shell.facts.owner) {
            return Err(Kind::AccessDenied.saying(format!(
                "The shell is {}'s. An administrator can list and remove it, but not work in it.",
                shell.facts.owner
            )));
        }
        Ok(shell)
    }
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

/// What a client sends, whose streams may be compressed. Only they are: what comes with a shell or a
/// command is not.
fn unpacked(shell: &Shell, mut operation: Operation) -> Result<Operation, Fault> {
    if let Operation::Send { streams } = &mut operation
        && shell.facts.compressed
    {
        let mut room = MAX_INPUT;
        for piece in streams {
            let bytes = xpress::decompress(&piece.bytes, room);
            piece.bytes = bytes.map_err(|error| Kind::Parameter.saying(in_words(&error)))?;
            room -= piece.bytes.len();
        }
    }
    Ok(operation)
}

/// What a client gets, likewise.
fn packed(shell: &Shell, mut answer: Answer) -> Answer {
    if let Answer::Received { streams, .. } = &mut answer
        && shell.facts.compressed
    {
        for piece in streams {
            piece.bytes = xpress::compress(&piece.bytes);
        }
    }
    answer
}

pub(super) fn client(header: &Header) -> ClientName {
    ClientName(header.session_id.clone().unwrap_or_default())
}

pub(super) fn refused(refusal: ShellRefusal) -> Fault {
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

/// A new random GUID.
pub(crate) fn new_guid() -> String {
    uuid::Uuid::new_v4().to_string().to_ascii_uppercase()
}
