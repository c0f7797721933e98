//! Who and where the caller is, and the ways to hosts.

use std::io::{self, IsTerminal};
use std::time::Duration;

use nix::unistd::{Uid, User};
use winsta_client::ssh::{Destination, RemoteProgram};
use winsta_client::tls::{Keys, TlsConnector};
use winsta_client::{Deadline, Host, SshConnector, SshSettings};
use winsta_domain::{Endpoint, SessionId};
use winsta_inventory::Transport;

use super::known::{self, Known};
use super::survey::Survey;
use crate::grammar::shared::{Network, Server};
use crate::report::{Failure, say};

/// The environment variable that holds a session's id inside it.
const SESSION_VAR: &str = "WINSTA_SESSION";

/// The session that this command runs in.
pub(crate) fn own_session() -> Option<SessionId> {
    std::env::var(SESSION_VAR).ok()?.parse().ok()
}

/// Name of the user who runs this command; their number if they have no name.
pub(crate) fn user() -> String {
    let uid = Uid::effective();
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => uid.to_string(),
    }
}

/// A machine that a tool is to ask, not asked yet.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What the caller calls it.
    pub(crate) name: String,
    way: Way,
}

/// How a machine is reached.
#[derive(Clone, Debug)]
enum Way {
    /// It is this one.
    Here,
    /// Through ssh.
    Ssh(SshSettings, Destination),
    /// Where its host is published, as this user knows it.
    Tls(Keys, Endpoint),
}

impl Place {
    /// This machine.
    pub(crate) fn here() -> Self {
        Self {
            name: machine(),
            way: Way::Here,
        }
    }

    /// Whether it is this machine.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self.way, Way::Here)
    }

    /// Where it is, unless here: `bob@10.0.0.1:2222`, `tls://web01:5986`.
    pub(crate) fn address(&self) -> Option<String> {
        let to = match &self.way {
            Way::Here => return None,
            Way::Ssh(_, to) => to,
            Way::Tls(_, place) => return Some(format!("{}{place}", Endpoint::SCHEME)),
        };
        let user = to.user.as_ref().map(|user| format!("{user}@"));
        let port = to.port.map(|port| format!(":{port}"));
        let (user, port) = (user.unwrap_or_default(), port.unwrap_or_default());
        Some(format!("{user}{}{port}", to.address))
    }

    /// The session that this command runs in, if it is there.
    pub(crate) fn own_session(&self) -> Option<SessionId> {
        if self.is_here() { own_session() } else { None }
    }

    /// The session whose end would be the end of this command.
    pub(crate) fn is_own(&self, session: u32) -> bool {
        self.own_session() == Some(SessionId(session))
    }

    /// Its host, which gives each answer within `time`; by `deadline` all must be done.
    pub(crate) fn host(&self, time: Duration, deadline: Deadline) -> Result<Host, Failure> {
        let host = match &self.way {
            Way::Here => {
                let host = Host::local()
                    .map_err(|error| Failure::call("cannot reach the host", &error))?;
                let host = host.from_session(own_session());
                // One of several has no more time than the others.
                let alone = deadline == Deadline::NEVER;
                return Ok(if alone { host } else { host.with_timeout(time) });
            }
            Way::Ssh(settings, to) => {
                let settings = SshSettings {
                    patience: time,
                    ..settings.clone()
                };
                Host::over(SshConnector::new(settings, to.clone()).until(deadline))
            }
            Way::Tls(keys, place) => Host::over(TlsConnector::new(
                keys.clone(),
                place.clone(),
                time,
                deadline,
            )),
        };
        Ok(host.named(self.name.clone()).with_timeout(time))
    }
}

/// The host that a tool is to ask: `server` is what `/SERVER` named.
pub(crate) fn host(server: Option<&str>) -> Result<Host, Failure> {
    host_within(server, Network::default())
}

/// The same, asked as `network` says.
pub(crate) fn host_within(server: Option<&str>, network: Network) -> Result<Host, Failure> {
    only(server)?.host(network.time(), Deadline::NEVER)
}

/// The one place that is meant.
fn only(server: Option<&str>) -> Result<Place, Failure> {
    let mut places = places(server)?.into_iter();
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        _ => Err(Failure::usage(format!(
            "this works with one host at a time, not with {}",
            server.unwrap_or_default()
        ))),
    }
}

impl Server {
    /// The host that is named, else this machine's.
    pub(crate) fn host(&self) -> Result<Host, Failure> {
        host_within(self.server.as_deref(), Network::within(self.timeout))
    }

    /// The sessions of the host that is named, else of this machine's.
    pub(crate) fn survey(&self) -> Result<Survey, Failure> {
        only(self.server.as_deref())?;
        Survey::take(self.server.as_deref(), Network::within(self.timeout))
    }
}

/// The machines that `server` means; this one if it says nothing.
pub(crate) fn places(server: Option<&str>) -> Result<Vec<Place>, Failure> {
    let machine = machine();
    match server {
        None => return Ok(vec![Place::here()]),
        Some(server) if is_this_machine(server, &machine) => return Ok(vec![Place::here()]),
        Some(_) => {}
    }
    let known = known::load()?;
    let hosts = known.inventory.choose(server.unwrap_or_default());
    let hosts = hosts.map_err(|error| Failure::usage(error.to_string()).with_hint(known.hint()))?;
    let mut places = Vec::with_capacity(hosts.len());
    for host in &hosts {
        places.push(place(host, &known, &machine)?);
    }
    let only = match places.as_mut_slice() {
        [only] => Some(&mut only.way),
        _ => None,
    };
    if let (Some(Way::Ssh(settings, _)), true) = (only, may_ask()) {
        settings.may_ask = true;
    }
    Ok(places)
}

/// The way to the user's own host on another machine through their ssh.
pub(crate) fn ssh(
    name: &str,
    user: Option<&str>,
    port: Option<u16>,
    patience: Duration,
) -> Result<SshConnector, Failure> {
    let known = known::load()?;
    let hosts = known.inventory.choose(name);
    let hosts = hosts.map_err(|error| Failure::usage(error.to_string()).with_hint(known.hint()))?;
    let [host] = hosts.as_slice() else {
        return Err(Failure::usage(format!(
            "{name} is not the name of one host"
        )));
    };
    let host = winsta_inventory::Host {
        transport: Transport::Ssh,
        tls: None,
        ..host.clone()
    };
    let Way::Ssh(settings, mut to) = place(&host, &known, "")?.way else {
        return Err(Failure::usage(format!("{name} is not reached through ssh")));
    };
    to.port = port.or(to.port);
    if let Some(user) = user {
        let parsed = user.parse();
        to.user = Some(parsed.map_err(|_| Failure::usage(format!("{user} is no user's name")))?);
    }
    let settings = SshSettings {
        patience,
        ..settings
    };
    Ok(SshConnector::new(settings, to).own())
}

/// Where a machine is reached over TLS: where the files say, else under its own name.
pub(crate) fn published(name: &str, port: Option<u16>) -> Result<Endpoint, Failure> {
    let known = known::load()?;
    let hosts = known.inventory.choose(name).unwrap_or_default();
    let said = match (hosts.as_slice(), port) {
        ([host], None) => host.tls.clone(),
        _ => None,
    };
    if let Some(place) = said {
        return Ok(place);
    }
    let place = Endpoint::with_port(name, port.unwrap_or(Endpoint::DEFAULT_PORT));
    place.map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// Every machine that is known, this one first.
pub(crate) fn all_places(known: &Known) -> Result<Vec<Place>, Failure> {
    let machine = machine();
    let mut places = vec![Place::here()];
    for host in known.inventory.hosts() {
        let place = place(host, known, &machine)?;
        if !place.is_here() {
            places.push(place);
        }
    }
    Ok(places)
}

fn place(host: &winsta_inventory::Host, known: &Known, machine: &str) -> Result<Place, Failure> {
    let name = host.name.to_string();
    let elsewhere = host.address.is_some() || host.user.is_some() || host.tls.is_some();
    let here = !elsewhere && is_this_machine(&name, machine);
    if here || host.transport == Transport::Local {
        let way = Way::Here;
        return Ok(Place { name, way });
    }
    if let Some(place) = &host.tls {
        let way = Way::Tls(known.keys.clone(), place.clone());
        return Ok(Place { name, way });
    }
    let program = match host.winsta.as_deref() {
        None => RemoteProgram::default(),
        Some(path) => RemoteProgram::new(path).ok_or_else(|| {
            Failure::usage(format!(
                "{name}: winsta cannot be {path:?}, a path without blanks and quotes is needed"
            ))
        })?,
    };
    let to = Destination {
        address: host.address.clone().unwrap_or_else(|| host.name.clone()),
        user: host.user.clone(),
        port: host.port,
        program,
    };
    Ok(Place {
        name,
        way: Way::Ssh(known.ssh.clone(), to),
    })
}

/// Refuses patterns where sessions are ended, unless somebody looks or is asked before: a pattern
/// means more than one thinks, and more tomorrow than today.
pub(crate) fn check_explicit(server: Option<&str>, looked_at: bool) -> Result<(), Failure> {
    let Some(server) = server.filter(|server| server.contains(['*', '?', '@', '!'])) else {
        return Ok(());
    };
    // bob@web01 is a name.
    let is_pattern = |term: &str| {
        let term = term.trim();
        term.starts_with(['@', '!']) || term.contains(['*', '?'])
    };
    if looked_at || !server.split(',').any(is_pattern) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "the hosts must be named one by one here, not by {server}"
    ))
    .with_hint("--what-if shows what is meant, --confirm asks before each session"))
}

/// Whether somebody is there whom ssh can ask.
fn may_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Passes on what the host's answers said that an administrator should know, such as an audit
/// trail that cannot be written: it stops nobody, but somebody should hear of it.
pub(crate) fn pass_on_problems(host: &Host) {
    for problem in host.problems() {
        say(&format!("the host has a problem: {problem}"));
    }
}

/// Name of this machine.
pub(crate) fn machine() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

pub(crate) fn is_this_machine(server: &str, machine: &str) -> bool {
    let short = machine.split('.').next().unwrap_or(machine);
    let server = server.strip_prefix("\\\\").unwrap_or(server);
    [".", "localhost", "127.0.0.1", "::1", machine, short]
        .iter()
        .any(|name| server.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_several_names() {
        for name in [".", "LOCALHOST", "web1.example.org", "WEB1", "\\\\web1"] {
            assert!(is_this_machine(name, "web1.example.org"), "{name}");
        }
        for name in ["", "web2", "example.org", "web1.example"] {
            assert!(!is_this_machine(name, "web1.example.org"), "{name}");
        }
    }

    #[test]
    fn ends_need_explicit_names() {
        let cases = [
            (None, true),
            (Some("web01,web[02-05]"), true),
            (Some("bob@web01"), true),
            (Some("web*"), false),
            (Some("web01, @web"), false),
            (Some("!web01"), false),
        ];
        for (server, allowed) in cases {
            assert_eq!(check_explicit(server, false).is_ok(), allowed, "{server:?}");
            assert!(check_explicit(server, true).is_ok(), "{server:?}");
        }
    }
}
