//! Hosts and groups, and choosing among them.

use std::collections::{BTreeMap, BTreeSet};

use winsta_domain::{Endpoint, Glob, MachineName};

use crate::error::ChoiceError;
use crate::range::{self, expand};

/// How a host is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Through the user's ssh.
    #[default]
    Ssh,
    /// It is this machine.
    Local,
}

/// A host that is known, or named on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What it is called here.
    pub name: MachineName,
    /// What ssh is to call, if not the name.
    pub address: Option<MachineName>,
    /// The user to log in as.
    pub user: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Where `winsta` is there.
    pub winsta: Option<String>,
    /// Where it is published over TLS, if it is reached that way.
    pub tls: Option<Endpoint>,
    /// How it is reached.
    pub transport: Transport,
}

impl Host {
    /// A host of which no more than the name is known.
    pub fn named(name: MachineName) -> Self {
        Self {
            name,
            address: None,
            user: None,
            port: None,
            winsta: None,
            tls: None,
            transport: Transport::default(),
        }
    }

    /// What is not said here is taken from `other`.
    pub(crate) fn fill_from(&mut self, other: Self) {
        self.address = self.address.take().or(other.address);
        self.user = self.user.take().or(other.user);
        self.port = self.port.or(other.port);
        self.winsta = self.winsta.take().or(other.winsta);
        self.tls = self.tls.take().or(other.tls);
    }
}

/// What one file defines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definitions {
    /// Hosts, in the order of the file.
    pub hosts: Vec<Host>,
    /// Groups and what they hold: names, patterns and `@group`s.
    pub groups: Vec<(String, Vec<String>)>,
}

/// All that is known.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    hosts: Vec<Host>,
    /// Where in `hosts` a name is.
    places: BTreeMap<MachineName, usize>,
    groups: BTreeMap<String, Vec<String>>,
}

impl Inventory {
    /// Adds what a file defines. What was said of a host earlier counts.
    pub fn add(&mut self, definitions: Definitions) -> Result<(), ChoiceError> {
        for host in definitions.hosts {
            self.add_host(host);
        }
        for (name, members) in definitions.groups {
            for member in &members {
                // Whoever is in a group is known, even if no more is said of them.
                for name in literal_names(member)? {
                    self.add_host(Host::named(name));
                }
            }
            self.groups.entry(name).or_default().extend(members);
        }
        Ok(())
    }

    fn add_host(&mut self, host: Host) {
        let place = self.places.get(&host.name);
        if let Some(known) = place.and_then(|place| self.hosts.get_mut(*place)) {
            known.fill_from(host);
        } else {
            self.places.insert(host.name.clone(), self.hosts.len());
            self.hosts.push(host);
        }
    }

    /// Every host that is known, in the order in which they were defined.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The groups' names.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// The groups that hold this host, directly or through others.
    pub fn groups_of(&self, host: &MachineName) -> Vec<&str> {
        let holds = |group: &&str| {
            let mut within = Vec::new();
            let members = self.group(group, &mut within);
            members.is_ok_and(|members| members.iter().any(|member| member.name == *host))
        };
        self.groups().filter(holds).collect()
    }

    /// The hosts that a list means: names, `web[01-20]`, `web*`, `@group`, `tls://web01:5986`, and
    /// `!` before any of these for those to leave out. Names need not be known. Each host comes once, in the order
    /// in which they are named.
    pub fn choose(&self, list: &str) -> Result<Vec<Host>, ChoiceError> {
        let mut within = Vec::new();
        let chosen = self.terms(&split(list), &mut within)?;
        if chosen.is_empty() {
            return Err(if split(list).is_empty() {
                ChoiceError::Empty
            } else {
                ChoiceError::NothingLeft(list.to_owned())
            });
        }
        Ok(chosen)
    }

    fn terms(&self, terms: &[&str], within: &mut Vec<String>) -> Result<Vec<Host>, ChoiceError> {
        let (without, with): (Vec<&str>, Vec<&str>) =
            terms.iter().partition(|term| term.starts_with('!'));
        let mut chosen: Vec<Host> = Vec::new();
        let mut taken = BTreeSet::new();
        for term in &with {
            for host in self.term(term, within)? {
                if taken.insert(host.name.clone()) {
                    chosen.push(host);
                }
            }
            if chosen.len() > range::MOST {
                return Err(ChoiceError::TooMany((*term).to_owned()));
            }
        }
        if with.is_empty() && !without.is_empty() {
            chosen.clone_from(&self.hosts);
        }
        for term in without {
            let term = term.trim_start_matches('!');
            let left_out = match self.term(term, within) {
                // What is not there need not be left out.
                Err(ChoiceError::NoMatch(_)) => continue,
                other => other?,
            };
            let names: BTreeSet<MachineName> = left_out.into_iter().map(|host| host.name).collect();
            chosen.retain(|host| !names.contains(&host.name));
        }
        Ok(chosen)
    }

    fn term(&self, term: &str, within: &mut Vec<String>) -> Result<Vec<Host>, ChoiceError> {
        if let Some(group) = term.strip_prefix('@') {
            return self.group(group, within);
        }
        if term.starts_with(Endpoint::SCHEME) {
            return published(term).map(|host| vec![host]);
        }
        // As Windows writes the names of servers.
        let term = term.strip_prefix("\\\\").unwrap_or(term);
        let mut chosen = Vec::new();
        for name in expanded(term)? {
            if name.contains(['*', '?']) {
                chosen.extend(self.matching(&name)?);
            } else {
                chosen.push(self.host(&name)?);
            }
        }
        Ok(chosen)
    }

    fn group(&self, name: &str, within: &mut Vec<String>) -> Result<Vec<Host>, ChoiceError> {
        let Some(members) = self.groups.get(name) else {
            return Err(ChoiceError::NoGroup(name.to_owned()));
        };
        if within.iter().any(|outer| outer == name) {
            return Err(ChoiceError::Loop(name.to_owned()));
        }
        within.push(name.to_owned());
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        let chosen = self.terms(&members, within);
        within.pop();
        chosen
    }

    fn matching(&self, pattern: &str) -> Result<Vec<Host>, ChoiceError> {
        let Ok(glob) = pattern.parse::<Glob>();
        let fits = |host: &&Host| glob.matches(host.name.as_str());
        let found: Vec<Host> = self.hosts.iter().filter(fits).cloned().collect();
        if found.is_empty() {
            return Err(ChoiceError::NoMatch(pattern.to_owned()));
        }
        Ok(found)
    }

    /// `name` or `user@name`, known or not.
    fn host(&self, text: &str) -> Result<Host, ChoiceError> {
        let (user, name) = match text.split_once('@') {
            Some((user, name)) => (Some(user), name),
            None => (None, text),
        };
        let name: MachineName = name.parse().map_err(|source| ChoiceError::Name {
            text: text.to_owned(),
            source,
        })?;
        let known = self.places.get(&name);
        let known = known.and_then(|place| self.hosts.get(*place)).cloned();
        let mut host = known.unwrap_or_else(|| Host::named(name));
        if let Some(user) = user {
            // It becomes an argument, as the name does.
            let user: MachineName = user.parse().map_err(|source| ChoiceError::Name {
                text: text.to_owned(),
                source,
            })?;
            host.user = Some(user.to_string());
        }
        Ok(host)
    }
}

/// `tls://web01:5986`: a host that need not be known.
fn published(text: &str) -> Result<Host, ChoiceError> {
    let wrong = |source| ChoiceError::Place {
        text: text.to_owned(),
        source,
    };
    let place: Endpoint = text.parse().map_err(wrong)?;
    let name = place.machine().map_err(|error| wrong(error.into()))?;
    Ok(Host {
        tls: Some(place),
        ..Host::named(name)
    })
}

/// The parts of a list; commas within brackets are no separators.
fn split(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let separates = |c: char| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    list.split(separates)
        .map(str::trim)
        .filter(|term| !term.is_empty())
        .collect()
}

fn expanded(term: &str) -> Result<Vec<String>, ChoiceError> {
    expand(term).map_err(|why| ChoiceError::Range {
        text: term.to_owned(),
        why,
    })
}

/// The names in a group's member that stand for themselves.
fn literal_names(member: &str) -> Result<Vec<MachineName>, ChoiceError> {
    if member.starts_with(['@', '!']) {
        return Ok(Vec::new());
    }
    let names = expanded(member)?.into_iter();
    names
        .filter(|name| !name.contains(['*', '?']))
        .map(|name| {
            name.parse().map_err(|source| ChoiceError::Name {
                text: name.clone(),
                source,
            })
        })
        .collect()
}

#[cfg(test)]
#[path = "inventory_tests.rs"]
mod tests;
