//! PSSessions: pipelines of a pool run as commands of bash.

use std::collections::BTreeMap;
use std::sync::Arc;

use winsta_domain::SessionId;
use winsta_psrp::{PipelineId, ProtocolError, Stream as Channel};
use winsta_wire::Stream;
use winsta_wsman::fault::Kind;
use winsta_wsman::request::Piece;
use winsta_wsman::{Answer, CommandState, Fault};

use super::command::{Cursor, Sent};
use super::pipeline::{Pipeline, Room, Then};
use super::pool::Pool;
use super::receive::{Wanted, budget, code, still_wanted};
use super::scan::{Bytes, PIECE, piece};
use super::shell::{Shell, State};
use super::{new_guid, of_shell, worker_id};
use crate::engine::Engine;
use crate::failure::in_words;
use crate::workers::Workers;

/// Number of the signal that interrupts.
pub(super) const INTERRUPT: u8 = 2;

/// Most bytes of fragments in an answer: a piece of text is some times longer as messages.
pub(super) const MOST: usize = 4 * PIECE;

/// What a pipeline has to read next.
#[derive(Clone, Copy)]
struct Reach {
    worker: SessionId,
    from: Cursor,
    /// Up to where each stream is its own.
    out: u64,
    err: u64,
    /// Its exit status, if these are the ends.
    ended: Option<i64>,
    /// Whether its runspace has ended with it.
    left: bool,
    /// Whether more may come without a word of the keeper's.
    draining: bool,
}

/// Pause between looks at the streams of a program that has ended.
const DRAINING: std::time::Duration = std::time::Duration::from_millis(20);

impl Engine {
    /// Begins a pipeline.
    pub(super) async fn run_pipeline(
        &self,
        shell: &Arc<Shell>,
        id: Option<String>,
        opening: &[u8],
    ) -> Result<Answer, Fault> {
        let id = id.map_or_else(new_guid, |id| id.to_ascii_uppercase());
        let number: PipelineId = id.parse().map_err(|_| {
            Kind::Parameter.saying(format!("A pipeline's id is a GUID, and {id:?} is none."))
        })?;
        let most = shell.facts.terms.max_concurrent_commands_per_shell;
        let admit = |pool: &Pool| {
            if pool.pipelines.contains_key(&id) {
                return Err(Kind::CommandExists.fault());
            }
            let open = pool.pipelines.values().filter(|other| !other.is_heard());
            if open.count() >= most as usize {
                return Err(Kind::Commands.fault());
            }
            Ok(())
        };
        // One that is there already is told so, however full the shell is.
        admit(pool(&mut shell.state())?)?;
        if let Some(workers) = self.workers_of(shell.uid()) {
            self.has_room(shell, &workers).await?;
        }
        {
            let mut state = shell.state();
            let pool = pool(&mut state)?;
            pool.pipelines.values_mut().for_each(Pipeline::pass);
            admit(pool)?;
            let pipeline = Pipeline::open(&pool.machine, number, opening);
            pool.pipelines
                .insert(id.clone(), pipeline.map_err(|error| strange(&error))?);
        }
        self.begin_if_ready(shell, &id).await?;
        self.keep_shell(shell);
        Ok(Answer::Command { id })
    }

    /// Takes what came for a pool or its pipelines by the request of this number, once.
    pub(super) async fn hear_pieces(
        &self,
        shell: &Arc<Shell>,
        request: &str,
        pieces: Vec<Piece>,
    ) -> Result<(), Fault> {
        let concerned = self.hear_all(shell, request, pieces)?;
        for id in concerned {
            self.begin_if_ready(shell, &id).await?;
        }
        self.keep_shell(shell);
        shell.tell();
        Ok(())
    }

    /// Gives the pipelines that something came for.
    fn hear_all(
        &self,
        shell: &Shell,
        request: &str,
        pieces: Vec<Piece>,
    ) -> Result<Vec<String>, Fault> {
        let mut concerned = Vec::new();
        let mut state = shell.state();
        if state.has_heard(request) {
            return Ok(concerned);
        }
        let pool = pool(&mut state)?;
        for piece in pieces {
            let channel = match piece.stream.as_str() {
                "pr" => Channel::PromptResponse,
                _ => Channel::Default,
            };
            let id = piece.command.map(|id| id.to_ascii_uppercase());
            let heard = match &id {
                None => pool.hear(channel, &piece.bytes),
                Some(id) => {
                    let pipeline = pool.pipelines.get_mut(id);
                    let pipeline = pipeline.ok_or_else(|| Kind::NoCommand.fault())?;
                    pipeline.hear(channel, &piece.bytes)
                }
            };
            heard.map_err(|error| strange(&error))?;
            concerned.extend(id);
        }
        if let Some(workers) = self.workers_of(shell.uid()) {
            for worker in pool.dismissed.drain(..) {
                workers.end(worker);
            }
        }
        state.hears(request);
        Ok(concerned)
    }

    /// Waits for what the pool itself has to say.
    pub(super) async fn receive_from_pool(&self, wanted: Wanted<'_>) -> Result<Answer, Fault> {
        let mut changes = wanted.shell.changes();
        loop {
            let said = {
                let mut state = wanted.shell.state();
                pool(&mut state)?.said(wanted.request)
            };
            if let Some(bytes) = said {
                self.keep_shell(wanted.shell);
                return Ok(received(None, bytes, None));
            }
            tokio::select! {
                _ = changes.changed() => {
                    let now = crate::clock::now();
                    let state = wanted.shell.state();
                    if state.closed {
                        return Err(Kind::NoShell.fault());
                    }
                    if !state.machine.is_connected(now) {
                        return Err(Kind::Disconnected.fault());
                    }
                }
                () = tokio::time::sleep_until(wanted.until) => return Err(Kind::TimedOut.fault()),
            }
        }
    }

    /// Waits for output of a pipeline, and gives what there is.
    pub(super) async fn receive_from_pipeline(&self, wanted: Wanted<'_>) -> Result<Answer, Fault> {
        let mut changes = wanted.shell.changes();
        let (limit, turn) = {
            let mut state = wanted.shell.state();
            let pipeline = pipeline(&mut state, wanted.command)?;
            if let Some((request, bytes)) = &pipeline.last
                && request == wanted.request
            {
                return Ok(received(Some(wanted.command), bytes.clone(), pipeline.exit));
            }
            let ended = pipeline.exit.is_some();
            let limit = pipeline.asked(wanted.request);
            if ended && limit.is_none() && pipeline.machine.pending() == 0 {
                return Ok(received(Some(wanted.command), Vec::new(), pipeline.exit));
            }
            (limit, pipeline.receivers)
        };
        wanted.shell.tell();
        changes.mark_unchanged();
        let room = Room {
            bytes: budget(wanted.envelope, MOST),
            together: wanted.together,
        };
        loop {
            let reach = self.reach(&wanted, limit).await?;
            if let Some(answer) = self.answer_pipeline(&wanted, reach, room).await? {
                return Ok(answer);
            }
            let waiting = async {
                match (reach, self.workers_of(wanted.shell.uid())) {
                    (Some(reach), _) if reach.draining => tokio::time::sleep(DRAINING).await,
                    (Some(reach), Some(workers)) => {
                        tokio::select! {
                            _ = workers.wait(reach.worker, Stream::Out, reach.out) => {}
                            _ = workers.wait(reach.worker, Stream::Err, reach.err) => {}
                        }
                    }
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                () = waiting => {}
                _ = changes.changed() => still_wanted(&wanted, turn)?,
                () = tokio::time::sleep_until(wanted.until) => return Err(Kind::TimedOut.fault()),
            }
        }
    }

    /// What a pipeline can read now; `None` while it has not begun, or its runspace works on
    /// another.
    async fn reach(
        &self,
        wanted: &Wanted<'_>,
        limit: Option<Cursor>,
    ) -> Result<Option<Reach>, Fault> {
        let Some(workers) = self.workers_of(wanted.shell.uid()) else {
            return Ok(None);
        };
        // First whether they have ended, then what they printed until then.
        let exits = exits(wanted.shell, &workers)?;
        self.look_everywhere(wanted.shell, &workers).await?;
        let mut state = wanted.shell.state();
        let pool = pool(&mut state)?;
        let known = pool.pipelines.get_mut(wanted.command);
        let known = known.ok_or_else(|| Kind::NoCommand.fault())?;
        let Some((place, number)) = known.at else {
            return Ok(None);
        };
        let Some(runspace) = pool.runspaces.get_mut(&place) else {
            // It is lost with all that it printed.
            return Ok(Some(Reach {
                worker: worker_id(0),
                from: Cursor::default(),
                out: 0,
                err: 0,
                ended: Some(code(None)),
                left: false,
                draining: false,
            }));
        };
        let exit = exits.get(&place).copied().flatten();
        let draining = exit.is_some() && runspace.is_draining();
        let exit = exit.filter(|_| !draining);
        let (Some(out), Some(err)) = (runspace.out.begin(number), runspace.err.begin(number))
        else {
            // Others are before it.
            let (out, err) = (runspace.out.scanned, runspace.err.scanned);
            return Ok(Some(Reach {
                worker: worker_id(runspace.worker),
                from: Cursor { out, err },
                out,
                err,
                ended: exit,
                left: exit.is_some(),
                draining,
            }));
        };
        let from = known.has.unwrap_or(Cursor { out, err });
        let worker = worker_id(runspace.worker);
        let marks = (runspace.out.of(number), runspace.err.of(number));
        let mut reach = Reach {
            worker,
            from,
            out: marks.0.map_or(runspace.out.scanned, |mark| mark.begin),
            err: marks.1.map_or(runspace.err.scanned, |mark| mark.begin),
            ended: marks.0.zip(marks.1).map(|(mark, _)| mark.status),
            left: false,
            draining,
        };
        reach.left = reach.ended.is_none() && exit.is_some();
        reach.ended = reach.ended.or(exit);
        if let Some(limit) = limit {
            let is_end = limit.out == reach.out && limit.err == reach.err;
            reach.ended = reach.ended.filter(|_| is_end);
            (reach.out, reach.err) = (limit.out, limit.err);
        }
        Ok(Some(reach))
    }

    /// The answer, if there is something to say.
    async fn answer_pipeline(
        &self,
        wanted: &Wanted<'_>,
        reach: Option<Reach>,
        room: Room,
    ) -> Result<Option<Answer>, Fault> {
        let mut read = <(Bytes, Bytes)>::default();
        if let Some(reach) = reach {
            let workers = of_shell(self, wanted.shell)?;
            let out = piece(
                &workers,
                reach.worker,
                Stream::Out,
                reach.from.out,
                reach.out,
            )
            .await?;
            let err = piece(
                &workers,
                reach.worker,
                Stream::Err,
                reach.from.err,
                reach.err,
            )
            .await?;
            read = (out, err);
        }
        let (bytes, exit) = {
            let mut state = wanted.shell.state();
            let pipeline = pipeline(&mut state, wanted.command)?;
            if let Some(reach) = reach {
                let mut to = reach.from;
                for (is_error, text, from, upto) in [
                    (false, &read.0, &mut to.out, reach.out),
                    (true, &read.1, &mut to.err, reach.err),
                ] {
                    let (offset, text) = text;
                    // What was dropped before it was fetched is passed over.
                    *from = (*from).max(*offset);
                    let is_last = *from + text.len() as u64 == upto;
                    // A line longer than what is read at once goes in parts.
                    let too_long = text.len() >= PIECE && !text.contains(&b'\n');
                    let then = match reach.ended {
                        Some(_) if is_last && reach.left => Then::Exit,
                        Some(_) if is_last => Then::Mark,
                        _ if too_long => Then::Cut,
                        _ => Then::More,
                    };
                    *from += pipeline.give(text, is_error, then, room) as u64;
                }
                if let Some(status) = reach.ended
                    && (to.out, to.err) == (reach.out, reach.err)
                    && pipeline.exit.is_none()
                {
                    if reach.left {
                        pipeline.leave(status);
                    } else {
                        pipeline.end(status);
                    }
                }
                if pipeline.machine.pending() > 0 {
                    pipeline.has.get_or_insert(reach.from);
                    pipeline.sent = Some(Sent {
                        request: wanted.request.to_owned(),
                        to,
                    });
                }
            }
            let bytes = pipeline.take();
            if bytes.is_empty() {
                return Ok(None);
            }
            pipeline.last = Some((wanted.request.to_owned(), bytes.clone()));
            (bytes, pipeline.exit)
        };
        self.keep_shell(wanted.shell);
        Ok(Some(received(Some(wanted.command), bytes, exit)))
    }
}

/// How the programs of a pool's runspaces have ended, if they have.
fn exits(shell: &Shell, workers: &Workers) -> Result<BTreeMap<u32, Option<i64>>, Fault> {
    let mut state = shell.state();
    let runspaces = pool(&mut state)?.runspaces.iter();
    let exits = runspaces.map(|(place, runspace)| {
        let exit = workers.exit(worker_id(runspace.worker));
        (*place, exit.map(|status| code(Some(status))))
    });
    Ok(exits.collect())
}

/// The pool of a shell of PowerShell's kind.
pub(super) fn pool(state: &mut State) -> Result<&mut Pool, Fault> {
    let pool = state.pool.as_mut();
    pool.ok_or_else(|| Kind::Parameter.saying("This is a command shell, and has no runspaces."))
}

pub(super) fn pipeline<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Pipeline, Fault> {
    let pipeline = pool(state)?.pipelines.get_mut(id);
    pipeline.ok_or_else(|| Kind::NoCommand.fault())
}

pub(super) fn received(command: Option<&str>, bytes: Vec<u8>, exit: Option<i64>) -> Answer {
    let command = command.map(str::to_owned);
    let piece = (!bytes.is_empty()).then(|| Piece {
        stream: "stdout".to_owned(),
        command: command.clone(),
        end: false,
        bytes,
    });
    let state = command
        .zip(exit)
        .map(|(command, code)| CommandState::done(command, code));
    Answer::Received {
        streams: piece.into_iter().collect(),
        state,
    }
}

/// A client that does not keep to the protocol.
pub(super) fn strange(error: &ProtocolError) -> Fault {
    Kind::Parameter.saying(in_words(error))
}
