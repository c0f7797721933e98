//! Bytes within TLS, and how long they may take.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::ClientConnection;

use super::end_point;
use super::fingerprint::Fingerprint;
use crate::ssh::Deadline;
use crate::transport::Connection;

/// A connection within TLS.
#[derive(Debug)]
pub struct TlsStream {
    pub(super) connection: ClientConnection,
    pub(super) socket: TcpStream,
    peer: Option<Fingerprint>,
    /// Until when all of it must be done.
    whole: Deadline,
    /// Until when the present exchange must be done.
    exchange: Deadline,
}

impl TlsStream {
    pub(super) fn new(connection: ClientConnection, socket: TcpStream, whole: Deadline) -> Self {
        Self {
            connection,
            socket,
            peer: None,
            whole,
            exchange: whole,
        }
    }

    /// The certificate of the other side.
    pub fn peer(&self) -> Option<Fingerprint> {
        self.peer
    }

    /// Goes on until both sides have agreed on everything, by `until` at the latest.
    pub(super) fn shake_hands(&mut self, until: Deadline) -> io::Result<()> {
        self.exchange = until;
        while self.connection.is_handshaking() {
            self.send()?;
            if self.connection.is_handshaking() && self.receive()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.send()?;
        self.exchange = self.whole;
        let shown = self.connection.peer_certificates();
        let first = shown.and_then(<[_]>::first);
        self.peer = first.map(|certificate| Fingerprint::of(certificate));
        Ok(())
    }

    /// Sends what there is to send.
    fn send(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.limit()?;
            match self.connection.write_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) => self.forgive(error)?,
            }
        }
        Ok(())
    }

    /// Takes in what comes next; 0 at the end.
    fn receive(&mut self) -> io::Result<usize> {
        self.limit()?;
        let count = match self.connection.read_tls(&mut self.socket) {
            Ok(count) => count,
            Err(error) => return self.forgive(error).map(|()| 1),
        };
        if let Err(error) = self.connection.process_new_packets() {
            // The other side is told why, if it still listens.
            let _told = self.connection.write_tls(&mut self.socket);
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(count)
    }

    /// Whether to go on after an error. A wait that was cut into pieces has not failed.
    fn forgive(&self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            io::ErrorKind::Interrupted => Ok(()),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                if self.exchange.is_over() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// The next read or write waits until the exchange's end, and no longer.
    fn limit(&self) -> io::Result<()> {
        if self.exchange.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(self.exchange.left())?;
        self.socket.set_write_timeout(self.exchange.left())
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            // A key may have to be renewed.
            self.send()?;
            self.receive()?;
        }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.connection.writer().write(bytes)?;
        self.send()?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

impl Connection for TlsStream {
    /// For all of an exchange, not for each read: a peer that sends a byte now and then does not
    /// gain time by it.
    fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let exchange = timeout.map_or(Deadline::NEVER, Deadline::after);
        self.exchange = exchange.or(self.whole);
        Ok(())
    }

    fn end_point(&self) -> Option<Vec<u8>> {
        let chain = self.connection.peer_certificates()?;
        end_point::of(chain.first()?)
    }
}

impl Drop for TlsStream {
    fn drop(&mut self) {
        // Not a cut, but an end; nothing is waited for.
        self.connection.send_close_notify();
        if self.socket.set_nonblocking(true).is_ok() {
            let _gone = self.connection.write_tls(&mut self.socket);
        }
    }
}
