//! Decimal numbers as .NET has them.

use std::fmt;
use std::str::FromStr;

/// A decimal number of at most 29 digits, held as it is written, so that `1.50` stays `1.50`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

/// A text is no decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a decimal number is at most {DIGITS} digits, with a point and a minus sign perhaps")]
pub struct NoDecimal;

/// Digits that .NET's 96 bits hold.
const DIGITS: usize = 29;

impl Decimal {
    /// The number as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Decimal {
    type Err = NoDecimal;

    fn from_str(text: &str) -> Result<Self, NoDecimal> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        // One more than fits is let through for the zero in front of the point.
        let fits = unsigned.len() <= DIGITS + 2;
        if fits && digits(whole) && digits(fraction) {
            Ok(Self(text.into()))
        } else {
            Err(NoDecimal)
        }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
