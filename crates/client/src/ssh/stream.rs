//! A connection through ssh, as HTTP sees it.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::clock::Deadline;
use super::open::Remote;
use crate::error::Cause;
use crate::transport::{Connection, Dialled};

/// A connection to a socket on another machine.
#[derive(Debug)]
pub(super) struct SshStream {
    remote: Remote,
    /// Until when all of it must be done.
    whole: Deadline,
    /// Until when the present exchange must be done.
    exchange: Deadline,
}

impl SshStream {
    pub(super) fn new(remote: Remote, whole: Deadline) -> Self {
        Self {
            remote,
            whole,
            exchange: Deadline::NEVER,
        }
    }

    /// The connection as it is, without any limit of time.
    pub(super) fn into_dialled(self) -> Result<Dialled, Cause> {
        let copy = || {
            let stream = self.remote.stream.try_clone()?;
            stream.set_read_timeout(None)?;
            stream.set_write_timeout(None)?;
            Ok(stream)
        };
        let stream = copy().map_err(Cause::Connection)?;
        Ok(Dialled::over(stream, self.remote))
    }
}

impl Read for SshStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A peer that sends a byte now and then does not gain time by it.
        self.exchange.limit(&self.remote.stream)?;
        self.remote.stream.read(buffer)
    }
}

impl Write for SshStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.exchange.limit(&self.remote.stream)?;
        self.remote.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Connection for SshStream {
    /// For all of an exchange, not for each read.
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let exchange = timeout.map_or(Deadline::NEVER, Deadline::after);
        self.exchange = exchange.or(self.whole);
        Ok(())
    }
}
