//! Spans of time as .NET has them.

use std::fmt;
use std::str::FromStr;

/// A span of time in units of 100 ns; it may be negative.
///
/// Written as XML Schema has it, `P1DT2H3M4.5S`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

/// A text is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a span of time is written like P1DT2H3M4.5S, with at most 7 decimals")]
pub struct NoDuration;

/// Units of 100 ns in a second.
const SECOND: i128 = 10_000_000;

impl Duration {
    /// A span of whole seconds; what is too long for .NET becomes the longest there is.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(10_000_000))
    }
}

impl FromStr for Duration {
    type Err = NoDuration;

    fn from_str(text: &str) -> Result<Self, NoDuration> {
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
        let text = text.strip_prefix('P').ok_or(NoDuration)?;
        let (date, time) = match text.split_once('T') {
            Some((_, "")) => return Err(NoDuration),
            Some((date, time)) => (date, time),
            None if text.is_empty() => return Err(NoDuration),
            None => (text, ""),
        };
        let mut rest = date;
        let mut total = part(&mut rest, 'D')? * 86_400 * SECOND;
        if !rest.is_empty() {
            return Err(NoDuration);
        }
        rest = time;
        total += part(&mut rest, 'H')? * 3_600 * SECOND;
        total += part(&mut rest, 'M')? * 60 * SECOND;
        if let Some(seconds) = rest.strip_suffix('S') {
            total += decimal_seconds(seconds)?;
        } else if !rest.is_empty() {
            return Err(NoDuration);
        }
        i64::try_from(sign * total)
            .map(Self)
            .map_err(|_| NoDuration)
    }
}

/// Takes `<number><unit>` from the front of `rest`, if it stands there.
fn part(rest: &mut &str, unit: char) -> Result<i128, NoDuration> {
    let Some((number, behind)) = rest.split_once(unit) else {
        return Ok(0);
    };
    *rest = behind;
    whole(number)
}

fn whole(number: &str) -> Result<i128, NoDuration> {
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u32>().ok().filter(|_| digits);
    number.map(i128::from).ok_or(NoDuration)
}

fn decimal_seconds(text: &str) -> Result<i128, NoDuration> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.len() > 7 {
        return Err(NoDuration);
    }
    Ok(whole(seconds)? * SECOND + whole(&format!("{fraction:0<7}"))?)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let total = i128::from(self.0).abs();
        let (seconds, fraction) = (total / SECOND, total % SECOND);
        let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
        let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
        write!(f, "{sign}P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if days > 0 && hours + minutes + seconds + fraction == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        if fraction > 0 {
            let fraction = format!("{fraction:07}");
            write!(f, "{seconds}.{}S", fraction.trim_end_matches('0'))?;
        } else if seconds > 0 || hours + minutes == 0 {
            write!(f, "{seconds}S")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn table() {
        let cases: &[(&str, i64)] = &[
            ("PT0S", 0),
            ("PT1S", 10_000_000),
            ("PT0.0000001S", 1),
            ("-PT1.5S", -15_000_000),
            ("P1D", 864_000_000_000),
            ("P1DT2H3M4.5S", 937_845_000_000),
            ("PT9M", 5_400_000_000),
            ("P10675199DT2H48M5.4775807S", i64::MAX),
            ("-P10675199DT2H48M5.4775808S", i64::MIN),
        ];
        for (text, ticks) in cases {
            assert_eq!(text.parse(), Ok(Duration(*ticks)));
            assert_eq!(Duration(*ticks).to_string(), *text);
        }
        for text in [
            "",
            "P",
            "PT",
            "P1",
            "1D",
            "PT1",
            "P1S",
            "PT1D",
            "PT1.12345678S",
            "PT1M1H",
            "P10675199DT2H48M5.4775808S",
            "PT+1S",
            "PT-1S",
            "P1Y",
        ] {
            assert_eq!(text.parse::<Duration>(), Err(NoDuration), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_span_comes_back(ticks in any::<i64>()) {
            prop_assert_eq!(Duration(ticks).to_string().parse(), Ok(Duration(ticks)));
        }
    }
}
