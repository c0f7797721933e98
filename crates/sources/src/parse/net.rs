//! `/proc/net/tcp` and `/proc/net/tcp6`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// State of a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpState {
    /// Both ends know each other.
    Established,
    /// It waits for peers.
    Listen,
    /// On its way up or down.
    Other(u8),
}

/// A TCP socket of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// This machine's end.
    pub local: SocketAddr,
    /// The peer's end.
    pub remote: SocketAddr,
    /// Its state.
    pub state: TcpState,
    /// Its number, by which a process's descriptors name it; 0 if no process has it any more.
    pub inode: u64,
}

/// All sockets of the file's text; lines that are not understood, as the heading, are left out.
pub fn tcp(text: &str) -> impl Iterator<Item = Tcp> {
    text.lines().filter_map(line)
}

fn line(line: &str) -> Option<Tcp> {
    let mut words = line.split_ascii_whitespace();
    let _slot = words.next()?.strip_suffix(':')?;
    let local = address(words.next()?)?;
    let remote = address(words.next()?)?;
    let state = match u8::from_str_radix(words.next()?, 16).ok()? {
        1 => TcpState::Established,
        10 => TcpState::Listen,
        other => TcpState::Other(other),
    };
    let inode = words.nth(5)?.parse().ok()?;
    Some(Tcp {
        local,
        remote,
        state,
        inode,
    })
}

/// `0100007F:0016`: each group of four bytes as the machine itself orders them. An IPv4 address in
/// IPv6's clothes is one of IPv4.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    if !address.is_ascii() {
        return None;
    }
    let word = |at: usize| {
        let digits = address.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (at, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(at)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3108834 1 000000002096d7d5 100 0 0 10 0
   1: 02004D0A:0016 01004D0A:EB76 01 00000000:00000000 02:000AFBDC 00000000     0        0 3111284 2 0000000011e44e27 20 4 15 25 -1
";
    const TCP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0D3D 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   103        0 3113500 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF000002004D0A:0D3D 0000000000000000FFFF000001004D0A:B1C4 01 00000000:00000000 00:00000000 00000000   103        0 3113590 1 0000000000000000 20 4 30 10 -1
   2: B80D0120000000000000000001000000:0016 B80D0120000000000000000002000000:B1C4 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
";

    #[test]
    fn recorded_sockets() {
        let found: Vec<_> = tcp(TCP).chain(tcp(TCP6)).collect();
        let end = |text: &str| text.parse::<SocketAddr>().unwrap();
        let expected = [
            ("0.0.0.0:22", "0.0.0.0:0", TcpState::Listen, 3_108_834),
            (
                "10.77.0.2:22",
                "10.77.0.1:60278",
                TcpState::Established,
                3_111_284,
            ),
            ("[::]:3389", "[::]:0", TcpState::Listen, 3_113_500),
            (
                "10.77.0.2:3389",
                "10.77.0.1:45508",
                TcpState::Established,
                3_113_590,
            ),
            (
                "[2001:db8::1]:22",
                "[2001:db8::2]:45508",
                TcpState::Other(6),
                0,
            ),
        ];
        assert_eq!(found.len(), expected.len());
        for (found, (local, remote, state, inode)) in found.iter().zip(expected) {
            let expected = Tcp {
                local: end(local),
                remote: end(remote),
                state,
                inode,
            };
            assert_eq!(*found, expected);
        }
    }

    #[test]
    fn what_is_cut_is_left_out() {
        for cut in [
            "0:",
            "0: 00000000:0016",
            "0: xyz:1 0:0 01 a b c d e 5",
            "0: éééé:16 éééé:0 0A 0 0 0 0 0 1",
        ] {
            assert_eq!(tcp(cut).count(), 0, "{cut}");
        }
    }
}
