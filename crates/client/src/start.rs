//! Connects to this machine's host or to the user's agent, and starts it where there is none.
//!
//! Fifty commands may come at once. Whoever gets `start.lock` starts a host and holds the lock
//! until that host answers; the others find it answering. A lock dies with its holder, so files
//! that a crash left behind are no obstacle.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use crate::dirs::Dirs;
use crate::error::Cause;

/// How long a start may take, one's own or another command's.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most bytes of a host's last words.
const MAX_WORDS: u64 = 4 << 10;
/// What a host writes when it answers on its socket.
pub(crate) const READY: &str = "ready\n";

/// How to start a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments; `--ready-fd 1` is added, and what the host writes there is `ready` or why
    /// it gave up.
    pub args: Vec<OsString>,
}

impl Launch {
    /// `winsta host run --daemon` with the program that runs now.
    pub fn this_program() -> Self {
        // Not `current_exe`, which names a file that may have been replaced since.
        let program = PathBuf::from("/proc/self/exe");
        let program = std::fs::read_link(&program)
            .ok()
            .filter(|path| path.exists())
            .unwrap_or(program);
        Self::of(program)
    }

    /// `PROGRAM host run --daemon`.
    pub fn of(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: ["host", "run", "--daemon"].map(OsString::from).to_vec(),
        }
    }
}

/// Files of a process that is started when it is needed.
struct Post {
    socket: PathBuf,
    lock: PathBuf,
    log: PathBuf,
}

impl Post {
    fn host(dirs: &Dirs) -> Self {
        Self {
            socket: dirs.host_socket(),
            lock: dirs.start_lock(),
            log: dirs.host_log(),
        }
    }
}

/// A connection to the agent of this user's `PSSessions`, which is started with `launch` if none
/// runs. Its socket is `agent.sock` in the runtime folder.
pub fn agent_stream(dirs: &Dirs, launch: &Launch) -> Result<UnixStream, Cause> {
    let file = |name| dirs.runtime().join(name);
    let post = Post {
        socket: agent_socket(dirs),
        lock: file("agent.lock"),
        log: file("agent.log"),
    };
    connect_or_start_at(dirs, &post, launch)
}

/// The agent's socket.
pub fn agent_socket(dirs: &Dirs) -> PathBuf {
    dirs.runtime().join("agent.sock")
}

/// Connects if a host answers.
pub(crate) fn connect(dirs: &Dirs) -> Result<Option<UnixStream>, Cause> {
    connect_at(dirs, &dirs.host_socket())
}

fn connect_at(dirs: &Dirs, path: &Path) -> Result<Option<UnixStream>, Cause> {
    match UnixStream::connect(path) {
        Ok(stream) => {
            // Whoever owns the folder could have put the socket there.
            dirs.check_runtime().map_err(Cause::Dirs)?;
            Ok(Some(stream))
        }
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(Cause::Unreachable {
            place: path.display().to_string(),
            source,
        }),
    }
}

/// Connects to the host in `dirs`, which is started if none answers.
pub(crate) fn connect_or_start(dirs: &Dirs, launch: &Launch) -> Result<UnixStream, Cause> {
    if let Some(stream) = connect(dirs)? {
        return Ok(stream);
    }
    if dirs.is_system() {
        return Err(Cause::SystemHost {
            socket: dirs.host_socket(),
        });
    }
    connect_or_start_at(dirs, &Post::host(dirs), launch)
}

fn connect_or_start_at(dirs: &Dirs, post: &Post, launch: &Launch) -> Result<UnixStream, Cause> {
    dirs.prepare_runtime().map_err(Cause::Dirs)?;
    if let Some(stream) = connect_at(dirs, &post.socket)? {
        return Ok(stream);
    }
    let lock = lock(&post.lock)?;
    // Another command may have started it while this one waited for the lock.
    if let Some(stream) = connect_at(dirs, &post.socket)? {
        return Ok(stream);
    }
    let started = start(post, launch);
    drop(lock);
    let connected = connect_at(dirs, &post.socket)?;
    if connected.is_none() {
        started?;
    }
    // One that could not begin gave way to another, if one answers.
    connected.ok_or_else(|| Cause::Unreachable {
        place: post.socket.display().to_string(),
        source: io::ErrorKind::ConnectionRefused.into(),
    })
}

/// Takes the lock of those who start hosts. The wait is bounded, so that a stopped starter cannot
/// stop everybody else for ever; the kernel has no lock with a time limit, hence the looking again.
fn lock(path: &Path) -> Result<OwnedFd, Cause> {
    let failed = |error: rustix::io::Errno| Cause::Unreachable {
        place: path.display().to_string(),
        source: error.into(),
    };
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?;
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
            Err(error) => return Err(failed(error)),
        }
        if begun.elapsed() > PATIENCE {
            return Err(Cause::StartBusy {
                lock: path.to_owned(),
                seconds: PATIENCE.as_secs(),
            });
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(16));
    }
}

/// Starts a process and waits until it says that it answers.
fn start(post: &Post, launch: &Launch) -> Result<(), Cause> {
    let program = &launch.program;
    let failed = |source| Cause::Start {
        program: program.clone(),
        source,
    };
    let (ours, theirs) = io::pipe().map_err(failed)?;
    let words = Stdio::from(OwnedFd::from(theirs));
    let mut command = Command::new(program);
    command
        .args(&launch.args)
        .args(["--ready-fd", "1"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(words)
        .stderr(log_file(&post.log).map_err(failed)?);
    // Not waited for: a daemon outlives whoever starts it. The command owns a copy of the pipe's
    // end, so it must be gone for the end to be seen.
    let child = command.spawn().map_err(failed)?;
    drop(command);
    let said = read_words(OwnedFd::from(ours)).map_err(failed)?;
    drop(child);
    match said {
        Some(words) if words == READY => Ok(()),
        Some(words) if words.is_empty() => Err(Cause::StartFailed {
            reason: format!("it ended without a word; see {}", post.log.display()),
        }),
        Some(words) => Err(Cause::StartFailed {
            reason: words.trim_end().to_owned(),
        }),
        None => Err(Cause::Timeout {
            seconds: PATIENCE.as_secs(),
        }),
    }
}

/// Where a host's panics go, should it have some.
fn log_file(path: &Path) -> io::Result<Stdio> {
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?;
    Ok(Stdio::from(file))
}

/// What the host says until it closes the pipe; `None` if that takes too long.
fn read_words(pipe: OwnedFd) -> io::Result<Option<String>> {
    let deadline = Instant::now() + PATIENCE;
    let mut file = File::from(pipe);
    let mut words = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut waiting = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)];
        match poll(&mut waiting, Some(&left)) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let before = words.len();
        let mut part = [0; 512];
        let count = file.read(&mut part)?;
        words.extend_from_slice(part.get(..count).unwrap_or_default());
        let whole = words.len() == before || words.len() as u64 > MAX_WORDS;
        if whole || words == READY.as_bytes() {
            return Ok(Some(String::from_utf8_lossy(&words).into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs() -> (tempfile::TempDir, Dirs) {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::at(base.path().join("run"), base.path().join("state"));
        (base, dirs)
    }

    fn shell(script: &str) -> Launch {
        Launch {
            program: "/bin/sh".into(),
            args: ["-c", script].map(OsString::from).to_vec(),
        }
    }

    #[test]
    fn nobody_answers_where_nobody_is() {
        let (_base, dirs) = dirs();
        assert!(matches!(connect(&dirs), Ok(None)));
    }

    #[test]
    fn a_socket_that_a_crash_left_behind_is_no_host() {
        let (_base, dirs) = dirs();
        dirs.prepare_runtime().unwrap();
        drop(std::os::unix::net::UnixListener::bind(dirs.host_socket()).unwrap());
        assert!(matches!(connect(&dirs), Ok(None)));
    }

    #[test]
    fn a_host_that_gives_up_says_why() {
        let (_base, dirs) = dirs();
        let cause = connect_or_start(&dirs, &shell("echo no luck today")).unwrap_err();
        let Cause::StartFailed { reason } = cause else {
            panic!("{cause:?}");
        };
        assert_eq!(reason, "no luck today");
        let cause = connect_or_start(&dirs, &shell("exit 1")).unwrap_err();
        assert!(matches!(cause, Cause::StartFailed { .. }), "{cause:?}");
        let missing = Launch::of("/no/such/program");
        let cause = connect_or_start(&dirs, &missing).unwrap_err();
        assert!(matches!(cause, Cause::Start { .. }), "{cause:?}");
    }

    #[test]
    fn a_host_that_answers_is_not_started_again() {
        let (_base, dirs) = dirs();
        dirs.prepare_runtime().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(dirs.host_socket()).unwrap();
        connect_or_start(&dirs, &Launch::of("/no/such/program")).unwrap();
    }
}
