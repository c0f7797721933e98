//! A connection through ssh, as HTTP sees it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::clock::Deadline;
use super::open::Remote;
use crate::error::Cause;
use crate::transport::{Connection, Dialled};

/// What carries the bytes.
#[derive(Debug)]
pub(super) enum Through {
    /// A command there.
    Command(Remote),
    /// A socket that ssh's master leads there.
    Forward(UnixStream),
}

impl Through {
    fn stream(&self) -> &UnixStream {
        match self {
            Self::Command(remote) => &remote.stream,
            Self::Forward(stream) => stream,
        }
    }
}

/// A connection to a socket on another machine.
#[derive(Debug)]
pub(super) struct SshStream {
    through: Through,
    /// Until when all of it must be done.
    whole: Deadline,
    /// Until when the present exchange must be done.
    exchange: Deadline,
}

impl SshStream {
    pub(super) fn new(through: Through, whole: Deadline) -> Self {
        Self {
            through,
            whole,
            exchange: Deadline::NEVER,
        }
    }

    /// The connection as it is, without any limit of time.
    pub(super) fn into_dialled(self) -> Result<Dialled, Cause> {
        let copy = || {
            let stream = self.through.stream().try_clone()?;
            stream.set_read_timeout(None)?;
            stream.set_write_timeout(None)?;
            Ok(stream)
        };
        let stream = copy().map_err(Cause::Connection)?;
        Ok(Dialled::over(stream, self.through))
    }
}

impl Read for SshStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A peer that sends a byte now and then does not gain time by it.
        self.exchange.limit(self.through.stream())?;
        self.through.stream().read(buffer)
    }
}

impl Write for SshStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.exchange.limit(self.through.stream())?;
        self.through.stream().write(bytes)
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
