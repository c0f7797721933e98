//! What the engine of a bridge says.

use super::lane::End;
use super::{Bridge, OF_PIPELINE, OF_POOL, decode, lane};
use crate::ids::PipelineId;
use crate::message::{Availability, Message, MessageKind, PipelineState, PoolState};
use crate::packet::{Front, Packet, What};

impl Bridge {
    /// Where in the engine's output it goes on.
    pub fn next_offset(&self) -> u64 {
        self.cursor.unwrap_or(self.needs)
    }

    /// The first place of the engine's output that is needed.
    pub fn needs(&self) -> u64 {
        self.needs
    }

    /// Takes output of the engine that begins at `from`. If that is behind
    /// [`next_offset`](Self::next_offset), what is between is lost.
    pub fn hear(&mut self, from: u64, bytes: &[u8]) {
        if from > self.next_offset() {
            self.loses();
            self.seen = self.seen.max(from);
        }
        let (mut at, mut rest) = (from, bytes);
        loop {
            let length = match Packet::at_front(rest) {
                Front::More => break,
                Front::Junk(length) => length,
                Front::Packet(packet, length) => {
                    self.engine_says(packet, (at, at + length as u64));
                    length
                }
            };
            at += length as u64;
            self.seen = self.seen.max(at);
            rest = rest.get(length..).unwrap_or_default();
        }
        self.cursor = Some(at);
        self.look_what_is_needed();
    }

    fn loses(&mut self) {
        self.pipelines
            .retain(|_, lane| !lane.is_given_up || lane.is_busy());
        let lanes = std::iter::once(&mut self.pool).chain(self.pipelines.values_mut());
        for lane in lanes {
            lane.loses();
            lane.feed(&mut self.outgoing);
        }
    }

    fn engine_says(&mut self, packet: Packet, place: (u64, u64)) {
        let is_new = place.0 >= self.seen;
        let Packet { about, what } = packet;
        let Self {
            pool,
            pipelines,
            outgoing,
            ..
        } = self;
        let Some(lane) = lane(pool, pipelines, about) else {
            return;
        };
        match what {
            What::Data(_, bytes) if !is_new => lane.recall(place.0, place.1, bytes),
            What::Data(_, bytes) => {
                let wanted: &[MessageKind] = if about.is_some() {
                    &OF_PIPELINE
                } else {
                    &OF_POOL
                };
                for (begin, message) in lane.take(place, bytes, wanted) {
                    match about {
                        None => self.pool_says(begin, message),
                        Some(id) => self.pipeline_says(id, begin, message),
                    }
                }
            }
            What::DataAck | What::CommandAck if is_new => {
                lane.answered();
                lane.feed(outgoing);
            }
            What::CloseAck if is_new && lane.is_given_up => {
                if let Some(id) = about {
                    pipelines.remove(&id);
                }
            }
            _ => {}
        }
    }

    fn pool_says(&mut self, begin: u64, message: Vec<u8>) {
        // What cannot be read is the client's to complain about.
        match decode(&message) {
            Ok(Message::SessionCapability(capability)) => self.capability = Some(capability),
            Ok(Message::ApplicationPrivateData(_)) => self.private_data = message,
            Ok(Message::PoolState(state))
                if matches!(state.state, PoolState::BROKEN | PoolState::CLOSED) =>
            {
                let begin = Some(begin);
                self.pool.end = Some(End { message, begin });
            }
            Ok(Message::RunspaceAvailability(answer)) => {
                let wish = self.wishes.remove(&answer.call.0);
                if let Some(runspaces) = wish.filter(|_| answer.answer == Availability::Done(true))
                {
                    self.runspaces = runspaces;
                }
            }
            _ => {}
        }
    }

    fn pipeline_says(&mut self, id: PipelineId, begin: u64, message: Vec<u8>) {
        let is_end = match decode(&message) {
            Ok(Message::PipelineState(state)) => matches!(
                state.state,
                PipelineState::COMPLETED | PipelineState::FAILED | PipelineState::STOPPED
            ),
            // Only the end comes with something that can be too long, which is an error.
            _ => true,
        };
        let lane = self.pipelines.get_mut(&id);
        if let Some(lane) = lane.filter(|lane| is_end && lane.end.is_none()) {
            let begin = Some(begin);
            lane.end = Some(End { message, begin });
            self.close(id);
        }
    }
}
