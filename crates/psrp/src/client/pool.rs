//! The client's runspace pool.

use std::collections::VecDeque;

use crate::channel::{Channel, ProtocolError, Sizes, Stream};
use crate::clixml::Value;
use crate::crypto::{KeyError, KeyPair, SessionKey};
use crate::fragment::Outbox;
use crate::ids::{CallId, ObjectIds, PoolId};
use crate::message::{
    ApartmentState, Availability, ConnectRunspacePool, Destination, ErrorRecord, HostCall,
    HostInfo, HostResponse, InitRunspacePool, Message, MessageKind, PoolState, PublicKey,
    RunspaceCall, SessionCapability, SetRunspaces, ThreadOptions, UserEvent,
};

/// What a client wants of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolOptions {
    /// Runspaces that there are at least.
    pub min_runspaces: i32,
    /// Runspaces that there are at most.
    pub max_runspaces: i32,
    /// The client's host.
    pub host_info: HostInfo,
    /// What the client says about itself: a dictionary, or nothing.
    pub application_arguments: Value,
    /// How large things may be.
    pub sizes: Sizes,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            min_runspaces: 1,
            max_runspaces: 1,
            host_info: HostInfo::NONE,
            application_arguments: Value::Null,
            sizes: Sizes::default(),
        }
    }
}

/// What a server says about a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolEvent {
    /// It can be used.
    Opened,
    /// It cannot be used, or no longer.
    Broken(Option<Box<ErrorRecord>>),
    /// It has ended.
    Closed,
    /// What the server says about itself: a dictionary, or nothing.
    PrivateData(Value),
    /// The answer to a call about runspaces.
    Availability(CallId, Availability),
    /// The server calls the client's host: answer with [`RunspacePool::respond`] unless the call
    /// is [`CallId::NO_ANSWER`].
    HostCall(HostCall),
    /// Something happened in a runspace.
    UserEvent(Box<UserEvent>),
    /// Secure strings can be read and written from now on.
    KeyExchanged,
}

/// The client's side of a runspace pool ([MS-PSRP] 3.1.5).
#[derive(Debug)]
pub struct RunspacePool {
    pub(super) channel: Channel,
    options: PoolOptions,
    state: PoolState,
    server: Option<SessionCapability>,
    next_call: i64,
    pair: Option<KeyPair>,
    key: Option<SessionKey>,
    events: VecDeque<PoolEvent>,
}

impl RunspacePool {
    /// A pool that is to be made, or that is there and is to be connected to.
    pub fn new(id: PoolId, options: PoolOptions) -> Self {
        let ids = ObjectIds::new(0);
        Self {
            channel: Channel::new(Destination::SERVER, id, None, ids, options.sizes),
            options,
            state: PoolState::BEFORE_OPEN,
            server: None,
            next_call: 1,
            pair: None,
            key: None,
            events: VecDeque::new(),
        }
    }

    /// The pool's id.
    pub fn id(&self) -> PoolId {
        self.channel.header.pool
    }

    /// How it stands.
    pub fn state(&self) -> PoolState {
        self.state
    }

    /// What the server speaks, once it has said so.
    pub fn server(&self) -> Option<&SessionCapability> {
        self.server.as_ref()
    }

    /// The session's key, once the server has sent it.
    pub fn key(&self) -> Option<&SessionKey> {
        self.key.as_ref()
    }

    /// Asks for the pool.
    pub fn open(&mut self) {
        if self.state != PoolState::BEFORE_OPEN {
            return;
        }
        let init = InitRunspacePool {
            min_runspaces: self.options.min_runspaces,
            max_runspaces: self.options.max_runspaces,
            thread_options: ThreadOptions::DEFAULT,
            apartment_state: ApartmentState::UNKNOWN,
            host_info: self.options.host_info.clone(),
            application_arguments: self.options.application_arguments.clone(),
        };
        self.send(&Message::SessionCapability(SessionCapability::OURS));
        self.send(&Message::InitRunspacePool(Box::new(init)));
        self.state = PoolState::NEGOTIATION_SENT;
    }

    /// Comes to a pool that no client is connected to, with what `connectXml` is to hold.
    pub fn connect(&mut self) -> Vec<u8> {
        self.channel.reset();
        self.state = PoolState::CONNECTING;
        // Both apart from what else there may be to say, each in one fragment.
        let mut outbox = Outbox::new(self.options.sizes.fragment);
        let connect = ConnectRunspacePool { runspaces: None };
        for message in [
            Message::SessionCapability(SessionCapability::OURS),
            Message::ConnectRunspacePool(connect),
        ] {
            self.channel.send_to(&mut outbox, &message);
        }
        outbox.take(usize::MAX).unwrap_or_default()
    }

    /// Takes what `connectResponseXml` holds. Later fragments come with [`handle`](Self::handle).
    pub fn connected(&mut self, bytes: &[u8]) -> Result<(), ProtocolError> {
        self.handle(bytes)?;
        if self.state != PoolState::OPENED {
            return Err(ProtocolError::State {
                kind: MessageKind::RUNSPACEPOOL_INIT_DATA,
                state: "it is missing",
            });
        }
        Ok(())
    }

    /// The transport has disconnected the client.
    pub fn disconnected(&mut self) {
        if self.state == PoolState::OPENED {
            self.state = PoolState::DISCONNECTED;
        }
    }

    /// The transport has reconnected this very client.
    pub fn reconnected(&mut self) {
        if self.state == PoolState::DISCONNECTED {
            self.state = PoolState::OPENED;
        }
    }

    /// Asks for the session's key, if there is none; the answer comes as an event.
    pub fn exchange_key(&mut self) -> Result<(), KeyError> {
        if self.key.is_some() || self.pair.is_some() {
            return Ok(());
        }
        let pair = KeyPair::generate()?;
        let blob = pair.public_blob().to_vec();
        self.pair = Some(pair);
        self.send(&Message::PublicKey(PublicKey { blob }));
        Ok(())
    }

    /// Sets how many runspaces there are at most; the answer comes as an event.
    pub fn set_max_runspaces(&mut self, count: i32) -> CallId {
        let call = self.next_call();
        self.send(&Message::SetMaxRunspaces(SetRunspaces { count, call }));
        call
    }

    /// Sets how many runspaces there are at least; the answer comes as an event.
    pub fn set_min_runspaces(&mut self, count: i32) -> CallId {
        let call = self.next_call();
        self.send(&Message::SetMinRunspaces(SetRunspaces { count, call }));
        call
    }

    /// Asks how many runspaces are free; the answer comes as an event.
    pub fn get_available_runspaces(&mut self) -> CallId {
        let call = self.next_call();
        self.send(&Message::GetAvailableRunspaces(RunspaceCall { call }));
        call
    }

    /// Wants a runspace as new (protocol 2.3 and later); the answer comes as an event.
    pub fn reset_runspace(&mut self) -> CallId {
        let call = self.next_call();
        self.send(&Message::ResetRunspaceState(RunspaceCall { call }));
        call
    }

    /// Answers a call of the server to the client's host.
    pub fn respond(&mut self, response: HostResponse) {
        let message = Message::PoolHostResponse(Box::new(response));
        self.channel.send(Stream::PromptResponse, &message);
    }

    /// Takes whole fragments for the server, together at most `max` bytes, but always one.
    pub fn take(&mut self, stream: Stream, max: usize) -> Option<Vec<u8>> {
        self.channel.outbox(stream).take(max)
    }

    /// Bytes that wait to be taken.
    pub fn pending(&self) -> usize {
        self.channel.pending()
    }

    /// Takes fragments that came for the pool. After an error the pool cannot go on.
    pub fn handle(&mut self, bytes: &[u8]) -> Result<(), ProtocolError> {
        let mut messages = Vec::new();
        self.channel.receive(Stream::Default, bytes, |_, message| {
            messages.push(message);
            Ok(())
        })?;
        for message in messages {
            self.on(message)?;
        }
        Ok(())
    }

    /// What the server says, in order.
    pub fn poll_event(&mut self) -> Option<PoolEvent> {
        self.events.pop_front()
    }

    fn send(&mut self, message: &Message) {
        self.channel.send(Stream::Default, message);
    }

    fn next_call(&mut self) -> CallId {
        let call = CallId(self.next_call);
        self.next_call += 1;
        call
    }

    fn on(&mut self, message: Message) -> Result<(), ProtocolError> {
        let event = match message {
            Message::SessionCapability(theirs) => {
                if theirs.protocol.major != SessionCapability::OURS.protocol.major {
                    return Err(ProtocolError::Version(theirs.protocol));
                }
                self.server = Some(theirs);
                return Ok(());
            }
            Message::PoolInitData(data) => {
                self.options.min_runspaces = data.min_runspaces;
                self.options.max_runspaces = data.max_runspaces;
                self.state = PoolState::OPENED;
                PoolEvent::Opened
            }
            Message::PoolState(message) => {
                // A server says again that a pool is open when a client has connected.
                let again = self.state == message.state;
                self.state = message.state;
                match message.state {
                    PoolState::OPENED if !again => PoolEvent::Opened,
                    PoolState::BROKEN => PoolEvent::Broken(message.error.map(Box::new)),
                    PoolState::CLOSED => PoolEvent::Closed,
                    _ => return Ok(()),
                }
            }
            Message::ApplicationPrivateData(data) => PoolEvent::PrivateData(data.data),
            Message::RunspaceAvailability(answer) => {
                PoolEvent::Availability(answer.call, answer.answer)
            }
            Message::PoolHostCall(call) => PoolEvent::HostCall(call),
            Message::UserEvent(event) => PoolEvent::UserEvent(event),
            Message::PublicKeyRequest(_) => {
                self.exchange_key()?;
                return Ok(());
            }
            Message::EncryptedSessionKey(key) => {
                let pair = self.pair.take().ok_or(KeyError::NotAsked)?;
                self.key = Some(pair.decrypt(&key.blob)?);
                PoolEvent::KeyExchanged
            }
            other => {
                return Err(ProtocolError::State {
                    kind: other.kind(),
                    state: "nothing is wanted but what servers say",
                });
            }
        };
        self.events.push_back(event);
        Ok(())
    }
}
