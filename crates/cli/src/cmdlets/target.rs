//! Which machines a cmdlet means, and as whom.

use serde::Deserialize;
use winsta_cmdlet::Bound;
use winsta_cmdlet::object::{self, SessionObject};
use winsta_pssession::agent::{Authentication, Options, Target, Transport};

use super::{credential, options};
use crate::report::Failure;
use crate::run::reach;

/// The port of services whose bodies are sealed.
pub(super) const SEALED_PORT: u16 = 5985;
/// How one can prove who one is.
const AUTHENTICATIONS: [Authentication; 4] = [
    Authentication::Default,
    Authentication::Basic,
    Authentication::Negotiate,
    Authentication::Kerberos,
];

/// The machines that are named: `-ComputerName`, `-HostName` or `-ConnectionUri`.
pub(super) fn named(bound: &Bound) -> Result<Vec<Target>, Failure> {
    let base = base(bound)?;
    let machine = reach::machine();
    let has_tls = bound.switch("UseSSL");
    let is_plain = base.user.is_none() && base.port.is_none() && !has_tls;
    // As on Windows: what is sealed goes without TLS unless one wants it.
    let is_sealed = base.authentication.mechanism().is_some() && !has_tls;
    let computers = bound.texts("ComputerName").iter().map(|name| {
        let is_here = is_plain && reach::is_this_machine(name, &machine);
        Target {
            computer_name: name.clone(),
            transport: if is_here {
                Transport::Local
            } else {
                Transport::ComputerName
            },
            uri: is_sealed.then(|| sealed_uri(name, base.port)),
            ..base.clone()
        }
    });
    let hosts = bound.texts("HostName").iter().map(|name| {
        let (user, name) = match name.rsplit_once('@') {
            Some((user, name)) => (Some(user.to_owned()), name),
            None => (bound.text("UserName").map(str::to_owned), name.as_str()),
        };
        Target {
            computer_name: name.to_owned(),
            transport: Transport::HostName,
            user,
            port: base.port,
            ..Target::default()
        }
    });
    let addresses = bound.texts("ConnectionUri").iter().map(|uri| Target {
        computer_name: host_of(uri),
        transport: Transport::ComputerName,
        uri: Some(uri.clone()),
        ..base.clone()
    });
    Ok(computers.chain(hosts).chain(addresses).collect())
}

/// This machine.
pub(super) fn here() -> Target {
    Target {
        computer_name: "localhost".to_owned(),
        ..Target::default()
    }
}

fn base(bound: &Bound) -> Result<Target, Failure> {
    let user = bound.text("Credential").map(str::to_owned);
    let password = user.as_deref().map(credential::password).transpose()?;
    let port = bound.int("Port").map(u16::try_from).transpose();
    let port = port.map_err(|_| Failure::usage("a port is a number from 0 to 65535"))?;
    let chosen = bound.options("SessionOption");
    let authentication = authentication(bound)?;
    if user.is_none() && !authentication.is_default() {
        let why = format!("-Authentication {authentication:?} needs a -Credential");
        let hint = "no logon of this machine counts on others, so the user has to be named";
        return Err(Failure::usage(why).with_hint(hint));
    }
    Ok(Target {
        user,
        password,
        port,
        authentication,
        skip_ca_check: chosen.is_some_and(|chosen| chosen.switch("SkipCACheck")),
        ..Target::default()
    })
}

/// How to prove who one is. What there is not is refused by name.
fn authentication(bound: &Bound) -> Result<Authentication, Failure> {
    let wanted = bound.text("Authentication").unwrap_or_default();
    if wanted.is_empty() {
        return Ok(Authentication::Default);
    }
    let found = AUTHENTICATIONS
        .into_iter()
        .find(|known| wanted.eq_ignore_ascii_case(&format!("{known:?}")));
    found.ok_or_else(|| {
        let known = AUTHENTICATIONS.map(|known| format!("{known:?}")).join(", ");
        Failure::usage(format!(
            "-Authentication {wanted} is not there; there are {known}"
        ))
    })
}

/// The address of a service whose bodies are sealed.
fn sealed_uri(name: &str, port: Option<u16>) -> String {
    let port = port.unwrap_or(SEALED_PORT);
    if name.contains(':') && !name.starts_with('[') {
        format!("http://[{name}]:{port}/wsman")
    } else {
        format!("http://{name}:{port}/wsman")
    }
}

/// What sessions are to be like.
pub(super) fn options(bound: &Bound) -> Result<Options, Failure> {
    options::chosen(bound.options("SessionOption"))
}

/// Where a session is that came through a pipe or a variable.
pub(super) fn of(session: &SessionObject) -> Result<Target, Failure> {
    let text = |key: &str| {
        let value = session.others.get(key);
        value.and_then(|value| value.as_str()).map(str::to_owned)
    };
    let user = text("UserName");
    let transport = match session.transport {
        object::Transport::HostName => Transport::HostName,
        object::Transport::Local => Transport::Local,
        object::Transport::ComputerName | object::Transport::Other(_) => Transport::ComputerName,
    };
    let password = match (&user, transport) {
        (Some(user), Transport::ComputerName) => Some(credential::password(user)?),
        _ => None,
    };
    let port = session
        .others
        .get("Port")
        .and_then(serde_json::Value::as_u64);
    Ok(Target {
        computer_name: session.computer_name.clone(),
        transport,
        uri: text("ConnectionUri")
            .filter(|uri| uri.starts_with("http") && transport == Transport::ComputerName),
        port: port.and_then(|port| port.try_into().ok()),
        user,
        password,
        authentication: session
            .others
            .get("Authentication")
            .and_then(|value| Authentication::deserialize(value).ok())
            .unwrap_or_default(),
        skip_ca_check: session
            .others
            .get("SkipCACheck")
            .and_then(serde_json::Value::as_bool)
            .unwrap_or_default(),
    })
}

/// The machine that an address names.
fn host_of(uri: &str) -> String {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    host.trim_matches(['[', ']']).to_owned()
}
