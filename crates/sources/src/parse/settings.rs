//! The ports that sshd and xrdp are told to listen at.

use std::collections::BTreeSet;

/// Ports in the text of an `sshd_config`: `Port`, and those of `ListenAddress`.
pub fn sshd_ports(text: &str) -> BTreeSet<u16> {
    let lines = text.lines().map(str::trim);
    lines.filter_map(sshd_port).collect()
}

fn sshd_port(line: &str) -> Option<u16> {
    let (key, value) = line.split_once(|c: char| c.is_whitespace() || c == '=')?;
    let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
    let value = value.split_ascii_whitespace().next()?;
    if key.eq_ignore_ascii_case("port") {
        return value.parse().ok();
    }
    if !key.eq_ignore_ascii_case("listenaddress") {
        return None;
    }
    let (before, port) = value.rsplit_once(':')?;
    // `::1` has no port; `[::1]:22` and `0.0.0.0:22` have.
    let with_port = before.ends_with(']') || !before.contains(':');
    with_port.then(|| port.parse().ok()).flatten()
}

/// Ports in the text of an `xrdp.ini`, section `[Globals]`: `port=3389`, `port=tcp://:3389`,
/// several with blanks between.
pub fn xrdp_ports(text: &str) -> BTreeSet<u16> {
    let mut ports = BTreeSet::new();
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section.eq_ignore_ascii_case("[globals]")
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("port")
        {
            ports.extend(value.split([' ', ',']).filter_map(xrdp_port));
        }
    }
    ports
}

fn xrdp_port(text: &str) -> Option<u16> {
    let text = text.trim();
    if text.starts_with("unix:") || text.starts_with("vsock:") {
        return None;
    }
    text.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sshd() {
        let text = "#Port 22\nPort 2222\n port=2223\nListenAddress 0.0.0.0:2224\nListenAddress ::1\n\
                    ListenAddress [::1]:2225\nPermitRootLogin no\nPort x\n";
        assert_eq!(sshd_ports(text), BTreeSet::from([2222, 2223, 2224, 2225]));
    }

    #[test]
    fn xrdp() {
        let text = "[Globals]\nport=3389 tcp://:3390\n;port=1\n[Xorg]\nport=-1\nport=5910\n";
        assert_eq!(xrdp_ports(text), BTreeSet::from([3389, 3390]));
        assert_eq!(
            xrdp_ports("[globals]\nport=vsock://-1:3391"),
            BTreeSet::new()
        );
    }
}
