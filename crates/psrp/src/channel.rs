//! What pools and pipelines of both sides have in common: messages in and out as fragments.

use crate::clixml::{ClixmlError, Limits, Value, Version, encode_into, text_document};
use crate::crypto::KeyError;
use crate::fragment::{FragmentError, Inbox, Outbox};
use crate::ids::{ObjectIds, PipelineId, PoolId};
use crate::message::{Destination, Header, Message, MessageError, MessageKind, SessionCapability};

/// Which of the transport's streams bytes travel in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// What all but answers travels in: `stdin` to the server, `stdout` from it.
    Default,
    /// `pr`: answers of the client's host.
    PromptResponse,
}

/// How large things may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of a message that this side takes at most.
    pub message: usize,
    /// What a message's body may be like.
    pub body: Limits,
    /// Bytes of a fragment that this side makes, header included.
    pub fragment: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        let body = Limits::default();
        Self {
            message: Header::SIZE + body.bytes,
            body,
            fragment: Outbox::MAX_FRAGMENT,
        }
    }
}

/// A peer does not keep to the protocol.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// Its fragments make no messages.
    #[error("the peer's fragments make no message")]
    Fragment(#[from] FragmentError),
    /// A message cannot be read.
    #[error("a message of the peer cannot be read")]
    Message(#[from] MessageError),
    /// A value cannot be read.
    #[error("a value of the peer cannot be read")]
    Clixml(#[from] ClixmlError),
    /// A message is for another pool or pipeline, or for the other side.
    #[error("{0} is not for this pool or pipeline")]
    NotForUs(MessageKind),
    /// A message comes when it must not.
    #[error("{kind} must not come while {state}")]
    State {
        /// The message.
        kind: MessageKind,
        /// How things stand.
        state: &'static str,
    },
    /// The other side speaks another version of the protocol.
    #[error("the peer speaks version {0} of the protocol, this side 2.0 to 2.3")]
    Version(Version),
    /// A key cannot be exchanged.
    #[error("the session's key cannot be exchanged")]
    Key(#[from] KeyError),
}

/// A pool's, or a pipeline's, end of the connection.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) header: Header,
    pub(crate) ids: ObjectIds,
    pub(crate) sizes: Sizes,
    inbox: Inbox,
    answers_in: Inbox,
    outbox: Outbox,
    answers_out: Outbox,
}

impl Channel {
    /// A channel whose messages go to `destination`.
    pub(crate) fn new(
        destination: Destination,
        pool: PoolId,
        pipeline: Option<PipelineId>,
        ids: ObjectIds,
        sizes: Sizes,
    ) -> Self {
        Self {
            header: Header {
                destination,
                // Set for each message.
                kind: MessageKind(0),
                pool,
                pipeline,
            },
            ids,
            sizes,
            inbox: Inbox::new(sizes.message),
            answers_in: Inbox::new(sizes.message),
            outbox: Outbox::new(sizes.fragment),
            answers_out: Outbox::new(sizes.fragment),
        }
    }

    pub(crate) fn outbox(&mut self, stream: Stream) -> &mut Outbox {
        match stream {
            Stream::Default => &mut self.outbox,
            Stream::PromptResponse => &mut self.answers_out,
        }
    }

    pub(crate) fn pending(&self) -> usize {
        self.outbox.len() + self.answers_out.len()
    }

    pub(crate) fn send(&mut self, stream: Stream, message: &Message) {
        let (header, object) = self.next(message.kind());
        push(self.outbox(stream), header, object, message);
    }

    /// Sends a message by a way of its own.
    pub(crate) fn send_to(&self, outbox: &mut Outbox, message: &Message) {
        let (header, object) = self.next(message.kind());
        push(outbox, header, object, message);
    }

    /// Sends a message that is nothing but text, without making a value of it first.
    pub(crate) fn send_text(&mut self, kind: MessageKind, text: &str) {
        let (header, object) = self.next(kind);
        self.outbox.push(object, |out| {
            header.write(out);
            text_document(out, text);
        });
    }

    /// Sends a message whose body is a value.
    pub(crate) fn send_value(&mut self, kind: MessageKind, value: &Value) {
        let (header, object) = self.next(kind);
        self.outbox.push(object, |out| {
            header.write(out);
            encode_into(out, value);
        });
    }

    /// The header of the next message, and its object's number.
    fn next(&self, kind: MessageKind) -> (Header, u64) {
        let header = Header {
            kind,
            ..self.header
        };
        (header, self.ids.next())
    }

    /// Reads messages out of bytes that came, and does something with each.
    pub(crate) fn receive(
        &mut self,
        stream: Stream,
        bytes: &[u8],
        mut each: impl FnMut(Header, Message) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        let inbox = match stream {
            Stream::Default => &mut self.inbox,
            Stream::PromptResponse => &mut self.answers_in,
        };
        let body = self.sizes.body;
        let ours = &mut self.header;
        inbox.read(bytes, |message| {
            let (header, bytes) = Header::split(message)?;
            let pool = header.pool.0.is_nil() || ours.pool.0.is_nil() || header.pool == ours.pool;
            let pipeline = match (header.kind, ours.pipeline) {
                // Some clients write other ids in messages than the transport has, and Windows
                // keeps to what the first message says.
                (MessageKind::CREATE_PIPELINE | MessageKind::GET_COMMAND_METADATA, Some(_)) => {
                    ours.pipeline = header.pipeline.or(ours.pipeline);
                    header.pipeline.is_some()
                }
                // Some send what their host answers a pipeline in the pool's stream.
                (MessageKind::PIPELINE_HOST_RESPONSE, None) => true,
                (_, pipeline) => header.pipeline == pipeline,
            };
            if !(pool && pipeline) {
                return Err(ProtocolError::NotForUs(header.kind));
            }
            each(header, Message::decode(header.kind, bytes, &body)?)
        })
    }

    /// Forgets what has not come whole, for a peer that counts anew.
    pub(crate) fn reset(&mut self) {
        self.inbox.reset();
        self.answers_in.reset();
    }
}

fn push(outbox: &mut Outbox, header: Header, object: u64, message: &Message) {
    outbox.push(object, |out| {
        header.write(out);
        message.encode(out);
    });
}

/// What the other side speaks, if this side does.
pub(crate) fn check_version(theirs: SessionCapability) -> Result<SessionCapability, ProtocolError> {
    let protocol = theirs.protocol;
    let newest = SessionCapability::OURS.protocol;
    if protocol < Version::new(2, 0) || protocol.major > newest.major {
        return Err(ProtocolError::Version(protocol));
    }
    Ok(theirs)
}
