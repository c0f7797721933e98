//! The server's runspace pool.

use std::collections::VecDeque;

use uuid::Uuid;

use super::PoolSnapshot;
use crate::channel::{Channel, ProtocolError, Sizes, Stream, check_version};
use crate::clixml::{Object, Value};
use crate::crypto::SessionKey;
use crate::fragment::Outbox;
use crate::ids::{CallId, ObjectIds, PipelineId, PoolId};
use crate::message::{
    ApplicationPrivateData, Availability, Destination, EncryptedSessionKey, ErrorRecord, Header,
    HostCall, HostInfo, HostInfoError, HostMethod, HostResponse, InitRunspacePool, Message,
    MessageKind, PoolInitData, PoolState, PoolStateMessage, PublicKeyRequest, RunspaceAvailability,
    SessionCapability, SetRunspaces, UserEvent,
};

/// What a server says and allows.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolConfig {
    /// What the server says about itself, beside the versions that clients look for: entries of
    /// the dictionary `PSVersionTable`.
    pub version_table: Vec<(String, Value)>,
    /// Runspaces that a client may have: a pool opens with no more, and more are refused later.
    pub max_runspaces: i32,
    /// How large things may be.
    pub sizes: Sizes,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            version_table: Vec::new(),
            max_runspaces: i32::MAX,
            sizes: Sizes::default(),
        }
    }
}

/// What a client wants of a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolEvent {
    /// A pool with that many runspaces: answer with [`RunspacePool::open`] or
    /// [`RunspacePool::fail`].
    Opening(Box<InitRunspacePool>),
    /// There are at least and at most so many runspaces now. The client has its answer.
    Runspaces {
        /// At least.
        min: i32,
        /// At most.
        max: i32,
    },
    /// How many runspaces are free: answer with [`RunspacePool::answer`].
    GetAvailable(CallId),
    /// A runspace as new: answer with [`RunspacePool::answer`].
    Reset(CallId),
    /// The client's host answers a call of [`RunspacePool::host_call`].
    HostResponse(Box<HostResponse>),
    /// The client's host answers a call of a pipeline's
    /// [`host_call`](super::Pipeline::host_call), which some clients send to the pool.
    PipelineHostResponse(PipelineId, Box<HostResponse>),
    /// Secure strings can be read and written from now on.
    KeyExchanged,
}

/// The server's side of a runspace pool ([MS-PSRP] 3.2.5).
#[derive(Debug)]
pub struct RunspacePool {
    pub(super) channel: Channel,
    config: PoolConfig,
    incarnation: u32,
    state: PoolState,
    client: Option<SessionCapability>,
    min_runspaces: i32,
    max_runspaces: i32,
    host_info: HostInfo,
    next_call: i64,
    key: Option<SessionKey>,
    events: VecDeque<PoolEvent>,
}

impl RunspacePool {
    /// A pool whose client has not said anything.
    pub fn new(config: PoolConfig) -> Self {
        Self {
            channel: channel(PoolId(Uuid::nil()), 0, config.sizes),
            config,
            incarnation: 0,
            state: PoolState::BEFORE_OPEN,
            client: None,
            min_runspaces: 1,
            max_runspaces: 1,
            host_info: HostInfo::NONE,
            next_call: 1,
            key: None,
            events: VecDeque::new(),
        }
    }

    /// A pool that another process served. Keep its [`snapshot`](Self::snapshot) before anything
    /// is sent.
    pub fn restore(snapshot: PoolSnapshot, config: PoolConfig) -> Result<Self, HostInfoError> {
        let incarnation = snapshot.incarnation.wrapping_add(1);
        Ok(Self {
            channel: channel(snapshot.id, incarnation, config.sizes),
            incarnation,
            state: PoolState(snapshot.state),
            client: snapshot.client,
            min_runspaces: snapshot.min_runspaces,
            max_runspaces: snapshot.max_runspaces,
            host_info: HostInfo::from_clixml(snapshot.host_info.as_bytes(), &config.sizes.body)?,
            next_call: snapshot.next_call,
            key: snapshot.key,
            events: VecDeque::new(),
            config,
        })
    }

    /// What another process needs to go on.
    pub fn snapshot(&self) -> PoolSnapshot {
        PoolSnapshot {
            id: self.id(),
            incarnation: self.incarnation,
            state: self.state.0,
            client: self.client.clone(),
            min_runspaces: self.min_runspaces,
            max_runspaces: self.max_runspaces,
            host_info: self.host_info.to_clixml(),
            next_call: self.next_call,
            key: self.key.clone(),
        }
    }

    /// The pool's id, all zeros until the client has said it.
    pub fn id(&self) -> PoolId {
        self.channel.header.pool
    }

    /// How it stands.
    pub fn state(&self) -> PoolState {
        self.state
    }

    /// What the client speaks, once it has said so.
    pub fn client(&self) -> Option<&SessionCapability> {
        self.client.as_ref()
    }

    /// Runspaces that there are at least and at most.
    pub fn runspaces(&self) -> (i32, i32) {
        (self.min_runspaces, self.max_runspaces)
    }

    /// The client's host.
    pub fn host_info(&self) -> &HostInfo {
        &self.host_info
    }

    /// The session's key, once the client has it.
    pub fn key(&self) -> Option<&SessionKey> {
        self.key.as_ref()
    }

    /// Takes fragments that came for the pool. After an error the pool cannot go on.
    pub fn handle(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), ProtocolError> {
        for (header, message) in self.messages(stream, bytes)? {
            self.on(header, message)?;
        }
        Ok(())
    }

    /// What the client wants, in order.
    pub fn poll_event(&mut self) -> Option<PoolEvent> {
        self.events.pop_front()
    }

    /// Takes whole fragments for the client, together at most `max` bytes, but always one.
    pub fn take(&mut self, max: usize) -> Option<Vec<u8>> {
        self.channel.outbox(Stream::Default).take(max)
    }

    /// Bytes that wait to be taken.
    pub fn pending(&self) -> usize {
        self.channel.pending()
    }

    /// Opens the pool that the client wants.
    pub fn open(&mut self) {
        if self.state == PoolState::OPENING {
            self.send_private_data();
            self.set_state(PoolState::OPENED, None);
        }
    }

    /// The pool cannot be used, or no longer.
    pub fn fail(&mut self, error: ErrorRecord) {
        self.set_state(PoolState::BROKEN, Some(error));
    }

    /// The pool ends.
    pub fn close(&mut self) {
        self.set_state(PoolState::CLOSED, None);
    }

    /// A client comes to the pool, another one perhaps, with what `connectXml` holds. Gives back
    /// what `connectResponseXml` is to hold ([MS-PSRP] 3.1.4.11). The pool's pipelines want
    /// [`Pipeline::client_changed`](super::Pipeline::client_changed).
    pub fn connect(&mut self, bytes: &[u8]) -> Result<Vec<u8>, ProtocolError> {
        self.channel.reset();
        let mut capability = None;
        let mut runspaces = None;
        for (_, message) in self.messages(Stream::Default, bytes)? {
            match message {
                Message::SessionCapability(theirs) => capability = Some(check_version(theirs)?),
                Message::ConnectRunspacePool(connect) => runspaces = Some(connect.runspaces),
                other => return Err(unexpected(&other, "a client connects")),
            }
        }
        let (Some(capability), Some(runspaces)) = (capability, runspaces) else {
            return Err(ProtocolError::State {
                kind: MessageKind::CONNECT_RUNSPACEPOOL,
                state: "something is missing of it",
            });
        };
        self.client = Some(capability);
        if let Some((min, max)) = runspaces
            && self.may_have(min, max)
        {
            (self.min_runspaces, self.max_runspaces) = (min, max);
            self.events.push_back(PoolEvent::Runspaces { min, max });
        }
        self.state = PoolState::OPENED;
        let response = self.connect_response();
        // Windows says nothing else to a client that comes back.
        self.send_private_data();
        Ok(response)
    }

    /// Answers a call about runspaces.
    pub fn answer(&mut self, call: CallId, answer: Availability) {
        let answer = RunspaceAvailability { answer, call };
        self.send(&Message::RunspaceAvailability(answer));
    }

    /// Calls the client's host; the answer comes as an event, unless the method is void.
    pub fn host_call(&mut self, method: HostMethod, parameters: Vec<Value>) -> CallId {
        let call = next_call(&mut self.next_call, method);
        let message = HostCall {
            call,
            method,
            parameters,
        };
        self.send(&Message::PoolHostCall(message));
        call
    }

    /// Tells of something that happened.
    pub fn user_event(&mut self, event: UserEvent) {
        self.send(&Message::UserEvent(Box::new(event)));
    }

    /// Asks the client for its public key, which clients before protocol 2.2 wait for.
    pub fn request_key(&mut self) {
        self.send(&Message::PublicKeyRequest(PublicKeyRequest));
    }

    fn send(&mut self, message: &Message) {
        self.channel.send(Stream::Default, message);
    }

    fn messages(
        &mut self,
        stream: Stream,
        bytes: &[u8],
    ) -> Result<Vec<(Header, Message)>, ProtocolError> {
        let mut messages = Vec::new();
        self.channel.receive(stream, bytes, |header, message| {
            messages.push((header, message));
            Ok(())
        })?;
        Ok(messages)
    }

    fn on(&mut self, header: Header, message: Message) -> Result<(), ProtocolError> {
        match (self.state, message) {
            (PoolState::BEFORE_OPEN, Message::SessionCapability(theirs)) => {
                self.client = Some(check_version(theirs)?);
                // Windows' own has no pool id yet.
                self.send(&Message::SessionCapability(SessionCapability::OURS));
                self.channel.header.pool = header.pool;
                self.state = PoolState::NEGOTIATION_SUCCEEDED;
            }
            (PoolState::NEGOTIATION_SUCCEEDED, Message::InitRunspacePool(init)) => {
                let allowed = self.config.max_runspaces.max(1);
                self.max_runspaces = init.max_runspaces.clamp(1, allowed);
                self.min_runspaces = init.min_runspaces.clamp(1, self.max_runspaces);
                self.host_info = init.host_info.clone();
                self.state = PoolState::OPENING;
                self.events.push_back(PoolEvent::Opening(init));
            }
            (PoolState::OPENED, Message::PipelineHostResponse(response)) => {
                let Some(pipeline) = header.pipeline else {
                    return Err(ProtocolError::NotForUs(header.kind));
                };
                let event = PoolEvent::PipelineHostResponse(pipeline, response);
                self.events.push_back(event);
            }
            (PoolState::OPENED, message) => self.on_opened(message)?,
            (state, message) => {
                let state = state.name().unwrap_or("the pool is in no known state");
                return Err(unexpected(&message, state));
            }
        }
        Ok(())
    }

    fn on_opened(&mut self, message: Message) -> Result<(), ProtocolError> {
        match message {
            Message::SetMaxRunspaces(set) => self.set_runspaces(set, self.min_runspaces, set.count),
            Message::SetMinRunspaces(set) => self.set_runspaces(set, set.count, self.max_runspaces),
            Message::GetAvailableRunspaces(call) => {
                self.events.push_back(PoolEvent::GetAvailable(call.call));
            }
            Message::ResetRunspaceState(call) => {
                self.events.push_back(PoolEvent::Reset(call.call));
            }
            Message::PoolHostResponse(response) => {
                self.events.push_back(PoolEvent::HostResponse(response));
            }
            Message::PublicKey(public) => {
                let key = match self.key.take() {
                    Some(key) => key,
                    None => SessionKey::generate()?,
                };
                let blob = key.encrypt_for(&public.blob)?;
                self.key = Some(key);
                self.send(&Message::EncryptedSessionKey(EncryptedSessionKey { blob }));
                self.events.push_back(PoolEvent::KeyExchanged);
            }
            other => return Err(unexpected(&other, "the pool is open")),
        }
        Ok(())
    }

    fn set_runspaces(&mut self, set: SetRunspaces, min: i32, max: i32) {
        let done = self.may_have(min, max);
        if done {
            (self.min_runspaces, self.max_runspaces) = (min, max);
            self.events.push_back(PoolEvent::Runspaces { min, max });
        }
        self.answer(set.call, Availability::Done(done));
    }

    fn may_have(&self, min: i32, max: i32) -> bool {
        1 <= min && min <= max && max <= self.config.max_runspaces
    }

    fn set_state(&mut self, state: PoolState, error: Option<ErrorRecord>) {
        let over = matches!(self.state, PoolState::BROKEN | PoolState::CLOSED);
        if self.state != state && !over {
            self.state = state;
            let message = PoolStateMessage { state, error };
            self.send(&Message::PoolState(Box::new(message)));
        }
    }

    fn send_private_data(&mut self) {
        let mut table = vec![
            entry(
                "PSRemotingProtocolVersion",
                SessionCapability::OURS.protocol,
            ),
            entry(
                "SerializationVersion",
                SessionCapability::OURS.serialization,
            ),
        ];
        let more = self.config.version_table.iter();
        table.extend(more.map(|(name, value)| entry(name, value.clone())));
        let table = primitive_dictionary(table);
        let data = primitive_dictionary(vec![entry("PSVersionTable", table)]);
        self.send(&Message::ApplicationPrivateData(ApplicationPrivateData {
            data: data.into(),
        }));
    }

    /// Both messages, each in one fragment, apart from what waits in the outbox.
    fn connect_response(&mut self) -> Vec<u8> {
        let mut outbox = Outbox::new(self.config.sizes.fragment);
        let init = PoolInitData {
            min_runspaces: self.min_runspaces,
            max_runspaces: self.max_runspaces,
        };
        for message in [
            Message::SessionCapability(SessionCapability::OURS),
            Message::PoolInitData(init),
        ] {
            self.channel.send_to(&mut outbox, &message);
        }
        outbox.take(usize::MAX).unwrap_or_default()
    }
}

fn channel(id: PoolId, incarnation: u32, sizes: Sizes) -> Channel {
    let ids = ObjectIds::new(incarnation);
    Channel::new(Destination::CLIENT, id, None, ids, sizes)
}

fn entry(key: &str, value: impl Into<Value>) -> (Value, Value) {
    (key.into(), value.into())
}

fn primitive_dictionary(entries: Vec<(Value, Value)>) -> Object {
    Object::dictionary(entries).of_type(&[
        "System.Management.Automation.PSPrimitiveDictionary",
        "System.Collections.Hashtable",
        "System.Object",
    ])
}

/// The number of a call, which void methods do not need.
pub(super) fn next_call(next: &mut i64, method: HostMethod) -> CallId {
    if method.is_void() {
        return CallId::NO_ANSWER;
    }
    let call = CallId(*next);
    *next += 1;
    call
}

pub(super) fn unexpected(message: &Message, state: &'static str) -> ProtocolError {
    ProtocolError::State {
        kind: message.kind(),
        state,
    }
}
