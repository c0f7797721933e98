//! The server's pipeline.

use std::collections::VecDeque;

use super::pool::{next_call, unexpected};
use super::{PipelineSnapshot, RunspacePool};
use crate::channel::{Channel, ProtocolError, Stream};
use crate::clixml::Value;
use crate::ids::{CallId, PipelineId};
use crate::message::{
    CreatePipeline, Destination, ErrorRecord, GetCommandMetadata, HostCall, HostMethod,
    HostResponse, Information, Message, MessageKind, PipelineState, PipelineStateMessage, Progress,
    Record,
};

/// What a client wants of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum PipelineEvent {
    /// It is to run that.
    Created(Box<CreatePipeline>),
    /// It is to tell which commands there are: how many, then each, as output.
    Metadata(GetCommandMetadata),
    /// An object of its input.
    Input(Value),
    /// No more input comes. A pipeline without input says so itself, without this event.
    EndOfInput,
    /// The client's host answers a call of [`Pipeline::host_call`].
    HostResponse(Box<HostResponse>),
}

/// The server's side of a pipeline ([MS-PSRP] 3.2.5).
///
/// What is written after its end goes nowhere: a command that was stopped may not know it yet.
#[derive(Debug)]
pub struct Pipeline {
    channel: Channel,
    id: PipelineId,
    state: PipelineState,
    input_ended: bool,
    next_call: i64,
    events: VecDeque<PipelineEvent>,
}

impl Pipeline {
    /// A pipeline that has not heard what it is to run.
    pub fn new(pool: &RunspacePool, id: PipelineId) -> Self {
        let Channel {
            header, ids, sizes, ..
        } = &pool.channel;
        Self {
            channel: Channel::new(
                Destination::CLIENT,
                header.pool,
                Some(id),
                ids.clone(),
                *sizes,
            ),
            id,
            state: PipelineState::NOT_STARTED,
            input_ended: false,
            next_call: 1,
            events: VecDeque::new(),
        }
    }

    /// A pipeline that another process served, of a pool that was restored before.
    pub fn restore(pool: &RunspacePool, snapshot: &PipelineSnapshot) -> Self {
        Self {
            state: PipelineState(snapshot.state),
            input_ended: snapshot.input_ended,
            next_call: snapshot.next_call,
            ..Self::new(pool, snapshot.id)
        }
    }

    /// What another process needs to go on.
    pub fn snapshot(&self) -> PipelineSnapshot {
        PipelineSnapshot {
            id: self.id,
            state: self.state.0,
            input_ended: self.input_ended,
            next_call: self.next_call,
        }
    }

    /// The pipeline's id.
    pub fn id(&self) -> PipelineId {
        self.id
    }

    /// How it stands.
    pub fn state(&self) -> PipelineState {
        self.state
    }

    /// Whether no more input comes.
    pub fn input_ended(&self) -> bool {
        self.input_ended
    }

    /// Takes fragments that came for the pipeline. After an error it cannot go on.
    pub fn handle(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), ProtocolError> {
        let Self {
            channel,
            state,
            input_ended,
            events,
            ..
        } = self;
        channel.receive(stream, bytes, |_, message| {
            let event = match (*state, message) {
                (PipelineState::NOT_STARTED, Message::CreatePipeline(create)) => {
                    *input_ended = create.no_input;
                    *state = PipelineState::RUNNING;
                    PipelineEvent::Created(create)
                }
                (PipelineState::NOT_STARTED, Message::GetCommandMetadata(asked)) => {
                    *input_ended = true;
                    *state = PipelineState::RUNNING;
                    PipelineEvent::Metadata(asked)
                }
                (PipelineState::NOT_STARTED, message) => {
                    return Err(unexpected(&message, "the pipeline has not started"));
                }
                (_, Message::PipelineInput(_)) if *input_ended => return Ok(()),
                (_, Message::PipelineInput(value)) => PipelineEvent::Input(value),
                (_, Message::EndOfPipelineInput) => {
                    // Some clients say so even where no input was announced.
                    if std::mem::replace(input_ended, true) {
                        return Ok(());
                    }
                    PipelineEvent::EndOfInput
                }
                (_, Message::PipelineHostResponse(response)) => {
                    PipelineEvent::HostResponse(response)
                }
                (_, message) => return Err(unexpected(&message, "the pipeline runs")),
            };
            events.push_back(event);
            Ok(())
        })
    }

    /// What the client wants, in order.
    pub fn poll_event(&mut self) -> Option<PipelineEvent> {
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

    /// Another client, or the same one anew, has connected: its messages are counted from the
    /// start.
    pub fn client_changed(&mut self) {
        self.channel.reset();
    }

    /// Writes an object.
    pub fn output(&mut self, value: &Value) {
        if self.is_running() {
            self.channel.send_value(MessageKind::PIPELINE_OUTPUT, value);
        }
    }

    /// Writes a line of text, without making an object of it first.
    pub fn output_text(&mut self, text: &str) {
        if self.is_running() {
            self.channel.send_text(MessageKind::PIPELINE_OUTPUT, text);
        }
    }

    /// Writes an error.
    pub fn error(&mut self, error: ErrorRecord) {
        self.send(&Message::ErrorRecord(Box::new(error)));
    }

    /// Writes a warning.
    pub fn warning(&mut self, record: Record) {
        self.send(&Message::WarningRecord(record));
    }

    /// Writes a verbose message.
    pub fn verbose(&mut self, record: Record) {
        self.send(&Message::VerboseRecord(record));
    }

    /// Writes a debug message.
    pub fn debug(&mut self, record: Record) {
        self.send(&Message::DebugRecord(record));
    }

    /// Says how far it is.
    pub fn progress(&mut self, progress: Progress) {
        self.send(&Message::Progress(progress));
    }

    /// Writes information, which clients before protocol 2.3 do not know.
    pub fn information(&mut self, information: Information) {
        self.send(&Message::Information(Box::new(information)));
    }

    /// Calls the client's host; the answer comes as an event, unless the method is void.
    pub fn host_call(&mut self, method: HostMethod, parameters: Vec<Value>) -> CallId {
        let call = next_call(&mut self.next_call, method);
        let message = HostCall {
            call,
            method,
            parameters,
        };
        self.send(&Message::PipelineHostCall(message));
        call
    }

    /// It is being stopped: what it still writes is sent.
    pub fn stopping(&mut self) {
        if self.state == PipelineState::RUNNING {
            self.state = PipelineState::STOPPING;
        }
    }

    /// It ended well.
    pub fn complete(&mut self) {
        self.end(PipelineState::COMPLETED, None);
    }

    /// It ended with an error.
    pub fn fail(&mut self, error: ErrorRecord) {
        self.end(PipelineState::FAILED, Some(error));
    }

    /// It was stopped.
    pub fn stopped(&mut self) {
        self.end(PipelineState::STOPPED, Some(ErrorRecord::stopped()));
    }

    fn is_running(&self) -> bool {
        matches!(self.state, PipelineState::RUNNING | PipelineState::STOPPING)
    }

    fn send(&mut self, message: &Message) {
        if self.is_running() {
            self.channel.send(Stream::Default, message);
        }
    }

    fn end(&mut self, state: PipelineState, error: Option<ErrorRecord>) {
        let message = PipelineStateMessage { state, error };
        self.send(&Message::PipelineState(Box::new(message)));
        if self.is_running() {
            self.state = state;
        }
    }
}
