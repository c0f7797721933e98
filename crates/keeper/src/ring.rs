//! A window on a stream of output, in memory that outlives the keeper.
//!
//! The ring holds the stream's bytes `[base, end)`, at most `capacity` of them; byte `n` stands at
//! `n % capacity` of a memory file. Memory is taken as output comes. The file is larger than the
//! ring: behind it stand two places for a checkpoint, written in turn, each
//! `sequence: u64le, offset: u64le, cols: u16le, rows: u16le, length: u32le`, then `length` bytes.
//!
//! A reader brings its own offset, so any number of them read the same ring.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use winsta_domain::TerminalSize;

use crate::ledger::{Extent, Window};
use crate::sys::map::{SharedMap, page};

/// Most bytes that one read brings. The memory it goes to is zero before, so that a rescuer can
/// tell how far a read got when the keeper was killed before it could say so.
const CLEAN: usize = 64 << 10;
/// The largest checkpoint that is stored.
const CHECKPOINT: usize = 512 << 10;
const CHECKPOINT_HEADER: usize = 24;
/// Smallest and largest capacity.
pub(crate) const CAPACITY: std::ops::RangeInclusive<u64> = (128 << 10)..=(1 << 30);

/// A ring in a memory file.
#[derive(Debug)]
pub(crate) struct Ring {
    map: SharedMap,
    capacity: usize,
    extent: Extent,
    /// Where `extent` is published.
    window: Window,
    sequence: u64,
}

/// A stored checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint<'a> {
    /// Where in the stream it stands.
    pub(crate) offset: u64,
    /// Size of the terminal there.
    pub(crate) size: TerminalSize,
    /// What paints the screen.
    pub(crate) paint: &'a [u8],
}

impl Ring {
    /// An empty ring that keeps `capacity` bytes, which is rounded up to whole pages and kept
    /// within [`CAPACITY`].
    pub(crate) fn create(capacity: u64, window: Window) -> io::Result<Self> {
        let capacity = capacity.clamp(*CAPACITY.start(), *CAPACITY.end());
        let capacity = usize::try_from(capacity).map_err(io::Error::other)?;
        let capacity = capacity.next_multiple_of(page());
        let map = SharedMap::create("winsta-ring", capacity + 2 * CHECKPOINT)?;
        let extent = Extent {
            base: 0,
            end: 0,
            clean: capacity as u64,
        };
        window.store(extent);
        Ok(Self {
            map,
            capacity,
            extent,
            window,
            sequence: 0,
        })
    }

    /// A ring that an earlier life of the keeper left behind, as `window` says. With `killed`,
    /// that life had no time to say how far it had read, which is found out.
    pub(crate) fn reopen(file: OwnedFd, window: Window, killed: bool) -> io::Result<Self> {
        let map = SharedMap::open(file)?;
        let extent = window.load();
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, "not the memory of a ring");
        let capacity = map.len().checked_sub(2 * CHECKPOINT).ok_or_else(invalid)?;
        let Extent { base, end, .. } = extent;
        if capacity == 0 || end < base || end - base > capacity as u64 {
            return Err(invalid());
        }
        let mut ring = Self {
            map,
            capacity,
            extent,
            window,
            sequence: 0,
        };
        ring.sequence = ring.newest_checkpoint().map_or(0, |(sequence, _)| sequence);
        if killed {
            ring.recover();
        }
        Ok(ring)
    }

    /// Finds what was read behind `end` by somebody who was killed before saying so. Zero bytes at
    /// the very end of that read cannot be told from none.
    fn recover(&mut self) {
        let Extent { end, clean, .. } = self.extent;
        let start = self.position(end);
        let clean = usize::try_from(clean.saturating_sub(end)).unwrap_or(0);
        let length = clean.min(CLEAN).min(self.capacity - start);
        let behind = self
            .map
            .bytes()
            .get(start..start + length)
            .unwrap_or_default();
        let found = behind
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        self.extent.end += found as u64;
        self.window.store(self.extent);
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.map.file()
    }

    /// Offset of the oldest byte kept.
    pub(crate) fn base(&self) -> u64 {
        self.extent.base
    }

    /// Offset behind the newest byte.
    pub(crate) fn end(&self) -> u64 {
        self.extent.end
    }

    /// Most bytes kept.
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity as u64
    }

    fn position(&self, offset: u64) -> usize {
        // The remainder is below `capacity`, which is a usize.
        usize::try_from(offset % self.capacity as u64).unwrap_or_default()
    }

    /// Lets `fill` put bytes behind `end`, at most `most` of them and never overwriting what
    /// stands at `floor` or later; `fill` gets the memory and says how many bytes it put there.
    /// `None` without asking `fill` if there is no room.
    pub(crate) fn append<E>(
        &mut self,
        most: usize,
        floor: u64,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Option<Result<usize, E>> {
        let end = self.extent.end;
        let capacity = self.capacity as u64;
        let kept = end.saturating_sub(floor.max(self.extent.base));
        let room = usize::try_from(capacity.saturating_sub(kept)).unwrap_or(0);
        let start = self.position(end);
        let length = most.min(room).min(CLEAN).min(self.capacity - start);
        if length == 0 {
            return None;
        }
        let memory = self.map.bytes_mut().get_mut(start..start + length)?;
        let reach = end + length as u64;
        if reach > self.extent.clean {
            let known = usize::try_from(self.extent.clean.saturating_sub(end)).unwrap_or(0);
            // What is cleaned is no longer kept: say so before it happens.
            self.extent.base = self.extent.base.max(reach.saturating_sub(capacity));
            self.window.store(self.extent);
            memory.get_mut(known..)?.fill(0);
            self.extent.clean = reach;
            self.window.store(self.extent);
        }
        let read = match fill(memory) {
            Ok(read) => read.min(length),
            Err(error) => return Some(Err(error)),
        };
        self.extent.end += read as u64;
        self.window.store(self.extent);
        Some(Ok(read))
    }

    /// Gives up what stands before `offset`.
    pub(crate) fn forget(&mut self, offset: u64) {
        self.extent.base = self.extent.base.max(offset.min(self.extent.end));
        self.window.store(self.extent);
    }

    /// The bytes from `offset` on, at most `most`, in two pieces where the ring wraps. Empty if
    /// `offset` is not in the window.
    pub(crate) fn read(&self, offset: u64, most: usize) -> (&[u8], &[u8]) {
        let Extent { base, end, .. } = self.extent;
        if offset < base || offset >= end {
            return (&[], &[]);
        }
        let length = usize::try_from(end - offset)
            .unwrap_or(usize::MAX)
            .min(most);
        let start = self.position(offset);
        let first = length.min(self.capacity - start);
        let bytes = self.map.bytes();
        (
            bytes.get(start..start + first).unwrap_or_default(),
            bytes.get(..length - first).unwrap_or_default(),
        )
    }

    /// Stores a checkpoint beside the previous one, which stays whole until this one is.
    /// Returns whether it fits.
    pub(crate) fn store_checkpoint(
        &mut self,
        offset: u64,
        size: TerminalSize,
        paint: &[u8],
    ) -> bool {
        let Some(length) = u32::try_from(paint.len())
            .ok()
            .filter(|_| paint.len() <= CHECKPOINT - CHECKPOINT_HEADER)
        else {
            return false;
        };
        let sequence = self.sequence + 1;
        let place = self.place(sequence);
        let Some(place) = self.map.bytes_mut().get_mut(place) else {
            return false;
        };
        let mut header = [0; CHECKPOINT_HEADER];
        let fields = [
            &sequence.to_le_bytes()[..],
            &offset.to_le_bytes(),
            &size.cols().to_le_bytes(),
            &size.rows().to_le_bytes(),
            &length.to_le_bytes(),
        ];
        for (to, from) in header.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        let (head, body) = place.split_at_mut(CHECKPOINT_HEADER);
        // The old sequence number goes first and the new one comes last, so that a place that
        // was half written when the keeper was killed is never taken for a checkpoint.
        head.fill(0);
        for (to, from) in body.iter_mut().zip(paint) {
            *to = *from;
        }
        std::sync::atomic::fence(std::sync::atomic::Ordering::Release);
        head.copy_from_slice(&header);
        self.sequence = sequence;
        true
    }

    fn place(&self, sequence: u64) -> std::ops::Range<usize> {
        let start = self.capacity
            + if sequence.is_multiple_of(2) {
                0
            } else {
                CHECKPOINT
            };
        start..start + CHECKPOINT
    }

    /// The newest checkpoint, if one was stored.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint<'_>> {
        self.newest_checkpoint().map(|(_, checkpoint)| checkpoint)
    }

    fn newest_checkpoint(&self) -> Option<(u64, Checkpoint<'_>)> {
        [0, 1]
            .into_iter()
            .filter_map(|parity| self.parse_checkpoint(parity))
            .max_by_key(|c| c.0)
    }

    fn parse_checkpoint(&self, parity: u64) -> Option<(u64, Checkpoint<'_>)> {
        let place = self.map.bytes().get(self.place(parity))?;
        let (sequence, rest) = place.split_first_chunk::<8>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (cols, rest) = rest.split_first_chunk::<2>()?;
        let (rows, rest) = rest.split_first_chunk::<2>()?;
        let (length, body) = rest.split_first_chunk::<4>()?;
        let sequence = u64::from_le_bytes(*sequence);
        if sequence == 0 {
            return None;
        }
        let cols = u16::from_le_bytes(*cols).into();
        let rows = u16::from_le_bytes(*rows).into();
        let checkpoint = Checkpoint {
            offset: u64::from_le_bytes(*offset),
            size: TerminalSize::new(cols, rows).ok()?,
            paint: body.get(..u32::from_le_bytes(*length) as usize)?,
        };
        Some((sequence, checkpoint))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use winsta_domain::SessionId;
    use winsta_wire::Stream;

    use super::*;
    use crate::ledger::Ledger;

    fn window() -> Window {
        Ledger::create()
            .unwrap()
            .take(SessionId(1))
            .unwrap()
            .window(Stream::Out)
    }

    fn smallest() -> Ring {
        Ring::create(0, window()).unwrap()
    }

    fn again(ring: &Ring, killed: bool) -> Ring {
        let file = ring.file().try_clone_to_owned().unwrap();
        Ring::reopen(file, ring.window.clone(), killed).unwrap()
    }

    /// Writes `bytes` as far as there is room before `floor`; without a floor the oldest go.
    fn put(ring: &mut Ring, floor: Option<u64>, mut bytes: &[u8]) -> usize {
        let mut total = 0;
        while !bytes.is_empty() {
            let floor = floor.unwrap_or(ring.end());
            let written = ring.append(bytes.len(), floor, |memory| {
                memory.copy_from_slice(&bytes[..memory.len()]);
                Ok::<_, Infallible>(memory.len())
            });
            let Some(Ok(written)) = written else { break };
            bytes = &bytes[written..];
            total += written;
        }
        total
    }

    fn all(ring: &Ring) -> Vec<u8> {
        let (a, b) = ring.read(ring.base(), usize::MAX);
        [a, b].concat()
    }

    proptest! {
        /// The ring against the simplest model there is: a vector of everything ever written.
        #[test]
        fn keeps_the_newest_bytes(
            pieces in prop::collection::vec((any::<u8>(), 0usize..150_000), 1..12),
        ) {
            let mut ring = smallest();
            let capacity = usize::try_from(ring.capacity()).unwrap();
            let mut model = Vec::new();
            for (byte, length) in pieces {
                let piece: Vec<u8> =
                    (0..length).map(|n| byte.wrapping_add(u8::try_from(n % 251).unwrap())).collect();
                prop_assert_eq!(put(&mut ring, None, &piece), piece.len());
                model.extend_from_slice(&piece);
                prop_assert_eq!(ring.end(), model.len() as u64);
                let base = usize::try_from(ring.base()).unwrap();
                prop_assert!(model.len() - base <= capacity);
                prop_assert!(base == 0 || model.len() - base >= capacity - CLEAN);
                prop_assert_eq!(all(&ring), &model[base..]);
                prop_assert_eq!(all(&again(&ring, false)), &model[base..]);
            }
        }
    }

    #[test]
    fn a_floor_is_never_overwritten() {
        let mut ring = smallest();
        let capacity = usize::try_from(ring.capacity()).unwrap();
        let long = vec![7; capacity + 10];
        assert_eq!(put(&mut ring, Some(0), &long), capacity);
        assert!(ring.append(1, 0, |_| Ok::<_, Infallible>(1)).is_none());
        assert_eq!(put(&mut ring, Some(5), &long), 5);
        assert_eq!((ring.base(), ring.end()), (5, capacity as u64 + 5));
    }

    #[test]
    fn bytes_read_by_a_killed_keeper_are_found() {
        for already in [0, 10, 200_000, (128 << 10) - 3] {
            let mut ring = smallest();
            put(&mut ring, None, &vec![b'x'; already]);
            let end = ring.end();
            let before = ring.extent;
            // The read happens, and the process dies inside it.
            let _ = ring.append(4_096, end, |memory| {
                let fits = memory.len().min(6);
                memory[..fits].copy_from_slice(&b"unsaid"[..fits]);
                Err(())
            });
            let fits = 6.min(ring.capacity - ring.position(end));
            let again = again(&ring, true);
            assert_eq!(before.end, end);
            assert_eq!(again.end(), end + fits as u64, "after {already}");
            assert_eq!(again.read(end, 100).0, &b"unsaid"[..fits]);
        }
    }

    #[test]
    fn the_newest_whole_checkpoint_counts() {
        let mut ring = smallest();
        assert_eq!(ring.checkpoint(), None);
        let size = TerminalSize::DEFAULT;
        for n in 1..5u64 {
            assert!(ring.store_checkpoint(n, size, format!("paint {n}").as_bytes()));
            let expected = format!("paint {n}");
            let checkpoint = Checkpoint {
                offset: n,
                size,
                paint: expected.as_bytes(),
            };
            assert_eq!(ring.checkpoint(), Some(checkpoint));
        }
        assert!(!ring.store_checkpoint(9, size, &vec![0; CHECKPOINT]));
        assert_eq!(ring.checkpoint().unwrap().offset, 4);
        assert_eq!(again(&ring, true).checkpoint().unwrap().paint, b"paint 4");
    }

    #[test]
    fn foreign_memory_is_refused() {
        let file = SharedMap::create("short", page())
            .unwrap()
            .file()
            .try_clone_to_owned()
            .unwrap();
        assert!(Ring::reopen(file, window(), false).is_err());
        let ring = smallest();
        let file = ring.file().try_clone_to_owned().unwrap();
        let window = window();
        window.store(Extent {
            base: 5,
            end: 4,
            clean: 4,
        });
        assert!(Ring::reopen(file, window, false).is_err());
    }
}
