//! The terminal as its users see it: bytes in, state out.

use std::fmt;

use winsta_domain::TerminalSize;

use crate::flood::Flood;
use crate::frame::{Kind, Step};
use crate::model::Model;
use crate::modes::Modes;

/// What the bytes waiting for the rest of theirs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// Nothing waits.
    Nothing,
    /// The beginning of a UTF-8 character.
    Character,
    /// The beginning of an escape sequence.
    Sequence(Kind),
}

/// A terminal: fed with the output of a program it has the state that a real one would have.
///
/// It answers no queries; the user's own terminal does that.
///
/// Two screens are equal when nobody who looks at them can tell them apart, nor by what any
/// further output does to them; only what scrolled off may differ.
pub struct Screen {
    pub(crate) model: Model,
    parser: vte::Parser,
    waiting: Waiting,
    /// The bytes that wait. At most as many as [`Kind::limit`].
    pub(crate) pending: Vec<u8>,
}

impl Screen {
    /// A fresh terminal that forgets what scrolls off.
    pub fn new(size: TerminalSize) -> Self {
        Self::with_scrollback(size, 0)
    }

    /// A fresh terminal that keeps `lines` lines which scrolled off the top of its primary
    /// screen.
    pub fn with_scrollback(size: TerminalSize, lines: usize) -> Self {
        Self {
            model: Model::new(size.rows().into(), size.cols().into(), lines),
            parser: vte::Parser::new(),
            waiting: Waiting::Nothing,
            pending: Vec::new(),
        }
    }

    /// Its size.
    pub fn size(&self) -> TerminalSize {
        let side = |side| u16::try_from(side).unwrap_or(u16::MAX);
        TerminalSize::clamped(side(self.model.cols()), side(self.model.rows()))
    }

    /// The state of its switches.
    pub fn modes(&self) -> &Modes {
        &self.model.modes
    }

    /// Whether the alternate screen is shown.
    pub fn is_alternate(&self) -> bool {
        self.model.alternate.is_some()
    }

    /// Whether the primary screen's cursor is at the beginning of a line; while the alternate
    /// screen is shown, the cursor to come back to.
    pub fn is_at_line_start(&self) -> bool {
        let [primary, _] = &self.model.saved;
        match self.model.alternate {
            Some(_) => primary.at.col == 0,
            None => self.model.cursor.col == 0,
        }
    }

    /// Forgets the lines that scrolled off.
    pub fn clear_scrollback(&mut self) {
        self.model.primary.clear_history();
    }

    /// The window's title, empty if none was set.
    pub fn title(&self) -> &str {
        &self.model.names.title
    }

    /// The folder that the program last named (OSC 7), a `file:` address; empty if none.
    pub fn folder(&self) -> &str {
        &self.model.names.folder
    }

    /// Takes output of the program, cut anywhere.
    ///
    /// Of a big block only what is left of it in the end is laid out, so feeding few big blocks
    /// is faster than many small ones.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.waiting == Waiting::Nothing && self.may_be_flood(rest.len()) {
                let flood = Flood::of(rest);
                let (now, later) = rest.split_at(flood.bytes().len());
                let skipped = self.skip(&flood);
                self.feed_slowly(now.get(skipped..).unwrap_or_default());
                rest = later;
            }
            // The sequence that ended the flood, or all if there was none.
            let used = self.step(rest);
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Takes output and lays all of it out.
    pub(crate) fn feed_slowly(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = self.step(rest);
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Takes at least one byte, if there is any, and returns how many.
    fn step(&mut self, bytes: &[u8]) -> usize {
        match self.waiting {
            Waiting::Nothing => self.ground(bytes),
            Waiting::Character => self.character(bytes),
            Waiting::Sequence(kind) => self.sequence(kind, bytes),
        }
    }

    /// Takes at least one byte where nothing waits, and returns how many.
    fn ground(&mut self, bytes: &[u8]) -> usize {
        match bytes {
            [0x20..=0x7e, ..] => {
                let run = ascii_run(bytes);
                self.model.print_ascii(bytes.get(..run).unwrap_or_default());
                run
            }
            [0x1b, ..] => self.whole_sequence(bytes),
            // DEL is nothing that shows.
            [0x7f, ..] | [] => 1,
            [byte @ ..0x20, ..] => {
                self.model.control(*byte);
                1
            }
            [0x80..=0xff, ..] => self.unicode_run(bytes),
        }
    }

    /// Takes text up to the next control character, of which at least the first is not ASCII.
    fn unicode_run(&mut self, bytes: &[u8]) -> usize {
        let end = bytes
            .iter()
            .position(|byte| *byte < 0x20 || *byte == 0x7f)
            .unwrap_or(bytes.len());
        let text = bytes.get(..end).unwrap_or_default();
        for chunk in text.utf8_chunks() {
            chunk
                .valid()
                .chars()
                .for_each(|char| self.model.print(char));
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            // The bytes end within a character: only at the very end can that be known.
            if invalid.as_ptr_range().end == bytes.as_ptr_range().end && is_prefix(invalid) {
                self.pending.extend_from_slice(invalid);
                self.waiting = Waiting::Character;
            } else {
                self.model.print(char::REPLACEMENT_CHARACTER);
            }
        }
        end
    }

    /// Takes bytes until the character that waits is whole or is found to be none.
    fn character(&mut self, bytes: &[u8]) -> usize {
        for (used, byte) in bytes.iter().enumerate() {
            self.pending.push(*byte);
            if let Ok(text) = std::str::from_utf8(&self.pending) {
                text.chars().for_each(|char| self.model.print(char));
                self.settle();
                return used + 1;
            }
            if !is_prefix(&self.pending) {
                // What came before was no character; this byte is read anew.
                self.model.print(char::REPLACEMENT_CHARACTER);
                self.settle();
                return used;
            }
        }
        bytes.len()
    }

    /// Nothing waits any more.
    fn settle(&mut self) {
        self.pending.clear();
        self.waiting = Waiting::Nothing;
    }

    /// Takes a sequence that lies in `bytes` as a whole, without copying it, else what there is
    /// of it.
    fn whole_sequence(&mut self, bytes: &[u8]) -> usize {
        let mut kind = Kind::Escape;
        for (at, byte) in bytes.iter().enumerate().skip(1) {
            match kind.step(*byte) {
                Step::More(next) if at < next.limit() => kind = next,
                Step::More(_) => break,
                Step::Done => {
                    self.obey(kind, bytes.get(..=at).unwrap_or_default());
                    return at + 1;
                }
                Step::Cancelled => {
                    obey_controls(&mut self.model, kind, bytes.get(..at).unwrap_or_default());
                    return at + 1;
                }
                Step::Next => {
                    self.interrupt(kind, bytes.get(..at).unwrap_or_default());
                    return at;
                }
            }
        }
        self.pending.push(0x1b);
        self.waiting = Waiting::Sequence(Kind::Escape);
        1
    }

    /// Takes bytes of the sequence that waits.
    fn sequence(&mut self, mut kind: Kind, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match kind.step(*byte) {
                Step::More(next) => {
                    kind = next;
                    self.pending.push(*byte);
                    if self.pending.len() > kind.limit() {
                        self.overflow(kind);
                    }
                    continue;
                }
                Step::Done => {
                    self.pending.push(*byte);
                    let frame = std::mem::take(&mut self.pending);
                    self.obey(kind, &frame);
                    self.settle();
                }
                Step::Cancelled => {
                    obey_controls(&mut self.model, kind, &self.pending);
                    self.settle();
                }
                Step::Next => {
                    let frame = std::mem::take(&mut self.pending);
                    self.interrupt(kind, &frame);
                    self.pending.push(0x1b);
                    self.waiting = Waiting::Sequence(Kind::Escape);
                }
            }
            return at + 1;
        }
        self.waiting = Waiting::Sequence(kind);
        bytes.len()
    }

    /// Obeys one whole sequence.
    fn obey(&mut self, kind: Kind, frame: &[u8]) {
        match kind {
            Kind::Command => obey_command(&mut self.model, frame),
            Kind::String => self.model.last = None,
            Kind::Escape | Kind::Intermediate | Kind::Control => {
                // Most sequences of most output are these, and need no parser.
                if let [0x1b, b'[', params @ .., b'm'] = frame
                    && self.model.plain_style(params)
                {
                    return;
                }
                self.parser.advance(&mut self.model, frame);
            }
        }
    }

    /// The next sequence begins: that ends a command, and makes nothing of all others.
    fn interrupt(&mut self, kind: Kind, frame: &[u8]) {
        if kind == Kind::Command {
            obey_command(&mut self.model, frame);
        } else {
            obey_controls(&mut self.model, kind, frame);
        }
    }

    /// A sequence outgrew its limit: from here on it is one that does nothing.
    fn overflow(&mut self, kind: Kind) {
        obey_controls(&mut self.model, kind, &self.pending);
        self.pending.clear();
        self.pending.extend_from_slice(kind.nothing());
    }
}

/// Obeys an operating system command, control characters in it left out.
fn obey_command(model: &mut Model, frame: &[u8]) {
    let payload = frame.get(2..).unwrap_or_default();
    let payload = payload.strip_suffix(b"\x07").unwrap_or(payload);
    if payload.iter().any(|byte| *byte < 0x20) {
        let payload: Vec<u8> = payload.iter().copied().filter(|b| *b >= 0x20).collect();
        model.command(&payload);
    } else {
        model.command(payload);
    }
}

/// Obeys the control characters within a sequence that itself came to nothing.
fn obey_controls(model: &mut Model, kind: Kind, frame: &[u8]) {
    model.last = None;
    if matches!(kind, Kind::Escape | Kind::Intermediate | Kind::Control) {
        for byte in frame.iter().filter(|byte| **byte < 0x20 && **byte != 0x1b) {
            model.control(*byte);
        }
    }
}

/// Length of the run of printable ASCII that `bytes` begin with.
fn ascii_run(bytes: &[u8]) -> usize {
    const STRIDE: usize = 16;
    // Whole strides without a branch a byte, which compiles to vector instructions.
    let whole = bytes
        .chunks_exact(STRIDE)
        .take_while(|stride| {
            stride.iter().fold(true, |printable, byte| {
                printable & (byte.wrapping_sub(0x20) < 0x5f)
            })
        })
        .count()
        * STRIDE;
    let rest = bytes.get(whole..).unwrap_or_default();
    whole
        + rest
            .iter()
            .position(|byte| !matches!(byte, 0x20..=0x7e))
            .unwrap_or(rest.len())
}

/// Whether bytes that are not UTF-8 can become it.
fn is_prefix(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

impl Clone for Screen {
    fn clone(&self) -> Self {
        Self {
            model: self.model.clone(),
            // Sequences reach the parser whole, so it never holds a part of one.
            parser: vte::Parser::new(),
            waiting: self.waiting,
            pending: self.pending.clone(),
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Model {
            cursor,
            saved,
            margins,
            modes,
            kitty,
            names,
            ..
        } = &self.model;
        f.debug_struct("Screen")
            .field("size", &self.size())
            .field("ansi", &self.ansi())
            .field("cursor", cursor)
            .field("pen", &self.model.pen)
            .field("charsets", &self.model.charsets)
            .field("last", &self.model.last)
            .field("saved", saved)
            .field("margins", margins)
            .field("modes", modes)
            .field("kitty", kitty)
            .field("names", names)
            .field("pending", &String::from_utf8_lossy(&self.pending))
            .finish_non_exhaustive()
    }
}
