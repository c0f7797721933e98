//! Points in time as .NET has them.

use std::fmt;
use std::str::FromStr;

/// A day and a time of day, in units of 100 ns since the year 1 began, and where that is so.
///
/// Written like `2018-06-13T23:46:28.00516+00:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// Units of 100 ns since 0001-01-01T00:00:00 on the clock that `zone` names.
    pub ticks: u64,
    /// Which clock that is.
    pub zone: Zone,
}

/// What a [`DateTime`] says about its time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Nothing.
    Unspecified,
    /// It is UTC, written `Z`.
    Utc,
    /// It is a clock that is so many minutes ahead of UTC.
    Offset(i16),
}

/// A text is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a point in time is written like 2018-06-13T23:46:28.0051600+02:00")]
pub struct NoDateTime;

const SECOND: u64 = 10_000_000;
/// Days from 0001-01-01 to 1970-01-01.
const EPOCH: u64 = 719_162;
/// Days in the 9999 years that there are.
const DAYS: u64 = 3_652_059;

impl DateTime {
    /// The point in time `milliseconds` after 1970-01-01T00:00:00Z, in UTC; what is beyond the
    /// year 9999 becomes its last day.
    pub fn from_unix_millis(milliseconds: u64) -> Self {
        let days = milliseconds / 86_400_000;
        let days = (EPOCH + days).min(DAYS - 1);
        Self {
            ticks: days * 86_400 * SECOND + milliseconds % 86_400_000 * 10_000,
            zone: Zone::Utc,
        }
    }
}

impl FromStr for DateTime {
    type Err = NoDateTime;

    fn from_str(text: &str) -> Result<Self, NoDateTime> {
        let mut rest = text;
        let year = number(&mut rest, 4, "-")?;
        let month = number(&mut rest, 2, "-")?;
        let day = number(&mut rest, 2, "T")?;
        let hour = number(&mut rest, 2, ":")?;
        let minute = number(&mut rest, 2, ":")?;
        let second = number(&mut rest, 2, "")?;
        let exists = year >= 1 && (1..=12).contains(&month) && hour < 24 && minute < 60;
        if !exists || day < 1 || day > month_days(year, month) || second > 59 {
            return Err(NoDateTime);
        }
        let fraction = fraction(&mut rest)?;
        let days = days_before(year, month) + day - 1;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        Ok(Self {
            ticks: seconds * SECOND + fraction,
            zone: zone(rest)?,
        })
    }
}

/// Takes `digits` digits and what follows them from the front of `rest`.
fn number(rest: &mut &str, digits: usize, behind: &str) -> Result<u64, NoDateTime> {
    let (number, tail) = rest.split_at_checked(digits).ok_or(NoDateTime)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NoDateTime);
    }
    *rest = tail.strip_prefix(behind).ok_or(NoDateTime)?;
    number.parse().map_err(|_| NoDateTime)
}

fn fraction(rest: &mut &str) -> Result<u64, NoDateTime> {
    let Some(behind) = rest.strip_prefix('.') else {
        return Ok(0);
    };
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, tail) = behind.split_at_checked(digits).ok_or(NoDateTime)?;
    if digits.is_empty() || digits.len() > 7 {
        return Err(NoDateTime);
    }
    *rest = tail;
    format!("{digits:0<7}").parse().map_err(|_| NoDateTime)
}

fn zone(text: &str) -> Result<Zone, NoDateTime> {
    let (sign, mut rest) = match (text, text.strip_prefix('+'), text.strip_prefix('-')) {
        ("", ..) => return Ok(Zone::Unspecified),
        ("Z", ..) => return Ok(Zone::Utc),
        (_, Some(rest), _) => (1, rest),
        (_, _, Some(rest)) => (-1, rest),
        _ => return Err(NoDateTime),
    };
    let hours = number(&mut rest, 2, ":")?;
    let minutes = number(&mut rest, 2, "")?;
    let offset = i16::try_from(hours * 60 + minutes).map_err(|_| NoDateTime)?;
    // .NET knows none that is further away.
    if !rest.is_empty() || minutes > 59 || offset > 14 * 60 {
        return Err(NoDateTime);
    }
    Ok(Zone::Offset(sign * offset))
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 0001-01-01 to the first of a month.
fn days_before(year: u64, month: u64) -> u64 {
    let years = year - 1;
    let before_year = years * 365 + years / 4 - years / 100 + years / 400;
    before_year + (1..month).map(|month| month_days(year, month)).sum::<u64>()
}

/// Year, month and day that lie `days` after 0001-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    // Never too late, at most two years too early.
    let mut year = (days * 400 / 146_097).max(1);
    while days_before(year + 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_before(year, month + 1) <= days {
        month += 1;
    }
    (year, month, days - days_before(year, month) + 1)
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, fraction) = (self.ticks / SECOND, self.ticks % SECOND);
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if fraction > 0 {
            let fraction = format!("{fraction:07}");
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        match self.zone {
            Zone::Unspecified => Ok(()),
            Zone::Utc => f.write_str("Z"),
            Zone::Offset(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn table() {
        let cases: &[(&str, u64, Zone)] = &[
            ("0001-01-01T00:00:00", 0, Zone::Unspecified),
            ("1970-01-01T00:00:00Z", 621_355_968_000_000_000, Zone::Utc),
            (
                "2008-04-11T10:42:32.2731993-07:00",
                633_435_073_522_731_993,
                Zone::Offset(-420),
            ),
            (
                "2018-06-13T23:46:28.00516+00:00",
                636_645_303_880_051_600,
                Zone::Offset(0),
            ),
            (
                "9999-12-31T23:59:59.9999999",
                3_155_378_975_999_999_999,
                Zone::Unspecified,
            ),
            (
                "2000-02-29T00:00:00+05:30",
                630_873_792_000_000_000,
                Zone::Offset(330),
            ),
        ];
        for (text, ticks, zone) in cases {
            let expected = DateTime {
                ticks: *ticks,
                zone: *zone,
            };
            assert_eq!(text.parse(), Ok(expected), "{text}");
            assert_eq!(expected.to_string(), *text);
        }
        for text in [
            "",
            "2000",
            "0000-01-01T00:00:00",
            "2001-02-29T00:00:00",
            "2000-13-01T00:00:00",
            "2000-01-01T24:00:00",
            "2000-01-01T00:00:60",
            "2000-01-01 00:00:00",
            "2000-01-01T00:00:00.",
            "2000-01-01T00:00:00.12345678",
            "2000-01-01T00:00:00+15:00",
            "2000-01-01T00:00:00+1:00",
            "2000-01-01T00:00:00é",
            "+200-01-01T00:00:00",
        ] {
            assert_eq!(text.parse::<DateTime>(), Err(NoDateTime), "{text}");
        }
        assert_eq!(
            DateTime::from_unix_millis(0).to_string(),
            "1970-01-01T00:00:00Z"
        );
        assert_eq!(
            DateTime::from_unix_millis(1_528_933_588_005).to_string(),
            "2018-06-13T23:46:28.005Z"
        );
        assert!(
            DateTime::from_unix_millis(u64::MAX)
                .to_string()
                .starts_with("9999-12-31T")
        );
    }

    proptest! {
        #[test]
        fn every_point_comes_back(ticks in 0..DAYS * 86_400 * SECOND, offset in -840i16..=840) {
            let point = DateTime { ticks, zone: Zone::Offset(offset) };
            prop_assert_eq!(point.to_string().parse(), Ok(point));
        }
    }
}
