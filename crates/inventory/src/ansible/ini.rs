//! Ansible's INI form.

use std::collections::BTreeMap;

use super::{hosts, set};
use crate::error::{Fault, InventoryError};
use crate::inventory::{Definitions, Host};

/// What the lines of a section are.
#[derive(Clone, Debug)]
enum Section {
    /// Hosts of a group; of none at the file's beginning.
    Hosts(Option<String>),
    /// Groups of a group.
    Children(String),
    /// Variables of a group.
    Vars(String),
}

/// Reads an inventory.
pub(super) fn parse(text: &str, origin: &str) -> Result<Definitions, InventoryError> {
    let mut reader = Reader::default();
    let mut section = Section::Hosts(None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let read = if line.starts_with('[') {
            header(line).map(|found| {
                reader.group(found.group());
                section = found;
            })
        } else {
            reader.line(&section, line)
        };
        read.map_err(|fault| InventoryError {
            origin: origin.to_owned(),
            line: Some(index + 1),
            fault,
        })?;
    }
    Ok(reader.finish())
}

impl Section {
    fn group(&self) -> Option<&str> {
        match self {
            Self::Hosts(group) => group.as_deref(),
            Self::Children(group) | Self::Vars(group) => Some(group),
        }
    }
}

/// `[web]`, `[web:children]`, `[web:vars]`, with a comment behind it perhaps.
fn header(line: &str) -> Result<Section, Fault> {
    let wrong = || Fault::Syntax(format!("{line:?} is no section's name"));
    let (name, behind) = line
        .trim_start_matches('[')
        .split_once(']')
        .ok_or_else(wrong)?;
    let behind = behind.trim();
    if !(behind.is_empty() || behind.starts_with(['#', ';'])) {
        return Err(wrong());
    }
    let (name, kind) = name.split_once(':').unwrap_or((name, ""));
    if name.is_empty() {
        return Err(wrong());
    }
    let name = name.to_owned();
    match kind {
        "" => Ok(Section::Hosts(Some(name))),
        "children" => Ok(Section::Children(name)),
        "vars" => Ok(Section::Vars(name)),
        _ => Err(wrong()),
    }
}

#[derive(Default)]
struct Reader {
    hosts: Vec<Host>,
    /// Groups in the order of the file.
    groups: Vec<(String, Vec<String>)>,
    vars: BTreeMap<String, Vec<(String, String)>>,
}

impl Reader {
    fn group(&mut self, name: Option<&str>) {
        if let Some(name) = name
            && !self.groups.iter().any(|(known, _)| known == name)
        {
            self.groups.push((name.to_owned(), Vec::new()));
        }
    }

    fn member(&mut self, group: &str, member: String) {
        if let Some((_, members)) = self.groups.iter_mut().find(|(name, _)| name == group) {
            members.push(member);
        }
    }

    fn line(&mut self, section: &Section, line: &str) -> Result<(), Fault> {
        match section {
            Section::Hosts(group) => {
                let words = words(line)?;
                let Some((pattern, variables)) = words.split_first() else {
                    return Ok(());
                };
                let variables: Vec<(String, String)> =
                    variables.iter().filter_map(|v| pair(v)).collect();
                let (pattern, port) = with_port(pattern);
                for mut host in hosts(pattern, &variables)? {
                    host.port = host.port.or(port);
                    if let Some(group) = group {
                        self.member(group, host.name.to_string());
                    }
                    self.hosts.push(host);
                }
            }
            Section::Children(group) => {
                let child = line.split([' ', '\t', '#']).next().unwrap_or_default();
                self.group(Some(child));
                self.member(group, format!("@{child}"));
            }
            Section::Vars(group) => {
                if let Some(variable) = pair(line) {
                    // Only to find what is wrong, at its line.
                    let mut nobody = hosts("nobody", &[])?;
                    if let Some(host) = nobody.first_mut() {
                        set(host, &variable.0, &variable.1)?;
                    }
                    self.vars.entry(group.clone()).or_default().push(variable);
                }
            }
        }
        Ok(())
    }

    /// Gives hosts the variables of their groups, as far as they have none of their own.
    fn finish(mut self) -> Definitions {
        for (group, variables) in &self.vars {
            let everybody = group == "all";
            let members = self.groups.iter().find(|(name, _)| name == group);
            let members = members.map(|(_, members)| members.as_slice());
            let members = members.unwrap_or_default();
            for host in &mut self.hosts {
                if everybody || members.iter().any(|member| member == host.name.as_str()) {
                    let mut of_group = Host::named(host.name.clone());
                    for (key, value) in variables {
                        // They were checked where they stand.
                        let _checked = set(&mut of_group, key, value);
                    }
                    host.fill_from(of_group);
                }
            }
        }
        // Groups that nobody has filled mean nobody; `all` is what `*` says.
        self.groups.retain(|(name, _)| name != "all");
        Definitions {
            hosts: self.hosts,
            groups: self.groups,
        }
    }
}

/// `name:2222`, but no IPv6 address.
fn with_port(pattern: &str) -> (&str, Option<u16>) {
    let Some((name, port)) = pattern.rsplit_once(':') else {
        return (pattern, None);
    };
    // In brackets it is a range.
    match port.parse() {
        Ok(port) if !name.contains(':') => (name, Some(port)),
        Ok(_) | Err(_) => (pattern, None),
    }
}

/// `key=value`, its quotes taken off.
fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    let value = value.trim();
    let quoted = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some((key.trim().to_owned(), quoted.unwrap_or(value).to_owned()))
}

/// The words of a line, quotes as in a shell, up to a comment.
fn words(line: &str) -> Result<Vec<String>, Fault> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if word.is_empty() => break,
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (_, c) => word.push(c),
        }
    }
    if quote.is_some() {
        return Err(Fault::Syntax("a quote is not closed".to_owned()));
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Inventory, Transport};

    const FILE: &str = "\
# comment
bastion ansible_host=192.0.2.1 ansible_user='ops team'
lone:2222

[web]
web[01:03] ansible_port=2022 # three of them
[db] ; data
db1 ansible_connection=local x=\"a b\"

[all:vars]
ansible_user=deploy
[web:vars]
ansible_port = 22

[site:children]
web
db
";

    #[test]
    fn an_inventory_is_read() {
        let error = parse(FILE, "hosts").unwrap_err();
        assert_eq!(error.line, Some(2), "{error}");
        let text = FILE.replace("'ops team'", "ops");
        let definitions = parse(&text, "hosts").unwrap();
        let mut inventory = Inventory::default();
        inventory.add(definitions).unwrap();
        let shown = |list: &str| {
            let hosts = inventory.choose(list).unwrap();
            let show = |h: &Host| {
                let at = h.address.as_ref().map(ToString::to_string);
                format!(
                    "{}@{} {at:?} {:?}",
                    h.user.clone().unwrap_or_default(),
                    h.name,
                    h.port
                )
            };
            hosts.iter().map(show).collect::<Vec<_>>()
        };
        assert_eq!(shown("bastion"), ["ops@bastion Some(\"192.0.2.1\") None"]);
        assert_eq!(shown("lone"), ["deploy@lone None Some(2222)"]);
        assert_eq!(
            shown("@site"),
            [
                "deploy@web01 None Some(2022)",
                "deploy@web02 None Some(2022)",
                "deploy@web03 None Some(2022)",
                "deploy@db1 None None",
            ]
        );
        let db = inventory.choose("db1").unwrap();
        assert!(db.iter().all(|host| host.transport == Transport::Local));
    }

    #[test]
    fn a_fault_has_its_line() {
        let cases = [
            ("[web\n", 1),
            ("\n[web:sons]\n", 2),
            ("[]\n", 1),
            ("a ansible_port=x", 1),
            ("a 'b", 1),
            ("\n\na;b", 3),
            ("web[1:", 1),
            ("[web:vars]\nansible_port=x", 2),
        ];
        for (text, line) in cases {
            let error = parse(text, "hosts").unwrap_err();
            assert_eq!(error.line, Some(line), "{text:?}: {error}");
        }
    }
}
