//! `/proc/net/unix`.

/// A Unix socket with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unix<'a> {
    /// Whether it has a peer.
    pub connected: bool,
    /// Its number.
    pub inode: u64,
    /// Where it is, or was: a path stays after its file is gone.
    pub path: &'a str,
}

/// All sockets with a path; lines that are not understood are left out.
pub fn unix(text: &str) -> impl Iterator<Item = Unix<'_>> {
    text.lines().filter_map(line)
}

fn line(line: &str) -> Option<Unix<'_>> {
    let mut words = line.split_ascii_whitespace();
    words.next()?.strip_suffix(':')?;
    let state = words.nth(4)?;
    let inode = words.next()?.parse().ok()?;
    let path = words.next()?;
    Some(Unix {
        connected: state == "03",
        inode,
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIX: &str = "Num       RefCount Protocol Flags    Type St Inode Path
00000000175ce708: 00000003 00000000 00000000 0001 03 3113606 /run/xrdp/sockdir/xrdp_display_10
000000004fa4411b: 00000002 00000000 00010000 0001 01 3113569 /run/xrdp/sockdir/xrdp_display_10
000000008c42e99f: 00000002 00000000 00000000 0002 01 3113570 /run/xrdp/sockdir/xrdp_disconnect_display_10
0000000048246fb3: 00000003 00000000 00000000 0001 03 3113645
";

    #[test]
    fn recorded_sockets() {
        let found: Vec<_> = unix(UNIX).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(
            found.first(),
            Some(&Unix {
                connected: true,
                inode: 3_113_606,
                path: "/run/xrdp/sockdir/xrdp_display_10"
            })
        );
        assert!(found.iter().skip(1).all(|socket| !socket.connected));
    }
}
