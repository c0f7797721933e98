//! Where the next character goes and how it is read.

use crate::style::Style;

/// Position of the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) row: usize,
    pub(crate) col: usize,
    /// The last column was written; the next character wraps first.
    pub(crate) wrap: bool,
}

impl Cursor {
    /// Inside a screen of this size.
    pub(crate) fn clamped(self, rows: usize, cols: usize) -> Self {
        let col = self.col.min(cols - 1);
        Self {
            row: self.row.min(rows - 1),
            col,
            wrap: self.wrap && col == cols - 1,
        }
    }
}

/// The character sets G0 to G3 and which of them is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charsets {
    /// Final byte of the sequence that chose each set; `B` is ASCII. Sets that the model has
    /// no table for show as ASCII and are reproduced.
    pub(crate) sets: [u8; 4],
    /// Number of the set in use.
    pub(crate) active: u8,
}

impl Default for Charsets {
    fn default() -> Self {
        Self {
            sets: [b'B'; 4],
            active: 0,
        }
    }
}

impl Charsets {
    /// The set with a number.
    pub(crate) fn set(self, number: u8) -> u8 {
        self.sets.get(usize::from(number)).copied().unwrap_or(b'B')
    }

    /// Whether ASCII is shown as it is.
    pub(crate) fn is_plain(self) -> bool {
        !matches!(self.set(self.active), b'0' | b'A')
    }

    /// What a character shows as in the set with a number.
    pub(crate) fn translate(self, char: char, number: u8) -> char {
        match (self.set(number), char) {
            (b'A', '#') => '£',
            (b'0', '_'..='~') => {
                let index = usize::try_from(u32::from(char) - u32::from('_')).unwrap_or(0);
                DEC_GRAPHICS.get(index).copied().unwrap_or(char)
            }
            _ => char,
        }
    }
}

/// DEC special graphics from `_` on.
const DEC_GRAPHICS: [char; 32] = [
    ' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─',
    '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// What DECSC saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) at: Cursor,
    pub(crate) pen: Style,
    pub(crate) charsets: Charsets,
    pub(crate) origin: bool,
}
