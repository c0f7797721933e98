//! Spans of time as people write them: `90s`, `15m`, `4h`, `1h30m`, `2d`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Nothing is written.
    #[error("a span of time is written like 90s, 15m, 4h, 2d or 1h30m")]
    Empty,
    /// A number has no unit, so that nobody knows whether minutes or seconds are meant.
    #[error("{number} has no unit: write {number}s, {number}m, {number}h or {number}d")]
    NoUnit {
        /// The number.
        number: String,
    },
    /// A character is neither a digit nor a unit, or a unit has no number.
    #[error("a span of time is written like 90s, 15m, 4h, 2d or 1h30m, without {found:?} there")]
    Unexpected {
        /// The character.
        found: char,
    },
    /// Units come from large to small, each once.
    #[error("the units of a span of time come from large to small, each once: 2d4h30m")]
    Order,
    /// More seconds than can be counted.
    #[error("this span of time is too long")]
    TooLong,
}

/// A span of time in whole seconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub u64);

/// The units from large to small, with their lengths in seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut total = 0_u64;
        let mut digits = String::new();
        let mut smaller = UNITS.as_slice();
        for c in text.chars() {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            let lower = c.to_ascii_lowercase();
            if digits.is_empty() || !UNITS.iter().any(|(unit, _)| *unit == lower) {
                return Err(SpanError::Unexpected { found: c });
            }
            let mut rest = smaller.iter();
            let (_, seconds) = rest
                .find(|(unit, _)| *unit == lower)
                .ok_or(SpanError::Order)?;
            smaller = rest.as_slice();
            total = digits
                .parse::<u64>()
                .ok()
                .and_then(|number| number.checked_mul(*seconds))
                .and_then(|part| total.checked_add(part))
                .ok_or(SpanError::TooLong)?;
            digits.clear();
        }
        if !digits.is_empty() {
            return Err(SpanError::NoUnit { number: digits });
        }
        if text.is_empty() {
            return Err(SpanError::Empty);
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for (unit, seconds) in UNITS {
            let count = rest / seconds;
            rest %= seconds;
            if count > 0 || (seconds == 1 && self.0 == 0) {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_read_as_written() {
        let cases = [
            ("90s", Ok(Span(90))),
            ("15m", Ok(Span(900))),
            ("4h", Ok(Span(14_400))),
            ("2d", Ok(Span(172_800))),
            ("1h30m", Ok(Span(5_400))),
            ("1D2H3M4S", Ok(Span(93_784))),
            ("0s", Ok(Span(0))),
            ("", Err(SpanError::Empty)),
            (
                "90",
                Err(SpanError::NoUnit {
                    number: "90".to_owned(),
                }),
            ),
            (
                "1h30",
                Err(SpanError::NoUnit {
                    number: "30".to_owned(),
                }),
            ),
            ("h", Err(SpanError::Unexpected { found: 'h' })),
            ("1hm", Err(SpanError::Unexpected { found: 'm' })),
            ("-1h", Err(SpanError::Unexpected { found: '-' })),
            ("1.5h", Err(SpanError::Unexpected { found: '.' })),
            ("1 h", Err(SpanError::Unexpected { found: ' ' })),
            ("1w", Err(SpanError::Unexpected { found: 'w' })),
            ("30m1h", Err(SpanError::Order)),
            ("1h1h", Err(SpanError::Order)),
            ("99999999999999999999s", Err(SpanError::TooLong)),
            ("18446744073709551615d", Err(SpanError::TooLong)),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Span>(), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(seconds: u64) {
            prop_assert_eq!(Span(seconds).to_string().parse(), Ok(Span(seconds)));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _: Result<Span, _> = text.parse();
        }
    }
}
