//! Output of commands for their clients.

use std::sync::Arc;

use tokio::time::Instant;
use winsta_domain::{ExitStatus, SessionId};
use winsta_wire::{Buffering, Stream};
use winsta_wsman::fault::Kind;
use winsta_wsman::request::Piece;
use winsta_wsman::{Answer, CommandState, Fault};

use super::command::{Cursor, Sent};
use super::shell::Shell;
use super::{of_shell, worker_id};
use crate::engine::Engine;
use crate::keeper::port::KeeperError;
use crate::workers::Workers;

/// Bytes that are asked for of one stream at once.
const PIECE: usize = 256 << 10;
/// Bytes of a reply beside the output.
const AROUND: u64 = 4 << 10;

/// A request for output.
pub(super) struct Wanted<'a> {
    pub(super) shell: &'a Arc<Shell>,
    pub(super) command: &'a str,
    /// Number of the request.
    pub(super) request: &'a str,
    /// Most bytes that the reply may have.
    pub(super) envelope: u64,
    /// Whether lines may come several in one text.
    pub(super) together: bool,
    /// Until when it may wait.
    pub(super) until: Instant,
}

/// What was read.
#[derive(Default)]
struct Got {
    out: Vec<u8>,
    err: Vec<u8>,
    to: Cursor,
    done: bool,
}

impl Engine {
    /// Waits for output of a command, and gives what there is.
    pub(super) async fn receive(&self, wanted: Wanted<'_>) -> Result<Answer, Fault> {
        let workers = of_shell(self, wanted.shell)?;
        let mut changes = wanted.shell.changes();
        let (worker, from, upto, turn) = {
            let mut state = wanted.shell.state();
            let command = state.commands.get_mut(wanted.command);
            let command = command.ok_or_else(|| Kind::NoCommand.fault())?;
            let (from, upto) = command.asked(wanted.request);
            (worker_id(command.worker), from, upto, command.receivers)
        };
        // Whoever asked before hears that somebody else does now.
        wanted.shell.tell();
        changes.mark_unchanged();
        if upto.is_none() {
            workers.acknowledge(worker, Stream::Out, from.out);
            workers.acknowledge(worker, Stream::Err, from.err);
        }
        let budget = wanted.envelope.saturating_sub(AROUND) / 4 * 3;
        let budget = usize::try_from(budget)
            .unwrap_or(usize::MAX)
            .clamp(1_024, PIECE);
        loop {
            let got = read_some(&workers, worker, from, upto, budget).await;
            let got = got.map_err(|error| internal(&error))?;
            if !got.out.is_empty() || !got.err.is_empty() || got.done {
                return self.hand_over(&wanted, workers.exit(worker), from, got);
            }
            tokio::select! {
                // Output, or the end: look again. An error shows in the next reading.
                _ = workers.wait(worker, Stream::Out, from.out) => {}
                _ = workers.wait(worker, Stream::Err, from.err) => {}
                _ = changes.changed() => still_wanted(&wanted, turn)?,
                () = tokio::time::sleep_until(wanted.until) => return Err(Kind::TimedOut.fault()),
            }
        }
    }

    /// Makes the answer, and writes down that it was given.
    fn hand_over(
        &self,
        wanted: &Wanted<'_>,
        exit: Option<ExitStatus>,
        from: Cursor,
        got: Got,
    ) -> Result<Answer, Fault> {
        let buffering = {
            let mut state = wanted.shell.state();
            let command = state.commands.get_mut(wanted.command);
            let command = command.ok_or_else(|| Kind::NoCommand.fault())?;
            command.sent = Some(Sent {
                request: wanted.request.to_owned(),
                to: got.to,
            });
            state.buffering
        };
        if got.to != from {
            self.keep_shell(wanted.shell);
        }
        if buffering == Buffering::Drop && got.to.out > from.out + got.out.len() as u64 {
            tracing::debug!(
                command = wanted.command,
                "output was lost before it was fetched"
            );
        }
        let piece = |stream: &str, bytes: Vec<u8>| {
            let command = Some(wanted.command.to_owned());
            let stream = stream.to_owned();
            (!bytes.is_empty() || got.done).then_some(Piece {
                stream,
                command,
                end: got.done,
                bytes,
            })
        };
        let streams = piece("stdout", got.out)
            .into_iter()
            .chain(piece("stderr", got.err));
        let command = wanted.command.to_owned();
        let state = if got.done {
            CommandState::done(command, code(exit))
        } else {
            CommandState::running(command)
        };
        Ok(Answer::Received {
            streams: streams.collect(),
            state: Some(state),
        })
    }
}

async fn read_some(
    workers: &Workers,
    worker: SessionId,
    from: Cursor,
    upto: Option<Cursor>,
    budget: usize,
) -> Result<Got, KeeperError> {
    let room = |from: u64, upto: Option<u64>, budget: usize| match upto {
        Some(upto) => usize::try_from(upto.saturating_sub(from)).unwrap_or(budget),
        None => budget,
    };
    let most = room(from.out, upto.map(|to| to.out), budget);
    let out = workers.read(worker, Stream::Out, from.out, most).await?;
    let left = budget.saturating_sub(out.bytes.len());
    let most = room(from.err, upto.map(|to| to.err), left);
    let err = workers.read(worker, Stream::Err, from.err, most).await?;
    let to = Cursor {
        out: out.offset + out.bytes.len() as u64,
        err: err.offset + err.bytes.len() as u64,
    };
    Ok(Got {
        done: out.finished && err.finished,
        out: out.bytes,
        err: err.bytes,
        to,
    })
}

/// How many bytes of streams fit into an envelope of this size, at most `most`.
pub(super) fn budget(envelope: u64, most: usize) -> usize {
    let room = envelope.saturating_sub(AROUND) / 4 * 3;
    usize::try_from(room).unwrap_or(most).clamp(1_024, most)
}

/// Whether a request that waits is to wait on.
pub(super) fn still_wanted(wanted: &Wanted<'_>, turn: u64) -> Result<(), Fault> {
    let now = crate::clock::now();
    let state = wanted.shell.state();
    if state.closed {
        return Err(Kind::NoShell.fault());
    }
    let Some(receivers) = state.receivers(wanted.command) else {
        return Err(Kind::NoCommand.fault());
    };
    if receivers != turn {
        return Err(Kind::ReceiveInProgress.fault());
    }
    if !state.machine.is_connected(now) {
        return Err(Kind::Disconnected.fault());
    }
    Ok(())
}

/// The exit code as clients know it; of a program that was ended by a signal, as shells have it.
pub(super) fn code(status: Option<ExitStatus>) -> i64 {
    match status {
        Some(ExitStatus::Code(code)) => i64::from(code),
        Some(ExitStatus::Signal(signal)) => 128 + i64::from(signal),
        Some(ExitStatus::Unknown) | None => 255,
    }
}

pub(super) fn internal(error: &KeeperError) -> Fault {
    Kind::Internal.saying(format!("the command's output cannot be read: {error}"))
}
