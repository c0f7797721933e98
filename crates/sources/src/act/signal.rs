//! Signals to processes that are known, and waiting for their ends.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, timeout_at};

use crate::processes::{self, Process};
use crate::readiness::registered;

/// Sends a signal, to this very process and no later one with its number. `false` if it is gone.
pub(super) fn send(process: &Process, signal: Signal) -> Result<bool, Errno> {
    let Some(fd) = open(process)? else {
        return Ok(false);
    };
    match pidfd_send_signal(&fd, signal) {
        Ok(()) => Ok(true),
        Err(Errno::SRCH) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A handle of the process; `None` if it is gone.
fn open(process: &Process) -> Result<Option<OwnedFd>, Errno> {
    let number = i32::try_from(process.stat.pid).ok().and_then(Pid::from_raw);
    let Some(number) = number else {
        return Ok(None);
    };
    let fd = match pidfd_open(number, PidfdFlags::empty()) {
        Ok(fd) => fd,
        Err(Errno::SRCH) => return Ok(None),
        Err(error) => return Err(error),
    };
    // The handle is of whichever process has the number now; if that is the one that was seen,
    // it stays of that one.
    let same = processes::process(process.stat.pid)
        .is_some_and(|now| now.stat.start == process.stat.start);
    Ok(same.then_some(fd))
}

/// Waits until all of these have ended, or until the deadline.
pub(super) async fn ends(processes: &[Process], deadline: Instant) {
    for process in processes {
        let Ok(Some(fd)) = open(process) else {
            continue;
        };
        let Ok(handle) = registered(fd) else {
            continue;
        };
        if timeout_at(deadline, handle.readable()).await.is_err() {
            return;
        }
    }
}
