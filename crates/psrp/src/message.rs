//! Messages of PowerShell remoting ([MS-PSRP] 2.2.2): a header and a CLIXML body.
//!
//! [`Message::decode`] and [`Message::encode`] turn bodies into types and back. Names of
//! properties are read in any case and written as Windows writes them; enumerations keep numbers
//! that are not known; records keep properties that have no field.

mod body;
mod command;
mod completion;
mod create_pipeline;
mod error_record;
mod event;
mod header;
mod host;
mod host_method;
mod kind;
mod metadata;
mod number;
mod pool;
mod record;
mod session;

pub use body::MessageError;
pub use command::{Argument, Command, Merge};
pub use completion::{CommandCompletion, CompletionKind, CompletionMatch};
pub use create_pipeline::{CreatePipeline, GetCommandMetadata, PipelineStateMessage, PowerShell};
pub use error_record::{ErrorRecord, exception};
pub use event::UserEvent;
pub use header::{Destination, Header};
pub use host::{HostCall, HostInfo, HostInfoError, HostResponse, ScreenSize};
pub use host_method::HostMethod;
pub use kind::MessageKind;
pub use metadata::{CommandInfo, ParameterInfo, command_count};
pub use number::{
    ApartmentState, CommandTypes, ErrorCategory, PipelineState, PoolState, ProgressType,
    ResultTypes, StreamOptions, ThreadOptions,
};
pub use pool::{
    ApplicationPrivateData, Availability, ConnectRunspacePool, InitRunspacePool, PoolInitData,
    PoolStateMessage, RunspaceAvailability, RunspaceCall, SetRunspaces,
};
pub use record::{Information, Progress, Record};
pub use session::{EncryptedSessionKey, PublicKey, PublicKeyRequest, SessionCapability};

use crate::clixml::{self, Limits, Value, text_of_document};
use body::{Body, Fields};

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident($type:ty) = $kind:ident)*) => {
        /// A message's body.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Message {
            $($(#[$doc])* $name($type),)*
            /// `END_OF_PIPELINE_INPUT`: no more objects come. It has no body.
            EndOfPipelineInput,
        }

        impl Message {
            /// What the message is.
            pub fn kind(&self) -> MessageKind {
                match self {
                    $(Self::$name(_) => MessageKind::$kind,)*
                    Self::EndOfPipelineInput => MessageKind::END_OF_PIPELINE_INPUT,
                }
            }

            fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
                match fields.kind {
                    $(MessageKind::$kind => <$type as Body>::read(fields).map(Self::$name),)*
                    kind => Err(MessageError::Unknown(kind)),
                }
            }

            fn write(&self) -> Option<Value> {
                match self {
                    $(Self::$name(body) => Some(body.write(MessageKind::$kind)),)*
                    Self::EndOfPipelineInput => None,
                }
            }
        }
    };
}

messages! {
    /// Versions that a side speaks.
    SessionCapability(SessionCapability) = SESSION_CAPABILITY
    /// A client makes a pool.
    InitRunspacePool(Box<InitRunspacePool>) = INIT_RUNSPACEPOOL
    /// A client's public key.
    PublicKey(PublicKey) = PUBLIC_KEY
    /// The session's key for a client.
    EncryptedSessionKey(EncryptedSessionKey) = ENCRYPTED_SESSION_KEY
    /// A server wants the public key.
    PublicKeyRequest(PublicKeyRequest) = PUBLIC_KEY_REQUEST
    /// A client comes to a pool that was disconnected.
    ConnectRunspacePool(ConnectRunspacePool) = CONNECT_RUNSPACEPOOL
    /// A client sets the greatest number of runspaces.
    SetMaxRunspaces(SetRunspaces) = SET_MAX_RUNSPACES
    /// A client sets the smallest number of runspaces.
    SetMinRunspaces(SetRunspaces) = SET_MIN_RUNSPACES
    /// A server answers a request about runspaces.
    RunspaceAvailability(RunspaceAvailability) = RUNSPACE_AVAILABILITY
    /// How a pool stands.
    PoolState(Box<PoolStateMessage>) = RUNSPACEPOOL_STATE
    /// A client starts a pipeline.
    CreatePipeline(Box<CreatePipeline>) = CREATE_PIPELINE
    /// A client asks how many runspaces are free.
    GetAvailableRunspaces(RunspaceCall) = GET_AVAILABLE_RUNSPACES
    /// Something happened in a runspace.
    UserEvent(Box<UserEvent>) = USER_EVENT
    /// What a server says about itself.
    ApplicationPrivateData(ApplicationPrivateData) = APPLICATION_PRIVATE_DATA
    /// A client asks which commands there are.
    GetCommandMetadata(GetCommandMetadata) = GET_COMMAND_METADATA
    /// A server tells a client that connected about the pool.
    PoolInitData(PoolInitData) = RUNSPACEPOOL_INIT_DATA
    /// A client wants a runspace as new.
    ResetRunspaceState(RunspaceCall) = RESET_RUNSPACE_STATE
    /// A server calls the client's host for a pool.
    PoolHostCall(HostCall) = RUNSPACEPOOL_HOST_CALL
    /// A client's host answers that.
    PoolHostResponse(Box<HostResponse>) = RUNSPACEPOOL_HOST_RESPONSE
    /// An object for a pipeline.
    PipelineInput(Value) = PIPELINE_INPUT
    /// An object of a pipeline.
    PipelineOutput(Value) = PIPELINE_OUTPUT
    /// An error in a pipeline.
    ErrorRecord(Box<ErrorRecord>) = ERROR_RECORD
    /// How a pipeline stands.
    PipelineState(Box<PipelineStateMessage>) = PIPELINE_STATE
    /// A debug message of a pipeline.
    DebugRecord(Record) = DEBUG_RECORD
    /// A verbose message of a pipeline.
    VerboseRecord(Record) = VERBOSE_RECORD
    /// A warning of a pipeline.
    WarningRecord(Record) = WARNING_RECORD
    /// How far a pipeline is.
    Progress(Progress) = PROGRESS_RECORD
    /// Information of a pipeline.
    Information(Box<Information>) = INFORMATION_RECORD
    /// A server calls the client's host for a pipeline.
    PipelineHostCall(HostCall) = PIPELINE_HOST_CALL
    /// A client's host answers that.
    PipelineHostResponse(Box<HostResponse>) = PIPELINE_HOST_RESPONSE
}

impl<T: Body> Body for Box<T> {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        T::read(fields).map(Self::new)
    }

    fn write(&self, kind: MessageKind) -> Value {
        T::write(self, kind)
    }
}

impl Message {
    /// Reads the body of a message of some kind.
    pub fn decode(kind: MessageKind, body: &[u8], limits: &Limits) -> Result<Self, MessageError> {
        match kind {
            MessageKind::END_OF_PIPELINE_INPUT => return Ok(Self::EndOfPipelineInput),
            MessageKind::PIPELINE_OUTPUT if body.is_empty() => {
                return Ok(Self::PipelineOutput(Value::Null));
            }
            MessageKind::PIPELINE_OUTPUT => {
                let text = text_of_document(body).filter(|_| body.len() <= limits.bytes);
                if let Some(text) = text {
                    return Ok(Self::PipelineOutput(text.into()));
                }
            }
            MessageKind::CONNECT_RUNSPACEPOOL | MessageKind::PUBLIC_KEY_REQUEST
                if body.is_empty() =>
            {
                let value = &Value::Null;
                return Self::read(Fields { kind, value });
            }
            _ => {}
        }
        let value =
            clixml::decode(body, limits).map_err(|source| MessageError::Clixml { kind, source })?;
        let value = &value;
        Self::read(Fields { kind, value })
    }

    /// Appends the body, without the header.
    pub fn encode(&self, out: &mut Vec<u8>) {
        if let Some(value) = self.write() {
            clixml::encode_into(out, &value);
        }
    }
}

#[cfg(test)]
mod tests;
