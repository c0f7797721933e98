//! Winsta's own `hosts.toml`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use winsta_domain::{Endpoint, MachineName};

use crate::error::{Fault, InventoryError};
use crate::inventory::{Definitions, Host, Transport};
use crate::range::expand;

/// What a `hosts.toml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostsFile {
    /// Hosts and groups.
    pub definitions: Definitions,
    /// Inventories of Ansible's to be read as well.
    pub inventories: Vec<String>,
    /// How ssh is run.
    pub ssh: Ssh,
}

/// How ssh is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ssh {
    /// Another program than `ssh`.
    pub program: Option<String>,
    /// Another configuration file than the user's own.
    pub config: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    inventory: OneOrMany,
    ssh: Ssh,
    defaults: Settings,
    hosts: toml::Table,
    groups: BTreeMap<String, Vec<Spanned<String>>>,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

/// What may be said of a host.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    address: Option<Spanned<String>>,
    user: Option<Spanned<String>>,
    port: Option<u16>,
    winsta: Option<Spanned<String>>,
    tls: Option<Spanned<String>>,
    transport: Option<Spanned<String>>,
}

/// The same file, hosts with the places of their names.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Placed {
    hosts: BTreeMap<Spanned<String>, Settings>,
}

impl HostsFile {
    /// Reads a file; `origin` is its name in messages.
    pub fn parse(text: &str, origin: &str) -> Result<Self, InventoryError> {
        let reader = Reader { text, origin };
        let file: File = reader.toml()?;
        let placed: Placed = reader.toml()?;
        let mut definitions = Definitions::default();
        for (name, settings) in &placed.hosts {
            reader.host(name, settings, &file.defaults, &mut definitions.hosts)?;
        }
        // In the order of the file, not of the alphabet.
        let order = |host: &Host| file.hosts.keys().position(|key| key == host.name.as_str());
        definitions.hosts.sort_by_key(order);
        for (name, members) in &file.groups {
            for member in members {
                let bare = member.get_ref().trim_start_matches(['!', '@']);
                reader.names(bare, member.span())?;
            }
            let members = members.iter().map(|member| member.get_ref().clone());
            definitions.groups.push((name.clone(), members.collect()));
        }
        Ok(Self {
            definitions,
            inventories: match file.inventory {
                OneOrMany::None => Vec::new(),
                OneOrMany::One(path) => vec![path],
                OneOrMany::Many(paths) => paths,
            },
            ssh: file.ssh,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    origin: &'a str,
}

impl<'a> Reader<'a> {
    fn toml<T: Deserialize<'a>>(&self) -> Result<T, InventoryError> {
        toml::from_str(self.text).map_err(|error: toml::de::Error| {
            let what = error.message().to_owned();
            self.wrong(error.span(), Fault::Syntax(what))
        })
    }

    fn wrong(&self, span: Option<Range<usize>>, fault: Fault) -> InventoryError {
        let before = span.and_then(|span| self.text.get(..span.start));
        InventoryError {
            origin: self.origin.to_owned(),
            line: before.map(|before| before.matches('\n').count() + 1),
            fault,
        }
    }

    fn host(
        &self,
        name: &Spanned<String>,
        settings: &Settings,
        defaults: &Settings,
        hosts: &mut Vec<Host>,
    ) -> Result<(), InventoryError> {
        let either = |own: &Option<Spanned<String>>, other: &Option<Spanned<String>>| {
            own.clone().or_else(|| other.clone())
        };
        let address = settings.address.as_ref();
        let address = address
            .map(|a| self.machine(a.get_ref(), a.span()))
            .transpose()?;
        let user = either(&settings.user, &defaults.user);
        if let Some(user) = &user {
            self.machine(user.get_ref(), user.span())?;
        }
        let transport = either(&settings.transport, &defaults.transport);
        let transport = transport.map(|t| self.transport(&t)).transpose()?;
        let tls = settings.tls.as_ref();
        let tls = tls.map(|tls| self.place(tls)).transpose()?;
        for name in self.names(name.get_ref(), name.span())? {
            hosts.push(Host {
                name: self.machine(&name, 0..0)?,
                address: address.clone(),
                user: user.clone().map(Spanned::into_inner),
                port: settings.port.or(defaults.port),
                winsta: either(&settings.winsta, &defaults.winsta).map(Spanned::into_inner),
                tls: tls.clone(),
                transport: transport.unwrap_or_default(),
            });
        }
        Ok(())
    }

    /// Names with brackets, each checked unless it is a pattern.
    fn names(&self, text: &str, span: Range<usize>) -> Result<Vec<String>, InventoryError> {
        let names = expand(text).map_err(|why| {
            let text = text.to_owned();
            self.wrong(Some(span.clone()), Fault::Range { text, why })
        })?;
        for name in names.iter().filter(|name| !name.contains(['*', '?'])) {
            self.machine(name, span.clone())?;
        }
        Ok(names)
    }

    fn machine(&self, name: &str, span: Range<usize>) -> Result<MachineName, InventoryError> {
        name.parse().map_err(|source| {
            let name = name.to_owned();
            self.wrong(Some(span), Fault::Name { name, source })
        })
    }

    fn place(&self, text: &Spanned<String>) -> Result<Endpoint, InventoryError> {
        let read: Result<Endpoint, _> = text.get_ref().parse();
        read.map_err(|_| {
            let fault = Fault::Value {
                key: "tls",
                value: text.get_ref().clone(),
                why: "it is \"NAME:PORT\"",
            };
            self.wrong(Some(text.span()), fault)
        })
    }

    fn transport(&self, text: &Spanned<String>) -> Result<Transport, InventoryError> {
        match text.get_ref().as_str() {
            "ssh" => Ok(Transport::Ssh),
            "local" => Ok(Transport::Local),
            other => Err(self.wrong(
                Some(text.span()),
                Fault::Value {
                    key: "transport",
                    value: other.to_owned(),
                    why: "it is \"ssh\" or \"local\"",
                },
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
inventory = "/etc/ansible/hosts"

[ssh]
config = "/etc/ssh/fleet"

[defaults]
user = "admin"

[hosts.web01]
address = "10.0.0.1"
port = 2222
user = "bob"

[hosts."db[1-2]"]
winsta = "/opt/winsta"

[hosts.here]
transport = "local"

[groups]
web = ["web01", "web[02-03]"]
all = ["*", "!@web"]
"#;

    #[test]
    fn a_file_is_read() {
        let file = HostsFile::parse(FILE, "hosts.toml").unwrap();
        assert_eq!(file.inventories, ["/etc/ansible/hosts"]);
        assert_eq!(file.ssh.config.as_deref(), Some("/etc/ssh/fleet"));
        let shown: Vec<_> = file
            .definitions
            .hosts
            .iter()
            .map(|h| (h.name.as_str(), h.user.as_deref(), h.port, h.transport))
            .collect();
        let admin = Some("admin");
        let mut sorted = shown.clone();
        sorted.sort_by_key(|host| host.0);
        assert_eq!(
            sorted,
            [
                ("db1", admin, None, Transport::Ssh),
                ("db2", admin, None, Transport::Ssh),
                ("here", admin, None, Transport::Local),
                ("web01", Some("bob"), Some(2222), Transport::Ssh),
            ]
        );
        assert_eq!(file.definitions.groups.len(), 2);
        assert_eq!(HostsFile::parse("", "x").unwrap(), HostsFile::default());
    }

    #[test]
    fn a_fault_has_its_line() {
        let cases = [
            ("a = 1", 1),
            ("[hosts.a]\nport = 70000", 2),
            ("[hosts.a]\n\nadress = \"b\"", 3),
            ("[hosts.a]\naddress = \"-x\"", 2),
            ("[hosts.a]\nuser = \"-x\"", 2),
            ("\n[hosts.\"a b\"]\n", 2),
            ("[hosts.\"a[1-\"]\n", 1),
            ("[hosts.a]\ntransport = \"rsh\"", 2),
            ("[hosts.a]\n\ntls = \"a:b\"", 3),
            ("[groups]\nweb = [\n\"a\",\n\"b;c\"]", 4),
            ("[groups\n", 1),
        ];
        for (text, line) in cases {
            let error = HostsFile::parse(text, "hosts.toml").unwrap_err();
            assert_eq!(error.line, Some(line), "{text:?}: {error}");
        }
        let error = HostsFile::parse("[hosts.a]\naddress = \"a b\"", "hosts.toml").unwrap_err();
        assert_eq!(
            error.to_string(),
            "hosts.toml:2: \"a b\" is no host's name: a host's name must not contain ' '"
        );
    }
}
