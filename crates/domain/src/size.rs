//! Size of a terminal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why two numbers are no terminal size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Not of the form `COLSxROWS`.
    #[error("a terminal size is written COLSxROWS, for example 80x24")]
    Form,
    /// A side is zero or beyond the largest.
    #[error(
        "a terminal has 1 to {} columns and 1 to {} rows, not {cols}x{rows}",
        TerminalSize::MAX_COLS,
        TerminalSize::MAX_ROWS
    )]
    Range {
        /// Columns asked for.
        cols: u32,
        /// Rows asked for.
        rows: u32,
    },
}

/// Columns and rows of a terminal, both at least 1 and bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawSize")]
pub struct TerminalSize {
    cols: u16,
    rows: u16,
}

#[derive(Deserialize)]
struct RawSize {
    cols: u32,
    rows: u32,
}

impl TerminalSize {
    /// Most columns that a session's terminal can have.
    pub const MAX_COLS: u16 = 1_000;
    /// Most rows that a session's terminal can have.
    pub const MAX_ROWS: u16 = 500;
    /// What a terminal has when nobody says otherwise: 80 columns and 24 rows.
    pub const DEFAULT: Self = Self { cols: 80, rows: 24 };

    /// A size, if both sides are in range.
    pub fn new(cols: u32, rows: u32) -> Result<Self, SizeError> {
        let range = SizeError::Range { cols, rows };
        let (Ok(c), Ok(r)) = (u16::try_from(cols), u16::try_from(rows)) else {
            return Err(range);
        };
        if c == 0 || r == 0 || c > Self::MAX_COLS || r > Self::MAX_ROWS {
            return Err(range);
        }
        Ok(Self { cols: c, rows: r })
    }

    /// The size nearest to what a real terminal reports: 0 counts as unknown and takes the
    /// default's side, a side beyond the largest is cut.
    pub fn clamped(cols: u16, rows: u16) -> Self {
        let side = |value: u16, default: u16, max: u16| match value {
            0 => default,
            value => value.min(max),
        };
        Self {
            cols: side(cols, Self::DEFAULT.cols, Self::MAX_COLS),
            rows: side(rows, Self::DEFAULT.rows, Self::MAX_ROWS),
        }
    }

    /// Columns, at least 1.
    pub fn cols(self) -> u16 {
        self.cols
    }

    /// Rows, at least 1.
    pub fn rows(self) -> u16 {
        self.rows
    }
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<RawSize> for TerminalSize {
    type Error = SizeError;

    fn try_from(raw: RawSize) -> Result<Self, Self::Error> {
        Self::new(raw.cols, raw.rows)
    }
}

impl fmt::Display for TerminalSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.cols, self.rows)
    }
}

impl FromStr for TerminalSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (cols, rows) = text.split_once(['x', 'X']).ok_or(SizeError::Form)?;
        let side = |side: &str| side.parse::<u32>().map_err(|_| SizeError::Form);
        Self::new(side(cols)?, side(rows)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!("80x24".parse(), Ok(TerminalSize::DEFAULT));
        assert_eq!("80".parse::<TerminalSize>(), Err(SizeError::Form));
        assert_eq!(
            "0x0".parse::<TerminalSize>(),
            Err(SizeError::Range { cols: 0, rows: 0 })
        );
        assert_eq!(
            "10000x10000".parse::<TerminalSize>(),
            Err(SizeError::Range {
                cols: 10_000,
                rows: 10_000
            })
        );
        assert_eq!(TerminalSize::clamped(0, 0), TerminalSize::DEFAULT);
        assert_eq!(TerminalSize::clamped(65_535, 1).to_string(), "1000x1");
    }
}
