//! The agent's process.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::DumpableBehavior;

use super::book::Book;
use super::connection;
use super::protocol::Target;
use super::verbs::Shared;
use crate::endpoint::{ENVELOPE, Endpoint};
use crate::kept::Lobby;
use crate::session::is_clearing;

/// How long the agent waits for somebody when it has nothing to hold.
const LINGER: Duration = Duration::from_secs(2);

/// The ways to machines.
pub trait Roads: Send + Sync {
    /// The service of a machine, not yet reached; else why there is no way to it.
    fn endpoint(&self, target: &Target) -> Result<Endpoint, String>;
}

/// Is the agent at `socket`, until it has nothing to hold any more. `ready` is called once it
/// answers.
pub fn serve(
    socket: &Path,
    roads: impl Roads + 'static,
    ready: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    // Nobody reads credentials out of its memory or its remains.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    keep_memory();
    let listener = bind(socket)?;
    let shared = Arc::new(Shared {
        book: Book::default(),
        roads: Box::new(roads),
        lobby: Lobby::default(),
    });
    ready()?;
    let here = Arc::new(AtomicUsize::new(0));
    let (awake, wake) = io::pipe()?;
    let wake = Arc::new(wake);
    loop {
        let next = shared.beat();
        let is_idle = here.load(Ordering::SeqCst) == 0 && shared.is_idle();
        let is_clearing = is_clearing();
        let most = if is_idle || is_clearing {
            Some(LINGER)
        } else {
            next
        };
        let (client, woken) = wait(&listener, &awake, most)?;
        if woken {
            drain(&awake)?;
        }
        if client {
            let (stream, _) = listener.accept()?;
            welcome(&shared, stream, &here, &wake);
        } else if is_idle && !is_clearing && !woken {
            // Whoever comes now starts another.
            return std::fs::remove_file(socket);
        }
    }
}

/// Has memory that was needed for an answer stay for the next: glibc gives back to the kernel what is
/// larger than the largest block that it has seen freed, and getting it again costs more than reading.
fn keep_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(ENVELOPE)));
}

fn bind(socket: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves a command in a thread of its own, if it is the same user's.
fn welcome(
    shared: &Arc<Shared>,
    stream: UnixStream,
    here: &Arc<AtomicUsize>,
    wake: &Arc<io::PipeWriter>,
) {
    let own = rustix::process::geteuid();
    let peer = rustix::net::sockopt::socket_peercred(&stream);
    if !peer.is_ok_and(|peer| peer.uid == own) {
        return;
    }
    here.fetch_add(1, Ordering::SeqCst);
    let (shared, here, wake) = (Arc::clone(shared), Arc::clone(here), Arc::clone(wake));
    thread::spawn(move || {
        connection::serve(&shared, stream);
        here.fetch_sub(1, Ordering::SeqCst);
        // The loop looks whether it is needed any more.
        let _ = rustix::io::write(&*wake, &[0]);
    });
}

/// Waits for a command, for the end of one, or for so long.
fn wait(
    listener: &UnixListener,
    awake: &io::PipeReader,
    most: Option<Duration>,
) -> io::Result<(bool, bool)> {
    let most = most.map(Timespec::try_from).transpose().unwrap_or_default();
    let mut waiting = [
        PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(awake.as_fd(), PollFlags::IN),
    ];
    match poll(&mut waiting, most.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let [client, woken] = waiting.map(|one| one.revents().contains(PollFlags::IN));
    Ok((client, woken))
}

fn drain(awake: &io::PipeReader) -> io::Result<()> {
    let mut bytes = [0; 64];
    rustix::io::read(awake, &mut bytes)?;
    Ok(())
}
