//! Rebuilds what a session shows from the keeper's snapshot and the output behind it.

pub(crate) mod painter;

use std::io;

use winsta_api::ErrorCode;
use winsta_domain::{SessionId, TerminalSize};
use winsta_screen::Screen;
use winsta_wire::{Answer, SizeMark, SnapshotInfo, Stream, Verb as Ask};

use self::painter::Painter;
use crate::access::Verb;
use crate::engine::Engine;
use crate::failure::{Failure, failure, keeper_failure};
use crate::keeper::port::KeeperError;

/// Bytes of output asked for at once.
const PIECE: u32 = 256 << 10;
/// Most lines of history that are given.
const MAX_SCROLLBACK: u32 = 100_000;

/// What of a screen is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// With colours.
    pub(crate) ansi: bool,
    /// Lines that have scrolled out at the top.
    pub(crate) scrollback: u32,
}

impl Engine {
    /// What a session shows now.
    pub(crate) async fn screen(&self, id: SessionId, wanted: Wanted) -> Result<String, Failure> {
        if wanted.scrollback > MAX_SCROLLBACK {
            let text = format!("at most {MAX_SCROLLBACK} lines of scrollback are given");
            return Err(failure(ErrorCode::Invalid, text));
        }
        let ask = Ask::Snapshot { session: id };
        let (answer, checkpoint) = self.ask_about(id, Verb::Screen, ask, Vec::new()).await?;
        let Answer::Snapshot(info) = answer else {
            return Err(keeper_failure(&KeeperError::Strange));
        };
        let mut easel = self.easel(id, &info, &checkpoint, wanted).await?;
        let mut at = info.offset;
        while at < info.ring.end {
            let ask = Ask::Read {
                session: id,
                stream: Stream::Out,
                from: at,
                max: PIECE,
            };
            let (answer, bytes) = self.ask_about(id, Verb::Screen, ask, Vec::new()).await?;
            let Answer::Bytes { offset, .. } = answer else {
                return Err(keeper_failure(&KeeperError::Strange));
            };
            // A keeper that never comes to the end has something else in mind.
            if bytes.is_empty() || offset < at {
                break;
            }
            easel.feed(offset, &bytes).await.map_err(not_painted)?;
            at = offset.saturating_add(bytes.len() as u64);
        }
        easel.show(wanted.ansi).await.map_err(not_painted)
    }

    /// Where the screen of a session is rebuilt: on the machine's host by a process of its user.
    async fn easel(
        &self,
        id: SessionId,
        info: &SnapshotInfo,
        checkpoint: &[u8],
        wanted: Wanted,
    ) -> Result<Easel, Failure> {
        let owner = {
            let core = self.core();
            let hosted = core.sessions.get(&id).filter(|_| self.is_shared());
            hosted.map(|hosted| hosted.meta.uid)
        };
        Ok(match owner {
            None => Easel::Here(Box::new(Picture::begin(
                info,
                checkpoint,
                wanted.scrollback as usize,
            ))),
            Some(uid) => {
                let painter = Painter::start(uid, info, checkpoint, wanted).await;
                Easel::Apart(painter.map_err(not_painted)?)
            }
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn not_painted(error: io::Error) -> Failure {
    failure(
        ErrorCode::Internal,
        format!("the screen could not be rebuilt: {error}"),
    )
}

/// Where a screen is rebuilt.
enum Easel {
    /// In this process.
    Here(Box<Picture>),
    /// In a process of the session's user.
    Apart(Painter),
}

impl Easel {
    async fn feed(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Here(picture) => {
                picture.feed(offset, bytes);
                Ok(())
            }
            Self::Apart(painter) => painter.feed(offset, bytes).await,
        }
    }

    async fn show(self, ansi: bool) -> io::Result<String> {
        match self {
            Self::Here(picture) => Ok(picture.show(ansi)),
            Self::Apart(painter) => painter.show().await,
        }
    }
}

/// A screen that is being rebuilt.
struct Picture {
    screen: Screen,
    scrollback: usize,
    marks: std::collections::VecDeque<SizeMark>,
}

impl Picture {
    fn begin(info: &SnapshotInfo, checkpoint: &[u8], scrollback: usize) -> Self {
        let mut screen = Screen::with_scrollback(info.size, scrollback);
        screen.feed(checkpoint);
        Self {
            screen,
            scrollback,
            marks: info.marks.iter().copied().collect(),
        }
    }

    /// Takes output that begins at `offset`, at the size that it was written for.
    fn feed(&mut self, offset: u64, bytes: &[u8]) {
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            while let Some(mark) = self.marks.front().copied().filter(|mark| mark.offset <= at) {
                self.marks.pop_front();
                self.resize(mark.size);
            }
            let until = self.marks.front().map_or(u64::MAX, |mark| mark.offset);
            let count = usize::try_from(until - at).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at(count.min(rest.len()));
            self.screen.feed(now);
            at += now.len() as u64;
            rest = later;
        }
    }

    fn show(mut self, ansi: bool) -> String {
        for mark in std::mem::take(&mut self.marks) {
            self.resize(mark.size);
        }
        match (ansi, self.scrollback) {
            (true, 0) => self.screen.ansi(),
            (false, 0) => self.screen.text(),
            (true, lines) => self.screen.scrollback_ansi(lines) + &self.screen.ansi(),
            (false, lines) => self.screen.scrollback_text(lines) + &self.screen.text(),
        }
    }

    fn resize(&mut self, size: TerminalSize) {
        self.screen.resize(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_shown_at_the_size_it_was_written_for() {
        let size = |cols, rows| TerminalSize::new(cols, rows).unwrap();
        let ring = winsta_wire::RingReport {
            base: 0,
            end: 16,
            capacity: 4_096,
        };
        let info = SnapshotInfo {
            offset: 2,
            size: size(4, 3),
            marks: vec![SizeMark {
                offset: 9,
                size: size(20, 3),
            }],
            ring,
            incomplete: false,
        };
        let mut picture = Picture::begin(&info, b"ab", 0);
        // Column 10 is there only from the mark on; before it, the last column takes its place.
        picture.feed(2, b"\x1b[1;9HY\x1b[2;9HZ");
        assert_eq!(picture.show(false), "ab Y\n        Z\n\n");
    }
}
