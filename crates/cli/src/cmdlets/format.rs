//! `Format-List` and `Format-Table`: objects of a pipe as people read them.

use std::io::{self, BufRead, IsTerminal};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;
use winsta_cmdlet::object::{Object, Properties, TYPE};
use winsta_cmdlet::{Bound, Wildcard};

use crate::output;
use crate::report::{Exit, Failure, Outcome};
use crate::table::layout::visible;

/// `Format-List`.
pub(super) fn list(bounds: &[Bound]) -> Outcome {
    let mut text = String::from("\n");
    for (bound, properties) in objects(bounds)? {
        let rows = chosen(bound, &properties);
        let width = rows
            .iter()
            .map(|(name, _)| name.width())
            .max()
            .unwrap_or_default();
        for (name, value) in rows {
            let gap = " ".repeat(width - name.width());
            text.push_str(format!("{name}{gap} : {value}").trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    output::text(&text).map(|()| Exit::Done)
}

/// `Format-Table`.
pub(super) fn table(bounds: &[Bound]) -> Outcome {
    let rows: Vec<Vec<(String, String)>> = objects(bounds)?
        .iter()
        .map(|(bound, properties)| chosen(bound, properties))
        .collect();
    let mut titles: Vec<String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !titles.contains(name) {
            titles.push(name.clone());
        }
    }
    let cell = |row: &[(String, String)], title: &str| {
        let found = row.iter().find(|(name, _)| name == title);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let columns: Vec<Vec<String>> = titles
        .iter()
        .map(|title| {
            let dashes = "-".repeat(title.width());
            let cells = rows.iter().map(|row| cell(row, title));
            [title.clone(), dashes].into_iter().chain(cells).collect()
        })
        .collect();
    let mut text = String::from("\n");
    for place in 0..rows.len() + 2 {
        let mut line = String::new();
        for column in &columns {
            let width = column
                .iter()
                .map(|cell| cell.width())
                .max()
                .unwrap_or_default();
            let cell = column.get(place).map_or("", String::as_str);
            line.push_str(cell);
            line.push_str(&" ".repeat(width + 1 - cell.width()));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    output::text(&text).map(|()| Exit::Done)
}

/// The objects, those of `-InputObject` or those of the pipe.
fn objects(bounds: &[Bound]) -> Result<Vec<(&Bound, Properties)>, Failure> {
    let mut all: Vec<_> = bounds
        .iter()
        .filter_map(|bound| Some((bound, bound.input()?.properties())))
        .collect();
    let Some(bound) = bounds.first() else {
        return Ok(all);
    };
    if all.is_empty() && !io::stdin().is_terminal() {
        for line in io::stdin().lock().lines() {
            let line =
                line.map_err(|error| Failure::local("cannot read standard input", &error))?;
            if line.trim().is_empty() {
                continue;
            }
            let object = Object::parse(&line).map_err(|error| {
                Failure::usage(format!(
                    "{} : what comes through the pipe is no object: {error}",
                    bound.cmdlet().name
                ))
            })?;
            all.push((bound, object.properties()));
        }
    }
    Ok(all)
}

/// Properties that are asked for, as text.
fn chosen(bound: &Bound, properties: &Properties) -> Vec<(String, String)> {
    let names = bound.texts("Property");
    let all = || properties.iter().filter(|(name, _)| *name != TYPE);
    let shown = |(name, value): (&String, &Value)| (visible(name).into_owned(), shown(value));
    if names.is_empty() {
        return all().map(shown).collect();
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    for name in names {
        let pattern = Wildcard::new(name);
        for property in all().filter(|(name, _)| pattern.matches(name)) {
            let row = shown(property);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rows
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => visible(text).into_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => visible(&other.to_string()).into_owned(),
    }
}
