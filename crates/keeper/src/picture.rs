//! The screen of a terminal session, as it was a little while ago.
//!
//! Output is not looked at while it flows. Only when a good piece of it has come, the older half
//! is folded into a model of the screen, whose painting then is the session's checkpoint: with it
//! and the output behind it, a client rebuilds the screen as it is now, however much was output
//! before.

use std::panic::{AssertUnwindSafe, catch_unwind};

use winsta_domain::TerminalSize;
use winsta_screen::Screen;
use winsta_wire::{RingReport, SizeMark, SnapshotInfo};

use crate::ring::Ring;

/// Most output that a client has to work through to rebuild the screen, in bytes.
const LAG: u64 = 256 << 10;
/// Most sizes that are remembered; more are folded.
const MARKS: usize = 64;

/// A screen at some offset of its session's output.
#[derive(Debug)]
pub(crate) struct Picture {
    /// `None` while it is a fresh terminal's.
    screen: Option<Box<Screen>>,
    offset: u64,
    size: TerminalSize,
    marks: Vec<SizeMark>,
    incomplete: bool,
}

impl Picture {
    /// A fresh terminal.
    pub(crate) fn new(size: TerminalSize) -> Self {
        Self {
            screen: None,
            offset: 0,
            size,
            marks: Vec::new(),
            incomplete: false,
        }
    }

    /// The picture that an earlier life of the keeper left in the ring, with the sizes that the
    /// terminal took since. Without a checkpoint the ring must reach back to the start.
    pub(crate) fn restore(ring: &Ring, size: TerminalSize, marks: Vec<SizeMark>) -> Self {
        let mut picture = Self {
            marks,
            ..Self::new(size)
        };
        if let Some(checkpoint) = ring.checkpoint() {
            picture.offset = checkpoint.offset;
            picture.size = checkpoint.size;
            picture.draw(|screen| screen.feed(checkpoint.paint));
        }
        picture.incomplete |= picture.offset < ring.base();
        picture
    }

    /// Sizes that the terminal took behind the picture.
    pub(crate) fn marks(&self) -> &[SizeMark] {
        &self.marks
    }

    /// Size of the terminal where the picture stands.
    pub(crate) fn size(&self) -> TerminalSize {
        self.size
    }

    /// The terminal has another size from the ring's end on.
    pub(crate) fn resized(&mut self, ring: &mut Ring, size: TerminalSize) {
        let offset = ring.end();
        self.marks.retain(|mark| mark.offset < offset);
        self.marks.push(SizeMark { offset, size });
        if self.marks.len() > MARKS
            && let Some(mark) = self.marks.get(MARKS / 2)
        {
            self.fold(ring, mark.offset);
        }
    }

    /// To be called after output was appended.
    pub(crate) fn follow(&mut self, ring: &mut Ring) {
        let lag = LAG.min(ring.capacity() / 2);
        if ring.end() - self.offset >= lag {
            self.fold(ring, ring.end() - lag / 2);
        }
    }

    fn fold(&mut self, ring: &mut Ring, upto: u64) {
        if self.offset < ring.base() {
            self.offset = ring.base();
            self.incomplete = true;
        }
        while self.offset < upto {
            let next = self
                .marks
                .first()
                .map_or(upto, |mark| mark.offset.min(upto));
            let length = usize::try_from(next.saturating_sub(self.offset)).unwrap_or(0);
            let (first, second) = ring.read(self.offset, length);
            self.draw(|screen| {
                screen.feed(first);
                screen.feed(second);
            });
            self.offset = next;
            self.turn_to_marks();
        }
        let paint = self.paint();
        if !ring.store_checkpoint(self.offset, self.size, &paint) {
            self.incomplete = true;
        }
    }

    /// Takes the sizes that the terminal had taken where the picture stands.
    fn turn_to_marks(&mut self) {
        while let Some(mark) = self
            .marks
            .first()
            .copied()
            .filter(|m| m.offset <= self.offset)
        {
            self.marks.remove(0);
            self.size = mark.size;
            self.draw(|screen| screen.resize(mark.size));
        }
    }

    /// Changes the screen. A bug in the model must not end anybody's session: should it panic,
    /// the picture starts again from a fresh terminal.
    fn draw(&mut self, change: impl FnOnce(&mut Screen)) {
        let size = self.size;
        let screen = self
            .screen
            .get_or_insert_with(|| Box::new(Screen::new(size)));
        if catch_unwind(AssertUnwindSafe(|| change(screen))).is_err() {
            self.screen = None;
            self.incomplete = true;
        }
    }

    fn paint(&self) -> Vec<u8> {
        let Some(screen) = &self.screen else {
            return Vec::new();
        };
        catch_unwind(AssertUnwindSafe(|| screen.paint())).unwrap_or_default()
    }

    /// Where a client begins, and what paints the screen there.
    pub(crate) fn snapshot(&self, ring: &Ring, report: RingReport) -> (SnapshotInfo, Vec<u8>) {
        let offset = self.offset.max(ring.base());
        let info = SnapshotInfo {
            offset,
            size: self.size,
            marks: self.marks.clone(),
            ring: report,
            incomplete: self.incomplete || self.offset < offset,
        };
        (info, self.paint())
    }
}
