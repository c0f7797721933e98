//! An engine at the other end of a bridge, and who carries the bytes.

use std::collections::BTreeMap;

use uuid::Uuid;
use winsta_psrp::bridge::{Bridge, Given};
use winsta_psrp::client::{self, PoolOptions};
use winsta_psrp::message::{CreatePipeline, PowerShell};
use winsta_psrp::packet::{Front, Packet, What};
use winsta_psrp::server::{Pipeline, PipelineEvent, PoolConfig, PoolEvent, RunspacePool};
use winsta_psrp::{PipelineId, PoolId, Sizes, Stream};

/// As small as fragments can reasonably be, so that messages have several.
const FRAGMENT: usize = 120;

pub(crate) fn pipeline_id(number: u128) -> PipelineId {
    PipelineId(Uuid::from_u128(number))
}

/// An engine, all that it has said, and the bridge to it.
pub(crate) struct World {
    pub(crate) bridge: Bridge,
    pool: RunspacePool,
    pub(crate) pipelines: BTreeMap<PipelineId, Pipeline>,
    /// What each pipeline was told to run.
    pub(crate) scripts: BTreeMap<PipelineId, String>,
    pub(crate) closed: Vec<PipelineId>,
    pub(crate) signalled: Vec<PipelineId>,
    /// Its input that is no whole line, and how much came in all.
    input: Vec<u8>,
    written: u64,
    /// Its output, and up to where that is forgotten.
    pub(crate) output: Vec<u8>,
    pub(crate) forgotten: u64,
    /// The bridge as it was written down.
    kept: String,
    pub(crate) client: client::RunspacePool,
    requests: u64,
}

impl World {
    /// A client that has opened a pool.
    pub(crate) fn open() -> Self {
        let sizes = Sizes {
            fragment: FRAGMENT,
            ..Sizes::default()
        };
        let options = PoolOptions {
            max_runspaces: 3,
            sizes,
            ..PoolOptions::default()
        };
        let mut client = client::RunspacePool::new(PoolId(Uuid::from_u128(0xaa)), options);
        client.open();
        let opening = client.take(Stream::Default, usize::MAX).unwrap();
        let config = PoolConfig {
            sizes,
            ..PoolConfig::default()
        };
        let mut world = Self {
            bridge: Bridge::open(&opening).unwrap(),
            pool: RunspacePool::new(config),
            pipelines: BTreeMap::new(),
            scripts: BTreeMap::new(),
            closed: Vec::new(),
            signalled: Vec::new(),
            input: Vec::new(),
            written: 0,
            output: Vec::new(),
            forgotten: 0,
            kept: String::new(),
            client,
            requests: 0,
        };
        world.carry();
        while let Some(given) = world.ask(None) {
            world.client.handle(&given.bytes).unwrap();
        }
        world
    }

    /// Tells the engine all that it can be told, and hears all that it says.
    pub(crate) fn carry(&mut self) {
        loop {
            self.keep();
            let bytes = self.bridge.outgoing().to_vec();
            self.written += bytes.len() as u64;
            self.bridge.wrote(self.written);
            self.input.extend_from_slice(&bytes);
            self.work();
            let before = self.bridge.next_offset();
            self.hear(usize::MAX);
            if bytes.is_empty() && before == self.bridge.next_offset() {
                break;
            }
        }
    }

    /// Hears at most so many bytes that the engine said.
    pub(crate) fn hear(&mut self, most: usize) {
        let from = self.bridge.next_offset().max(self.forgotten);
        let at = usize::try_from(from).unwrap();
        let rest = &self.output[at.min(self.output.len())..];
        let rest = rest[..most.min(rest.len())].to_vec();
        self.bridge.hear(from, &rest);
    }

    fn keep(&mut self) {
        self.kept = serde_json::to_string(&self.bridge).unwrap();
        self.forgotten = self.forgotten.max(self.bridge.needs());
    }

    /// What carries the bytes dies after it has kept the bridge, or before if that is not `kept`, and
    /// another goes on with what was written down.
    pub(crate) fn crash(&mut self, kept: bool) {
        if kept {
            self.keep();
        }
        self.bridge = serde_json::from_str(&self.kept).unwrap();
        self.bridge.wrote(self.written);
    }

    /// The client asks anew.
    pub(crate) fn ask(&mut self, about: Option<PipelineId>) -> Option<Given> {
        self.requests += 1;
        self.ask_again(about)
    }

    /// The client asks the same once more.
    pub(crate) fn ask_again(&mut self, about: Option<PipelineId>) -> Option<Given> {
        let request = self.requests.to_string();
        self.hear(usize::MAX);
        let given = self.bridge.give(about, &request, 300);
        self.keep();
        given
    }

    /// Begins a pipeline.
    pub(crate) fn begin(&mut self, id: PipelineId, script: &str) -> client::Pipeline {
        let create = CreatePipeline::new(PowerShell::script(script));
        let mut pipeline = client::Pipeline::create(&self.client, id, create);
        let first = pipeline.take(Stream::Default, 1).unwrap();
        assert_eq!(self.bridge.begin(id, &first).unwrap(), id);
        while let Some(bytes) = pipeline.take(Stream::Default, 1) {
            self.bridge.send(Some(id), Stream::Default, &bytes).unwrap();
        }
        pipeline
    }

    /// The engine does what it was told.
    fn work(&mut self) {
        // It takes the next of a pipeline only once it was answered for the one before.
        let mut open = BTreeMap::new();
        loop {
            let (packet, length) = match Packet::at_front(&self.input) {
                Front::Packet(packet, length) => (packet, length),
                Front::More => break,
                Front::Junk(_) => panic!("{}", String::from_utf8_lossy(&self.input)),
            };
            self.input.drain(..length);
            let waits = matches!(packet.what, What::Data(..) | What::Command);
            if waits {
                let before = open.insert(packet.about, packet.clone());
                assert_eq!(before, None, "{packet:?} comes too early");
            }
            self.obey(packet);
        }
        for (about, packet) in open {
            let what = match packet.what {
                What::Command => What::CommandAck,
                _ => What::DataAck,
            };
            self.say(&Packet { about, what });
        }
    }

    fn obey(&mut self, packet: Packet) {
        match (packet.about, packet.what) {
            (None, What::Data(stream, bytes)) => {
                self.pool.handle(stream, &bytes).unwrap();
                while let Some(event) = self.pool.poll_event() {
                    if let PoolEvent::Opening(_) = event {
                        self.pool.open();
                    }
                }
                self.flush(None);
            }
            (Some(id), What::Command) => {
                let new = Pipeline::new(&self.pool, id);
                assert!(self.pipelines.insert(id, new).is_none(), "it is there");
            }
            (Some(id), What::Data(stream, bytes)) => {
                let pipeline = self.pipelines.get_mut(&id).expect("it is there");
                pipeline.handle(stream, &bytes).unwrap();
                while let Some(event) = pipeline.poll_event() {
                    if let PipelineEvent::Created(create) = event {
                        let script = create.script.statements[0][0].text.clone();
                        self.scripts.insert(id, script);
                    }
                }
            }
            (Some(id), What::Signal) => {
                self.signalled.push(id);
                self.say(&Packet {
                    about: Some(id),
                    what: What::SignalAck,
                });
            }
            (Some(id), What::Close) => {
                self.closed.push(id);
                self.say(&Packet {
                    about: Some(id),
                    what: What::CloseAck,
                });
            }
            (about, what) => panic!("{what:?} of {about:?} is not for an engine"),
        }
    }

    /// What a pipeline of the engine does.
    pub(crate) fn does(&mut self, id: PipelineId, what: impl FnOnce(&mut Pipeline)) {
        what(self.pipelines.get_mut(&id).expect("it runs"));
        self.flush(Some(id));
    }

    fn flush(&mut self, about: Option<PipelineId>) {
        loop {
            let bytes = match about {
                None => self.pool.take(1),
                Some(id) => self.pipelines.get_mut(&id).and_then(|p| p.take(1)),
            };
            let Some(bytes) = bytes else { break };
            self.say(&Packet::data(about, Stream::Default, &bytes));
        }
    }

    fn say(&mut self, packet: &Packet) {
        self.output.extend_from_slice(packet.to_line().as_bytes());
    }

    /// What is in the engine's output and says nothing.
    pub(crate) fn chatters(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }
}
