//! Processes of remote shells, which a keeper keeps like sessions but nobody lists.
//!
//! A worker's number says what it is; which shell it belongs to is the shells' own business. What
//! the keeper tells of workers arrives here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winsta_domain::{ExitStatus, SessionId};
use winsta_wire::{
    Adopt, Answer, Buffering, Conduit, Event, SessionReport, Signalled, Spawn, Step, Stream, Verb,
};

use crate::keeper::ledger::{Ledger, Rows};
use crate::keeper::port::{KeeperError, KeeperPort, answer};
use crate::keeper::ring;
use crate::keeper::sink::{Keepsakes, Orphaned, let_go_of_input};

/// Workers have numbers from here on, sessions below.
const FIRST: u32 = 1 << 30;
/// How often a keeper that was lost is asked again, and how long after.
const ATTEMPTS: u32 = 100;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
/// Places of the rings of standard output and error among what is kept of a worker.
const OUT: usize = 1;
const ERR: usize = 2;
/// Number of the signal that nothing survives.
const KILL: u8 = 9;

/// All workers.
pub(crate) struct Workers {
    keeper: Arc<dyn KeeperPort>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u32,
    /// Of the present keeper, if it can be read.
    ledger: Option<Arc<Ledger>>,
    workers: BTreeMap<SessionId, Worker>,
}

#[derive(Debug, Default)]
struct Worker {
    report: Option<Box<SessionReport>>,
    keepsakes: Keepsakes,
    exit: Option<ExitStatus>,
}

impl State {
    /// Reads kept output without the keeper. Only that knows when a program that has ended has
    /// printed its last.
    fn read(&self, id: SessionId, stream: Stream, from: u64, max: usize) -> Option<Piece> {
        let worker = self.workers.get(&id)?;
        if worker.exit.is_some() {
            return None;
        }
        let report = worker.report.as_ref()?;
        let file = match stream {
            Stream::Out => worker.keepsakes.get(OUT)?,
            Stream::Err => worker.keepsakes.get(ERR)?,
        };
        let ledger = self.ledger.as_ref()?;
        let (offset, bytes) = ring::read(ledger, report, file, stream, from, max)?;
        Some(Piece {
            offset,
            bytes,
            finished: false,
        })
    }
}

/// A program to run.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) argv: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// Whether it also gets what its keeper has from the login.
    pub(crate) inherit: bool,
    pub(crate) cwd: String,
    /// Most bytes of output that each of its streams keeps.
    pub(crate) capacity: u64,
    pub(crate) buffering: Buffering,
    /// Most bytes of memory of its own that each of its processes may have.
    pub(crate) memory: Option<u64>,
    /// The shell that it belongs to.
    pub(crate) shell: String,
}

/// A piece of a worker's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Offset of its first byte: more than was asked for if the oldest is lost.
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    /// Whether no more will come behind it.
    pub(crate) finished: bool,
}

impl Workers {
    /// None yet.
    pub(crate) fn new(keeper: Arc<dyn KeeperPort>) -> Self {
        Self {
            keeper,
            state: Mutex::default(),
        }
    }

    /// Their keeper's ledger.
    pub(crate) fn reads_from(&self, ledger: Option<Arc<Ledger>>) {
        self.state().ledger = ledger;
    }

    /// Whether this is the number of a worker.
    pub(crate) fn owns(id: SessionId) -> bool {
        id.0 >= FIRST
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().workers.is_empty()
    }

    /// Their numbers.
    pub(crate) fn ids(&self) -> Vec<SessionId> {
        self.state().workers.keys().copied().collect()
    }

    /// Whether it is there.
    pub(crate) fn has(&self, id: SessionId) -> bool {
        self.state().workers.contains_key(&id)
    }

    /// Starts a program.
    pub(crate) async fn start(&self, job: Job) -> Result<SessionId, KeeperError> {
        let (id, asked) = {
            let mut state = self.state();
            state.last = state.last.max(FIRST).saturating_add(1);
            let id = SessionId(state.last);
            state.workers.insert(id, Worker::default());
            let spawn = Spawn {
                session: id,
                conduit: Conduit::Pipes,
                argv: job.argv,
                arg0: None,
                env: job.env,
                inherit: job.inherit,
                cwd: job.cwd,
                capacity: job.capacity,
                buffering: job.buffering,
                meta: job.shell,
                permit: None,
                memory: job.memory,
            };
            (
                id,
                self.keeper.ask(Verb::Spawn(Box::new(spawn)), Vec::new()),
            )
        };
        match answer(asked).await {
            Ok(_) => Ok(id),
            Err(error) => {
                self.state().workers.remove(&id);
                Err(error)
            }
        }
    }

    /// How its program ended, if it has.
    pub(crate) fn exit(&self, id: SessionId) -> Option<ExitStatus> {
        let state = self.state();
        let known = state.workers.get(&id);
        known.map_or(Some(ExitStatus::Unknown), |worker| worker.exit)
    }

    /// Reads kept output.
    pub(crate) async fn read(
        &self,
        id: SessionId,
        stream: Stream,
        from: u64,
        max: usize,
    ) -> Result<Piece, KeeperError> {
        if let Some(piece) = self.state().read(id, stream, from, max) {
            return Ok(piece);
        }
        let verb = Verb::Read {
            session: id,
            stream,
            from,
            max: u32::try_from(max).unwrap_or(u32::MAX),
        };
        match self.ask(&verb, &[]).await? {
            (
                Answer::Bytes {
                    offset, finished, ..
                },
                bytes,
            ) => Ok(Piece {
                offset,
                bytes,
                finished,
            }),
            _ => Err(KeeperError::Strange),
        }
    }

    /// Waits until there may be output behind `beyond`.
    pub(crate) async fn wait(
        &self,
        id: SessionId,
        stream: Stream,
        beyond: u64,
    ) -> Result<(), KeeperError> {
        let verb = Verb::Await {
            session: id,
            stream,
            beyond,
        };
        self.ask(&verb, &[]).await.map(|_| ())
    }

    /// Process id of its program, once the keeper has told.
    pub(crate) fn leader(&self, id: SessionId) -> Option<u32> {
        let state = self.state();
        let report = state.workers.get(&id)?.report.as_ref();
        report.map(|report| report.leader)
    }

    /// Process ids of its processes.
    pub(crate) async fn members(&self, id: SessionId) -> Result<Vec<u32>, KeeperError> {
        match self.ask(&Verb::Members { session: id }, &[]).await? {
            (Answer::Members(members), _) => Ok(members.iter().map(|member| member.pid).collect()),
            _ => Err(KeeperError::Strange),
        }
    }

    /// Types into it; gives how many bytes were taken.
    pub(crate) async fn write(&self, id: SessionId, bytes: &[u8]) -> Result<usize, KeeperError> {
        let verb = Verb::Write {
            session: id,
            user: true,
        };
        match self.ask(&verb, bytes).await? {
            (Answer::Written { bytes }, _) => {
                let mut state = self.state();
                let worker = state.workers.get_mut(&id);
                let report = worker.and_then(|worker| worker.report.as_mut());
                let written = report.and_then(|report| report.written.as_mut());
                if let Some(written) = written {
                    *written += u64::from(bytes);
                }
                Ok(bytes as usize)
            }
            _ => Err(KeeperError::Strange),
        }
    }

    /// Bytes that were typed into it in all, if its keeper counts them.
    pub(crate) fn written(&self, id: SessionId) -> Option<u64> {
        let state = self.state();
        state.workers.get(&id)?.report.as_ref()?.written
    }

    /// Closes its input, once all that was written is through.
    pub(crate) async fn close_input(&self, id: SessionId) -> Result<(), KeeperError> {
        self.ask(&Verb::CloseInput { session: id }, &[]).await?;
        // The program sees the end when nobody has the other end of the pipe any more.
        if let Some(worker) = self.state().workers.get_mut(&id)
            && let Err(error) = let_go_of_input(&mut worker.keepsakes)
        {
            tracing::error!(%error, "a command's input stays open");
        }
        Ok(())
    }

    /// Sends a signal to its process group.
    pub(crate) fn signal(&self, id: SessionId, signal: u8) {
        self.keeper.post(Verb::Signal {
            session: id,
            signal,
            to: Signalled::Foreground,
        });
    }

    /// Output before `upto` need not be kept any more.
    pub(crate) fn acknowledge(&self, id: SessionId, stream: Stream, upto: u64) {
        self.keeper.post(Verb::Acknowledge {
            session: id,
            stream,
            upto,
        });
    }

    /// Changes what happens when its output is not fetched.
    pub(crate) fn set_buffering(&self, id: SessionId, buffering: Buffering) {
        self.keeper.post(Verb::SetBuffering {
            session: id,
            buffering,
        });
    }

    /// Ends everything of it.
    pub(crate) fn end(&self, id: SessionId) {
        if !self.has(id) {
            return;
        }
        // What nobody will fetch must not hold up its end.
        self.set_buffering(id, Buffering::Drop);
        let step = Step {
            signal: KILL,
            grace_ms: 50,
        };
        self.keeper.post(Verb::End {
            session: id,
            steps: vec![step],
        });
    }

    async fn ask(&self, verb: &Verb, tail: &[u8]) -> Result<(Answer, Vec<u8>), KeeperError> {
        let mut attempts = 0;
        loop {
            match answer(self.keeper.ask(verb.clone(), tail.to_vec())).await {
                // The driver is finding another keeper.
                Err(KeeperError::Lost) if attempts < ATTEMPTS => {
                    attempts += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keeper says that it runs, or has it.
    pub(crate) fn learn(&self, report: &SessionReport, keepsakes: Keepsakes) {
        let mut state = self.state();
        state.last = state.last.max(report.session.0);
        let worker = state.workers.entry(report.session).or_default();
        worker.exit = worker.exit.or(report.exit);
        worker.keepsakes = keepsakes;
        worker.report = Some(Box::new(report.clone()));
    }

    /// The keeper has exactly these.
    pub(crate) fn reconcile(&self, present: impl Fn(SessionId) -> bool) {
        let mut state = self.state();
        let workers = state.workers.iter();
        let lost = workers.filter(|(id, worker)| worker.report.is_some() && !present(**id));
        for id in lost.map(|(id, _)| *id).collect::<Vec<_>>() {
            state.workers.remove(&id);
        }
    }

    /// Something happened to it.
    pub(crate) fn event(&self, id: SessionId, event: &Event) {
        match event {
            Event::Exited { status, .. } => {
                if let Some(worker) = self.state().workers.get_mut(&id) {
                    worker.exit = Some(*status);
                }
            }
            Event::Emptied { left, .. } => {
                if *left > 0 {
                    tracing::warn!(%id, left, "processes of a shell cannot be ended");
                }
                self.keeper.post(Verb::Collect { session: id });
                self.state().workers.remove(&id);
            }
            _ => {}
        }
    }

    /// What a new keeper is to take over.
    pub(crate) fn orphans(&self, ledger: Option<&Ledger>) -> Vec<Orphaned> {
        let state = self.state();
        let slots = state
            .workers
            .values()
            .filter_map(|worker| worker.report.as_deref());
        let most = slots.map(|report| report.slot).max();
        let rows = ledger.zip(most);
        let rows = rows.map_or_else(Rows::default, |(ledger, most)| ledger.snapshot(0..=most));
        let orphans = state.workers.iter().filter_map(|(id, worker)| {
            let report = (**worker.report.as_ref()?).clone();
            let ledger = rows.words(report.slot, *id).unwrap_or_default();
            Some(Orphaned {
                adopt: Adopt { report, ledger },
                keepsakes: worker.keepsakes.clone(),
            })
        });
        orphans.collect()
    }

    /// No keeper has it any more.
    pub(crate) fn lose(&self, id: SessionId) {
        self.state().workers.remove(&id);
    }
}
