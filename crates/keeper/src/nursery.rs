//! A second, small process that starts the programs of a keeper with many sessions.
//!
//! A fork copies the table of a process's memory and of its descriptors, and the exec after it
//! closes the copies: with a thousand sessions that takes milliseconds, and all sessions wait. The
//! nursery was forked off when there were few sessions and has none of them; what it starts is
//! the keeper's child as if the keeper had started it. It knows nothing that matters: if it is
//! gone, the keeper starts programs by itself until there is another.

use std::ffi::CString;
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal};
use serde::{Deserialize, Serialize};

use crate::sys::exec::Image;
use crate::sys::fork::{self, Birth, Child, ChildOf};
use crate::sys::limits::FileLimit;
use crate::sys::passing;

/// From how many sessions on a nursery is worth its memory.
pub(crate) const MANY: usize = 64;
/// How long the keeper waits for it. It takes a tenth of a millisecond; one that was stopped
/// shall not stop the keeper.
const PATIENCE: Duration = Duration::from_secs(1);

/// A nursery, as the keeper sees it.
#[derive(Debug)]
pub(crate) struct Nursery {
    stream: UnixStream,
    process: OwnedFd,
}

/// A program to be started. With it come the descriptors of its standard streams, and of its
/// cgroup if it has one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) argv: Vec<String>,
    pub(crate) arg0: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) folder: String,
    pub(crate) terminal: bool,
    pub(crate) mark: Option<u64>,
    pub(crate) memory: Option<u64>,
}

/// What came of an order: a process id, or the number of an error. With a process come its pidfd
/// and [`Child::status`].
type Outcome = Result<i32, i32>;

/// The nursery is gone or does not answer.
#[derive(Debug)]
pub(crate) struct Lost;

impl From<io::Error> for Lost {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl Nursery {
    /// Forks one off; `files` is the limit on open files that programs get.
    pub(crate) fn open(files: FileLimit) -> io::Result<Self> {
        let (stream, theirs) = UnixStream::pair()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let pid = fork::split(theirs.into(), |socket| serve(&socket.into(), files))?;
        let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::NotFound)?;
        let process = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
        Ok(Self { stream, process })
    }

    /// Ends it at once.
    pub(crate) fn end(self) {
        // One that is gone already cannot be killed, and need not be.
        let _ = rustix::process::pidfd_send_signal(&self.process, Signal::KILL);
    }

    /// Starts a program with these standard streams, in this cgroup.
    pub(crate) fn spawn(
        &self,
        order: &Order,
        stdio: [BorrowedFd<'_>; 3],
        cgroup: Option<BorrowedFd<'_>>,
    ) -> Result<io::Result<Child>, Lost> {
        let descriptors: Vec<_> = stdio.into_iter().chain(cgroup).collect();
        send(&self.stream, order, &descriptors)?;
        let (outcome, descriptors) = receive::<Outcome>(&self.stream)?;
        let mut descriptors = descriptors.into_iter();
        match (outcome, descriptors.next(), descriptors.next()) {
            (Ok(pid), Some(pidfd), Some(status)) => Ok(Ok(Child { pid, pidfd, status })),
            (Ok(_), _, _) => Err(Lost),
            (Err(number), _, _) => Ok(Err(io::Error::from_raw_os_error(number))),
        }
    }
}

/// The life of a nursery: until its keeper is gone.
fn serve(stream: &UnixStream, files: FileLimit) {
    while let Ok((order, descriptors)) = receive::<Order>(stream) {
        let sent = match start(order, &descriptors, files) {
            Ok(child) => {
                let descriptors = [child.pidfd.as_fd(), child.status.as_fd()];
                send(stream, &Outcome::Ok(child.pid), &descriptors)
            }
            Err(error) => {
                let number = error
                    .raw_os_error()
                    .unwrap_or(rustix::io::Errno::INVAL.raw_os_error());
                send(stream, &Outcome::Err(number), &[])
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn start(order: Order, descriptors: &[OwnedFd], files: FileLimit) -> io::Result<Child> {
    let [stdin, stdout, stderr, further @ ..] = descriptors else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut image = Image::new(&order.argv, order.arg0.as_deref(), &order.env)?;
    let birth = Birth {
        stdio: [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()],
        terminal: order.terminal,
        folder: CString::new(order.folder)?,
        mark: order.mark,
        memory: order.memory,
        files,
        cgroup: further.first().map(AsFd::as_fd),
    };
    fork::spawn(ChildOf::Parent, &birth, &mut image)
}

/// Sends a message: its length, with `descriptors`, then JSON.
fn send(
    mut stream: &UnixStream,
    message: &impl Serialize,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    let length = length.to_ne_bytes();
    // Four bytes go whole or not at all.
    passing::send(stream.as_fd(), &[IoSlice::new(&length)], descriptors)?;
    stream.write_all(&body)
}

/// Waits for a message.
fn receive<T: for<'de> Deserialize<'de>>(mut stream: &UnixStream) -> io::Result<(T, Vec<OwnedFd>)> {
    let mut length = [0; 4];
    let mut descriptors = std::collections::VecDeque::new();
    let mut have = 0;
    while let Some(rest) = length.get_mut(have..).filter(|rest| !rest.is_empty()) {
        match passing::wait(stream.as_fd(), rest, &mut descriptors)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => have += read,
        }
    }
    let length = u32::from_ne_bytes(length) as usize;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((serde_json::from_slice(&body)?, descriptors.into()))
}
