//! Requests of the host that wait for output.

use std::collections::HashMap;

use winsta_domain::SessionId;
use winsta_wire::{Answer, Refusal, Stream};

use crate::refuse::invalid;
use crate::server::Server;

/// Requests by the session that they wait for: one for each stream, so a host that gave one up and
/// asks again leaves nothing behind.
#[derive(Debug, Default)]
pub(crate) struct Waits(HashMap<SessionId, Vec<Wait>>);

#[derive(Clone, Copy, Debug)]
struct Wait {
    seq: u64,
    stream: Stream,
    beyond: u64,
}

impl Waits {
    /// Nobody waits any more: the host that did is gone.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Server {
    /// Answers now if there is something, else once there is, or once the same is asked again.
    pub(crate) fn await_output(
        &mut self,
        seq: u64,
        id: SessionId,
        stream: Stream,
        beyond: u64,
    ) -> Result<(), Refusal> {
        if self.known(id)?.flow(stream).is_none() {
            return Err(invalid("there is no such stream"));
        }
        let wait = Wait {
            seq,
            stream,
            beyond,
        };
        if self.is_due(id, wait) {
            self.settle(seq, Ok(Answer::Done));
            return Ok(());
        }
        let waits = self.waits.0.entry(id).or_default();
        let earlier = waits.iter().position(|other| other.stream == stream);
        let earlier = earlier.map(|at| waits.swap_remove(at));
        waits.push(wait);
        if let Some(earlier) = earlier {
            self.settle(earlier.seq, Ok(Answer::Done));
        }
        Ok(())
    }

    /// Answers those who wait for output of a session that there is now.
    pub(crate) fn wake(&mut self, id: SessionId) {
        let Some(mut waits) = self.waits.0.remove(&id) else {
            return;
        };
        waits.retain(|wait| {
            let due = self.is_due(id, *wait);
            if due {
                self.settle(wait.seq, Ok(Answer::Done));
            }
            !due
        });
        if !waits.is_empty() {
            self.waits.0.insert(id, waits);
        }
    }

    /// Answers everybody: another program takes over, which does not know who waits.
    pub(crate) fn wake_all(&mut self) {
        for wait in std::mem::take(&mut self.waits.0).into_values().flatten() {
            self.settle(wait.seq, Ok(Answer::Done));
        }
    }

    fn is_due(&self, id: SessionId, wait: Wait) -> bool {
        let Some(session) = self.sessions.get(&id) else {
            return true;
        };
        let flow = session.flow(wait.stream);
        session.finished || flow.is_none_or(|flow| flow.ring.end() > wait.beyond)
    }
}
