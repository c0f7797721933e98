//! Who and where the caller is, and the way to the host.

use nix::unistd::{Uid, User};
use winsta_client::Host;
use winsta_domain::SessionId;

use crate::report::{Exit, Failure, Text, say};

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

/// The host that a tool is to ask: `server` is what `/SERVER` named.
pub(crate) fn host(server: Option<&str>) -> Result<Host, Failure> {
    if let Some(server) = server {
        check_server(server)?;
    }
    let host = Host::local().map_err(|error| Failure::call("cannot reach the host", &error))?;
    Ok(host.from_session(own_session()))
}

/// Passes on what the host's answers said that an administrator should know, such as an audit
/// trail that cannot be written: it stops nobody, but somebody should hear of it.
pub(crate) fn pass_on_problems(host: &Host) {
    for problem in host.problems() {
        say(&format!("the host has a problem: {problem}"));
    }
}

/// This machine under any of its names; others cannot be reached yet.
fn check_server(server: &str) -> Result<(), Failure> {
    if is_this_machine(server, &machine()) {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::HostFailed,
        text: Text::Error(format!(
            "cannot ask {server}: this version of winsta reaches sessions of this machine only"
        )),
        hint: Some(format!("run it there: ssh {server} winsta query session")),
    })
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
}
