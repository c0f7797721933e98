//! Floods: output so long that all but its end scrolls off.
//!
//! A block of text in which nothing but line feeds moves the cursor up or down leaves only its
//! last lines behind. What comes before them need not be laid out: it is enough to know in
//! which style, hyperlink and character set they begin, and to obey what is no text.

use memchr::{memchr_iter, memchr2, memchr3, memmem, memrchr, memrchr_iter};

use crate::frame::Kind;
use crate::screen::Screen;

/// Most sequences other than styles and links in one flood; a further one begins the next.
const MAX_OTHERS: usize = 64;
/// Skipping less than this is no gain.
const WORTHWHILE: usize = 256;

/// What a sequence within a flood is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Style,
    Link,
    /// Titles, colours, character sets.
    Other,
}

/// The beginning of a block that is a flood.
pub(crate) struct Flood<'a> {
    bytes: &'a [u8],
    links: bool,
    /// Where sequences other than styles and links begin.
    others: Vec<usize>,
}

impl<'a> Flood<'a> {
    /// As much of a block, given where no sequence is under way, as is text, C0 controls and
    /// sequences that move nothing.
    pub(crate) fn of(block: &'a [u8]) -> Self {
        let (mut end, mut links, mut others) = (0, false, Vec::new());
        while let Some(rest) = block.get(end..) {
            let Some(at) = memchr3(0x1b, 0x0e, 0x0f, rest) else {
                end = block.len();
                break;
            };
            end += at;
            let sequence = rest.get(at..).unwrap_or_default();
            let Some((purpose, len)) = harmless(sequence) else {
                break;
            };
            match purpose {
                Purpose::Style => {}
                Purpose::Link => links = true,
                Purpose::Other if others.len() == MAX_OTHERS => break,
                Purpose::Other => others.push(end),
            }
            end += len;
        }
        Self {
            bytes: block.get(..end).unwrap_or_default(),
            links,
            others,
        }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where a line begins, at its first column, with `lines` line feeds after it and `before`
    /// of them before it.
    fn tail(&self, lines: usize, before: usize) -> Option<usize> {
        let feed = memrchr_iter(b'\n', self.bytes).nth(lines.checked_sub(1)?)?;
        let start = memrchr(b'\r', self.bytes.get(..feed)?)? + 1;
        let skipped = self.bytes.get(..start)?;
        let far = before == 0 || memchr_iter(b'\n', skipped).nth(before - 1).is_some();
        (start >= WORTHWHILE && far).then_some(start)
    }
}

/// Purpose and length of the sequence or control character that `bytes` begin with, if it moves
/// nothing and is whole.
fn harmless(bytes: &[u8]) -> Option<(Purpose, usize)> {
    match bytes {
        [0x0e | 0x0f, ..] => Some((Purpose::Other, 1)),
        [0x1b, b'[', rest @ ..] => {
            let len = rest
                .iter()
                .position(|byte| !matches!(byte, b'0'..=b';'))
                .filter(|len| len + 3 < Kind::Control.limit())?;
            (rest.get(len) == Some(&b'm')).then_some((Purpose::Style, len + 3))
        }
        [0x1b, b']', rest @ ..] => command(rest),
        [0x1b, b'(' | b')', 0x30..=0x7e, ..] => Some((Purpose::Other, 3)),
        _ => None,
    }
}

/// [`harmless`] for an operating system command, given after its introducer.
fn command(rest: &[u8]) -> Option<(Purpose, usize)> {
    let rest = rest.get(..rest.len().min(Kind::Command.limit() - 4))?;
    let len = memchr2(0x07, 0x1b, rest)?;
    let payload = rest.get(..len)?;
    let end = match rest.get(len..)? {
        [0x07, ..] => 1,
        [0x1b, b'\\', ..] => 2,
        _ => return None,
    };
    let digits = payload
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(len);
    let purpose = match payload.get(..digits)? {
        b"8" => Purpose::Link,
        // With leading zeros or none at all it is left to those who really read it.
        b"0" | [b'1'..=b'9', ..] => Purpose::Other,
        _ => return None,
    };
    let plain = payload.iter().all(|byte| *byte >= 0x20);
    plain.then_some((purpose, 2 + len + end))
}

/// Where the last style begins that does not build on those before it; without one, 0.
fn last_reset(bytes: &[u8]) -> usize {
    memrchr_iter(0x1b, bytes)
        .find(|at| {
            let Some([0x1b, b'[', params @ ..]) = bytes.get(*at..) else {
                return false;
            };
            let first = params.iter().find(|byte| **byte != b'0');
            matches!(first, Some(b';' | b'm'))
        })
        .unwrap_or(0)
}

impl Screen {
    /// Whether a block of this length can be worth looking for a flood in it.
    pub(crate) fn may_be_flood(&self, len: usize) -> bool {
        len >= WORTHWHILE + 8 * self.lines_left_by_flood()
    }

    /// As many line feeds at the last row make all that was there before scroll off.
    fn lines_left_by_flood(&self) -> usize {
        self.model.rows() + self.model.grid().keep()
    }

    /// Skips what scrolls off of a flood, as if it had been fed, and returns its length; the
    /// rest must be fed then.
    pub(crate) fn skip(&mut self, flood: &Flood<'_>) -> usize {
        let model = &self.model;
        if !model.scrolls_whole() || model.single_shift.is_some() {
            return 0;
        }
        let last_row = model.rows() - 1;
        let lines = self.lines_left_by_flood();
        let Some(start) = flood.tail(lines, last_row - model.cursor.row) else {
            return 0;
        };
        let skipped = flood.bytes.get(..start).unwrap_or_default();
        for at in flood.others.iter().take_while(|at| **at < start) {
            self.obey_at(skipped, *at);
        }
        if flood.links {
            let link = |at: &usize| {
                let next = skipped.get(at + 3);
                next.is_some_and(|byte| !byte.is_ascii_digit())
            };
            if let Some(at) = memmem::rfind_iter(skipped, b"\x1b]8").find(link) {
                self.obey_at(skipped, at);
            }
        }
        let reset = last_reset(skipped);
        let styles = skipped.get(reset..).unwrap_or_default();
        for at in memchr_iter(0x1b, styles) {
            if styles.get(at + 1) == Some(&b'[') {
                self.obey_at(styles, at);
            }
        }
        // Where the block's last lines begin is known; all that is shown now scrolls off.
        self.model.control(b'\r');
        self.model.cursor.row = last_row;
        start
    }

    /// Obeys the harmless sequence at a place.
    fn obey_at(&mut self, bytes: &[u8], at: usize) {
        let bytes = bytes.get(at..).unwrap_or_default();
        if let Some((_, len)) = harmless(bytes) {
            self.feed_slowly(bytes.get(..len).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use winsta_domain::TerminalSize;

    use super::*;

    #[test]
    fn what_is_harmless() {
        type Case = (&'static [u8], Option<(Purpose, usize)>);
        let cases: &[Case] = &[
            (b"\x1b[mx", Some((Purpose::Style, 3))),
            (b"\x1b[38:2::1:2:3;1mx", Some((Purpose::Style, 16))),
            (b"\x1b[1;2", None),
            (b"\x1b[1;2H", None),
            (b"\x1b[>4;2m", None),
            (b"\x1b[1\nm", None),
            (b"\x1b]8;;http://a\x07x", Some((Purpose::Link, 14))),
            (b"\x1b]8;;\x1b\\x", Some((Purpose::Link, 7))),
            (b"\x1b]0;title\x07", Some((Purpose::Other, 10))),
            (b"\x1b]08;;\x07", None),
            (b"\x1b]0;ti\ntle\x07", None),
            (b"\x1b]0;title", None),
            (b"\x1b(0", Some((Purpose::Other, 3))),
            (b"\x1bM", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(harmless(bytes), *expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_flood_ends_before_what_moves_the_cursor() {
        let flood = Flood::of(b"a\r\nb\x1b[1mc\x0e\r\n\x1b[Hd");
        assert_eq!(flood.bytes(), b"a\r\nb\x1b[1mc\x0e\r\n");
        assert_eq!(flood.others, [9]);
    }

    #[test]
    fn all_but_the_last_lines_is_skipped() {
        let size = TerminalSize::clamped(80, 24);
        let output = "a line of text\r\n".repeat(1_000);
        for (lines, kept) in [(0, 24), (100, 124)] {
            let mut screen = Screen::with_scrollback(size, lines);
            let skipped = screen.skip(&Flood::of(output.as_bytes()));
            // From the line feed of the line before on.
            assert_eq!(output.len() - skipped, kept * 16 - 15);
        }
        let mut screen = Screen::new(size);
        screen.feed(b"\x1b[2;9r");
        assert_eq!(screen.skip(&Flood::of(output.as_bytes())), 0);
    }

    #[test]
    fn styles_before_a_reset_do_not_matter() {
        assert_eq!(last_reset(b"\x1b[1m\x1b[0;31m\x1b[4m"), 4);
        assert_eq!(last_reset(b"\x1b[1m\x1b[m\x1b]0;\x1b\\"), 4);
        assert_eq!(last_reset(b"\x1b[1m\x1b[0:1m\x1b[30m"), 0);
    }
}
