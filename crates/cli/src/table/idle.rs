//! Times as Windows' tools print them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An idle time: `none` under a minute, then `M`, `H:MM` and `D+HH:MM`; `.` when unknown.
pub(crate) fn idle(seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else {
        return ".".to_owned();
    };
    let minutes = seconds / 60;
    let (hours, days) = (minutes / 60, minutes / 1_440);
    match (days, hours, minutes) {
        (0, 0, 0) => "none".to_owned(),
        (0, 0, _) => minutes.to_string(),
        (0, ..) => format!("{hours}:{:02}", minutes % 60),
        _ => format!("{days}+{:02}:{:02}", hours % 24, minutes % 60),
    }
}

/// A time from the host (RFC 3339) as `11/21/2026 7:33 AM` in `zone`; as it is if it is none.
pub(crate) fn local(time: &str, zone: &TimeZone) -> String {
    let Ok(timestamp) = time.parse::<Timestamp>() else {
        return time.to_owned();
    };
    let local = zone.to_datetime(timestamp);
    let (hour, half) = match local.hour() {
        0 => (12, "AM"),
        hour @ 1..=11 => (hour, "AM"),
        12 => (12, "PM"),
        hour => (hour - 12, "PM"),
    };
    format!(
        "{}/{}/{} {hour}:{:02} {half}",
        local.month(),
        local.day(),
        local.year(),
        local.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_times_are_those_of_quser() {
        let cases = [
            (None, "."),
            (Some(0), "none"),
            (Some(59), "none"),
            (Some(60), "1"),
            (Some(3_599), "59"),
            (Some(3_600), "1:00"),
            (Some(4 * 3_600 + 10 * 60), "4:10"),
            (Some(86_399), "23:59"),
            (Some(86_400), "1+00:00"),
            (Some(24 * 86_400 + 22 * 3_600 + 5 * 60), "24+22:05"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(idle(seconds), expected, "{seconds:?}");
        }
    }

    #[test]
    fn times_are_local_and_have_halves_of_the_day() {
        let cases = [
            ("2026-11-21T07:33:00.000Z", "11/21/2026 7:33 AM"),
            ("2026-11-21T00:05:59Z", "11/21/2026 12:05 AM"),
            ("2026-11-21T12:00:00Z", "11/21/2026 12:00 PM"),
            ("2026-01-02T23:59:00Z", "1/2/2026 11:59 PM"),
            ("yesterday", "yesterday"),
        ];
        for (time, expected) in cases {
            assert_eq!(local(time, &TimeZone::UTC), expected);
        }
        let east = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(
            local("2026-12-31T23:30:00Z", &east),
            "1/1/2027 8:30 AM",
            "the date is local too"
        );
    }
}
