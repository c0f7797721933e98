//! Where an escape sequence ends.
//!
//! `vte` gives sequences their meaning; this finds their ends, because the model must know at
//! any time which bytes are still waiting for the rest of theirs, must bound them (`vte` keeps
//! the text of a command however long it is), and reads plain text without any parser.

/// Most bytes of a control sequence; a longer one is replaced by one that does nothing.
const MAX_SEQUENCE: usize = 256;
/// Most bytes of a command or another string.
const MAX_STRING: usize = 4_096;

/// What kind of sequence bytes belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// After ESC.
    #[default]
    Escape,
    /// After ESC and an intermediate byte.
    Intermediate,
    /// After ESC `[`.
    Control,
    /// After ESC `]`.
    Command,
    /// After what begins a string without meaning here: DCS, SOS, PM, APC.
    String,
}

impl Kind {
    /// Most bytes that a sequence of this kind has.
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Escape | Self::Intermediate | Self::Control => MAX_SEQUENCE,
            Self::Command | Self::String => MAX_STRING,
        }
    }

    /// A beginning that swallows the rest of a sequence which outgrew its limit.
    pub(crate) fn nothing(self) -> &'static [u8] {
        match self {
            Self::Escape => b"\x1b",
            Self::Intermediate => b"\x1b   ",
            Self::Control => b"\x1b[<<",
            Self::Command => b"\x1b]9999;",
            Self::String => b"\x1bX",
        }
    }
}

/// What a byte does to a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It goes on.
    More(Kind),
    /// It ends with this byte.
    Done,
    /// It ends with this byte and does nothing (CAN, SUB).
    Cancelled,
    /// It ends before this byte, an ESC that begins the next one.
    Next,
}

impl Kind {
    /// What `byte` does to a sequence of this kind.
    pub(crate) fn step(self, byte: u8) -> Step {
        match (self, byte) {
            (_, 0x18 | 0x1a) => Step::Cancelled,
            (_, 0x1b) => Step::Next,
            (Self::Escape, b'[') => Step::More(Self::Control),
            (Self::Escape, b']') => Step::More(Self::Command),
            (Self::Escape, b'P' | b'X' | b'^' | b'_') => Step::More(Self::String),
            (Self::Escape, 0x20..=0x2f) => Step::More(Self::Intermediate),
            (Self::Escape | Self::Intermediate, 0x30..=0x7e)
            | (Self::Control, 0x40..=0x7e)
            | (Self::Command, 0x07) => Step::Done,
            (kind, _) => Step::More(kind),
        }
    }
}
