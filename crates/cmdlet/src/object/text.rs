//! JSON that no shell takes apart.

use std::fmt::Write;

use serde_json::Value;

use super::{Properties, TYPE};

/// One line: [`TYPE`] first, so that a shell can tell by its beginning what it is.
pub(super) fn line(properties: &Properties) -> String {
    let (first, others): (Vec<_>, Vec<_>) = properties.iter().partition(|(key, _)| *key == TYPE);
    let mut out = String::new();
    members(&mut out, first.into_iter().chain(others));
    out
}

fn members<'a>(out: &mut String, members: impl Iterator<Item = (&'a String, &'a Value)>) {
    out.push('{');
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        string(out, key);
        out.push(':');
        self::value(out, value);
    }
    out.push('}');
}

fn value(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => string(out, text),
        Value::Array(_) => string(out, &value.to_string()),
        Value::Object(properties) => members(out, properties.iter()),
        // Digits, signs, a point and letters.
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if c.is_alphanumeric() || "-_.:,@%".contains(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out.push('"');
}
