//! Starting a process in a session of its own.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use super::exec::{Image, errno};
use super::limits::{self, FileLimit};
use super::signals;

/// From <linux/sched.h>; the libc crate's constant is too narrow for it.
const CLONE_INTO_CGROUP: u64 = 1 << 33;

/// What the child does between fork and exec.
pub(crate) struct Birth<'a> {
    /// Standard input, output and error.
    pub(crate) stdio: [BorrowedFd<'a>; 3],
    /// Whether standard input becomes the controlling terminal.
    pub(crate) terminal: bool,
    /// Working folder.
    pub(crate) folder: CString,
    /// Mark of the session, unless marks cannot be had.
    pub(crate) mark: Option<u64>,
    /// Most bytes of memory of its own that each process may have.
    pub(crate) memory: Option<u64>,
    /// Limit on open files as it was before the keeper raised it.
    pub(crate) files: FileLimit,
    /// A cgroup v2 folder to be born into.
    pub(crate) cgroup: Option<BorrowedFd<'a>>,
}

/// A process that was started.
pub(crate) struct Child {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
    /// End of file when the program runs; before that, four bytes of error number if it could
    /// not be executed.
    pub(crate) status: OwnedFd,
}

/// Whose child a new process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildOf {
    /// This process's.
    This,
    /// That of the process whose child this one is.
    Parent,
}

/// Starts a child that becomes `image`. Returns as soon as the child exists.
pub(crate) fn spawn(child_of: ChildOf, birth: &Birth<'_>, image: &mut Image) -> io::Result<Child> {
    let (status, report) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    let mut pidfd: RawFd = -1;
    let mut arguments = libc::clone_args {
        flags: libc::CLONE_PIDFD as u64,
        pidfd: (&raw mut pidfd) as u64,
        child_tid: 0,
        parent_tid: 0,
        exit_signal: libc::SIGCHLD as u64,
        stack: 0,
        stack_size: 0,
        tls: 0,
        set_tid: 0,
        set_tid_size: 0,
        cgroup: 0,
    };
    if child_of == ChildOf::Parent {
        arguments.flags |= libc::CLONE_PARENT as u64;
        // The kernel takes this process's own.
        arguments.exit_signal = 0;
    }
    if let Some(cgroup) = birth.cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = u64::from(cgroup.as_raw_fd().unsigned_abs());
    }
    // SAFETY: the struct is complete and its size is given. Without CLONE_VM the child has its
    // own copy of memory, so this is a fork; this process has only one thread, so the copy is
    // consistent, and the child calls nothing but async-signal-safe functions.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut arguments,
            size_of::<libc::clone_args>(),
        )
    };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => become_program(birth, image, report.as_raw_fd()),
        pid => Ok(Child {
            pid: i32::try_from(pid).map_err(io::Error::other)?,
            // SAFETY: CLONE_PIDFD stored a new descriptor there.
            pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) },
            status,
        }),
    }
}

/// Splits this process in two. In the new one `life` runs, with no descriptors but 0 to 2 and
/// `kept`, and with the usual signals; it ends when `life` returns. The old
/// one gets its process id.
pub(crate) fn split(kept: OwnedFd, life: impl FnOnce(OwnedFd)) -> io::Result<i32> {
    // SAFETY: this process has only one thread, so the copy of its memory is consistent.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            if let Some(kept) = leave_the_rest(kept) {
                signals::reset();
                life(kept);
            }
            // SAFETY: runs no destructors, which belong to the parent.
            unsafe { libc::_exit(0) }
        }
        pid => Ok(pid),
    }
}

/// Closes all descriptors but 0 to 2 and `kept`, which may get another number.
fn leave_the_rest(kept: OwnedFd) -> Option<OwnedFd> {
    const NUMBER: RawFd = 3;
    // SAFETY: the owners of what is closed here belong to the parent and are never used again in
    // this process; 3 is owned by the result alone.
    unsafe {
        if kept.as_raw_fd() != NUMBER && libc::dup3(kept.as_raw_fd(), NUMBER, libc::O_CLOEXEC) < 0 {
            return None;
        }
        std::mem::forget(kept);
        let last = libc::c_uint::MAX;
        if libc::syscall(libc::SYS_close_range, NUMBER + 1, last, 0) < 0 {
            return None;
        }
        Some(OwnedFd::from_raw_fd(NUMBER))
    }
}

fn become_program(birth: &Birth<'_>, image: &mut Image, report: RawFd) -> ! {
    let error = match prepare(birth) {
        Ok(()) => image.execute(),
        Err(error) => error,
    };
    let bytes = error.to_ne_bytes();
    // SAFETY: plain system calls with valid arguments; `_exit` runs no destructors, which belong
    // to the parent.
    unsafe {
        libc::write(report, bytes.as_ptr().cast(), bytes.len());
        libc::_exit(127)
    }
}

fn prepare(birth: &Birth<'_>) -> Result<(), i32> {
    let check = |result: libc::c_int| if result < 0 { Err(errno()) } else { Ok(()) };
    // SAFETY: all of these are async-signal-safe and take valid arguments. The three source
    // descriptors are above 2, because the keeper keeps 0 to 2 open all its life.
    unsafe {
        check(libc::setsid())?;
        for (target, source) in (0..).zip(birth.stdio) {
            check(libc::dup2(source.as_raw_fd(), target))?;
        }
        if birth.terminal {
            check(libc::ioctl(0, libc::TIOCSCTTY, 0))?;
        }
        check(libc::chdir(birth.folder.as_ptr()))?;
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
    }
    if let Some(mark) = birth.mark {
        limits::set_mark(mark);
    }
    if let Some(memory) = birth.memory {
        limits::set_memory(memory);
    }
    birth.files.apply();
    signals::reset();
    Ok(())
}
