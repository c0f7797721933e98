//! Records between gateway and helper, and the descriptor that comes back with one.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use winsta_wire::claim;

/// Sends a record, and with it a descriptor if there is one.
pub(super) fn send(
    stream: &UnixStream,
    record: &[u8],
    descriptor: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let descriptors = descriptor.as_slice();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let parts = [IoSlice::new(record)];
    let sent = sendmsg(stream, &parts, &mut control, SendFlags::NOSIGNAL)?;
    // A record is shorter than any socket's buffer, so it goes whole.
    if sent == record.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::WriteZero.into())
    }
}

/// Reads a record with `read`, which is never asked for more bytes than belong to it; gives what
/// stands behind its length.
pub(super) fn receive(mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut head = [0; 2];
    fill(&mut head, &mut read)?;
    let length = claim::length(head).map_err(io::Error::other)?;
    let mut body = vec![0; length];
    fill(&mut body, &mut read)?;
    Ok(body)
}

fn fill(
    mut rest: &mut [u8],
    read: &mut impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<()> {
    while !rest.is_empty() {
        let count = match read(rest) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        rest = rest.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}

/// Reads bytes, and keeps the last descriptor that came with some.
pub(super) fn read_with(
    stream: impl AsFd,
    buffer: &mut [u8],
    descriptor: &mut Option<OwnedFd>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [IoSliceMut::new(buffer)];
    let received = recvmsg(stream, parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            *descriptor = rights.last().or(descriptor.take());
        }
    }
    Ok(received.bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use winsta_wire::Verdict;

    use super::*;

    #[test]
    fn a_verdict_brings_a_connection() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (mut one, other) = UnixStream::pair().unwrap();
        let verdict = Verdict::LetIn {
            uid: 7,
            user: "bob".to_owned(),
        };
        send(&ours, &verdict.encode(), Some(other.as_fd())).unwrap();
        drop(other);
        let mut descriptor = None;
        let body = receive(|buffer| read_with(&theirs, buffer, &mut descriptor)).unwrap();
        assert_eq!(Verdict::parse(&body), Ok(verdict));
        let mut passed = UnixStream::from(descriptor.unwrap());
        passed.write_all(b"hello").unwrap();
        let mut word = [0; 5];
        one.read_exact(&mut word).unwrap();
        assert_eq!(&word, b"hello");
    }

    #[test]
    fn what_is_no_record_is_refused_before_it_is_read() {
        let read = |bytes: &'static [u8]| {
            let mut bytes = bytes;
            let read = receive(|buffer| bytes.read(buffer));
            (read.map_err(|error| error.kind()), bytes.len())
        };
        assert_eq!(read(b"\x02\0ab rest"), (Ok(b"ab".to_vec()), 5));
        let (refused, left) = read(b"\xff\xffabc");
        assert_eq!((refused, left), (Err(io::ErrorKind::Other), 3));
        let (short, _) = read(b"\x09\0abc");
        assert_eq!(short, Err(io::ErrorKind::UnexpectedEof));
    }
}
