//! What passes a bridge for a pool or for one of its pipelines, in both directions.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize, Serializer};

use super::overheard::{Overheard, from_start};
use super::stored;
use crate::message::MessageKind;
use crate::packet::{Packet, What};

/// A line that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    text: String,
    kind: Kind,
}

/// What the engine has to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    /// To make a pipeline, and say so.
    Command,
    /// To take what is in it, and say so.
    Data,
    /// To do something that nothing waits for.
    Other,
}

/// A line's fragments that the client has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    /// Where the line stands in the engine's output.
    begin: u64,
    end: u64,
    #[serde(with = "stored")]
    bytes: Vec<u8>,
    /// Whether it is here to stay: the engine's output need not be kept for it.
    is_parked: bool,
}

/// An answer that the client may have got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    request: String,
    /// Behind its last line.
    to: u64,
    /// Whether [`Lane::first`] and [`Lane::last`] were in it.
    first: bool,
    last: bool,
}

/// How a pipeline or a pool has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    /// The message that says so.
    #[serde(with = "stored")]
    pub(super) message: Vec<u8>,
    /// The line in which it begins; `None`: the engine has not said it.
    pub(super) begin: Option<u64>,
}

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Fragments.
    pub bytes: Vec<u8>,
    /// Whether nothing comes behind them.
    pub is_end: bool,
}

/// The pool's part of a bridge, or a pipeline's.
#[derive(Debug, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is about another direction or end of it"
)]
pub(super) struct Lane {
    queue: VecDeque<Line>,
    /// Whether the engine has to answer before it gets more.
    waits: bool,
    heard: Overheard,
    /// The line in which the message begins that is being heard.
    heard_from: u64,
    #[serde(serialize_with = "parked")]
    held: VecDeque<Held>,
    /// The client has all of its lines in front of this place.
    has: u64,
    sent: Option<Sent>,
    /// Whether the client has not got the beginning of the message that comes next.
    skips: bool,
    /// Whether lines are lost here.
    has_gap: bool,
    /// Fragments that come before all others, and behind all others.
    #[serde(with = "stored")]
    pub(super) first: Vec<u8>,
    #[serde(with = "stored")]
    last: Vec<u8>,
    pub(super) end: Option<End>,
    /// Whether its client wants it to stop.
    pub(super) is_stopping: bool,
    /// Whether its client has ended it.
    pub(super) is_given_up: bool,
}

fn parked<S: Serializer>(held: &VecDeque<Held>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(held.iter().filter(|held| held.is_parked))
}

impl Lane {
    /// Adds what the engine is to be told.
    pub(super) fn tell(&mut self, packet: &Packet) {
        let kind = match packet.what {
            What::Command => Kind::Command,
            What::Data(..) => Kind::Data,
            _ => Kind::Other,
        };
        let text = packet.to_line();
        self.queue.push_back(Line { text, kind });
    }

    /// Moves what the engine can be told now to the end of `outgoing`.
    pub(super) fn feed(&mut self, outgoing: &mut String) {
        while !self.waits
            && let Some(line) = self.queue.pop_front()
        {
            outgoing.push_str(&line.text);
            self.waits = line.kind != Kind::Other;
        }
    }

    /// The engine goes on.
    pub(super) fn answered(&mut self) {
        self.waits = false;
    }

    /// Whether something has not been told, or the engine has not answered.
    pub(super) fn is_busy(&self) -> bool {
        self.waits || !self.queue.is_empty()
    }

    /// Takes back what the engine has not been told. Gives whether it knows of the pipeline.
    pub(super) fn take_back(&mut self) -> bool {
        let is_known = !self.queue.iter().any(|line| line.kind == Kind::Command);
        self.queue.clear();
        is_known
    }

    /// Nobody wants anything of it any more.
    pub(super) fn give_up(&mut self) {
        self.is_given_up = true;
        self.held.clear();
        self.sent = None;
        self.heard = Overheard::default();
        self.first.clear();
        self.last.clear();
    }

    /// Nothing is told to an engine that is no more.
    pub(super) fn falls_silent(&mut self) {
        self.queue.clear();
        self.waits = false;
    }

    /// Takes the fragments of a line that has come once more: another process had heard it.
    pub(super) fn recall(&mut self, begin: u64, end: u64, bytes: Vec<u8>) {
        let known = self.held.back().is_some_and(|last| end <= last.end);
        if self.is_given_up || end <= self.has || known {
            return;
        }
        self.held.push_back(Held {
            begin,
            end,
            bytes,
            is_parked: false,
        });
    }

    /// Takes the fragments of a line that has come. Gives the wanted messages that end with it, each
    /// with the place of the line in which it begins.
    pub(super) fn take(
        &mut self,
        (begin, end): (u64, u64),
        mut bytes: Vec<u8>,
        wanted: &[MessageKind],
    ) -> Vec<(u64, Vec<u8>)> {
        if self.has_gap {
            bytes = from_start(&bytes).to_vec();
            self.has_gap = bytes.is_empty();
        }
        if bytes.is_empty() || self.is_given_up {
            return Vec::new();
        }
        let mut found = Vec::new();
        if !self.heard.is_within() {
            self.heard_from = begin;
        }
        for message in self.heard.hear(&bytes, wanted) {
            found.push((self.heard_from, message));
            self.heard_from = begin;
        }
        self.recall(begin, end, bytes);
        found
    }

    /// Lines are lost, and answers of the engine perhaps.
    pub(super) fn loses(&mut self) {
        self.heard = Overheard::default();
        self.has_gap = true;
        self.waits = false;
    }

    /// The first line that it needs of the engine's output.
    pub(super) fn needs(&self) -> Option<u64> {
        self.loose().next().map(|held| held.begin)
    }

    fn loose(&self) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(|held| !held.is_parked)
    }

    /// Bytes that are parked.
    pub(super) fn parked(&self) -> usize {
        let parked = self.held.iter().filter(|held| held.is_parked);
        parked.map(|held| held.bytes.len()).sum()
    }

    /// Bytes that are held.
    pub(super) fn weight(&self) -> usize {
        self.held.iter().map(|held| held.bytes.len()).sum()
    }

    /// Parks the first line that it needs, if that is of at most `room` bytes.
    pub(super) fn park(&mut self, room: usize) -> bool {
        let first = self.held.iter_mut().find(|held| !held.is_parked);
        let first = first.filter(|held| held.bytes.len() <= room);
        first.map(|held| held.is_parked = true).is_some()
    }

    /// The place of the first line that is held.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.held.front().map(|held| held.begin)
    }

    /// Forgets the first line that is held.
    pub(super) fn forget(&mut self) {
        if let Some(held) = self.held.pop_front() {
            self.has = held.end;
            self.skips = true;
        }
    }

    /// The client has what it was sent.
    pub(super) fn acknowledge(&mut self) {
        let Some(sent) = self.sent.take() else {
            return;
        };
        if sent.to > self.has {
            self.has = sent.to;
            self.skips = false;
        }
        while self.held.front().is_some_and(|held| held.end <= self.has) {
            self.held.pop_front();
        }
        if sent.first {
            self.first.clear();
        }
        if sent.last {
            self.last.clear();
        }
    }

    /// What the client gets that asks by the request of this number: at most `room` bytes, but always
    /// a line's. Who asks by another request has what came before; the same gets the same.
    pub(super) fn give(&mut self, request: &str, room: usize) -> Option<Given> {
        if self
            .sent
            .as_ref()
            .is_some_and(|sent| sent.request != request)
        {
            self.acknowledge();
        }
        while self.skips
            && let Some(front) = self.held.front()
            && from_start(&front.bytes).is_empty()
        {
            self.has = front.end;
            self.held.pop_front();
        }
        let given = self
            .sent
            .clone()
            .unwrap_or_else(|| self.next(request, room));
        let mut bytes = Vec::new();
        if given.first {
            bytes.extend_from_slice(&self.first);
        }
        for held in self.held.iter().take_while(|held| held.end <= given.to) {
            let is_first = self.skips && bytes.len() == self.first_given(&given);
            let own = if is_first {
                from_start(&held.bytes)
            } else {
                &held.bytes
            };
            bytes.extend_from_slice(own);
        }
        if given.last {
            bytes.extend_from_slice(&self.last);
        }
        let rest = self.held.back().is_some_and(|held| held.end > given.to);
        let is_end = self.end.is_some() && !rest && (given.last || self.last.is_empty());
        if bytes.is_empty() {
            return is_end.then_some(Given { bytes, is_end });
        }
        self.sent = Some(given);
        Some(Given { bytes, is_end })
    }

    fn first_given(&self, given: &Sent) -> usize {
        if given.first { self.first.len() } else { 0 }
    }

    /// What comes next.
    fn next(&self, request: &str, room: usize) -> Sent {
        let mut to = self.has;
        let mut length = self.first.len();
        for held in &self.held {
            length += held.bytes.len();
            if length > room && length > held.bytes.len() {
                break;
            }
            to = held.end;
        }
        let is_all = self.held.back().is_none_or(|held| held.end == to);
        Sent {
            request: request.to_owned(),
            to,
            first: !self.first.is_empty(),
            last: is_all && !self.last.is_empty(),
        }
    }

    /// Its client goes on to another. If it has ended, and was given to its end, the client has that,
    /// and will say no more of it: not all clients end what is over.
    pub(super) fn pass(&mut self) {
        let rest = |sent: &Sent| self.held.back().is_some_and(|held| held.end > sent.to);
        let sent = self.sent.as_ref();
        if self.end.is_some() && sent.is_some_and(|sent| !rest(sent)) {
            self.acknowledge();
        }
    }

    /// Forgets what a pipeline said that is to stop, but for its end: not all clients ask for that.
    pub(super) fn shorten(&mut self) {
        let end = self.end.as_ref().and_then(|end| end.begin);
        while self.is_stopping
            && let Some(front) = self.held.front()
            && end.is_none_or(|end| front.end <= end)
        {
            self.sent = None;
            self.forget();
        }
    }

    /// Another client is there, which has nothing: what the one before it did not confirm comes
    /// again, a message that it has in part does not, and the end does in any case. Gives what says
    /// so where that has to be said anew.
    pub(super) fn begin_again(&mut self) -> Option<Vec<u8>> {
        self.sent = None;
        self.skips = true;
        let end = self.end.as_ref()?;
        if end.begin.is_some_and(|begin| self.has <= begin) {
            return None;
        }
        if let Some(last) = self.held.back().filter(|_| end.begin.is_some()) {
            // The client before has the end in part.
            self.has = last.end;
            self.held.clear();
        }
        Some(end.message.clone())
    }

    /// What comes behind all else.
    pub(super) fn close_with(&mut self, fragments: Vec<u8>) {
        self.last = fragments;
    }
}
