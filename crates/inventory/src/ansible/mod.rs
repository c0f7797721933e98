//! Inventories of Ansible's: its INI and its YAML form.
//!
//! Hosts, groups and the variables that say how a host is reached (`ansible_host`,
//! `ansible_user`, `ansible_port`, `ansible_connection`) are read; everything else is Ansible's own
//! business and is passed over.

mod ini;
mod yaml;

use crate::error::{Fault, InventoryError};
use crate::inventory::{Definitions, Host, Transport};

/// Reads an inventory; `origin` is its name in messages, and its ending may tell its form.
pub fn parse(text: &str, origin: &str) -> Result<Definitions, InventoryError> {
    if is_yaml(text, origin) {
        yaml::parse(text, origin)
    } else {
        ini::parse(text, origin)
    }
}

/// The ending decides, or else the first line that says something.
fn is_yaml(text: &str, origin: &str) -> bool {
    let name = origin.rsplit('/').next().unwrap_or(origin);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("yml" | "yaml" | "json") => return true,
        Some("ini" | "cfg") => return false,
        Some(_) | None => {}
    }
    let mut lines = text.lines().map(str::trim_end);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    first.is_some_and(|line| line == "---" || line.ends_with(':') || line.starts_with('{'))
}

/// Takes over a variable of a host.
fn set(host: &mut Host, key: &str, value: &str) -> Result<(), Fault> {
    let machine = |name: &str| {
        name.parse().map_err(|source| Fault::Name {
            name: name.to_owned(),
            source,
        })
    };
    // A template is known to Ansible alone.
    if value.contains("{{") {
        return Ok(());
    }
    match key {
        "ansible_host" | "ansible_ssh_host" => host.address = Some(machine(value)?),
        "ansible_user" | "ansible_ssh_user" => {
            machine(value)?;
            host.user = Some(value.to_owned());
        }
        "ansible_port" | "ansible_ssh_port" => {
            let port = value.parse().map_err(|_| Fault::Value {
                key: "ansible_port",
                value: value.to_owned(),
                why: "a port is a number from 1 to 65535",
            })?;
            host.port = Some(port);
        }
        "ansible_connection" if value == "local" => host.transport = Transport::Local,
        "winsta" => host.winsta = Some(value.to_owned()),
        _ => {}
    }
    Ok(())
}

/// What one line or entry defines: hosts with variables in common.
fn hosts(pattern: &str, variables: &[(String, String)]) -> Result<Vec<Host>, Fault> {
    let names = crate::range::expand(pattern).map_err(|why| Fault::Range {
        text: pattern.to_owned(),
        why,
    })?;
    let mut hosts = Vec::with_capacity(names.len());
    for name in names {
        let machine = name.parse().map_err(|source| Fault::Name {
            name: name.clone(),
            source,
        })?;
        let mut host = Host::named(machine);
        for (key, value) in variables {
            set(&mut host, key, value)?;
        }
        hosts.push(host);
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_told_by_the_name_or_the_text() {
        let cases = [
            ("x.yml", "", true),
            ("x.ini", "all:\n", false),
            ("/etc/ansible/hosts", "# hosts\n[web]\na\n", false),
            ("/etc/ansible/hosts", "---\nall:\n", true),
            ("/etc/ansible.d/hosts", "all:\n  hosts:\n", true),
            ("hosts", "web01 ansible_port=22\n", false),
        ];
        for (origin, text, expected) in cases {
            assert_eq!(is_yaml(text, origin), expected, "{origin} {text:?}");
        }
    }
}
