//! Rebuilding a session's screen from a snapshot and the output behind it.

use std::collections::VecDeque;

use winsta_domain::TerminalSize;
use winsta_screen::Screen;
use winsta_wire::{SizeMark, SnapshotInfo};

/// A screen on its way from a snapshot to the present.
///
/// Order of calls: [`checkpoint`](Self::checkpoint) once, then [`output`](Self::output) until
/// [`is_done`](Self::is_done), then [`finish`](Self::finish).
#[derive(Debug)]
pub(crate) struct Rebuild {
    screen: Screen,
    /// Offset of the next byte that the screen needs.
    at: u64,
    /// Where history ends.
    end: u64,
    size: TerminalSize,
    marks: VecDeque<SizeMark>,
    painted: bool,
    /// The user's terminal has shown what was output up to here, so that lines which scrolled off
    /// before are in its scrollback.
    shown: Option<u64>,
}

impl Rebuild {
    /// `shown`: how far the user's terminal has shown the output, if it has.
    pub(crate) fn new(snapshot: SnapshotInfo, scrollback: usize, shown: Option<u64>) -> Self {
        Self {
            screen: Screen::with_scrollback(snapshot.size, scrollback),
            at: snapshot.offset,
            end: snapshot.ring.end.max(snapshot.offset),
            size: snapshot.size,
            marks: snapshot.marks.into(),
            painted: false,
            shown,
        }
    }

    /// Takes the checkpoint's painting.
    pub(crate) fn checkpoint(&mut self, paint: &[u8]) {
        self.screen.feed(paint);
        self.painted = true;
        self.turn_to_marks();
        self.forget_shown();
    }

    /// Takes output that belongs to history, and says how many of its bytes do: the rest is new.
    /// Output that does not continue what came before is left out, since a new snapshot is on its
    /// way then.
    pub(crate) fn output(&mut self, offset: u64, bytes: &[u8]) -> usize {
        if offset != self.at {
            return 0;
        }
        let mut rest = bytes;
        while !rest.is_empty() && self.at < self.end {
            let mark = self.marks.front().map(|mark| mark.offset);
            let stops = [mark, self.shown].into_iter().flatten();
            let stop = stops.fold(self.end, u64::min);
            let length = usize::try_from(stop.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            self.screen.feed(now);
            self.at += now.len() as u64;
            rest = later;
            self.turn_to_marks();
            self.forget_shown();
        }
        bytes.len() - rest.len()
    }

    /// Leaves only those lines in the scrollback that the user's terminal has not got.
    fn forget_shown(&mut self) {
        if self.shown.take_if(|shown| *shown <= self.at).is_some() {
            self.screen.clear_scrollback();
        }
    }

    fn turn_to_marks(&mut self) {
        while let Some(mark) = self
            .marks
            .front()
            .copied()
            .filter(|mark| mark.offset <= self.at)
        {
            self.marks.pop_front();
            self.resize(mark.size);
        }
    }

    /// Whether the screen is as it was when the snapshot was taken.
    pub(crate) fn is_done(&self) -> bool {
        self.painted && self.at >= self.end
    }

    /// Where history ends.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The screen, and its size.
    pub(crate) fn finish(mut self) -> (Screen, TerminalSize) {
        while let Some(mark) = self.marks.pop_front() {
            self.resize(mark.size);
        }
        (self.screen, self.size)
    }

    fn resize(&mut self, size: TerminalSize) {
        if size != self.size {
            self.screen.resize(size);
            self.size = size;
        }
    }
}
