//! One control connection: frames and descriptors over a Unix socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use tokio::io::Interest;
use winsta_wire::frame::{encode_json, encode_tailed};
use winsta_wire::{
    Answer, Decoder, Event, FrameError, Hello, Kind, Reply, Request, VERSIONS, Verb, Welcome,
};

use super::port::KeeperError;

/// Most descriptors that come or go with one frame.
const MAX_DESCRIPTORS: usize = 8;
/// Most events that wait while something else is asked.
const MAX_NEWS: usize = 65_536;
/// Bytes read at once.
const BUFFER: usize = 64 << 10;

/// Why the control connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnError {
    /// The connection failed or ended.
    #[error("the control connection to the keeper failed")]
    Io(#[from] io::Error),
    /// What came is no frame, or not the message it should be.
    #[error("the keeper sent what this host does not understand")]
    Frame(#[from] FrameError),
    /// The keeper does not take this host.
    #[error("the keeper refused this host: {0}")]
    Refused(String),
}

/// Which descriptors a host takes from a keeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    /// All that it passes: it runs as the host's own user.
    Anything,
    /// The ledger that comes with its greeting, and no more.
    LedgerOnly,
}

/// What came from the keeper.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// An answer, the bytes and the descriptors that came with it.
    Reply(Reply, Vec<u8>, Vec<OwnedFd>),
    /// News.
    Event(Event),
}

/// Who the keeper is.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) pid: u32,
    pub(crate) program: String,
    pub(crate) ledger: OwnedFd,
}

/// A frame on its way out, with descriptors that go with its first byte.
struct Outbound {
    bytes: Vec<u8>,
    sent: usize,
    descriptors: Vec<Arc<OwnedFd>>,
}

/// A control connection.
pub(crate) struct Conn {
    socket: tokio::net::UnixStream,
    decoder: Decoder,
    descriptors: VecDeque<OwnedFd>,
    outbound: VecDeque<Outbound>,
    news: VecDeque<Event>,
    seq: u64,
    buffer: Box<[u8]>,
    /// Most descriptors that wait for the frame that they belong to.
    room: usize,
}

impl Conn {
    /// A connection on which nothing was said.
    fn over(socket: UnixStream, passing: Passing) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: tokio::net::UnixStream::from_std(socket)?,
            decoder: Decoder::new(),
            descriptors: VecDeque::new(),
            outbound: VecDeque::new(),
            news: VecDeque::new(),
            seq: 0,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            room: match passing {
                Passing::Anything => usize::MAX,
                Passing::LedgerOnly => 1,
            },
        })
    }

    /// Connects to the keeper's socket and greets it.
    pub(crate) async fn open(path: &Path, passing: Passing) -> Result<(Self, Greeting), ConnError> {
        Self::greet(UnixStream::connect(path)?, passing).await
    }

    /// Greets the keeper at the other end of `socket`.
    pub(crate) async fn greet(
        socket: UnixStream,
        passing: Passing,
    ) -> Result<(Self, Greeting), ConnError> {
        let mut conn = Self::over(socket, passing)?;
        let mut bytes = Vec::new();
        let hello = Hello::Control {
            versions: VERSIONS,
            pid: std::process::id(),
        };
        encode_json(&mut bytes, Kind::HELLO, &hello)?;
        conn.push(bytes, Vec::new());
        while !conn.outbound.is_empty() {
            conn.flush().await?;
        }
        let welcome = loop {
            if let Some(frame) = conn.decoder.next_frame()?
                && frame.kind == Kind::WELCOME
            {
                break frame.json()?;
            }
            conn.fill().await?;
        };
        match welcome {
            Welcome::Control { pid, program, .. } => {
                let ledger = conn.descriptors.pop_front();
                if passing == Passing::LedgerOnly {
                    conn.descriptors.clear();
                    conn.room = 0;
                }
                let ledger = ledger.ok_or_else(|| {
                    ConnError::Refused("its greeting came without its ledger".to_owned())
                })?;
                let greeting = Greeting {
                    pid,
                    program,
                    ledger,
                };
                Ok((conn, greeting))
            }
            Welcome::Attach { .. } => Err(ConnError::Refused(
                "it took this host for a client".to_owned(),
            )),
            Welcome::Refused { reason, versions } => Err(ConnError::Refused(format!(
                "{reason} (it speaks versions {} to {})",
                versions.oldest, versions.newest
            ))),
        }
    }

    /// Queues a request and gives its number.
    pub(crate) fn send(
        &mut self,
        verb: Verb,
        tail: &[u8],
        descriptors: Vec<Arc<OwnedFd>>,
    ) -> Result<u64, FrameError> {
        self.seq += 1;
        let seq = self.seq;
        let mut bytes = Vec::new();
        encode_tailed(&mut bytes, Kind::REQUEST, &Request { seq, verb }, tail)?;
        self.push(bytes, descriptors);
        Ok(seq)
    }

    /// Waits for what comes next, and sends what is queued meanwhile. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Result<Incoming, ConnError> {
        if let Some(event) = self.news.pop_front() {
            return Ok(Incoming::Event(event));
        }
        self.next_fresh().await
    }

    /// Sends a request and waits for its answer; news that comes in between is kept for
    /// [`next`](Self::next).
    pub(crate) async fn call(
        &mut self,
        verb: Verb,
        descriptors: Vec<Arc<OwnedFd>>,
    ) -> Result<(Result<Answer, KeeperError>, Vec<OwnedFd>), ConnError> {
        let asked = self.send(verb, &[], descriptors)?;
        loop {
            match self.next_fresh().await? {
                Incoming::Reply(reply, _, descriptors) if reply.seq == asked => {
                    let outcome = reply.outcome.map_err(KeeperError::Refused);
                    return Ok((outcome, descriptors));
                }
                Incoming::Reply(..) => {}
                Incoming::Event(_) if self.news.len() >= MAX_NEWS => {
                    let flood = "it says more than anybody asked for";
                    return Err(ConnError::Refused(flood.to_owned()));
                }
                Incoming::Event(event) => self.news.push_back(event),
            }
        }
    }

    async fn next_fresh(&mut self) -> Result<Incoming, ConnError> {
        loop {
            if let Some(incoming) = self.parse()? {
                return Ok(incoming);
            }
            if self.outbound.is_empty() {
                self.fill().await?;
                continue;
            }
            let interest = Interest::READABLE | Interest::WRITABLE;
            let ready = self.socket.ready(interest).await?;
            if ready.is_writable() {
                self.flush().await?;
            }
            // It may only have been so: whoever waits here for the keeper keeps it waiting.
            if ready.is_readable() {
                self.take_in()?;
            }
        }
    }

    fn parse(&mut self) -> Result<Option<Incoming>, ConnError> {
        while let Some(frame) = self.decoder.next_frame()? {
            match frame.kind {
                Kind::REPLY => {
                    let (reply, tail): (Reply, _) = frame.tailed()?;
                    let count = usize::from(reply.descriptors).min(self.descriptors.len());
                    let descriptors = self.descriptors.drain(..count).collect();
                    return Ok(Some(Incoming::Reply(reply, tail.to_vec(), descriptors)));
                }
                // Events of a newer keeper that this host does not know are passed over.
                Kind::EVENT => match frame.json() {
                    Ok(event) => return Ok(Some(Incoming::Event(event))),
                    Err(error) => tracing::debug!(%error, "passing over an unknown event"),
                },
                _ => {}
            }
        }
        Ok(None)
    }

    fn push(&mut self, bytes: Vec<u8>, descriptors: Vec<Arc<OwnedFd>>) {
        self.outbound.push_back(Outbound {
            bytes,
            sent: 0,
            descriptors,
        });
    }

    /// Sends what the socket takes; waits until it takes something.
    async fn flush(&mut self) -> io::Result<()> {
        self.socket.writable().await?;
        while let Some(first) = self.outbound.front_mut() {
            let rest = first.bytes.get(first.sent..).unwrap_or_default();
            let borrowed: Vec<_> = first.descriptors.iter().map(|fd| fd.as_fd()).collect();
            let socket = &self.socket;
            let sent = socket.try_io(Interest::WRITABLE, || send(socket.as_fd(), rest, &borrowed));
            match sent {
                Ok(count) => {
                    first.sent += count;
                    first.descriptors.clear();
                    if first.sent >= first.bytes.len() {
                        self.outbound.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what there is; waits until there is something. The end is an error.
    async fn fill(&mut self) -> io::Result<()> {
        loop {
            self.socket.readable().await?;
            if self.take_in()? {
                return Ok(());
            }
        }
    }

    /// Reads what there is; whether there was something. The end is an error.
    fn take_in(&mut self) -> io::Result<bool> {
        let (buffer, descriptors) = (&mut self.buffer, &mut self.descriptors);
        let room = self.room;
        let socket = &self.socket;
        let read = socket.try_io(Interest::READABLE, || {
            receive(socket.as_fd(), buffer, descriptors, room)
        });
        match read {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.decoder
                    .push(self.buffer.get(..count).unwrap_or_default());
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    Ok(sendmsg(
        socket,
        &[IoSlice::new(bytes)],
        &mut control,
        flags,
    )?)
}

fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
    room: usize,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            for descriptor in rights {
                if descriptors.len() < room {
                    descriptors.push_back(descriptor);
                }
            }
        }
    }
    Ok(received.bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::time::Duration;

    use winsta_domain::SessionId;

    use super::*;

    fn reply(seq: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let reply = Reply {
            seq,
            descriptors: 0,
            outcome: Ok(Answer::Written { bytes: 1 }),
        };
        encode_tailed(&mut bytes, Kind::REPLY, &reply, &[]).unwrap();
        bytes
    }

    /// A request longer than the socket's buffer, after an answer that left the socket looking
    /// readable.
    #[tokio::test]
    async fn a_long_request_goes_out_whole_though_nothing_comes_in() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut conn = Conn::over(ours, Passing::Anything).unwrap();
        theirs.write_all(&reply(0)).unwrap();
        conn.next().await.unwrap();
        let verb = Verb::Write {
            session: SessionId(1),
            user: true,
        };
        let seq = conn.send(verb, &vec![b'x'; 900 << 10], Vec::new()).unwrap();
        let keeper = std::thread::spawn(move || {
            let mut decoder = Decoder::new();
            let mut buffer = [0; 4_096];
            while decoder.next_frame().unwrap().is_none() {
                let count = theirs.read(&mut buffer).unwrap();
                decoder.push(&buffer[..count]);
            }
            theirs.write_all(&reply(seq)).unwrap();
            theirs
        });
        let answer = tokio::time::timeout(Duration::from_secs(20), conn.next());
        let answer = answer.await.expect("the request went out").unwrap();
        assert!(matches!(answer, Incoming::Reply(reply, ..) if reply.seq == seq));
        keeper.join().unwrap();
    }
}
