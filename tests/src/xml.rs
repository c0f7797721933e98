//! XML compared by what it says.

use std::collections::HashMap;
use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A document, one element or text a line, with attributes in alphabetical order and references
/// numbered from 0 as they come: what two documents that say the same have in common.
pub fn canonical(document: &str) -> String {
    let mut reader = Reader::from_str(document);
    let mut numbers = [HashMap::new(), HashMap::new()];
    let mut out = String::new();
    let mut text = String::new();
    loop {
        let event = reader.read_event().expect("well-formed XML");
        if !matches!(event, Event::Text(_) | Event::GeneralRef(_)) && !text.is_empty() {
            writeln!(out, "{text:?}").unwrap();
            text.clear();
        }
        match event {
            Event::Start(start) => begin(&mut out, &start, &mut numbers),
            Event::Empty(start) => {
                begin(&mut out, &start, &mut numbers);
                out.push_str("end\n");
            }
            Event::End(_) => out.push_str("end\n"),
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(part) => {
                let part = format!("&{};", &*part);
                text.push_str(&quick_xml::escape::unescape(&part).expect("a known entity"));
            }
            Event::Eof => return out,
            other => panic!("{other:?} in CLIXML"),
        }
    }
}

fn begin(out: &mut String, start: &BytesStart<'_>, numbers: &mut [HashMap<String, usize>; 2]) {
    let name = start.name().into_inner().to_owned();
    let mut attributes: Vec<(String, String)> = start
        .attributes()
        .map(|attribute| {
            let attribute = attribute.expect("an attribute");
            let key = attribute.key.into_inner().to_owned();
            let value = quick_xml::escape::unescape(&attribute.value).expect("a value");
            if key != "RefId" {
                return (key, value.into_owned());
            }
            // Objects and names of types are numbered apart.
            let numbers = &mut numbers[usize::from(name.starts_with("TN"))];
            let next = numbers.len();
            let number = *numbers.entry(value.into_owned()).or_insert(next);
            (key, number.to_string())
        })
        .collect();
    attributes.sort();
    writeln!(out, "{name} {attributes:?}").unwrap();
}
