//! The client's pipeline.

use std::collections::VecDeque;

use super::RunspacePool;
use crate::channel::{Channel, ProtocolError, Stream};
use crate::clixml::Value;
use crate::ids::PipelineId;
use crate::message::{
    CreatePipeline, Destination, ErrorRecord, GetCommandMetadata, HostCall, HostResponse,
    Information, Message, MessageKind, PipelineState, PipelineStateMessage, Progress, Record,
};

/// What a server says about a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum PipelineEvent {
    /// An object that it wrote.
    Output(Value),
    /// An error that it wrote.
    Error(Box<ErrorRecord>),
    /// A warning that it wrote.
    Warning(Record),
    /// A verbose message that it wrote.
    Verbose(Record),
    /// A debug message that it wrote.
    Debug(Record),
    /// How far it is.
    Progress(Progress),
    /// Information that it wrote.
    Information(Box<Information>),
    /// The server calls the client's host: answer with [`Pipeline::respond`] unless the call is
    /// [`CallId::NO_ANSWER`](crate::CallId::NO_ANSWER).
    HostCall(HostCall),
    /// How it stands now. Nothing follows once it has ended.
    State(Box<PipelineStateMessage>),
}

/// The client's side of a pipeline ([MS-PSRP] 3.1.5).
///
/// Stopping it is the transport's affair: a signal, after which its state comes as an event.
#[derive(Debug)]
pub struct Pipeline {
    channel: Channel,
    id: PipelineId,
    state: PipelineState,
    events: VecDeque<PipelineEvent>,
}

impl Pipeline {
    /// A pipeline that is to run something.
    pub fn create(pool: &RunspacePool, id: PipelineId, create: CreatePipeline) -> Self {
        let message = Message::CreatePipeline(Box::new(create));
        Self::start(pool, id, &message)
    }

    /// A pipeline that is to tell which commands there are: how many, then each, as output.
    pub fn metadata(pool: &RunspacePool, id: PipelineId, asked: GetCommandMetadata) -> Self {
        Self::start(pool, id, &Message::GetCommandMetadata(asked))
    }

    /// A pipeline that another client started.
    pub fn adopt(pool: &RunspacePool, id: PipelineId) -> Self {
        let Channel {
            header, ids, sizes, ..
        } = &pool.channel;
        Self {
            channel: Channel::new(
                Destination::SERVER,
                header.pool,
                Some(id),
                ids.clone(),
                *sizes,
            ),
            id,
            state: PipelineState::RUNNING,
            events: VecDeque::new(),
        }
    }

    fn start(pool: &RunspacePool, id: PipelineId, message: &Message) -> Self {
        let mut pipeline = Self::adopt(pool, id);
        pipeline.channel.send(Stream::Default, message);
        pipeline
    }

    /// The pipeline's id.
    pub fn id(&self) -> PipelineId {
        self.id
    }

    /// How it stands, as far as the server has said.
    pub fn state(&self) -> PipelineState {
        self.state
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        matches!(
            self.state,
            PipelineState::STOPPED | PipelineState::COMPLETED | PipelineState::FAILED
        )
    }

    /// Gives it an object of its input.
    pub fn input(&mut self, value: &Value) {
        self.channel.send_value(MessageKind::PIPELINE_INPUT, value);
    }

    /// Gives it a line of text, without making an object of it first.
    pub fn input_text(&mut self, text: &str) {
        self.channel.send_text(MessageKind::PIPELINE_INPUT, text);
    }

    /// Says that no more input comes.
    pub fn end_input(&mut self) {
        self.channel
            .send(Stream::Default, &Message::EndOfPipelineInput);
    }

    /// Answers a call of the server to the client's host.
    pub fn respond(&mut self, response: HostResponse) {
        let message = Message::PipelineHostResponse(Box::new(response));
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

    /// Takes fragments that came for the pipeline. After an error it cannot go on.
    pub fn handle(&mut self, bytes: &[u8]) -> Result<(), ProtocolError> {
        let Self {
            channel,
            state,
            events,
            ..
        } = self;
        channel.receive(Stream::Default, bytes, |_, message| {
            events.push_back(match message {
                Message::PipelineOutput(value) => PipelineEvent::Output(value),
                Message::ErrorRecord(error) => PipelineEvent::Error(error),
                Message::WarningRecord(record) => PipelineEvent::Warning(record),
                Message::VerboseRecord(record) => PipelineEvent::Verbose(record),
                Message::DebugRecord(record) => PipelineEvent::Debug(record),
                Message::Progress(progress) => PipelineEvent::Progress(progress),
                Message::Information(information) => PipelineEvent::Information(information),
                Message::PipelineHostCall(call) => PipelineEvent::HostCall(call),
                Message::PipelineState(message) => {
                    *state = message.state;
                    PipelineEvent::State(message)
                }
                other => {
                    return Err(ProtocolError::State {
                        kind: other.kind(),
                        state: "nothing is wanted but what servers say of pipelines",
                    });
                }
            });
            Ok(())
        })
    }

    /// What the server says, in order.
    pub fn poll_event(&mut self) -> Option<PipelineEvent> {
        self.events.pop_front()
    }
}
