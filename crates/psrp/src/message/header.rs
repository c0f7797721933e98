//! What stands in front of each message's body.

use uuid::Uuid;

use super::{MessageError, MessageKind};
use crate::ids::{PipelineId, PoolId};

/// Whom a message is for. Unknown values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Destination(pub u32);

impl Destination {
    /// The client.
    pub const CLIENT: Self = Self(1);
    /// The server.
    pub const SERVER: Self = Self(2);
}

/// What stands in front of a message's body ([MS-PSRP] 2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Whom it is for.
    pub destination: Destination,
    /// What the body is.
    pub kind: MessageKind,
    /// The pool. Windows leaves it zero in messages before the pool is there.
    pub pool: PoolId,
    /// The pipeline, if the message is about one.
    pub pipeline: Option<PipelineId>,
}

impl Header {
    /// Bytes that it takes.
    pub const SIZE: usize = 40;

    /// The header and the body of a message.
    pub fn split(message: &[u8]) -> Result<(Self, &[u8]), MessageError> {
        let length = message.len();
        let short = MessageError::Short { length };
        let Some((header, body)) = message.split_first_chunk::<{ Self::SIZE }>() else {
            return Err(short);
        };
        let mut rest = header.as_slice();
        let (Some(destination), Some(kind)) = (take(&mut rest), take(&mut rest)) else {
            return Err(short);
        };
        let (Some(pool), Some(pipeline)) = (take(&mut rest), take(&mut rest)) else {
            return Err(short);
        };
        let pipeline = Uuid::from_bytes_le(pipeline);
        let header = Self {
            destination: Destination(u32::from_le_bytes(destination)),
            kind: MessageKind(u32::from_le_bytes(kind)),
            pool: PoolId(Uuid::from_bytes_le(pool)),
            pipeline: (!pipeline.is_nil()).then_some(PipelineId(pipeline)),
        };
        Ok((header, body))
    }

    /// Appends the header.
    pub fn write(&self, out: &mut Vec<u8>) {
        let pipeline = self.pipeline.map_or(Uuid::nil(), |pipeline| pipeline.0);
        out.extend_from_slice(&self.destination.0.to_le_bytes());
        out.extend_from_slice(&self.kind.0.to_le_bytes());
        out.extend_from_slice(&self.pool.0.to_bytes_le());
        out.extend_from_slice(&pipeline.to_bytes_le());
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*taken)
}
