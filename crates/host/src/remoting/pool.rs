//! The PowerShell side of a shell: a runspace pool with its runspaces and pipelines.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use winsta_domain::SessionId;
use winsta_psrp::message::Availability;
use winsta_psrp::server::{PoolConfig, PoolEvent, PoolSnapshot, RunspacePool};
use winsta_psrp::{CallId, ProtocolError, Stream};
use winsta_wire::Stream as Output;

use super::command::Cursor;
use super::pipeline::{Pipeline, SavedPipeline};
use super::runspace::Runspace;
use super::worker_id;
use crate::workers::Workers;

/// Most runspaces of a pool.
const MAX_RUNSPACES: i32 = 64;

/// A pool.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) machine: RunspacePool,
    /// Runspaces by their place; one that ended is gone.
    pub(super) runspaces: BTreeMap<u32, Runspace>,
    pub(super) pipelines: BTreeMap<String, Pipeline>,
    /// Workers of runspaces that were given up, to be ended.
    pub(super) dismissed: Vec<SessionId>,
    /// Commands of workers that nobody wants any more, and that have not begun.
    pub(super) unwanted: Vec<(SessionId, u32)>,
    /// Fragments of the pool's own that wait for its client.
    outgoing: Vec<u8>,
    /// What was sent last, and by which request it was asked for.
    sent: Option<(String, Vec<u8>)>,
}

/// A pool as it is written down.
#[derive(Serialize, Deserialize)]
struct Saved {
    machine: PoolSnapshot,
    runspaces: BTreeMap<u32, Runspace>,
    pipelines: BTreeMap<String, SavedPipeline>,
    outgoing: Vec<u8>,
    sent: Option<(String, Vec<u8>)>,
}

fn config() -> PoolConfig {
    PoolConfig {
        max_runspaces: MAX_RUNSPACES,
        ..PoolConfig::default()
    }
}

impl Pool {
    /// A pool whose client opens it with these messages.
    pub(super) fn open(opening: &[u8]) -> Result<Self, ProtocolError> {
        let mut pool = Self {
            machine: RunspacePool::new(config()),
            runspaces: BTreeMap::new(),
            pipelines: BTreeMap::new(),
            dismissed: Vec::new(),
            unwanted: Vec::new(),
            outgoing: Vec::new(),
            sent: None,
        };
        pool.hear(Stream::Default, opening)?;
        Ok(pool)
    }

    /// Takes what came for the pool itself.
    pub(super) fn hear(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), ProtocolError> {
        self.machine.handle(stream, bytes)?;
        while let Some(event) = self.machine.poll_event() {
            match event {
                PoolEvent::Opening(_) => self.machine.open(),
                PoolEvent::GetAvailable(call) => {
                    let free = self.free();
                    self.machine.answer(call, Availability::Free(free));
                }
                PoolEvent::Reset(call) => self.reset(call),
                PoolEvent::Runspaces { .. }
                | PoolEvent::HostResponse(_)
                | PoolEvent::PipelineHostResponse(..)
                | PoolEvent::KeyExchanged => {}
            }
        }
        self.gather();
        Ok(())
    }

    /// Another client takes the pool; gives what it has to hear at once.
    pub(super) fn connect(&mut self, opening: &[u8]) -> Result<Vec<u8>, ProtocolError> {
        self.outgoing.clear();
        self.sent = None;
        let answer = self.machine.connect(opening)?;
        for pipeline in self.pipelines.values_mut() {
            pipeline.begin_again(&self.machine);
        }
        self.gather();
        Ok(answer)
    }

    fn gather(&mut self) {
        while let Some(bytes) = self.machine.take(usize::MAX) {
            self.outgoing.extend(bytes);
        }
    }

    /// What the pool itself has to say to the request of this number.
    pub(super) fn said(&mut self, request: &str) -> Option<Vec<u8>> {
        if let Some((before, bytes)) = &self.sent
            && before == request
        {
            return Some(bytes.clone());
        }
        if self.outgoing.is_empty() {
            return None;
        }
        let bytes = std::mem::take(&mut self.outgoing);
        self.sent = Some((request.to_owned(), bytes.clone()));
        Some(bytes)
    }

    /// Workers of its runspaces.
    pub(super) fn workers(&self) -> impl Iterator<Item = SessionId> {
        self.runspaces
            .values()
            .map(|runspace| worker_id(runspace.worker))
    }

    /// The worker in which a pipeline runs at the moment and its number there, as far as the
    /// worker's streams were looked at.
    pub(super) fn runs(&self, id: &str) -> Option<(SessionId, u32)> {
        let (place, number) = self.pipelines.get(id)?.at?;
        let worker = worker_id(self.runspaces.get(&place)?.worker);
        self.is_at(worker, number).then_some((worker, number))
    }

    /// Forgets a pipeline. If it was told to run and has not begun, it is interrupted when it does.
    pub(super) fn give_up(&mut self, id: &str) {
        let Some(pipeline) = self.pipelines.remove(id) else {
            return;
        };
        if let Some((place, number)) = pipeline.at
            && pipeline.is_to_interrupt()
            && let Some(runspace) = self.runspaces.get(&place)
            && number <= runspace.last
            && runspace.out.of(number).is_none()
        {
            self.unwanted.push((worker_id(runspace.worker), number));
        }
    }

    /// Commands to interrupt now: their turn came after somebody had wanted them to stop.
    pub(super) fn due(&mut self) -> Vec<(SessionId, u32)> {
        let unwanted = std::mem::take(&mut self.unwanted);
        let (mut due, later): (Vec<_>, _) = unwanted
            .into_iter()
            .partition(|(worker, number)| self.is_at(*worker, *number));
        self.unwanted = later;
        self.unwanted.retain(|(worker, number)| {
            let mut runspaces = self.runspaces.values();
            let own = runspaces.find(|runspace| worker_id(runspace.worker) == *worker);
            own.is_some_and(|runspace| runspace.out.begin(*number).is_none())
        });
        let stopping = self.pipelines.iter();
        let stopping = stopping.filter(|(_, pipeline)| pipeline.is_to_interrupt());
        let begun: Vec<_> = stopping
            .filter_map(|(id, _)| Some((id.clone(), self.runs(id)?)))
            .collect();
        for (id, command) in begun {
            due.push(command);
            if let Some(pipeline) = self.pipelines.get_mut(&id) {
                pipeline.interrupted();
            }
        }
        due
    }

    /// Whether a worker has come to its command of this number, and not behind it.
    pub(super) fn is_at(&self, worker: SessionId, number: u32) -> bool {
        let mut runspaces = self.runspaces.values();
        let runspace = runspaces.find(|runspace| worker_id(runspace.worker) == worker);
        runspace.is_some_and(|runspace| {
            runspace.out.begin(number).is_some() && runspace.out.of(number).is_none()
        })
    }

    /// Runspaces in which a pipeline could begin at once.
    fn free(&self) -> i64 {
        let busy = self
            .runspaces
            .values()
            .filter(|runspace| !runspace.is_free())
            .count();
        let (_, most) = self.machine.runspaces();
        i64::from(most) - i64::try_from(busy).unwrap_or(i64::MAX)
    }

    /// Gives up all runspaces that have nothing to do: the next pipeline begins in a new one.
    fn reset(&mut self, call: CallId) {
        let all_free = self.runspaces.values().all(Runspace::is_free);
        if all_free {
            self.dismissed.extend(self.workers().collect::<Vec<_>>());
            self.runspaces.clear();
        }
        self.machine.answer(call, Availability::Done(all_free));
    }

    /// The place of a runspace for the next pipeline: a free one, a new one, or the one that has
    /// been given the least.
    pub(super) fn place(&self) -> Place {
        let living = || {
            self.runspaces
                .iter()
                .filter(|(_, runspace)| !runspace.ended)
        };
        if let Some((place, _)) = living().find(|(_, runspace)| runspace.is_free()) {
            return Place::Old(*place);
        }
        let (_, most) = self.machine.runspaces();
        let quietest = living().min_by_key(|(_, runspace)| runspace.last);
        match quietest {
            Some((place, _)) if living().count() >= usize::try_from(most).unwrap_or(1) => {
                Place::Old(*place)
            }
            _ => {
                let last = self.runspaces.keys().next_back();
                Place::New(last.map_or(0, |last| last + 1))
            }
        }
    }

    /// Has the keeper let go of what no pipeline in a runspace needs, and forgets the runspace if
    /// it has ended and none needs it.
    pub(super) fn release(&mut self, place: u32, workers: &Workers) {
        let Some(runspace) = self.runspaces.get_mut(&place) else {
            return;
        };
        let own = self.pipelines.values();
        let own = own.filter_map(|pipeline| {
            let (at, number) = pipeline.at?;
            (at == place && !pipeline.is_heard()).then_some((number, pipeline.has))
        });
        let first = own.min_by_key(|(number, _)| *number);
        let worker = worker_id(runspace.worker);
        runspace.ended = workers.exit(worker).is_some();
        if runspace.ended && first.is_none() {
            workers.end(worker);
            self.runspaces.remove(&place);
            return;
        }
        let (number, has) = first.unwrap_or((runspace.last + 1, None));
        let need = has.unwrap_or(Cursor {
            out: runspace.out.begin(number).unwrap_or(runspace.out.scanned),
            err: runspace.err.begin(number).unwrap_or(runspace.err.scanned),
        });
        runspace.out.forget_before(number);
        runspace.err.forget_before(number);
        if need != runspace.released {
            workers.acknowledge(worker, Output::Out, need.out);
            workers.acknowledge(worker, Output::Err, need.err);
            runspace.released = need;
        }
    }
}

/// Where a pipeline is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a runspace that is there.
    Old(u32),
    /// In one that has to be started.
    New(u32),
}

impl Serialize for Pool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pipelines = self.pipelines.iter();
        let pipelines = pipelines.map(|(id, pipeline)| (id.clone(), pipeline.saved()));
        let saved = Saved {
            machine: self.machine.snapshot(),
            runspaces: self.runspaces.clone(),
            pipelines: pipelines.collect(),
            outgoing: self.outgoing.clone(),
            sent: self.sent.clone(),
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::deserialize(deserializer)?;
        let machine = RunspacePool::restore(saved.machine, config());
        let machine = machine.map_err(serde::de::Error::custom)?;
        let pipelines = saved.pipelines.into_iter();
        let pipelines = pipelines.map(|(id, saved)| (id, Pipeline::restore(&machine, saved)));
        Ok(Self {
            pipelines: pipelines.collect(),
            runspaces: saved.runspaces,
            dismissed: Vec::new(),
            unwanted: Vec::new(),
            outgoing: saved.outgoing,
            sent: saved.sent,
            machine,
        })
    }
}
