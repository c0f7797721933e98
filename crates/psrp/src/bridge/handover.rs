//! Clients that come and go, and the engine's end: what a bridge says by itself.

use super::lane::{End, Lane};
use super::overheard::Overheard;
use super::{Bridge, decode, lane};
use crate::channel::{ProtocolError, check_version};
use crate::clixml::Limits;
use crate::fragment::{Inbox, Outbox};
use crate::ids::PipelineId;
use crate::message::{
    Destination, ErrorCategory, ErrorRecord, Header, Message, MessageKind, PipelineState,
    PipelineStateMessage, PoolInitData, PoolState, PoolStateMessage,
};

/// Numbers of objects that a bridge makes itself: far beyond those of an engine.
const FIRST_OBJECT: u64 = 0x7000 << 48;

impl Bridge {
    /// The client goes away, and has what it was given.
    pub fn let_go(&mut self) {
        let lanes = std::iter::once(&mut self.pool).chain(self.pipelines.values_mut());
        lanes.for_each(Lane::acknowledge);
        self.look_what_is_needed();
    }

    /// A client comes to the pool, another one perhaps, with what `connectXml` holds. Gives back what
    /// `connectResponseXml` is to hold ([MS-PSRP] 3.1.4.11).
    pub fn connect(&mut self, bytes: &[u8]) -> Result<Vec<u8>, ProtocolError> {
        let missing = |state| ProtocolError::State {
            kind: MessageKind::CONNECT_RUNSPACEPOOL,
            state,
        };
        let mut has_capability = false;
        let mut connect = None;
        let mut messages = Vec::new();
        Inbox::new(Limits::default().bytes).read(bytes, |message| {
            messages.push(decode(message)?);
            Ok::<(), ProtocolError>(())
        })?;
        for message in messages {
            match message {
                Message::SessionCapability(theirs) => {
                    check_version(theirs)?;
                    has_capability = true;
                }
                Message::ConnectRunspacePool(theirs) => connect = Some(theirs),
                other => {
                    return Err(ProtocolError::State {
                        kind: other.kind(),
                        state: "a client connects",
                    });
                }
            }
        }
        let Some(connect) = connect.filter(|_| has_capability) else {
            return Err(missing("something is missing of it"));
        };
        let Some(capability) = self.capability.clone() else {
            return Err(missing("the engine has not opened the pool"));
        };
        let (min_runspaces, max_runspaces) = self.runspaces;
        if connect
            .runspaces
            .is_some_and(|theirs| theirs != self.runspaces)
        {
            // As Windows has it: who comes cannot change them by that.
            return Err(missing("the pool has other numbers of runspaces"));
        }
        let init = PoolInitData {
            min_runspaces,
            max_runspaces,
        };
        let mut response = Vec::new();
        for message in [
            Message::SessionCapability(capability),
            Message::PoolInitData(init),
        ] {
            let message = self.message(None, &message);
            response.extend(self.fragments(&message));
        }
        self.begin_again();
        Ok(response)
    }

    fn begin_again(&mut self) {
        self.of_client = Overheard::default();
        self.pool.first = Vec::new();
        if !self.private_data.is_empty() {
            let message = self.private_data.clone();
            self.pool.first = self.fragments(&message);
        }
        let ids = self.pipelines.keys().copied().map(Some);
        for about in ids.chain([None]).collect::<Vec<_>>() {
            let lane = lane(&mut self.pool, &mut self.pipelines, about);
            if let Some(message) = lane.and_then(Lane::begin_again) {
                let fragments = self.fragments(&message);
                if let Some(lane) = self::lane(&mut self.pool, &mut self.pipelines, about) {
                    lane.close_with(fragments);
                }
            }
        }
        self.look_what_is_needed();
    }

    /// A message of the bridge's own.
    fn message(&self, pipeline: Option<PipelineId>, message: &Message) -> Vec<u8> {
        let header = Header {
            destination: Destination::CLIENT,
            kind: message.kind(),
            pool: self.id,
            pipeline,
        };
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        message.encode(&mut bytes);
        bytes
    }

    fn fragments(&mut self, message: &[u8]) -> Vec<u8> {
        self.said += 1;
        let mut outbox = Outbox::new(Outbox::MAX_FRAGMENT);
        outbox.push(FIRST_OBJECT + self.said, |out| {
            out.extend_from_slice(message);
        });
        outbox.take(usize::MAX).unwrap_or_default()
    }

    /// The engine is no more, and this is why: its client is told, and its pipelines have failed.
    pub fn fail(&mut self, why: &str) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        self.wrote(u64::MAX);
        let types = [
            "System.Management.Automation.Remoting.PSRemotingTransportException",
            "System.Management.Automation.RuntimeException",
            "System.SystemException",
        ];
        let error = || {
            let category = ErrorCategory::RESOURCE_UNAVAILABLE;
            Some(ErrorRecord::new(&types, why, category, "EngineHasEnded"))
        };
        let failed = PipelineStateMessage {
            state: PipelineState::FAILED,
            error: error(),
        };
        let failed = Message::PipelineState(Box::new(failed));
        let ids: Vec<PipelineId> = self.pipelines.keys().copied().collect();
        for id in ids {
            let message = self.message(Some(id), &failed);
            self.end_with(Some(id), message);
        }
        let broken = PoolStateMessage {
            state: PoolState::BROKEN,
            error: error(),
        };
        let message = self.message(None, &Message::PoolState(Box::new(broken)));
        self.end_with(None, message);
    }

    fn end_with(&mut self, about: Option<PipelineId>, message: Vec<u8>) {
        let fragments = self.fragments(&message);
        if let Some(lane) = lane(&mut self.pool, &mut self.pipelines, about) {
            lane.falls_silent();
            if lane.end.is_none() {
                lane.end = Some(End {
                    message,
                    begin: None,
                });
                lane.close_with(fragments);
            }
        }
    }
}
