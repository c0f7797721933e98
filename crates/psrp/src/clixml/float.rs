//! Floating-point numbers as .NET writes them.

use std::fmt::{Display, LowerExp};
use std::str::FromStr;

/// A number with as many digits as it needs, `positional` up to ten to that power.
fn write<T: Display + LowerExp>(number: &T, positional: i32) -> String {
    let written = format!("{number:e}");
    let Some((digits, exponent)) = written.split_once('e') else {
        return match written.as_str() {
            "inf" => "INF".to_owned(),
            "-inf" => "-INF".to_owned(),
            other => other.to_owned(),
        };
    };
    match exponent.parse::<i32>() {
        Ok(power) if !(-4..positional).contains(&power) => {
            let sign = if power < 0 { '-' } else { '+' };
            format!("{digits}E{sign}{:02}", power.unsigned_abs())
        }
        _ => number.to_string(),
    }
}

pub(super) fn write_f32(number: f32) -> String {
    write(&number, 7)
}

pub(super) fn write_f64(number: f64) -> String {
    write(&number, 15)
}

pub(super) fn read<T: FromStr>(text: &str) -> Option<T> {
    let known = matches!(text, "NaN" | "INF" | "-INF");
    let digits = |byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if known || text.bytes().all(digits) {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn table() {
        let cases: &[(f64, &str)] = &[
            (0.0, "0"),
            (12.34, "12.34"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1E+15"),
            (f64::MAX, "1.7976931348623157E+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "INF"),
            (f64::NEG_INFINITY, "-INF"),
        ];
        for (number, text) in cases {
            assert_eq!(write_f64(*number), *text);
            let back: f64 = read(text).unwrap();
            assert!(back.total_cmp(number).is_eq(), "{text}");
        }
        assert_eq!(write_f32(1e7), "1E+07");
        assert_eq!(write_f32(f32::MAX), "3.4028235E+38");
        for text in ["", "nan", "infinity", "0x1", "1 ", "1_0"] {
            assert_eq!(read::<f64>(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_number_comes_back(number in any::<f64>(), short in any::<f32>()) {
            let back: f64 = read(&write_f64(number)).unwrap();
            prop_assert!(number.is_nan() || back.to_bits() == number.to_bits());
            let back: f32 = read(&write_f32(short)).unwrap();
            prop_assert!(short.is_nan() || back.to_bits() == short.to_bits());
        }
    }
}
