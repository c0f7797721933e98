//! Ansible's YAML form.

use saphyr_parser::{Event, Parser, ScanError};

use super::hosts;
use crate::error::{Fault, InventoryError};
use crate::inventory::Definitions;

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// Reads an inventory.
pub(super) fn parse(text: &str, origin: &str) -> Result<Definitions, InventoryError> {
    // What ends too early is noticed behind its last line.
    let lines = text.lines().count().max(1);
    let wrong = |(line, fault): (usize, Fault)| InventoryError {
        origin: origin.to_owned(),
        line: Some(line.clamp(1, lines)),
        fault,
    };
    let mut definitions = Definitions::default();
    let Some(root) = tree(text).map_err(wrong)? else {
        return Ok(definitions);
    };
    for (name, group) in root.map().map_err(wrong)? {
        read_group(name, group, &[], &mut definitions, DEEPEST).map_err(wrong)?;
    }
    // `all` is what `*` says.
    definitions.groups.retain(|(name, _)| name != "all");
    Ok(definitions)
}

type Placed<T> = Result<T, (usize, Fault)>;
type Variables = [(String, String)];

fn read_group(
    name: &str,
    group: &Node,
    outer: &Variables,
    definitions: &mut Definitions,
    depth: usize,
) -> Placed<()> {
    if depth == 0 {
        return Err((
            group.line,
            Fault::Syntax("groups are nested too deeply".to_owned()),
        ));
    }
    let mut variables = Vec::new();
    if let Some(vars) = group.get("vars")? {
        variables.extend(scalars(vars)?);
    }
    variables.extend_from_slice(outer);
    let mut members = Vec::new();
    if let Some(of_group) = group.get("hosts")? {
        for (pattern, host) in of_group.map()? {
            // Those that come later win, so the most general come first.
            let mut all: Vec<_> = variables.iter().rev().cloned().collect();
            all.extend(scalars(host)?);
            let hosts = hosts(pattern, &all).map_err(|fault| (host.line, fault))?;
            members.extend(hosts.iter().map(|host| host.name.to_string()));
            definitions.hosts.extend(hosts);
        }
    }
    if let Some(children) = group.get("children")? {
        for (child, inner) in children.map()? {
            members.push(format!("@{child}"));
            read_group(child, inner, &variables, definitions, depth - 1)?;
        }
    }
    let known = definitions
        .groups
        .iter_mut()
        .find(|(known, _)| known == name);
    match known {
        Some((_, known)) => known.extend(members),
        None => definitions.groups.push((name.to_owned(), members)),
    }
    Ok(())
}

/// A map's entries that have one value.
fn scalars(node: &Node) -> Placed<Vec<(String, String)>> {
    let entries = node.map()?.iter();
    let texts = entries.filter_map(|(key, value)| match &value.value {
        Value::Scalar(text) => Some((key.clone(), text.clone())),
        Value::Nothing | Value::List | Value::Map(_) => None,
    });
    Ok(texts.collect())
}

/// A value and the line where it begins.
struct Node {
    line: usize,
    value: Value,
}

enum Value {
    Nothing,
    Scalar(String),
    /// What is in lists says nothing about hosts.
    List,
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The entries of a map; none where nothing stands.
    fn map(&self) -> Placed<&[(String, Self)]> {
        match &self.value {
            Value::Nothing => Ok(&[]),
            Value::Map(entries) => Ok(entries),
            Value::Scalar(_) | Value::List => Err((
                self.line,
                Fault::Syntax("names with a colon are expected here".to_owned()),
            )),
        }
    }

    fn get(&self, key: &str) -> Placed<Option<&Self>> {
        let mut entries = self.map()?.iter();
        Ok(entries.find(|(name, _)| name == key).map(|(_, node)| node))
    }
}

/// The first document.
fn tree(text: &str) -> Placed<Option<Node>> {
    let mut events = Events {
        parser: Parser::new_from_str(text),
    };
    loop {
        match events.next()? {
            (_, Event::StreamEnd) => return Ok(None),
            (_, Event::DocumentStart(_)) => {
                let (line, first) = events.next()?;
                return events.node(line, first, DEEPEST).map(Some);
            }
            _ => {}
        }
    }
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Placed<(usize, Event<'a>)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((span.start.line(), event)),
            Some(Err(error)) => Err(unreadable(&error)),
            None => Ok((0, Event::StreamEnd)),
        }
    }

    fn node(&mut self, line: usize, event: Event<'a>, depth: usize) -> Placed<Node> {
        if depth == 0 {
            return Err((line, Fault::Syntax("it is nested too deeply".to_owned())));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => {
                let plain = style == saphyr_parser::ScalarStyle::Plain;
                match text.as_ref() {
                    "" | "~" | "null" if plain => Value::Nothing,
                    text => Value::Scalar(text.to_owned()),
                }
            }
            Event::SequenceStart(..) => {
                loop {
                    match self.next()? {
                        (_, Event::SequenceEnd) => break,
                        (line, event) => self.node(line, event, depth - 1)?,
                    };
                }
                Value::List
            }
            Event::MappingStart(..) => Value::Map(self.entries(depth)?),
            Event::StreamEnd | Event::DocumentEnd => {
                return Err((line, Fault::Syntax("it ends too early".to_owned())));
            }
            // What an alias stands for says nothing about hosts, and following it could be
            // without end.
            _ => Value::Nothing,
        };
        Ok(Node { line, value })
    }

    fn entries(&mut self, depth: usize) -> Placed<Vec<(String, Node)>> {
        let mut entries = Vec::new();
        loop {
            let (line, event) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(entries);
            }
            let key = self.node(line, event, depth - 1)?;
            let (value_line, event) = self.next()?;
            let mut value = self.node(value_line, event, depth - 1)?;
            // Where nothing stands, the place is that of the name.
            value.line = line;
            if let Value::Scalar(key) = key.value {
                entries.push((key, value));
            }
        }
    }
}

fn unreadable(error: &ScanError) -> (usize, Fault) {
    (
        error.marker().line(),
        Fault::Syntax(error.info().to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Host, Inventory};

    const FILE: &str = "\
---
all:
  vars: &v
    ansible_user: deploy
    list: [1, {a: b}]
  hosts:
    bastion:
      ansible_host: 192.0.2.1
  children:
    web:
      hosts:
        web[01:02]:
          ansible_port: 2022
        web09:
      vars:
        ansible_user: www
    db:
      hosts: {db1: {ansible_connection: local}, db2: *v}
    site:
      children:
        web:
        db:
";

    #[test]
    fn an_inventory_is_read() {
        let mut inventory = Inventory::default();
        inventory.add(parse(FILE, "hosts.yml").unwrap()).unwrap();
        let shown = |list: &str| {
            let hosts = inventory.choose(list).unwrap();
            let show = |h: &Host| {
                format!(
                    "{}@{} {:?}",
                    h.user.clone().unwrap_or_default(),
                    h.name,
                    h.port
                )
            };
            hosts.iter().map(show).collect::<Vec<_>>()
        };
        assert_eq!(shown("bastion"), ["deploy@bastion None"]);
        assert_eq!(
            shown("@site"),
            [
                "www@web01 Some(2022)",
                "www@web02 Some(2022)",
                "www@web09 None",
                "deploy@db1 None",
                "deploy@db2 None"
            ]
        );
        assert_eq!(parse("", "x.yml").unwrap(), Definitions::default());
    }

    #[test]
    fn a_fault_has_its_line() {
        let cases = [
            ("all: x", 1),
            ("all:\n  hosts:\n    - a\n", 2),
            ("all:\n  hosts:\n    a;b:\n", 3),
            ("all:\n  hosts:\n    a:\n      ansible_port: x\n", 3),
            ("all: [", 1),
            ("all:\n  hosts: {", 2),
        ];
        for (text, line) in cases {
            let error = parse(text, "hosts.yml").unwrap_err();
            assert_eq!(error.line, Some(line), "{text:?}: {error}");
        }
        let deep = "[".repeat(4000);
        assert!(parse(&deep, "hosts.yml").is_err());
        let deep = "a: {".repeat(4000);
        assert!(parse(&deep, "hosts.yml").is_err());
    }
}
