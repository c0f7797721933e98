//! A session whose engine speaks PowerShell remoting itself, as its host keeps it.

mod requests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use winsta_domain::SessionId;
use winsta_psrp::bridge::Bridge;
use winsta_psrp::{PipelineId, ProtocolError};

use super::worker_id;

/// Bytes of what an engine writes to its standard error that are remembered.
const COMPLAINT: usize = 2 << 10;

/// The engine, and what is between it and its client.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Native {
    worker: u32,
    pub(super) bridge: Bridge,
    /// Its pipelines by the ids that its client gave them, in capitals.
    pipelines: BTreeMap<String, PipelineId>,
    /// How often output of each was asked for; of the pool by an empty id.
    #[serde(skip)]
    receivers: BTreeMap<String, u64>,
    /// Up to where its output was read, lines that are not whole included.
    #[serde(skip)]
    pub(super) read_to: u64,
    /// Up to where its standard error was read.
    #[serde(skip)]
    pub(super) read_err: u64,
    /// The end of that.
    #[serde(skip)]
    complaint: Vec<u8>,
    /// Up to where the keeper was told to forget its output.
    #[serde(skip)]
    pub(super) released: u64,
}

impl Native {
    /// An engine that is about to be started, for a client that opens a pool with this.
    pub(super) fn opened(opening: &[u8]) -> Result<Self, ProtocolError> {
        Ok(Self {
            worker: 0,
            bridge: Bridge::open(opening)?,
            pipelines: BTreeMap::new(),
            receivers: BTreeMap::new(),
            read_to: 0,
            read_err: 0,
            complaint: Vec::new(),
            released: 0,
        })
    }

    /// It was started as this worker.
    pub(super) fn is(&mut self, worker: SessionId) {
        self.worker = worker.0;
    }

    /// The engine's worker.
    pub(super) fn worker(&self) -> SessionId {
        worker_id(self.worker)
    }

    /// Ids of its pipelines, and whether each has ended.
    pub(super) fn pipelines(&self) -> impl Iterator<Item = (&str, bool)> {
        let all = self.pipelines.iter();
        all.map(|(id, number)| (id.as_str(), self.bridge.has_ended(*number)))
    }

    /// How many of its pipelines are to run on.
    pub(super) fn open(&self) -> usize {
        let all = self.pipelines.values();
        all.filter(|number| self.bridge.is_open(**number)).count()
    }

    /// The pipeline of this id.
    pub(super) fn find(&self, id: &str) -> Option<PipelineId> {
        self.pipelines.get(id).copied()
    }

    /// Begins a pipeline.
    pub(super) fn begin(
        &mut self,
        id: String,
        number: PipelineId,
        opening: &[u8],
    ) -> Result<(), ProtocolError> {
        let number = self.bridge.begin(number, opening)?;
        self.pipelines.insert(id, number);
        Ok(())
    }

    /// Forgets a pipeline.
    pub(super) fn end(&mut self, id: &str) {
        self.receivers.remove(id);
        if let Some(number) = self.pipelines.remove(id) {
            self.bridge.end(number);
        }
    }

    /// Somebody asks for output: gives the number of their turn.
    pub(super) fn asked(&mut self, id: &str) -> u64 {
        let count = self.receivers.entry(id.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// How often output was asked for.
    pub(super) fn receivers(&self, id: &str) -> Option<u64> {
        let is_there = id.is_empty() || self.pipelines.contains_key(id);
        is_there.then(|| self.receivers.get(id).copied().unwrap_or_default())
    }

    /// Takes what the engine wrote to its standard error.
    pub(super) fn complains(&mut self, bytes: &[u8]) {
        self.complaint.extend_from_slice(bytes);
        let old = self.complaint.len().saturating_sub(COMPLAINT);
        self.complaint.drain(..old);
    }

    /// Its last words.
    pub(super) fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.complaint);
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        last.unwrap_or_default().trim().to_owned()
    }
}
