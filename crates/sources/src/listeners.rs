//! Who waits for logins.

use std::collections::BTreeSet;

use crate::found::{Listener, Origin};
use crate::parse::settings::{sshd_ports, xrdp_ports};

/// Ports that services are told to listen at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) sshd: BTreeSet<u16>,
    pub(crate) xrdp: BTreeSet<u16>,
}

/// The ports that the services' settings name, and their usual ones.
pub(crate) fn configured() -> Ports {
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
    let mut sshd = sshd_ports(&read("/etc/ssh/sshd_config".as_ref()));
    let more = std::fs::read_dir("/etc/ssh/sshd_config.d");
    for entry in more.into_iter().flatten().flatten() {
        sshd.extend(sshd_ports(&read(&entry.path())));
    }
    let mut xrdp = xrdp_ports(&read("/etc/xrdp/xrdp.ini".as_ref()));
    sshd.insert(22);
    xrdp.insert(3389);
    Ports { sshd, xrdp }
}

/// The services that listen; each once, at its lowest port.
pub(crate) fn listeners(ports: &Ports, listening: &[u16]) -> Vec<Listener> {
    let first = |ports: &BTreeSet<u16>, origin| {
        let port = ports.iter().find(|port| listening.contains(port))?;
        Some(Listener {
            origin,
            port: *port,
        })
    };
    let both = [
        first(&ports.sshd, Origin::Ssh),
        first(&ports.xrdp, Origin::Xrdp),
    ];
    both.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_listen() {
        let ports = Ports {
            sshd: BTreeSet::from([22, 2222]),
            xrdp: BTreeSet::from([3389]),
        };
        assert!(listeners(&ports, &[80]).is_empty());
        let found = listeners(&ports, &[3389, 2222, 80]);
        let found: Vec<_> = found.iter().map(|l| (l.origin, l.port)).collect();
        assert_eq!(found, [(Origin::Ssh, 2222), (Origin::Xrdp, 3389)]);
    }
}
