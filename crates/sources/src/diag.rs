//! Which Unix socket is connected to which: the kernel says so over netlink only.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

/// Most answers that are read; each holds some hundred sockets.
const MAX_ANSWERS: usize = 1_024;

const DONE: u16 = 3;
const ERROR: u16 = 2;
const BY_FAMILY: u16 = 20;
const HEADER: usize = 16;
const MESSAGE: usize = 16;
const PEER: u16 = 2;

/// The other end of each connected Unix socket, by number; empty where the kernel does not say.
pub(crate) fn peers() -> HashMap<u64, u64> {
    ask().unwrap_or_default()
}

fn ask() -> rustix::io::Result<HashMap<u64, u64>> {
    let socket: OwnedFd = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        Some(rustix::net::netlink::SOCK_DIAG),
    )?;
    sendto(
        &socket,
        &question(),
        SendFlags::empty(),
        &SocketAddrNetlink::new(0, 0),
    )?;
    let mut found = HashMap::new();
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..MAX_ANSWERS {
        let (count, _) = recv(&socket, buffer.as_mut_slice(), RecvFlags::empty())?;
        if count == 0 || read_answer(buffer.get(..count).unwrap_or_default(), &mut found) {
            break;
        }
    }
    Ok(found)
}

/// "All Unix sockets, with their peers."
fn question() -> Vec<u8> {
    const REQUEST_DUMP: u16 = 0x301;
    const SHOW_PEER: u32 = 4;
    let mut bytes = Vec::with_capacity(40);
    bytes.extend(40_u32.to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST_DUMP.to_ne_bytes());
    bytes.extend([0; 8]);
    // Family (AF_UNIX), protocol and padding; all states; any number; peers; no cookie.
    bytes.extend([1, 0, 0, 0]);
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend(SHOW_PEER.to_ne_bytes());
    bytes.extend(u64::MAX.to_ne_bytes());
    bytes
}

/// Takes in one answer; whether it was the last.
pub(crate) fn read_answer(mut bytes: &[u8], found: &mut HashMap<u64, u64>) -> bool {
    while let Some(length) = u32_at(bytes, 0) {
        let length = length as usize;
        let (Some(kind), Some(body)) = (u16_at(bytes, 4), bytes.get(HEADER..length)) else {
            return true;
        };
        match kind {
            DONE | ERROR => return true,
            BY_FAMILY => {
                if let (Some(inode), Some(peer)) = (u32_at(body, 4), peer(body)) {
                    found.insert(u64::from(inode), u64::from(peer));
                }
            }
            _ => {}
        }
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
    }
    false
}

/// The peer among the attributes behind a socket's description.
fn peer(body: &[u8]) -> Option<u32> {
    let mut attributes = body.get(MESSAGE..)?;
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let kind = u16_at(attributes, 2)?;
        if length < 4 {
            return None;
        }
        if kind == PEER {
            return u32_at(attributes.get(..length)?, 4);
        }
        attributes = attributes.get(aligned(length)..)?;
    }
}

fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn both_ends_of_a_pair_find_each_other() {
        let (one, other) = UnixStream::pair().unwrap();
        let number = |end: &UnixStream| rustix::fs::fstat(end.as_fd()).unwrap().st_ino;
        let found = peers();
        if found.is_empty() {
            println!("skipped: this kernel does not say which sockets are connected");
            return;
        }
        assert_eq!(found.get(&number(&one)), Some(&number(&other)));
        assert_eq!(found.get(&number(&other)), Some(&number(&one)));
    }

    #[test]
    fn answers_that_are_cut_end_it() {
        let mut found = HashMap::new();
        assert!(!read_answer(&[], &mut found));
        assert!(read_answer(&[200, 0, 0, 0, 20, 0, 0, 0], &mut found));
        assert!(read_answer(&[0; 16], &mut found));
        assert!(found.is_empty());
    }
}
