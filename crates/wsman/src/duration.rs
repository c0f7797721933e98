//! Spans of time as XML Schema writes them (`xs:duration`).

use std::time::Duration;

/// Reads a duration: `PT20S`, `PT7200.000S`, `P1DT2H3M4.5S`. Years and months have no length and
/// are refused, and so is a negative one; digits beyond a millisecond are passed over.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim().strip_prefix('P')?;
    let (days, time) = match text.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return None,
        None => (text, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let mut millis: u64 = 0;
    let mut add = |count: u64, unit: u64| -> Option<()> {
        millis = millis.checked_add(count.checked_mul(unit)?)?;
        Some(())
    };
    if !days.is_empty() {
        add(days.strip_suffix('D')?.parse().ok()?, 86_400_000)?;
    }
    let mut rest = time;
    for (unit, length) in [('H', 3_600_000), ('M', 60_000)] {
        if let Some((count, more)) = rest.split_once(unit) {
            add(digits(count)?, length)?;
            rest = more;
        }
    }
    if !rest.is_empty() {
        let seconds = rest.strip_suffix('S')?;
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        add(digits(whole)?, 1_000)?;
        if !fraction.is_empty() {
            digits(fraction)?;
            let three: String = fraction.chars().chain("000".chars()).take(3).collect();
            add(digits(&three)?, 1)?;
        }
    }
    Some(Duration::from_millis(millis))
}

fn digits(text: &str) -> Option<u64> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

/// Seconds with three decimals: `PT7200.000S`. Windows' PowerShell reads only this form in shells.
pub fn seconds(duration: Duration) -> String {
    format!("PT{}.{:03}S", duration.as_secs(), duration.subsec_millis())
}

/// Days, hours, minutes and whole seconds: `P0DT0H0M9S`.
pub fn parts(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let days = hours / 24;
    format!("P{days}DT{}H{}M{}S", hours % 24, minutes % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, millis) in [
            ("PT20S", 20_000),
            ("PT7200.000S", 7_200_000),
            ("PT0.5S", 500),
            ("P0DT0H0M9S", 9_000),
            ("P1DT2H3M4.5678S", 93_784_567),
            ("PT2147483.647S", 2_147_483_647),
            ("P2D", 172_800_000),
            ("PT1H", 3_600_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "P",
            "PT",
            "20",
            "PT-1S",
            "-PT1S",
            "P1Y",
            "PT1",
            "PT1.S5",
            "PT99999999999999999999S",
            "PT+1S",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_written() {
        let duration = Duration::from_millis(93_784_567);
        assert_eq!(seconds(duration), "PT93784.567S");
        assert_eq!(parts(duration), "P1DT2H3M4S");
        assert_eq!(parse(&seconds(duration)), Some(duration));
    }
}
