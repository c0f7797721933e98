//! The way to a keeper through its host, for terminals: a thread that carries frames between a
//! connection within TLS and a socket of this process.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use winsta_api::paths;

use super::stream::TlsStream;
use crate::error::Cause;
use crate::http::{self, HttpError, Request};
use crate::transport::Dialled;

/// Bytes taken at once; the connection takes as many when it has nothing else to send.
const PORTION: usize = 16 << 10;
/// Bytes for this side beyond which no more are taken from the other.
const FULL: usize = 256 << 10;
/// How long the last words may take when this side has ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// Has the host lead `far` to its keeper.
pub(super) fn open(mut far: TlsStream) -> Result<Dialled, Cause> {
    let fields = [
        ("connection", "upgrade"),
        ("upgrade", paths::KEEPER_PROTOCOL),
    ];
    let request = Request {
        method: "GET",
        target: paths::KEEPER,
        fields: &fields,
        content_type: "",
        body: &[],
    };
    let early = http::switch(&mut far, &request).map_err(|error| match error {
        HttpError::Io(error) => Cause::Connection(error),
        error => Cause::Http(error),
    })?;
    let (near, ours) = UnixStream::pair().map_err(Cause::Connection)?;
    let passage = Passage {
        far,
        near: ours,
        waiting: early,
    };
    let thread = thread::Builder::new().name("passage".to_owned());
    let thread = thread.spawn(move || passage.carry());
    let thread = thread.map_err(Cause::Connection)?;
    Ok(Dialled::over(near, Way(Some(thread))))
}

/// Ends when the other end of the socket is closed; what was written to it before is sent.
struct Way(Option<JoinHandle<io::Result<()>>>);

impl Drop for Way {
    fn drop(&mut self) {
        // What went wrong there, the socket's end has told.
        let _told = self.0.take().map(JoinHandle::join);
    }
}

struct Passage {
    far: TlsStream,
    near: UnixStream,
    /// What came and is still to be written to `near`.
    waiting: Vec<u8>,
}

impl Passage {
    /// Carries bytes until one side ends.
    fn carry(mut self) -> io::Result<()> {
        self.far.socket.set_nonblocking(true)?;
        self.near.set_nonblocking(true)?;
        loop {
            self.deliver()?;
            self.send()?;
            let (far, near) = self.wait()?;
            if far.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) && !self.receive()? {
                return self.finish();
            }
            if near.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) && !self.take()? {
                return self.part();
            }
        }
    }

    /// Waits until something can be done, and says on which side.
    fn wait(&self) -> io::Result<(PollFlags, PollFlags)> {
        let sending = self.far.connection.wants_write();
        let flags = |reads: bool, writes: bool| {
            let read = if reads {
                PollFlags::IN
            } else {
                PollFlags::empty()
            };
            read | if writes {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            }
        };
        // Nothing is taken that could not be passed on.
        let far = flags(self.waiting.len() < FULL, sending);
        let near = flags(!sending, !self.waiting.is_empty());
        let mut waited = [
            PollFd::new(&self.far.socket, far),
            PollFd::new(&self.near, near),
        ];
        match poll(&mut waited, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [far, near] = waited.map(|fd| fd.revents());
        Ok((far, near))
    }

    /// Takes in what came from the other side; `false` at its end.
    fn receive(&mut self) -> io::Result<bool> {
        let open = match self.far.connection.read_tls(&mut self.far.socket) {
            Ok(count) => count > 0,
            Err(error) => return later(&error).then_some(true).ok_or(error),
        };
        let state = self.far.connection.process_new_packets();
        let state = state.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        let before = self.waiting.len();
        self.waiting
            .resize(before + state.plaintext_bytes_to_read(), 0);
        let room = self.waiting.get_mut(before..).unwrap_or_default();
        self.far.connection.reader().read_exact(room)?;
        Ok(open && !state.peer_has_closed())
    }

    /// Takes what this side has to say; `false` at its end.
    fn take(&mut self) -> io::Result<bool> {
        let mut buffer = [0; PORTION];
        match self.near.read(&mut buffer) {
            Ok(0) => Ok(false),
            Ok(count) => {
                let said = buffer.get(..count).unwrap_or_default();
                self.far.connection.writer().write_all(said)?;
                Ok(true)
            }
            Err(error) => later(&error).then_some(true).ok_or(error),
        }
    }

    /// Sends what the connection has to send, as far as the network takes it.
    fn send(&mut self) -> io::Result<()> {
        while self.far.connection.wants_write() {
            match self.far.connection.write_tls(&mut self.far.socket) {
                Ok(_) => {}
                Err(error) if later(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Hands over what came, as far as this side takes it.
    fn deliver(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match self.near.write(&self.waiting) {
                Ok(count) => drop(self.waiting.drain(..count)),
                Err(error) if later(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The other side has ended: what it said last is handed over.
    fn finish(mut self) -> io::Result<()> {
        self.near.set_nonblocking(false)?;
        self.near.write_all(&self.waiting)
    }

    /// This side has ended: what it said last is sent, if that takes no time.
    fn part(mut self) -> io::Result<()> {
        self.far.connection.send_close_notify();
        self.far.socket.set_nonblocking(false)?;
        self.far.socket.set_write_timeout(Some(FAREWELL))?;
        self.send()
    }
}

fn later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
