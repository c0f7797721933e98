//! Requests about a session's bytes: what to type into it, what it has put out.

use winsta_domain::SessionId;
use winsta_wire::{Answer, Buffering, Stream};

use crate::control::Outcome;
use crate::refuse::invalid;
use crate::server::Server;
use crate::session::INPUT;

/// Most bytes that one read brings.
const READ: u32 = 256 << 10;

impl Server {
    pub(crate) fn write(&mut self, id: SessionId, user: bool, tail: &[u8]) -> Outcome {
        let session = self.known(id)?;
        if session.sink().is_none() || session.close_input {
            return Err(invalid("the session's input is closed"));
        }
        if user {
            session.typed(Self::now());
        }
        let room = INPUT.saturating_sub(session.input.len());
        let taken = tail.get(..room.min(tail.len())).unwrap_or_default();
        session.written = session.written.map(|all| all + taken.len() as u64);
        self.type_in(id, taken);
        Ok(Answer::Written {
            bytes: u32::try_from(taken.len()).unwrap_or(u32::MAX),
        })
    }

    pub(crate) fn read(
        &mut self,
        id: SessionId,
        stream: Stream,
        from: u64,
        max: u32,
        bytes: &mut Vec<u8>,
    ) -> Outcome {
        let session = self.known(id)?;
        let finished = session.finished;
        let flow = session
            .flow(stream)
            .ok_or_else(|| invalid("there is no such stream"))?;
        let end = flow.ring.end();
        let offset = from.clamp(flow.ring.base(), end);
        let (first, second) = flow.ring.read(offset, max.min(READ) as usize);
        bytes.extend_from_slice(first);
        bytes.extend_from_slice(second);
        let finished = finished && offset + bytes.len() as u64 == end;
        Ok(Answer::Bytes {
            offset,
            end,
            finished,
        })
    }

    pub(crate) fn snapshot(&mut self, id: SessionId, bytes: &mut Vec<u8>) -> Outcome {
        let session = self.known(id)?;
        let report = session.ring_report(Stream::Out);
        let (Some(picture), Some(flow)) = (&session.picture, session.flow(Stream::Out)) else {
            return Err(invalid("a session with pipes has no screen"));
        };
        let (info, paint) = picture.snapshot(&flow.ring, report);
        bytes.extend_from_slice(&paint);
        Ok(Answer::Snapshot(info))
    }

    pub(crate) fn acknowledge(&mut self, id: SessionId, stream: Stream, upto: u64) -> Outcome {
        let session = self.known(id)?;
        let blocking = session.buffering == Buffering::Block;
        let flow = session
            .flow_mut(stream)
            .ok_or_else(|| invalid("there is no such stream"))?;
        flow.acknowledged = flow.acknowledged.max(upto.min(flow.ring.end()));
        if blocking {
            flow.ring.forget(flow.acknowledged);
        }
        self.rearm(id);
        self.finish(id);
        Ok(Answer::Done)
    }
}
