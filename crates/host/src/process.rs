//! What the host arranges for itself as a process.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, flock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{failure, log};

/// How long a predecessor may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a host that was killed may take to be gone.
const DYING: Duration = Duration::from_secs(2);

/// The limit on open files that this process was started with.
static FILES: OnceLock<Rlimit> = OnceLock::new();

/// Does what a unit of systemd's is there for; what is said meanwhile goes to the journal.
pub(crate) fn in_unit<E: std::error::Error>(work: impl FnOnce() -> Result<(), E>) -> ExitCode {
    log::start_in_journal();
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", failure::in_words(&error));
            ExitCode::FAILURE
        }
    }
}

/// Tells the service manager of a unit of `Type=notify` that it has started (`sd_notify(3)`).
pub(crate) fn ready() -> io::Result<()> {
    let Some(place) = std::env::var_os("NOTIFY_SOCKET") else {
        return Ok(());
    };
    let address = match place.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(&place)?,
    };
    UnixDatagram::unbound()?.send_to_addr(b"READY=1", &address)?;
    Ok(())
}

/// Leaves the caller's terminal, folder and file modes, and becomes the reaper of whatever
/// descends from this process.
pub(crate) fn settle(daemon: bool) -> io::Result<()> {
    if daemon {
        // Fails if this process leads a group already, which is as good.
        let _ = rustix::process::setsid();
    }
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    std::env::set_current_dir("/")?;
    let me = rustix::process::getpid();
    rustix::process::set_child_subreaper(Some(me))?;
    Ok(())
}

/// Allows as many open files as there may be: a session takes up to five.
pub(crate) fn raise_file_limit() -> io::Result<()> {
    let present = getrlimit(Resource::Nofile);
    FILES.get_or_init(|| present);
    let raised = Rlimit {
        current: present.maximum,
        maximum: present.maximum,
    };
    Ok(setrlimit(Resource::Nofile, raised)?)
}

/// Runs `start` under the limit that this process was started with: programs in sessions shall
/// not inherit the host's.
pub(crate) fn with_first_file_limit<T>(start: impl FnOnce() -> T) -> T {
    let present = getrlimit(Resource::Nofile);
    if let Some(first) = FILES.get() {
        let lowered = Rlimit {
            current: first.current,
            maximum: present.maximum,
        };
        // At worst the keeper starts with the higher limit.
        let _ = setrlimit(Resource::Nofile, lowered);
    }
    let started = start();
    let _ = setrlimit(Resource::Nofile, present);
    started
}

/// Files that sessions leave to the host: for connections, and to start a keeper and hand all
/// sessions to it when one is lost.
const SPARE_FILES: u64 = 16;

/// Whether another session would take of the files that the host needs itself.
pub(crate) fn few_files_left() -> bool {
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return false;
    };
    // The kernel gives the lowest number that is free, so that all below it are taken.
    match rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 0) {
        Ok(lowest) => u64::from(lowest.as_raw_fd().unsigned_abs()) + SPARE_FILES >= limit,
        Err(error) => error == rustix::io::Errno::MFILE,
    }
}

/// Takes the lock that only one host can have; a predecessor gets some time to end. `None` if
/// there is another host that stays: after a while it still answers at `socket`, or does not end
/// in time.
pub(crate) fn lock(path: &Path, socket: &Path) -> io::Result<Option<OwnedFd>> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    let begun = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file.into())),
            Err(rustix::io::Errno::WOULDBLOCK) if !stays(begun.elapsed(), socket) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a host that still has its lock after `waited` will keep it. One that was killed can be
/// connected to for a moment, until the kernel has closed all that it had open.
fn stays(waited: Duration, socket: &Path) -> bool {
    waited > PATIENCE || (waited > DYING && UnixStream::connect(socket).is_ok())
}

/// Listens at `path`, for this user or for all; what a predecessor left there is replaced. Call it
/// with the lock held.
pub(crate) fn listen(path: &Path, everybody: bool) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    if everybody {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    }
    listener.set_nonblocking(true)?;
    // The library's own backlog is shorter than a burst of commands.
    rustix::net::listen(&listener, 1_024)?;
    Ok(listener)
}

/// The listening Unix socket that the service manager made, if it is this process's standard input
/// (`StandardInput=socket`).
pub(crate) fn handed() -> Option<io::Result<UnixListener>> {
    Some(handed_socket()?.map(UnixListener::from))
}

/// A listening socket of any kind that was handed over so; it does not block.
pub(crate) fn handed_socket() -> Option<io::Result<OwnedFd>> {
    let input = rustix::stdio::stdin();
    if !rustix::net::sockopt::socket_acceptconn(input).is_ok_and(|listens| listens) {
        return None;
    }
    let take = || {
        let socket = take_input()?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(socket)
    };
    Some(take())
}

/// The connection that the service manager accepted, if it is this process's standard input
/// (`Accept=yes`).
pub(crate) fn handed_connection() -> Option<io::Result<UnixStream>> {
    rustix::net::getpeername(rustix::stdio::stdin()).ok()?;
    Some(take_input().map(UnixStream::from))
}

/// Takes what standard input is, and puts nothing in its place.
fn take_input() -> io::Result<OwnedFd> {
    let taken = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let null = File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(null.as_fd())?;
    Ok(taken)
}

/// Takes the listening socket and the lock that this process had before it became this program.
pub(crate) fn resumed() -> io::Result<(UnixListener, OwnedFd)> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let lock = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(null.as_fd())?;
    rustix::stdio::dup2_stdout(null.as_fd())?;
    let listener = UnixListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok((listener, lock))
}

/// Says on standard output how the start went, and closes it for whoever reads.
pub(crate) fn announce(words: &str) -> io::Result<()> {
    let out = rustix::stdio::stdout();
    let mut rest = words.as_bytes();
    while !rest.is_empty() {
        let count = rustix::io::write(out, rest)?;
        rest = rest.get(count..).unwrap_or_default();
    }
    let null = File::options().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(null.as_fd())?)
}
