//! One character position: what it shows and in which style.

use crate::intern::Interner;

/// Number of a style in the screen's table; 0 is the default style.
pub(crate) type StyleId = u32;

/// Most code points that one cell holds: a base and what combines with it.
pub(crate) const MAX_CLUSTER: usize = 8;

const TAIL: u32 = 1 << 31;
const WIDE: u32 = 1 << 30;
const CLUSTER: u32 = 1 << 29;
const PAYLOAD: u32 = (1 << 24) - 1;

/// What a cell shows, in four bytes: a character, or the number of a cluster in a side table,
/// and whether it is the first or the second half of a wide one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Glyph(u32);

impl Glyph {
    pub(crate) const BLANK: Self = Self(b' ' as u32);
    /// The second half of a wide character.
    pub(crate) const TAIL: Self = Self(TAIL);

    pub(crate) fn ascii(byte: u8) -> Self {
        Self(u32::from(byte))
    }

    pub(crate) fn new(char: char, wide: bool) -> Self {
        Self(u32::from(char) | if wide { WIDE } else { 0 })
    }

    pub(crate) fn cluster(number: u32, wide: bool) -> Self {
        Self(CLUSTER | (number & PAYLOAD) | if wide { WIDE } else { 0 })
    }

    pub(crate) fn is_tail(self) -> bool {
        self.0 & TAIL != 0
    }

    pub(crate) fn is_wide(self) -> bool {
        self.0 & WIDE != 0
    }

    /// The cluster's number, if this is one.
    pub(crate) fn cluster_number(self) -> Option<u32> {
        (self.0 & CLUSTER != 0).then_some(self.0 & PAYLOAD)
    }

    /// Appends what the cell shows; nothing for a second half.
    pub(crate) fn push_to(self, text: &mut String, clusters: &Interner<Box<str>>) {
        if self.is_tail() {
            return;
        }
        match self.cluster_number() {
            Some(number) => text.push_str(clusters.get(number).map_or(" ", |text| text)),
            None => text.push(char::from_u32(self.0 & PAYLOAD).unwrap_or(' ')),
        }
    }
}

/// One character position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cell {
    pub(crate) glyph: Glyph,
    pub(crate) style: StyleId,
}

impl Cell {
    /// A blank in `style`.
    pub(crate) fn blank(style: StyleId) -> Self {
        Self {
            glyph: Glyph::BLANK,
            style,
        }
    }
}
