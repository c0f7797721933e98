//! Points in time as values; this crate never asks what time it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Whole seconds from `earlier` to this; 0 if the clock went backwards in between.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }

    /// The point in time `milliseconds` after this.
    #[must_use]
    pub fn plus_millis(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// As RFC 3339 has it, in UTC with milliseconds: `2026-11-21T08:30:00.125Z`.
    ///
    /// Years beyond 9999, which RFC 3339 cannot write, are shown as the last moment of 9999.
    pub fn rfc3339(self) -> Rfc3339 {
        Rfc3339(self)
    }

    /// Reads what [`rfc3339`](Self::rfc3339) writes; the fraction may be missing or have up to
    /// nine digits. Only UTC (`Z`) is understood, and no leap seconds.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let text = text.strip_suffix(['Z', 'z'])?;
        let (date, time) = text.split_once(['T', 't'])?;
        let (year, rest) = number(date, 4)?;
        let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
        let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
        if !rest.is_empty() {
            return None;
        }
        let (hour, rest) = number(time, 2)?;
        let (minute, rest) = number(rest.strip_prefix(':')?, 2)?;
        let (second, rest) = number(rest.strip_prefix(':')?, 2)?;
        let millis = fraction(rest)?;
        let day_exists = (1..=12).contains(&month) && (1..=month_days(year, month)).contains(&day);
        if year < 1970 || !day_exists || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
        Some(Self(seconds * 1_000 + millis))
    }
}

/// Shows a [`Timestamp`] as RFC 3339 has it.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(Timestamp);

impl Rfc3339 {
    /// The last moment that four digits of a year can name.
    const LAST: u64 = 253_402_300_799_999;
    /// Bytes of the text.
    pub const LENGTH: usize = 24;

    /// The text, without an allocation.
    pub fn bytes(self) -> [u8; Self::LENGTH] {
        let at = self.0.0.min(Self::LAST);
        let (seconds, millis) = (at / 1_000, at % 1_000);
        let (days, clock) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil_from_days(days);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let fields = [
            (year, 0, 4),
            (month, 5, 2),
            (day, 8, 2),
            (clock / 3_600, 11, 2),
            (clock / 60 % 60, 14, 2),
            (clock % 60, 17, 2),
            (millis, 20, 3),
        ];
        for (mut value, at, digits) in fields {
            for byte in text.iter_mut().skip(at).take(digits).rev() {
                *byte = b'0' + u8::try_from(value % 10).unwrap_or_default();
                value /= 10;
            }
        }
        text
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.bytes()).unwrap_or_default())
    }
}

/// `digits` decimal digits at the front of `text`, and the rest.
fn number(text: &str, digits: usize) -> Option<(u64, &str)> {
    let (front, rest) = text.split_at_checked(digits)?;
    let only_digits = front.bytes().all(|b| b.is_ascii_digit());
    only_digits.then(|| front.parse().ok().map(|n| (n, rest)))?
}

/// Milliseconds of `.5`, `.125`, `.123456789` or nothing.
fn fraction(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix('.')?;
    let only_digits = digits.bytes().all(|b| b.is_ascii_digit());
    if !only_digits || digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let padded = digits.bytes().chain(std::iter::repeat(b'0')).take(3);
    Some(padded.fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

fn month_days(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this day. Years are counted from March, so that a leap day is the last
/// of its year, and in eras of 400 years, which all have the same number of days.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// The day (year, month, day) that is `days` after 1970-01-01.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_moments_are_written_and_read() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_582_934_400_007, "2020-02-29T00:00:00.007Z"),
            (1_795_249_800_125, "2026-11-21T08:30:00.125Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (Rfc3339::LAST, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp(millis).rfc3339().to_string(), text);
            assert_eq!(Timestamp::parse_rfc3339(text), Some(Timestamp(millis)));
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "Z",
            "2026-11-21",
            "2026-11-21T08:30:00",
            "2026-11-21T08:30:00+01:00",
            "2026-02-29T08:30:00Z",
            "2026-13-01T08:30:00Z",
            "2026-11-00T08:30:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T08:30:60Z",
            "2026-11-21T08:30:00.Z",
            "2026-11-21T08:30:00.1234567890Z",
            "+026-11-21T08:30:00Z",
            "1969-12-31T23:59:59Z",
            "2026-11-21T08:30:00é.1Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text:?}");
        }
        let half = Timestamp::parse_rfc3339("1970-01-01T00:00:00.5Z");
        assert_eq!(half, Some(Timestamp(500)));
    }

    proptest! {
        #[test]
        fn moments_survive_their_text(millis in 0..=Rfc3339::LAST) {
            let text = Timestamp(millis).rfc3339().to_string();
            prop_assert_eq!(Timestamp::parse_rfc3339(&text), Some(Timestamp(millis)));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in ".{0,40}") {
            let _ = Timestamp::parse_rfc3339(&text);
        }
    }
}
