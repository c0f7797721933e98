//! Rings of a keeper, read where they are.
//!
//! A host holds the memory of all rings against the death of its own user's keeper, and the ledger
//! says how far each has come. So what programs have printed is read without asking anybody.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{Ordering, fence};

use winsta_wire::{SessionReport, Stream};

use super::ledger::Ledger;

/// Bytes of a ring from `from` on, or from its oldest byte if that is younger, and their offset; at
/// most `most` bytes. `None` asks for the keeper's own answer: this is not that keeper's ring, or
/// output was faster than this reading.
pub(crate) fn read(
    ledger: &Ledger,
    report: &SessionReport,
    file: &OwnedFd,
    stream: Stream,
    from: u64,
    most: usize,
) -> Option<(u64, Vec<u8>)> {
    let ring = match stream {
        Stream::Out => report.rings.first(),
        Stream::Err => report.rings.get(1),
    };
    let capacity = ring?.capacity;
    let extent = || {
        let rows = ledger.snapshot(report.slot..=report.slot);
        rows.extent(report.slot, report.session, stream)
    };
    let (base, end) = extent()?;
    if end.checked_sub(base)? > capacity {
        return None;
    }
    fence(Ordering::Acquire);
    let offset = from.clamp(base, end);
    let length = usize::try_from(end - offset).ok()?.min(most);
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let at = (offset + filled as u64).checked_rem(capacity)?;
        let until_it_wraps = usize::try_from(capacity - at).ok()?;
        let room = bytes.get_mut(filled..)?;
        let room = room.get_mut(..until_it_wraps.min(length - filled))?;
        match rustix::io::pread(file.as_fd(), room, at) {
            Ok(0) => return None,
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    fence(Ordering::Acquire);
    // What was overwritten meanwhile was said to be gone before.
    let (base, _) = extent()?;
    (base <= offset).then_some((offset, bytes))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use winsta_domain::{SessionId, Timestamp};
    use winsta_wire::{Buffering, Conduit, RingReport};

    use super::*;

    const CAPACITY: u64 = 16;

    fn memory(name: &str) -> File {
        let flags = rustix::fs::MemfdFlags::CLOEXEC;
        File::from(rustix::fs::memfd_create(name, flags).unwrap())
    }

    fn report() -> SessionReport {
        let ring = RingReport {
            base: 0,
            end: 0,
            capacity: CAPACITY,
        };
        SessionReport {
            session: SessionId(7),
            slot: 1,
            leader: 1,
            device: None,
            conduit: Conduit::Pipes,
            buffering: Buffering::Block,
            started: Timestamp(0),
            last_input: Timestamp(0),
            rings: vec![ring; 2],
            written: None,
            connections: Vec::new(),
            exit: None,
            ending: false,
            meta: String::new(),
        }
    }

    /// A ledger whose row 1 is session 7's, with this base and end of standard error.
    fn ledger(base: u64, end: u64) -> Ledger {
        let file = memory("ledger");
        for (word, value) in [(16, 8), (19, base), (20, end)] {
            let value: u64 = value;
            file.write_at(&value.to_ne_bytes(), word * 8).unwrap();
        }
        file.set_len(2 * 128).unwrap();
        Ledger::new(file.into()).unwrap()
    }

    #[test]
    fn what_is_kept_is_read() {
        let file = memory("ring");
        // Bytes 10 to 25 of the alphabet, each at its place.
        file.write_at(b"qrstuvwxyzklmnop", 0).unwrap();
        let file = OwnedFd::from(file);
        let ledger = ledger(10, 26);
        let read = |from, most| read(&ledger, &report(), &file, Stream::Err, from, most);
        assert_eq!(read(12, 2), Some((12, b"mn".to_vec())));
        assert_eq!(read(0, 100), Some((10, b"klmnopqrstuvwxyz".to_vec())));
        assert_eq!(read(14, 4), Some((14, b"opqr".to_vec())));
        assert_eq!(read(26, 4), Some((26, Vec::new())));
        assert_eq!(read(99, 4), Some((26, Vec::new())));
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_keeper() {
        let file = OwnedFd::from(memory("ring"));
        let seen = |ledger: &Ledger, report: &SessionReport| {
            read(ledger, report, &file, Stream::Err, 0, 4)
        };
        let other = SessionReport {
            session: SessionId(8),
            ..report()
        };
        assert_eq!(seen(&ledger(0, 0), &other), None, "another's row");
        assert_eq!(seen(&ledger(0, 17), &report()), None, "too much");
        assert_eq!(seen(&ledger(2, 1), &report()), None, "less than nothing");
        assert_eq!(seen(&ledger(0, 4), &report()), None, "an empty file");
        let empty = SessionReport {
            rings: Vec::new(),
            ..report()
        };
        assert_eq!(seen(&ledger(0, 0), &empty), None, "no ring");
    }
}
