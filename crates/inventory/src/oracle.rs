//! What holds for any bytes that a file or a command line may have: a function that panics if it
//! does not.

use crate::inventory::{Definitions, Inventory};
use crate::{HostsFile, ansible};

/// The first byte says what the others are: a `hosts.toml`, an inventory of Ansible's in one of
/// its forms, or a list of hosts. Whatever is accepted has names that can be given to ssh, and
/// reading it ends.
///
/// # Panics
///
/// If that does not hold.
pub fn inventory(data: &[u8]) {
    let Some((form, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match form % 4 {
        0 => {
            if let Ok(file) = HostsFile::parse(text, "hosts.toml") {
                check(file.definitions);
            }
        }
        1 => {
            if let Ok(definitions) = ansible::parse(text, "hosts.ini") {
                check(definitions);
            }
        }
        2 => {
            if let Ok(definitions) = ansible::parse(text, "hosts.yml") {
                check(definitions);
            }
        }
        _ => {
            if let Ok(hosts) = Inventory::default().choose(text) {
                assert!(!hosts.is_empty());
                for host in hosts {
                    safe(host.name.as_str());
                }
            }
        }
    }
}

fn check(definitions: Definitions) {
    for host in &definitions.hosts {
        safe(host.name.as_str());
        host.address.iter().for_each(|name| safe(name.as_str()));
        host.user.iter().for_each(|name| safe(name));
    }
    let mut inventory = Inventory::default();
    if inventory.add(definitions).is_ok() {
        let groups: Vec<String> = inventory.groups().map(|name| format!("@{name}")).collect();
        for group in groups.iter().take(8) {
            // It may contain itself, but then it says so.
            let _chosen = inventory.choose(group);
        }
    }
}

fn safe(name: &str) {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "'\"`$\\;&|<>(){}*?!#/".contains(c);
    assert!(!name.is_empty() && !name.starts_with('-'), "{name:?}");
    assert!(!name.contains(bad), "{name:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            inventory(&std::fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 5, "the corpus in {folder} is gone");
    }

    proptest! {
        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
            inventory(&data);
        }

        #[test]
        fn any_lines(form in 0..4_u8, text in "[-a-c0-9\\[\\]:,=@!*. \n{}]{0,80}") {
            let mut data = vec![form];
            data.extend(text.bytes());
            inventory(&data);
        }
    }
}
