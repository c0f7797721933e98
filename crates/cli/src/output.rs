//! Writes listings to standard output.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::grammar::shared::Format;
use crate::report::{Exit, Failure};

/// A row of a listing.
pub(crate) trait Row: Serialize {
    /// Its keys in their order: the titles of an empty CSV.
    const KEYS: &'static [&'static str];
}

/// Prints `rows` in the form that is asked for; `table` makes the table.
pub(crate) fn print<R: Row>(
    format: Format,
    rows: &[R],
    table: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match format {
        Format::Table => text(&table()),
        Format::Json | Format::Jsonl | Format::Csv => with_stdout(|out| records(format, rows, out)),
    }
}

/// Prints one value that is no list: an object in JSON, one row in CSV.
pub(crate) fn print_one<R: Row>(
    format: Format,
    row: &R,
    table: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match format {
        Format::Json => with_stdout(|out| {
            serde_json::to_writer(&mut *out, row)?;
            out.write_all(b"\n")
        }),
        other => print(other, std::slice::from_ref(row), table),
    }
}

/// Prints a text as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    with_stdout(|out| out.write_all(text.as_bytes()))
}

/// Lends out standard output, locked and buffered. A reader that has gone away ends the command
/// without a word.
pub(crate) fn with_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::silent(Exit::Done),
            _ => Failure::local("cannot write to standard output", &error),
        })
}

fn records<R: Row>(format: Format, rows: &[R], out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer(&mut *out, rows)?;
            out.write_all(b"\n")
        }
        Format::Jsonl => rows.iter().try_for_each(|row| {
            serde_json::to_writer(&mut *out, row)?;
            out.write_all(b"\n")
        }),
        Format::Csv | Format::Table => csv(rows, out),
    }
}

fn csv<R: Row>(rows: &[R], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let mut titled = false;
    for row in rows {
        let Fields(fields) = serde_json::from_str(&serde_json::to_string(row)?)?;
        if !titled {
            csv.write_record(fields.iter().map(|(key, _)| key))?;
            titled = true;
        }
        csv.write_record(fields.iter().map(|(_, value)| cell(value)))?;
    }
    if !titled {
        csv.write_record(R::KEYS)?;
    }
    csv.flush()
}

/// A value as CSV has it: nothing for `null`, JSON for what has parts.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The fields of a JSON object in the order in which they stand.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
