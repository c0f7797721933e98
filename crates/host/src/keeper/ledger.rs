//! The keeper's ledger: numbers of all sessions in memory that the host may read at any time.

use std::ops::RangeInclusive;
use std::os::fd::{AsFd, OwnedFd};

use winsta_domain::{ConnectionId, SessionId, Timestamp};
use winsta_wire::Stream;

/// Words in a row.
const WORDS: usize = 16;
/// Bytes in a row.
const ROW: usize = WORDS * 8;
/// Most rows that are read at once.
const MOST_ROWS: usize = 65_536;

const SESSION: usize = 0;
/// Offset of the oldest byte kept of standard output, then that behind the newest.
const OUT: usize = 1;
/// The same of standard error.
const ERR: usize = 3;
const LAST_INPUT: usize = 5;
const BEHIND: usize = 10;

/// Connections that do not take output as fast as it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Behind([u64; WORDS - BEHIND]);

impl Behind {
    /// Whether this one is among them.
    pub(crate) fn has(self, connection: ConnectionId) -> bool {
        let number = u64::from(connection.0);
        let is_half = |word: u64| word & u64::from(u32::MAX) == number || word >> 32 == number;
        number != 0 && self.0.into_iter().any(is_half)
    }
}

/// The ledger of the present keeper, or of one that died.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: OwnedFd,
}

impl Ledger {
    /// The ledger in this memory file; `None` if it is none. Reading any other kind of file could
    /// take as long as whoever sent it wants. What is no longer there when it is read is missing;
    /// it is never mapped, so nobody can cut it off under a reader's feet.
    pub(crate) fn new(file: OwnedFd) -> Option<Self> {
        // Only files in memory have seals.
        rustix::fs::fcntl_get_seals(&file).ok()?;
        Some(Self { file })
    }

    /// A copy of these rows.
    pub(crate) fn snapshot(&self, slots: RangeInclusive<u32>) -> Rows {
        let (first, last) = (*slots.start() as usize, *slots.end() as usize);
        let count = (last + 1).saturating_sub(first).min(MOST_ROWS);
        let mut bytes = vec![0; count * ROW];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match rustix::io::pread(self.file.as_fd(), rest, (first * ROW + filled) as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot read the keeper's ledger");
                    break;
                }
            }
        }
        bytes.truncate(filled);
        Rows { first, bytes }
    }
}

/// Rows of a ledger at one moment.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Slot of the first of them.
    first: usize,
    bytes: Vec<u8>,
}

impl Rows {
    /// When a user last typed into `session`, if its row is there and its own.
    pub(crate) fn last_input(&self, slot: u32, session: SessionId) -> Option<Timestamp> {
        self.own(slot, session)?;
        self.word(slot, LAST_INPUT).map(Timestamp)
    }

    /// Which clients of `session` do not take output as fast as it comes.
    pub(crate) fn behind(&self, slot: u32, session: SessionId) -> Behind {
        let mut behind = Behind::default();
        if self.own(slot, session).is_some() {
            for (word, number) in behind.0.iter_mut().zip(BEHIND..) {
                *word = self.word(slot, number).unwrap_or_default();
            }
        }
        behind
    }

    /// Offsets of the oldest byte that is kept of a stream of `session`, and behind the newest.
    pub(crate) fn extent(
        &self,
        slot: u32,
        session: SessionId,
        stream: Stream,
    ) -> Option<(u64, u64)> {
        self.own(slot, session)?;
        let base = match stream {
            Stream::Out => OUT,
            Stream::Err => ERR,
        };
        Some((self.word(slot, base)?, self.word(slot, base + 1)?))
    }

    /// The words of `session`'s row, if it is there and its own.
    pub(crate) fn words(&self, slot: u32, session: SessionId) -> Option<Vec<u64>> {
        self.own(slot, session)?;
        (0..WORDS).map(|word| self.word(slot, word)).collect()
    }

    fn own(&self, slot: u32, session: SessionId) -> Option<()> {
        let owner = self.word(slot, SESSION)?;
        (owner == u64::from(session.0) + 1).then_some(())
    }

    fn word(&self, slot: u32, word: usize) -> Option<u64> {
        let row = (slot as usize).checked_sub(self.first)?;
        let at = row.checked_mul(ROW)? + word * 8;
        let (bytes, _) = self.bytes.get(at..)?.split_first_chunk::<8>()?;
        Some(u64::from_ne_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_ledger_is_a_file_in_memory() {
        let (pipe, _other) = std::io::pipe().unwrap();
        assert!(Ledger::new(pipe.into()).is_none());
        let device = std::fs::File::open("/dev/zero").unwrap();
        assert!(Ledger::new(device.into()).is_none());
    }

    #[test]
    fn only_a_sessions_own_row_counts() {
        let flags = rustix::fs::MemfdFlags::CLOEXEC;
        let file = rustix::fs::memfd_create("ledger", flags).unwrap();
        let mut file = std::fs::File::from(file);
        for row in 0u64..3 {
            let mut words = [0u64; WORDS];
            words[SESSION] = row + 10;
            words[LAST_INPUT] = 100 + row;
            words[BEHIND + 5] = (row + 1) << 32;
            for word in words {
                file.write_all(&word.to_ne_bytes()).unwrap();
            }
        }
        let ledger = Ledger::new(file.into()).unwrap();
        let rows = ledger.snapshot(0..=1);
        assert_eq!(rows.last_input(1, SessionId(10)), Some(Timestamp(101)));
        assert_eq!(rows.last_input(1, SessionId(11)), None);
        assert_eq!(rows.last_input(2, SessionId(11)), None, "not read");
        assert_eq!(rows.words(0, SessionId(9)).map(|words| words[5]), Some(100));
        assert_eq!(rows.last_input(u32::MAX, SessionId(1)), None);
        let behind = |slot, session| {
            let behind = rows.behind(slot, SessionId(session));
            let numbers = (0..4).filter(|number| behind.has(ConnectionId(*number)));
            numbers.collect::<Vec<_>>()
        };
        assert_eq!(behind(1, 10), [2]);
        assert_eq!(behind(1, 9), [0; 0]);
        let rows = ledger.snapshot(1..=1);
        assert_eq!(rows.last_input(1, SessionId(10)), Some(Timestamp(101)));
        assert_eq!(rows.last_input(0, SessionId(9)), None, "not read");
    }
}
