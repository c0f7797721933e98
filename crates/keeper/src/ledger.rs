//! Numbers of all sessions in memory that the host shares.
//!
//! A row of sixteen words a session. The host reads idle times from it without asking, and, after
//! the keeper was killed, how far each ring had come.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use winsta_domain::{ConnectionId, SessionId};
use winsta_wire::Stream;

use crate::sys::map::SharedMap;

/// Words in a row.
pub(crate) const WORDS: usize = 16;
/// Rows, and so the most sessions that a keeper can have.
const ROWS: usize = 65_536;

/// First of the words behind those of [`Word`]: numbers of connections that do not take output as
/// fast as it comes, two in each word. There is no connection 0.
const BEHIND: usize = 10;

/// What a word of a row says; the numbers are shared with hosts of other versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The session's id plus one; 0: the row is free.
    Session = 0,
    /// Offset of the oldest byte kept of the first stream.
    OutBase = 1,
    /// Offset behind its newest byte.
    OutEnd = 2,
    /// The same of standard error.
    ErrBase = 3,
    /// The same of standard error.
    ErrEnd = 4,
    /// When the user last typed: milliseconds since the epoch.
    LastInput = 5,
    /// Process id of the session's first process.
    Leader = 6,
    /// What marks the session's processes.
    Mark = 7,
    /// Behind its newest byte, the first stream's memory is zero up to this offset.
    OutClean = 8,
    /// The same of standard error.
    ErrClean = 9,
}

/// The shared memory.
#[derive(Debug)]
pub(crate) struct Ledger {
    map: SharedMap,
}

impl Ledger {
    /// An empty ledger.
    pub(crate) fn create() -> io::Result<Rc<Self>> {
        let length = ROWS * WORDS * size_of::<u64>();
        Ok(Rc::new(Self {
            map: SharedMap::create("winsta-ledger", length)?,
        }))
    }

    /// The ledger of an earlier life of this keeper.
    pub(crate) fn reopen(file: OwnedFd) -> io::Result<Rc<Self>> {
        Ok(Rc::new(Self {
            map: SharedMap::open(file)?,
        }))
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.map.file()
    }

    /// The row with this number, if there is one.
    pub(crate) fn row(self: &Rc<Self>, number: u32) -> Option<Row> {
        let words = self.map.words().len() / WORDS;
        let within = usize::try_from(number).is_ok_and(|number| number < words);
        within.then(|| Row {
            ledger: Rc::clone(self),
            number,
        })
    }

    /// The row of a session that an earlier keeper had, if this is that one's ledger.
    pub(crate) fn find(self: &Rc<Self>, session: SessionId) -> Option<Row> {
        let mut numbers = 0..;
        let mut rows = std::iter::from_fn(|| self.row(numbers.next()?));
        rows.find(|row| row.get(Word::Session) == u64::from(session.0) + 1)
    }

    /// The first free row, taken for `session`.
    pub(crate) fn take(self: &Rc<Self>, session: SessionId) -> Option<Row> {
        let mut numbers = 0..;
        let row = std::iter::from_fn(|| self.row(numbers.next()?))
            .find(|row| row.get(Word::Session) == 0)?;
        for word in row.words() {
            word.store(0, Ordering::Relaxed);
        }
        row.set(Word::Session, u64::from(session.0) + 1);
        Some(row)
    }
}

/// One session's row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    ledger: Rc<Ledger>,
    number: u32,
}

impl Row {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    fn words(&self) -> &[AtomicU64] {
        let start = self.number as usize * WORDS;
        self.ledger
            .map
            .words()
            .get(start..start + WORDS)
            .unwrap_or_default()
    }

    /// What `word` says.
    pub(crate) fn get(&self, word: Word) -> u64 {
        self.words()
            .get(word as usize)
            .map_or(0, |word| word.load(Ordering::Acquire))
    }

    /// Sets `word`; whoever sees it also sees what was written to a ring before.
    pub(crate) fn set(&self, word: Word, value: u64) {
        if let Some(word) = self.words().get(word as usize) {
            word.store(value, Ordering::Release);
        }
    }

    /// Says which connections do not take output as fast as it comes. There is room for twelve.
    pub(crate) fn set_behind(&self, connections: impl IntoIterator<Item = ConnectionId>) {
        let mut connections = connections.into_iter().map(|connection| connection.0);
        for word in self.words().iter().skip(BEHIND) {
            let mut half = || u64::from(connections.next().unwrap_or(0));
            word.store(half() | half() << 32, Ordering::Release);
        }
    }

    /// Takes over the words of a dead keeper's row. Its connections are gone.
    pub(crate) fn fill(&self, words: &[u64]) {
        let lasting = words.iter().take(BEHIND);
        for (to, from) in self.words().iter().zip(lasting).skip(1) {
            to.store(*from, Ordering::Release);
        }
    }

    /// Takes over this very row of a dead keeper's. Its connections are gone.
    pub(crate) fn keep(&self) {
        self.set_behind([]);
    }

    /// Gives the row back.
    pub(crate) fn free(&self) {
        self.set(Word::Session, 0);
    }

    /// The words that a ring of this session keeps up to date.
    pub(crate) fn window(&self, stream: Stream) -> Window {
        Window {
            row: self.clone(),
            stream,
        }
    }
}

/// The words of one ring.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    row: Row,
    stream: Stream,
}

/// How far a ring has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Offset of the oldest byte kept.
    pub(crate) base: u64,
    /// Offset behind the newest byte.
    pub(crate) end: u64,
    /// Offset up to which memory behind `end` is zero.
    pub(crate) clean: u64,
}

impl Window {
    fn names(&self) -> [Word; 3] {
        match self.stream {
            Stream::Out => [Word::OutBase, Word::OutEnd, Word::OutClean],
            Stream::Err => [Word::ErrBase, Word::ErrEnd, Word::ErrClean],
        }
    }

    pub(crate) fn load(&self) -> Extent {
        let [base, end, clean] = self.names().map(|word| self.row.get(word));
        Extent { base, end, clean }
    }

    pub(crate) fn store(&self, extent: Extent) {
        let [base, end, clean] = self.names();
        self.row.set(base, extent.base);
        self.row.set(clean, extent.clean);
        self.row.set(end, extent.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_and_given_back() {
        let ledger = Ledger::create().unwrap();
        let first = ledger.take(SessionId(0)).unwrap();
        let second = ledger.take(SessionId(7)).unwrap();
        assert_eq!((first.number(), second.number()), (0, 1));
        second.set(Word::LastInput, 99);
        first.free();
        let third = ledger.take(SessionId(8)).unwrap();
        assert_eq!((third.number(), third.get(Word::Session)), (0, 9));
        assert_eq!(second.get(Word::LastInput), 99);
        let again = Ledger::reopen(ledger.file().try_clone_to_owned().unwrap()).unwrap();
        assert_eq!(again.row(1).unwrap().get(Word::LastInput), 99);
        assert!(again.row(65_536).is_none());
    }

    #[test]
    fn connections_that_are_behind_are_named_until_they_are_not() {
        let ledger = Ledger::create().unwrap();
        let row = ledger.take(SessionId(0)).unwrap();
        let next = ledger.take(SessionId(1)).unwrap();
        let named = |row: &Row| {
            let words = row.words()[BEHIND..].iter();
            let words: Vec<u64> = words.map(|word| word.load(Ordering::Acquire)).collect();
            words
        };
        row.set(Word::ErrClean, 5);
        row.set_behind([7, 8, 9].map(ConnectionId));
        assert_eq!(named(&row), [0x0000_0008_0000_0007, 9, 0, 0, 0, 0]);
        row.set_behind((1..99).map(ConnectionId));
        assert_eq!(named(&row)[5], 0x0000_000c_0000_000b);
        assert_eq!(named(&next), [0; 6]);
        let words: Vec<u64> = row
            .words()
            .iter()
            .map(|w| w.load(Ordering::Acquire))
            .collect();
        next.fill(&words);
        assert_eq!((next.get(Word::ErrClean), named(&next)), (5, vec![0; 6]));
        row.set_behind([]);
        assert_eq!(named(&row), [0; 6]);
    }
}
