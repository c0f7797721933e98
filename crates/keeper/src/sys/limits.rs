//! Resource limits and terminal sessions of this and of other processes.

use std::io;

/// Linux keeps no lock limit since 2.4, but every process still has the number and passes it on
/// to each descendant: the keeper uses it to mark a session's processes.
const MARK: libc::__rlimit_resource_t = libc::RLIMIT_LOCKS;

/// Soft and hard limit on open files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileLimit {
    soft: libc::rlim_t,
    hard: libc::rlim_t,
}

/// Raises the limit on open files as far as allowed, and returns what it was.
pub(crate) fn raise_file_limit() -> io::Result<FileLimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a live struct of the right type.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    let before = FileLimit {
        soft: limit.rlim_cur,
        hard: limit.rlim_max,
    };
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: as above.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    Ok(before)
}

impl FileLimit {
    /// The soft limit, to be handed to a later life of this process.
    pub(crate) fn soft(self) -> u64 {
        self.soft
    }

    /// The limit that was `soft` before, with the present hard limit.
    pub(crate) fn restored(soft: u64) -> io::Result<Self> {
        Ok(Self {
            soft,
            hard: raise_file_limit()?.hard,
        })
    }

    /// Sets this process's limit; for use between fork and exec.
    pub(crate) fn apply(self) {
        let limit = libc::rlimit {
            rlim_cur: self.soft,
            rlim_max: self.hard,
        };
        // SAFETY: the pointer is to a live struct; setrlimit is async-signal-safe. A refusal
        // leaves the raised limit, which harms nothing.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    }
}

/// The mark of this process: its own hard lock limit.
pub(crate) fn own_mark() -> u64 {
    mark_of(0).unwrap_or(libc::RLIM_INFINITY)
}

/// The mark of process `pid` (0: this one); `None` if it is gone or belongs to another user.
pub(crate) fn mark_of(pid: i32) -> Option<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: no new limit is given, and the old one goes to a live struct.
    let result = unsafe { libc::prlimit(pid, MARK, std::ptr::null(), &raw mut limit) };
    (result == 0).then_some(limit.rlim_max)
}

/// Marks this process and all its descendants-to-be; for use between fork and exec.
pub(crate) fn set_mark(mark: u64) {
    let limit = libc::rlimit {
        rlim_cur: mark,
        rlim_max: mark,
    };
    // SAFETY: the pointer is to a live struct; setrlimit is async-signal-safe. Lowering a limit
    // cannot be refused.
    unsafe { libc::setrlimit(MARK, &raw const limit) };
}

/// Lets this process and each of its descendants-to-be have this many bytes of memory of its own at
/// most: heaps and stacks of threads, not files that it maps nor addresses that it only reserves.
/// For use between fork and exec.
pub(crate) fn set_memory(bytes: u64) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: bytes,
    };
    // SAFETY: the pointer is to a live struct; setrlimit is async-signal-safe. It is refused only
    // where a lower limit holds already.
    unsafe { libc::setrlimit(libc::RLIMIT_DATA, &raw const limit) };
}

/// The terminal session that process `pid` is in; `None` if it is gone. 0: one that this process
/// cannot see, begun outside its container.
pub(crate) fn session_of(pid: i32) -> Option<i32> {
    // SAFETY: a plain question about a number.
    let session = unsafe { libc::getsid(pid) };
    (session >= 0).then_some(session)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
