//! What programs in sessions print, and how to see that all of it came.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::Scale;
use super::place::Place;

/// Lines in a block of the flood; every block is the same, so that checking costs little.
const BLOCK_LINES: u32 = 16_000;

/// Lines of the file that fills a session's memory.
pub(crate) const KEPT_LINES: u32 = 10_000;

/// Lines of the file in front of what a client that comes back waits for.
const SCROLLED_LINES: u32 = 50_000;

/// Files to print.
#[derive(Debug)]
pub(crate) struct Material {
    /// Text for the measures of throughput.
    pub(crate) flood: PathBuf,
    /// Bytes in it.
    pub(crate) flood_bytes: u64,
    /// 10,000 lines of 80 characters.
    pub(crate) kept: PathBuf,
    /// 50,000 lines.
    pub(crate) scrolled: PathBuf,
    _place: Place,
}

impl Material {
    /// Writes the files.
    pub(crate) fn new(scale: &Scale) -> Result<Self> {
        let place = Place::new()?;
        let flood = place.path("flood");
        let block = lines(BLOCK_LINES, 66);
        let mut file = File::create(&flood).context("cannot create a file")?;
        for _ in 0..scale.flood_blocks {
            file.write_all(block.as_bytes())
                .context("cannot write a file")?;
        }
        Ok(Self {
            flood,
            flood_bytes: u64::from(scale.flood_blocks) * block.len() as u64,
            kept: place.write("kept", &lines(KEPT_LINES, 80))?,
            scrolled: place.write("scrolled", &lines(SCROLLED_LINES, 60))?,
            _place: place,
        })
    }
}

/// Numbered lines of `width` characters.
fn lines(count: u32, width: usize) -> String {
    let words =
        "the quick brown fox jumps over the lazy dog and runs on through the wood at night ";
    let mut text = String::new();
    for number in 0..count {
        let line = format!("{number:07} {words}");
        text.extend(line.chars().take(width));
        text.push('\n');
    }
    text
}

/// Compares a stream with what the flood looks like behind a terminal.
#[derive(Debug)]
pub(crate) struct Check {
    block: Vec<u8>,
    left: u64,
    at: usize,
    same: bool,
}

impl Check {
    /// Expects the whole flood.
    pub(crate) fn new(scale: &Scale) -> Self {
        let block = lines(BLOCK_LINES, 66).replace('\n', "\r\n").into_bytes();
        Self {
            left: u64::from(scale.flood_blocks) * block.len() as u64,
            block,
            at: 0,
            same: true,
        }
    }

    /// Takes what came; bytes behind the flood's end are not looked at.
    pub(crate) fn feed(&mut self, mut part: &[u8]) {
        while self.same && self.left > 0 && !part.is_empty() {
            let rest = self.block.get(self.at..).unwrap_or_default();
            let length = rest.len().min(part.len());
            self.same = rest.get(..length) == part.get(..length);
            part = part.get(length..).unwrap_or_default();
            self.at = (self.at + length) % self.block.len();
            self.left -= length as u64;
        }
    }

    /// Whether every byte came, and in order.
    pub(crate) fn complete(&self) -> bool {
        self.same && self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_byte_is_found() {
        let scale = Scale {
            flood_blocks: 2,
            ..Scale::QUICK
        };
        let whole = lines(BLOCK_LINES, 66).replace('\n', "\r\n").repeat(2);
        let complete = |bytes: &[u8]| {
            let mut check = Check::new(&scale);
            bytes.chunks(1000).for_each(|part| check.feed(part));
            check.complete()
        };
        assert!(complete(whole.as_bytes()));
        assert!(complete(format!("{whole}END").as_bytes()));
        assert!(!complete(&whole.as_bytes()[1..]));
        assert!(!complete(&whole.as_bytes()[..whole.len() - 1]));
    }
}
