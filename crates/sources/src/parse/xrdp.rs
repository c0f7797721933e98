//! xrdp's sockets: which displays have a client.

use std::collections::BTreeMap;

use super::unix::unix;

/// Most displays that are looked at: xrdp itself allows 50 unless told otherwise.
const MAX_DISPLAYS: usize = 4_096;

/// Where xrdp makes its sockets.
const FOLDERS: [&str; 3] = ["/run/xrdp/", "/var/run/xrdp/", "/tmp/.xrdp/"];

/// Sockets of the displays that a client is at, by display: the server's end of the connection.
pub fn attended(net_unix: &str) -> BTreeMap<u32, u64> {
    let connected = unix(net_unix).filter(|socket| socket.connected);
    let displays = connected.filter_map(|socket| Some((display(socket.path)?, socket.inode)));
    displays.take(MAX_DISPLAYS).collect()
}

/// The display that a path is the socket of: `/run/xrdp/sockdir/xrdp_display_10` (xrdp 0.9) or
/// `/run/xrdp/sockdir/1002/xrdp_display_10` (0.10).
fn display(path: &str) -> Option<u32> {
    // Sockets elsewhere are somebody's imitation.
    if !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return None;
    }
    let (_, name) = path.rsplit_once('/')?;
    number(name.strip_prefix("xrdp_display_")?)
}

/// The display that X calls `:10` or `:10.0`.
pub fn display_number(name: &str) -> Option<u32> {
    let rest = name.strip_prefix(':')?;
    number(rest.split_once('.').map_or(rest, |(display, _)| display))
}

/// The display that a command line starts a server for: `/usr/lib/xorg/Xorg :10 -auth …`.
pub fn served_display(command: &str) -> Option<u32> {
    let mut words = command.split_ascii_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    if !matches!(program, "Xorg" | "Xvnc" | "Xtigervnc" | "X11rdp") {
        return None;
    }
    words.find_map(display_number)
}

fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "Num       RefCount Protocol Flags    Type St Inode Path
00000000175ce708: 00000003 00000000 00000000 0001 03 3113606 /run/xrdp/sockdir/xrdp_display_10
000000004fa4411b: 00000002 00000000 00010000 0001 01 3113569 /run/xrdp/sockdir/xrdp_display_10
000000004fa4411c: 00000002 00000000 00010000 0001 01 3113579 /run/xrdp/sockdir/1003/xrdp_display_11
00000000175ce70a: 00000003 00000000 00000000 0001 03 3113700 /run/xrdp/sockdir/1004/xrdp_display_12
00000000385c37f4: 00000003 00000000 00000000 0001 03 3113601 /run/xrdp/sockdir/xrdp_chansrv_socket_13
00000000385c37f5: 00000003 00000000 00000000 0001 03 3113602 /home/eve/xrdp_display_14
";

    #[test]
    fn displays_with_a_client_in_both_layouts() {
        let expected = BTreeMap::from([(10, 3_113_606), (12, 3_113_700)]);
        assert_eq!(attended(BOTH), expected);
    }

    #[test]
    fn displays_have_names_and_servers() {
        assert_eq!(display_number(":10"), Some(10));
        assert_eq!(display_number(":10.0"), Some(10));
        assert_eq!(display_number("host:10"), None);
        let server = "/usr/lib/xorg/Xorg :10 -auth .Xauthority -config xrdp/xorg.conf -noreset";
        assert_eq!(served_display(server), Some(10));
        assert_eq!(served_display("Xvnc :7 -geometry 1x1"), Some(7));
        assert_eq!(served_display("xterm -display :7"), None);
    }
}
