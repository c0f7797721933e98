//! A bridge between a client and an engine that speaks PowerShell remoting itself: `pwsh -s`.
//!
//! What the client sends goes to the engine as [lines](crate::packet), each when the engine has
//! taken the one before; what the engine says goes to the client, fragment by fragment as it was
//! said. The engine knows one client for ever. So a client that takes over a session is
//! answered by the bridge, which remembers what the engine said in the beginning, and how its
//! pipelines ended.
//!
//! The engine's output is a stream with offsets, kept by somebody else. A bridge can be written down
//! at any time, and one that is read back goes on by reading that stream from
//! [`next_offset`](Bridge::next_offset) on. For whoever carries the bytes:
//!
//! 1. [`outgoing`](Bridge::outgoing) is for the engine. Write the bridge down before any of it is
//!    told, and say [`wrote`](Bridge::wrote) after.
//! 2. [`hear`](Bridge::hear) takes what the engine said.
//! 3. [`give`](Bridge::give) gives what a client asks for. Write the bridge down before the client
//!    gets it; then all in front of [`needs`](Bridge::needs) can be forgotten.

mod engine;
mod handover;
mod lane;
mod overheard;
mod stored;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::lane::Given;
use self::lane::Lane;
use self::overheard::Overheard;
use crate::channel::{ProtocolError, Stream};
use crate::clixml::Limits;
use crate::fragment::{Fragment, HEADER};
use crate::ids::{PipelineId, PoolId};
use crate::message::{Header, Message, MessageKind, SessionCapability};
use crate::packet::{Packet, What};

/// Most bytes of fragments that a bridge keeps where their owner does not ask for them.
const MOST_PARKED: usize = 512 << 10;

/// What is listened for from the client.
const OF_CLIENT: [MessageKind; 4] = [
    MessageKind::SESSION_CAPABILITY,
    MessageKind::INIT_RUNSPACEPOOL,
    MessageKind::SET_MAX_RUNSPACES,
    MessageKind::SET_MIN_RUNSPACES,
];
/// What is listened for from the engine's pool.
const OF_POOL: [MessageKind; 4] = [
    MessageKind::SESSION_CAPABILITY,
    MessageKind::APPLICATION_PRIVATE_DATA,
    MessageKind::RUNSPACEPOOL_STATE,
    MessageKind::RUNSPACE_AVAILABILITY,
];
/// What is listened for from its pipelines.
const OF_PIPELINE: [MessageKind; 1] = [MessageKind::PIPELINE_STATE];

/// A bridge.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bridge {
    id: PoolId,
    pool: Lane,
    pipelines: BTreeMap<PipelineId, Lane>,
    /// What the engine speaks.
    capability: Option<SessionCapability>,
    /// What it said about itself.
    #[serde(with = "stored")]
    private_data: Vec<u8>,
    /// Runspaces that there are at least and at most.
    runspaces: (i32, i32),
    /// What they are to be if the engine says yes to the call of this number.
    wishes: BTreeMap<i64, (i32, i32)>,
    of_client: Overheard,
    outgoing: String,
    /// How many bytes were written before it.
    outgoing_at: u64,
    /// Up to where the engine's output has had its effects.
    seen: u64,
    /// The first place of it that is needed.
    needs: u64,
    /// Up to where this very bridge has it.
    #[serde(skip)]
    cursor: Option<u64>,
    /// How many messages were its own.
    said: u64,
    is_over: bool,
}

impl Bridge {
    /// A bridge to an engine that has just been started, for a client that opens a pool with this.
    pub fn open(opening: &[u8]) -> Result<Self, ProtocolError> {
        let mut bridge = Self {
            id: PoolId(Uuid::nil()),
            pool: Lane::default(),
            pipelines: BTreeMap::new(),
            capability: None,
            private_data: Vec::new(),
            runspaces: (1, 1),
            wishes: BTreeMap::new(),
            of_client: Overheard::default(),
            outgoing: String::new(),
            outgoing_at: 0,
            seen: 0,
            needs: 0,
            cursor: None,
            said: 0,
            is_over: false,
        };
        let first = first_header(opening);
        let Some(first) = first.filter(|first| first.kind == MessageKind::SESSION_CAPABILITY)
        else {
            return Err(ProtocolError::State {
                kind: MessageKind::SESSION_CAPABILITY,
                state: "a pool is opened",
            });
        };
        bridge.id = first.pool;
        bridge.send(None, Stream::Default, opening)?;
        Ok(bridge)
    }

    /// Begins a pipeline with these fragments, which is `named` so unless they say otherwise. Gives
    /// its number.
    pub fn begin(
        &mut self,
        named: PipelineId,
        opening: &[u8],
    ) -> Result<PipelineId, ProtocolError> {
        let first = first_header(opening).ok_or(ProtocolError::State {
            kind: MessageKind::CREATE_PIPELINE,
            state: "its first fragment is too short",
        })?;
        // The engine looks pipelines up by what the message says.
        let id = first.pipeline.unwrap_or(named);
        if self.pipelines.contains_key(&id) {
            return Err(ProtocolError::NotForUs(first.kind));
        }
        self.pipelines.values_mut().for_each(Lane::pass);
        let mut lane = Lane::default();
        lane.tell(&Packet {
            about: Some(id),
            what: What::Command,
        });
        lane.tell(&Packet::data(Some(id), Stream::Default, opening));
        lane.feed(&mut self.outgoing);
        self.pipelines.insert(id, lane);
        self.look_what_is_needed();
        Ok(id)
    }

    /// Passes on what the client says to the pool or a pipeline.
    pub fn send(
        &mut self,
        about: Option<PipelineId>,
        stream: Stream,
        bytes: &[u8],
    ) -> Result<(), ProtocolError> {
        if about.is_none() && stream == Stream::Default {
            for message in self.of_client.hear(bytes, &OF_CLIENT) {
                self.client_says(&message)?;
            }
        }
        let packet = Packet::data(about, stream, bytes);
        self.tell(about, &packet);
        Ok(())
    }

    fn tell(&mut self, about: Option<PipelineId>, packet: &Packet) {
        if self.is_over {
            return;
        }
        let Self {
            pool,
            pipelines,
            outgoing,
            ..
        } = self;
        if let Some(lane) = lane(pool, pipelines, about) {
            lane.tell(packet);
            lane.feed(outgoing);
        }
    }

    fn client_says(&mut self, message: &[u8]) -> Result<(), ProtocolError> {
        match decode(message)? {
            Message::InitRunspacePool(init) => {
                self.runspaces = (init.min_runspaces, init.max_runspaces);
            }
            Message::SetMaxRunspaces(set) => {
                self.wishes
                    .insert(set.call.0, (self.runspaces.0, set.count));
            }
            Message::SetMinRunspaces(set) => {
                self.wishes
                    .insert(set.call.0, (set.count, self.runspaces.1));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether there is a pipeline.
    pub fn has(&self, id: PipelineId) -> bool {
        let lane = self.pipelines.get(&id);
        lane.is_some_and(|lane| !lane.is_given_up)
    }

    /// Whether a pipeline has ended.
    pub fn has_ended(&self, id: PipelineId) -> bool {
        let lane = self.pipelines.get(&id);
        lane.is_none_or(|lane| lane.end.is_some())
    }

    /// Whether a pipeline runs, and is to run on.
    pub fn is_open(&self, id: PipelineId) -> bool {
        let lane = self.pipelines.get(&id);
        lane.is_some_and(|lane| lane.end.is_none() && !lane.is_stopping)
    }

    /// Whether the engine is no more.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Has a pipeline stop. It says itself when it has.
    pub fn stop(&mut self, id: PipelineId) {
        if let Some(lane) = self.pipelines.get_mut(&id)
            && lane.end.is_none()
        {
            lane.is_stopping = true;
            let (about, what) = (Some(id), What::Signal);
            self.tell(about, &Packet { about, what });
        }
    }

    /// Forgets a pipeline, whether it has ended or not.
    pub fn end(&mut self, id: PipelineId) {
        let Some(lane) = self.pipelines.get_mut(&id) else {
            return;
        };
        let has_ended = lane.end.is_some();
        let is_known = !self.is_over
            && if has_ended {
                lane.is_busy()
            } else {
                lane.take_back()
            };
        if is_known {
            lane.give_up();
            // Of one that has ended the engine was told when it had.
            if !has_ended {
                self.close(id);
            }
        } else {
            self.pipelines.remove(&id);
        }
        self.look_what_is_needed();
    }

    fn close(&mut self, id: PipelineId) {
        let (about, what) = (Some(id), What::Close);
        self.tell(about, &Packet { about, what });
    }

    /// What the engine is to be told.
    pub fn outgoing(&self) -> &[u8] {
        self.outgoing.as_bytes()
    }

    /// The engine was told so many bytes in all.
    pub fn wrote(&mut self, written: u64) {
        let done = written.saturating_sub(self.outgoing_at);
        let done = usize::try_from(done).unwrap_or(usize::MAX);
        let done = done.min(self.outgoing.len());
        self.outgoing.drain(..done);
        self.outgoing_at += done as u64;
    }

    /// Bytes that the engine was told in all, as far as this bridge knows.
    pub fn written(&self) -> u64 {
        self.outgoing_at
    }

    /// Whether there is something to tell, or the engine has yet to take what it was told.
    pub fn is_busy(&self) -> bool {
        let mut lanes = std::iter::once(&self.pool).chain(self.pipelines.values());
        !self.is_over && (!self.outgoing.is_empty() || lanes.any(Lane::is_busy))
    }

    /// What a client gets that asks the pool or a pipeline by the request of this number: at most
    /// `room` bytes, but always what the engine said at once.
    pub fn give(&mut self, about: Option<PipelineId>, request: &str, room: usize) -> Option<Given> {
        let lane = lane(&mut self.pool, &mut self.pipelines, about);
        let given = lane.filter(|lane| !lane.is_given_up)?.give(request, room);
        self.look_what_is_needed();
        given
    }

    /// Keeps more by itself, if what nobody asked for holds up more than `most` bytes of the
    /// engine's output that are for `about`.
    pub fn make_room(&mut self, about: Option<PipelineId>, most: u64) {
        if self.seen.saturating_sub(self.needs) > most {
            let others = self.pipelines.iter_mut();
            let others = others.filter(|(id, _)| about != Some(**id));
            others.for_each(|(_, lane)| lane.shorten());
            self.look_what_is_needed();
        }
        let asked = lane(&mut self.pool, &mut self.pipelines, about).and_then(|lane| lane.needs());
        let lanes = std::iter::once(&self.pool).chain(self.pipelines.values());
        let mut room = MOST_PARKED.saturating_sub(lanes.map(Lane::parked).sum());
        while self.seen.saturating_sub(self.needs) > most && asked != Some(self.needs) {
            let needs = self.needs;
            let mut lanes = std::iter::once(&mut self.pool).chain(self.pipelines.values_mut());
            let first = lanes.find(|lane| lane.needs() == Some(needs));
            let Some(first) = first else { return };
            let before = first.parked();
            if !first.park(room) {
                return;
            }
            room = room.saturating_sub(first.parked() - before);
            self.look_what_is_needed();
        }
    }

    /// Forgets the oldest that is held, so that it is at most `most` bytes.
    pub fn shed(&mut self, most: usize) {
        let weight = |bridge: &Self| {
            let lanes = std::iter::once(&bridge.pool).chain(bridge.pipelines.values());
            lanes.map(Lane::weight).sum::<usize>()
        };
        while weight(self) > most {
            let lanes = std::iter::once(&mut self.pool).chain(self.pipelines.values_mut());
            let oldest = lanes.filter(|lane| lane.oldest().is_some());
            let Some(oldest) = oldest.min_by_key(|lane| lane.oldest()) else {
                return;
            };
            oldest.forget();
        }
        self.look_what_is_needed();
    }

    fn look_what_is_needed(&mut self) {
        let lanes = std::iter::once(&self.pool).chain(self.pipelines.values());
        let needs = lanes.filter_map(Lane::needs).min();
        // Lines that are not here yet are needed as before.
        if self.cursor.is_some_and(|cursor| cursor >= self.seen) {
            self.needs = needs.unwrap_or(self.seen);
        }
    }
}

fn lane<'a>(
    pool: &'a mut Lane,
    pipelines: &'a mut BTreeMap<PipelineId, Lane>,
    about: Option<PipelineId>,
) -> Option<&'a mut Lane> {
    match about {
        None => Some(pool),
        Some(id) => pipelines.get_mut(&id),
    }
}

/// The header of the message that fragments begin with.
fn first_header(bytes: &[u8]) -> Option<Header> {
    let first = Fragment::at_front(bytes).ok()??;
    let data = bytes.get(HEADER..)?;
    let (header, _) = Header::split(data).ok().filter(|_| first.start)?;
    Some(header)
}

fn decode(message: &[u8]) -> Result<Message, ProtocolError> {
    let (header, body) = Header::split(message)?;
    Ok(Message::decode(header.kind, body, &Limits::default())?)
}
