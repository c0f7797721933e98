//! What is missing on this machine, and how to get it.

use std::error::Error;
use std::path::Path;

use crate::facts::XRDP_FOLDER;
use crate::listeners;
use crate::parse::net::{TcpState, tcp};
use crate::processes;
use crate::sources::Sources;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is there.
    Good,
    /// Something works with less.
    Limited,
    /// It is not there, and need not be.
    Absent,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `logind`.
    pub what: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What would help.
    pub remedy: Option<&'static str>,
}

fn good(what: &'static str, found: impl Into<String>) -> Check {
    Check {
        what,
        verdict: Verdict::Good,
        found: found.into(),
        remedy: None,
    }
}

fn less(what: &'static str, found: impl Into<String>, remedy: &'static str) -> Check {
    Check {
        what,
        verdict: Verdict::Limited,
        found: found.into(),
        remedy: Some(remedy),
    }
}

fn absent(what: &'static str, found: impl Into<String>) -> Check {
    Check {
        what,
        verdict: Verdict::Absent,
        found: found.into(),
        remedy: None,
    }
}

/// Looks at everything that finding sessions and acting on them depends on.
pub async fn examine(sources: &Sources) -> Vec<Check> {
    let mut checks = Vec::with_capacity(7);
    checks.push(dbus());
    checks.push(match sources.check_bus().await {
        Ok(count) => good("logind", format!("answers, and knows {count} logins")),
        Err(why) => less(
            "logind",
            format!("{why}; logins are found in /proc, and leftovers of closed ones not at all"),
            "apt-get install dbus libpam-systemd, and boot with systemd",
        ),
    });
    checks.push(cgroup());
    checks.push(rights());
    checks.push(terminals());
    checks.extend(services());
    checks
}

fn dbus() -> Check {
    let path = "/run/dbus/system_bus_socket";
    if Path::new(path).exists() {
        return good("dbus", path);
    }
    less(
        "dbus",
        format!("there is no {path}: changes are not heard of, every listing looks anew"),
        "apt-get install dbus",
    )
}

fn cgroup() -> Check {
    let present = processes::TREES
        .iter()
        .find(|tree| Path::new(tree).join("cgroup.procs").exists());
    match present {
        Some(tree) => good("cgroup", format!("{tree} says which processes a login has")),
        None => less(
            "cgroup",
            "no control groups: which processes a login has is told from their parents, \
             terminals and environment, and what gets rid of all three outlives a reset",
            "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
        ),
    }
}

fn rights() -> Check {
    let me = rustix::process::geteuid();
    if me.is_root() {
        return good("rights", "root: may act on everybody's sessions");
    }
    less(
        "rights",
        format!(
            "user {}: sees all sessions, may act on its own ones, and does not see where the \
             clients of desktops are",
            me.as_raw()
        ),
        "run the command as root: sudo winsta …",
    )
}

fn terminals() -> Check {
    if Path::new("/dev/pts/ptmx").exists() {
        return good("terminals", "/dev/pts tells idle times and takes messages");
    }
    less(
        "terminals",
        "there is no /dev/pts: no idle times, no messages",
        "mount -t devpts devpts /dev/pts",
    )
}

fn services() -> Vec<Check> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let (four, six) = (read("/proc/net/tcp"), read("/proc/net/tcp6"));
    let sockets = tcp(&four).chain(tcp(&six));
    let listening: Vec<u16> = sockets
        .filter(|socket| socket.state == TcpState::Listen)
        .map(|socket| socket.local.port())
        .collect();
    let ports = listeners::configured();
    let port = |ports: &std::collections::BTreeSet<u16>| {
        let port = ports.iter().find(|port| listening.contains(port));
        port.copied()
    };
    let sshd = match port(&ports.sshd) {
        Some(port) => good("sshd", format!("listens at port {port}")),
        None => absent("sshd", "does not listen: there are no ssh sessions to come"),
    };
    let xrdp = match (port(&ports.xrdp), Path::new(XRDP_FOLDER).is_dir()) {
        (Some(port), true) => good("xrdp", format!("listens at port {port}")),
        (Some(port), false) => less(
            "xrdp",
            format!(
                "listens at port {port}, but has no {XRDP_FOLDER}: whether its desktops have a \
                 client cannot be seen"
            ),
            "look whether SessionSockdirGroup and the folder's rights are as xrdp's package set them",
        ),
        (None, _) => absent("xrdp", "does not listen: there are no desktops to come"),
    };
    vec![sshd, xrdp]
}

/// An error with all its causes.
pub fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_says_what_it_found_and_every_lack_its_remedy() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let checks = runtime.block_on(examine(&Sources::new()));
        let names: Vec<_> = checks.iter().map(|check| check.what).collect();
        let expected = [
            "dbus",
            "logind",
            "cgroup",
            "rights",
            "terminals",
            "sshd",
            "xrdp",
        ];
        assert_eq!(names, expected);
        for check in checks {
            assert!(!check.found.is_empty());
            assert_eq!(
                check.remedy.is_some(),
                check.verdict == Verdict::Limited,
                "{check:?}"
            );
        }
    }
}
