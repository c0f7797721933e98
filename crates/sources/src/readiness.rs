//! Waiting for descriptors that the runtime has no type for.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// The descriptor, known to the runtime.
pub(crate) fn registered(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    #[expect(
        deprecated,
        reason = "its successor is unsafe for types that may lie about their descriptor; this one owns it"
    )]
    AsyncFd::new(fd)
}
