//! PSSessions whose engine is PowerShell itself, `pwsh -s`: its fragments pass through.
//!
//! Nobody reads what the engine says but those who ask for it, and whoever tells it something,
//! until it has taken that. So the host has nothing to do for a session that nobody asks about.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;
use winsta_psrp::{PipelineId, Stream as Channel};
use winsta_wire::{Buffering, Stream};
use winsta_wsman::fault::Kind;
use winsta_wsman::names::{Action, Signal};
use winsta_wsman::request::{Operation, Piece};
use winsta_wsman::{Answer, Fault, Header};

use super::super::engines;
use super::super::powershell::{MOST, received, strange};
use super::super::receive::{Wanted, budget, code, internal, still_wanted};
use super::super::scan::{PAUSE, PIECE};
use super::super::serve::{ENVELOPE, MAX_REPLY};
use super::super::shell::{Shell, State};
use super::super::store::Store;
use super::super::{new_guid, of_shell};
use super::Native;
use crate::engine::Engine;
use crate::keeper::port::KeeperError;
use crate::workers::Workers;

impl Engine {
    /// Starts the engine of a session that was just made.
    pub(in crate::remoting) async fn start_native(&self, shell: &Arc<Shell>) -> Result<(), Fault> {
        let lease = self.lease(shell.uid()).await;
        let _lease = lease.map_err(|failure| Kind::Internal.saying(failure.message.as_str()))?;
        let workers = of_shell(self, shell)?;
        let terms = &shell.facts.terms;
        let argv = engines::program(&terms.engine);
        let program = argv.first().cloned().unwrap_or_default();
        let started = workers.start(self.job(shell, argv)?).await;
        let worker = started.map_err(|error| {
            Kind::NotFound.saying(format!(
                "The session configuration {} cannot be used: its engine {program} cannot be started: \
                 {error}. Install PowerShell on this machine, or name the path of its program in the \
                 configuration's engine.",
                terms.name
            ))
        })?;
        if let Some(native) = &mut shell.state().native {
            native.is(worker);
        }
        self.drive_native(shell);
        Ok(())
    }

    /// Carries out what the session's client asks.
    pub(in crate::remoting) async fn in_native(
        &self,
        shell: &Arc<Shell>,
        header: &Header,
        operation: Operation,
        until: Instant,
    ) -> Result<Answer, Fault> {
        let capitals = |id: Option<String>| id.map(|id| id.to_ascii_uppercase());
        match operation {
            Operation::Command { id, arguments, .. } => {
                let opening = STANDARD.decode(arguments.concat());
                let opening = opening.map_err(|_| Kind::Parameter.fault())?;
                self.run_in_native(shell, capitals(id), &opening).await
            }
            Operation::Receive { command, .. } => {
                let command = capitals(command).unwrap_or_default();
                self.receive_from_native(Wanted {
                    shell,
                    command: &command,
                    together: false,
                    request: &header.message_id,
                    envelope: header.max_envelope.unwrap_or(ENVELOPE).min(MAX_REPLY),
                    until,
                })
                .await
            }
            Operation::Send { streams } => {
                self.send_to_native(shell, &header.message_id, streams)?;
                Ok(Answer::Done(Action::Send))
            }
            Operation::Signal { command, code } => {
                let signal = Signal::from_code(&code).ok_or_else(|| Kind::Parameter.fault())?;
                let id = capitals(command).unwrap_or_default();
                {
                    let mut state = shell.state();
                    let native = native(&mut state)?;
                    let number = native.find(&id).ok_or_else(|| Kind::NoCommand.fault())?;
                    match signal {
                        Signal::Terminate => native.end(&id),
                        Signal::CtrlC | Signal::CtrlBreak | Signal::PowerShellCtrlC => {
                            native.bridge.stop(number);
                        }
                    }
                }
                self.passed_on(shell);
                Ok(Answer::Done(Action::Signal))
            }
            _ => Err(Kind::Internal.fault()),
        }
    }

    async fn run_in_native(
        &self,
        shell: &Arc<Shell>,
        id: Option<String>,
        opening: &[u8],
    ) -> Result<Answer, Fault> {
        let id = id.unwrap_or_else(new_guid);
        let number: PipelineId = id.parse().map_err(|_| {
            Kind::Parameter.saying(format!("A pipeline's id is a GUID, and {id:?} is none."))
        })?;
        let most = shell.facts.terms.max_concurrent_commands_per_shell;
        let admit = |native: &Native| {
            if native.find(&id).is_some() {
                return Err(Kind::CommandExists.fault());
            }
            if native.open() >= most as usize {
                return Err(Kind::Commands.fault());
            }
            Ok(())
        };
        self.listen_to_native(shell).await?;
        admit(living(&mut shell.state())?)?;
        self.has_room(shell, &*of_shell(self, shell)?).await?;
        {
            let mut state = shell.state();
            let native = living(&mut state)?;
            admit(native)?;
            let begun = native.begin(id.clone(), number, opening);
            begun.map_err(|error| strange(&error))?;
        }
        self.passed_on(shell);
        Ok(Answer::Command { id })
    }

    fn send_to_native(
        &self,
        shell: &Arc<Shell>,
        request: &str,
        pieces: Vec<Piece>,
    ) -> Result<(), Fault> {
        {
            let mut state = shell.state();
            if state.has_heard(request) {
                return Ok(());
            }
            let native = living(&mut state)?;
            for piece in pieces {
                let channel = match piece.stream.as_str() {
                    "pr" => Channel::PromptResponse,
                    _ => Channel::Default,
                };
                let about = about(native, &piece.command.unwrap_or_default())?;
                let sent = native.bridge.send(about, channel, &piece.bytes);
                sent.map_err(|error| strange(&error))?;
            }
            state.hears(request);
        }
        self.passed_on(shell);
        Ok(())
    }

    /// Waits for what the engine says of a pipeline, or of its pool, and gives it.
    async fn receive_from_native(&self, wanted: Wanted<'_>) -> Result<Answer, Fault> {
        let shell = wanted.shell;
        let workers = of_shell(self, shell)?;
        let mut changes = shell.changes();
        let turn = {
            let mut state = shell.state();
            let native = native(&mut state)?;
            about(native, wanted.command)?;
            native.asked(wanted.command)
        };
        // Whoever asked before hears that somebody else does now.
        shell.tell();
        changes.mark_unchanged();
        let room = budget(wanted.envelope, MOST);
        let most = self.config.remoting.buffer_bytes / 2;
        loop {
            self.listen_to_native(shell).await?;
            let (given, is_over, worker, read_to) = {
                let mut state = shell.state();
                let native = native(&mut state)?;
                let about = about(native, wanted.command)?;
                native.bridge.make_room(about, most);
                let given = native.bridge.give(about, wanted.request, room);
                let is_over = native.bridge.is_over();
                (given, is_over, native.worker(), native.read_to)
            };
            self.release(shell, &workers, given.is_some());
            if let Some(given) = given {
                let command = Some(wanted.command).filter(|command| !command.is_empty());
                let exit = (given.is_end && command.is_some()).then_some(0);
                if command.is_some() || !given.bytes.is_empty() {
                    return Ok(received(command, given.bytes, exit));
                }
            }
            if is_over {
                return Err(gone(&mut shell.state()));
            }
            tokio::select! {
                _ = workers.wait(worker, Stream::Out, read_to) => {}
                _ = changes.changed() => still_wanted(&wanted, turn)?,
                () = tokio::time::sleep_until(wanted.until) => return Err(Kind::TimedOut.fault()),
            }
        }
    }

    /// Writes a session down if that `matters`, or if something is needed no more that its engine said:
    /// the keeper can let go of that then.
    fn release(&self, shell: &Shell, workers: &Workers, matters: bool) {
        let (worker, needs, read_err, is_more) = {
            let mut state = shell.state();
            let Some(native) = &mut state.native else {
                return;
            };
            let needs = native.bridge.needs();
            let is_more = needs > native.released;
            native.released = native.released.max(needs);
            (native.worker(), needs, native.read_err, is_more)
        };
        if matters || is_more {
            self.keep_shell(shell);
        }
        if is_more {
            workers.acknowledge(worker, Stream::Out, needs);
        }
        workers.acknowledge(worker, Stream::Err, read_err);
    }

    /// Writes a session down whose engine is to be told something, and tells it.
    fn passed_on(&self, shell: &Arc<Shell>) {
        self.keep_shell(shell);
        shell.tell();
        self.drive_native(shell);
    }

    /// Has a session's engine told what it has not been told yet, if there is such an engine.
    pub(in crate::remoting) fn drive_native(&self, shell: &Arc<Shell>) {
        let is_busy = {
            let state = shell.state();
            let native = state.native.as_ref();
            native.is_some_and(|native| native.bridge.is_busy())
        };
        if let Some(workers) = self.workers_of(shell.uid()).filter(|_| is_busy) {
            let (shell, store) = (Arc::clone(shell), self.remoting.store.clone());
            tokio::spawn(async move {
                let turn = shell.turn.lock().await;
                if let Err(error) = drive(&shell, &workers, &store).await {
                    tracing::warn!(shell = shell.id(), %error, "an engine cannot be told anything");
                }
                drop(turn);
            });
        }
    }

    /// Takes what a session's engine has said by now, if it has such an engine.
    pub(in crate::remoting) async fn listen_to_native(
        &self,
        shell: &Arc<Shell>,
    ) -> Result<(), Fault> {
        if shell.state().native.is_none() {
            return Ok(());
        }
        let workers = of_shell(self, shell)?;
        let heard = listen(shell, &workers).await;
        heard.map_err(|error| internal(&error))
    }
}

/// Tells an engine all that it can be told, and waits until it has taken it.
async fn drive(shell: &Shell, workers: &Workers, store: &Store) -> Result<(), KeeperError> {
    let mut changes = shell.changes();
    loop {
        let (worker, written, bytes, read_to) = {
            let mut state = shell.state();
            let closed = state.closed;
            let Some(native) = state.native.as_mut().filter(|_| !closed) else {
                return Ok(());
            };
            let worker = native.worker();
            let written = workers.written(worker);
            native.bridge.wrote(written.unwrap_or_default());
            if !native.bridge.is_busy() {
                return Ok(());
            }
            let waiting = native.bridge.outgoing();
            let bytes = waiting.get(..PIECE).unwrap_or(waiting).to_vec();
            (worker, written, bytes, native.read_to)
        };
        if bytes.is_empty() {
            tokio::select! {
                waited = workers.wait(worker, Stream::Out, read_to) => waited?,
                _ = changes.changed() => {}
            }
            listen(shell, workers).await?;
            continue;
        }
        // A host that takes over has to know of it before the engine does.
        if let Err(error) = store.save(shell) {
            tracing::error!(shell = shell.id(), %error, "a shell cannot be written down");
        }
        let taken = workers.write(worker, &bytes).await?;
        if taken == 0 {
            tokio::time::sleep(PAUSE).await;
        }
        if written.is_none()
            && let Some(native) = &mut shell.state().native
        {
            let all = native.bridge.written() + taken as u64;
            native.bridge.wrote(all);
        }
    }
}

/// Reads what an engine has said, up to its end if it has ended.
async fn listen(shell: &Shell, workers: &Workers) -> Result<(), KeeperError> {
    let exit = {
        let state = shell.state();
        let native = state.native.as_ref();
        native.map(|native| workers.exit(native.worker()))
    };
    while look(shell, workers).await? {}
    if let Some(Some(status)) = exit {
        let mut state = shell.state();
        let program = engines::program(&shell.facts.terms.engine);
        if let Some(native) = &mut state.native {
            let program = program.first().map(String::as_str).unwrap_or_default();
            let status = code(Some(status));
            let mut why = format!("The session's engine {program} has ended with status {status}.");
            let words = native.last_words();
            if !words.is_empty() {
                why.extend([" It said: ", &words]);
            }
            native.bridge.fail(&why);
        }
    }
    Ok(())
}

/// Reads a piece of what an engine has said; whether there may be more.
async fn look(shell: &Shell, workers: &Workers) -> Result<bool, KeeperError> {
    let (worker, from, from_err) = {
        let state = shell.state();
        let Some(native) = state
            .native
            .as_ref()
            .filter(|native| !native.bridge.is_over())
        else {
            return Ok(false);
        };
        let from = native.bridge.next_offset();
        (native.worker(), from, native.read_err)
    };
    let read = match workers.read(worker, Stream::Out, from, PIECE).await {
        Ok(read) => read,
        // It is gone with all that it said.
        Err(KeeperError::Refused(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    let complaint = workers.read(worker, Stream::Err, from_err, PIECE).await;
    let mut state = shell.state();
    let is_dropping = state.buffering == Buffering::Drop;
    let Some(native) = &mut state.native else {
        return Ok(false);
    };
    if let Ok(complaint) = complaint
        && native.read_err == from_err
    {
        native.complains(&complaint.bytes);
        native.read_err = complaint.offset + complaint.bytes.len() as u64;
    }
    if native.bridge.next_offset() != from {
        // Somebody else has read meanwhile.
        return Ok(true);
    }
    native.bridge.hear(read.offset, &read.bytes);
    native.read_to = read.offset + read.bytes.len() as u64;
    if is_dropping {
        native.bridge.shed(MOST);
    }
    Ok(read.bytes.len() >= PIECE)
}

fn native(state: &mut State) -> Result<&mut Native, Fault> {
    state.native.as_mut().ok_or_else(|| Kind::Internal.fault())
}

/// The session's engine, if it lives.
fn living(state: &mut State) -> Result<&mut Native, Fault> {
    if native(state)?.bridge.is_over() {
        return Err(gone(state));
    }
    native(state)
}

fn gone(state: &mut State) -> Fault {
    let words = state.native.as_ref().map(Native::last_words);
    let words = words.unwrap_or_default();
    Kind::Internal.saying(format!("The session's engine has ended. {words}").trim())
}

/// The pipeline of this id; none for no id, which is the pool's.
fn about(native: &Native, id: &str) -> Result<Option<PipelineId>, Fault> {
    if id.is_empty() {
        return Ok(None);
    }
    let number = native.find(&id.to_ascii_uppercase());
    number.map(Some).ok_or_else(|| Kind::NoCommand.fault())
}
