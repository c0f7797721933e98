//! Descriptors that change hands: over a socket, and over an exec.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::FdFlags;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};

/// Most descriptors that one frame brings.
const MOST: usize = 8;

/// Sends `parts` with `descriptors` and returns how many bytes were taken; the descriptors go
/// with the first of them.
pub(crate) fn send(
    socket: BorrowedFd<'_>,
    parts: &[IoSlice<'_>],
    descriptors: &[BorrowedFd<'_>],
) -> rustix::io::Result<usize> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(rustix::io::Errno::INVAL);
    }
    rustix::net::sendmsg(socket, parts, &mut control, flags)
}

/// Receives bytes into `buffer` and descriptors into `descriptors`; more than a frame can have
/// are closed.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
) -> rustix::io::Result<usize> {
    receive_with(RecvFlags::DONTWAIT, socket, buffer, descriptors)
}

/// Like [`receive`], but waits until something comes, as long as the socket's timeout allows.
pub(crate) fn wait(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
) -> rustix::io::Result<usize> {
    rustix::io::retry_on_intr(|| receive_with(RecvFlags::empty(), socket, buffer, descriptors))
}

fn receive_with(
    flags: RecvFlags,
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
) -> rustix::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received =
        rustix::net::recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            for descriptor in rights {
                if descriptors.len() < MOST {
                    descriptors.push_back(descriptor);
                }
            }
        }
    }
    Ok(received.bytes)
}

/// Lets `descriptor` survive an exec of this process.
pub(crate) fn keep(descriptor: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(descriptor, FdFlags::empty())?)
}

/// Takes back a descriptor that was [kept](keep) over an exec, and lets no further exec have it.
///
/// An error if `number` is no open descriptor.
pub(crate) fn take(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl on a number that is not open only fails.
    if number < 3 || unsafe { libc::fcntl(number, libc::F_GETFD) } < 0 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("descriptor {number} was not handed over"),
        ));
    }
    // SAFETY: it is open, and the caller names each number of the handed-over state only once,
    // before this process has opened any descriptor of its own that could have that number.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    rustix::io::fcntl_setfd(&descriptor, FdFlags::CLOEXEC)?;
    Ok(descriptor)
}
