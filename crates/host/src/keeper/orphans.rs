//! Children that the host inherits when a keeper dies, and how they ended.
//!
//! The host is the reaper outside of the keeper: what a dead keeper leaves becomes the host's
//! child, and only the host can learn how it ended.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rustix::process::{WaitOptions, wait};
use winsta_domain::ExitStatus;

/// Most endings that are remembered.
const MOST: usize = 4_096;

/// Children that ended, and how.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    ended: Mutex<VecDeque<(u32, ExitStatus)>>,
}

impl Orphans {
    /// Takes in all children that have ended.
    pub(crate) fn reap(&self) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    let pid = u32::try_from(pid.as_raw_nonzero().get()).unwrap_or_default();
                    ended.push_back((pid, exit_status(status)));
                    if ended.len() > MOST {
                        ended.pop_front();
                    }
                }
                Err(rustix::io::Errno::INTR) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// How process `pid` ended, if it was a child that did.
    pub(crate) fn status_of(&self, pid: u32) -> Option<ExitStatus> {
        self.reap();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        // The latest of that number: numbers come round again.
        let mut latest = ended.iter().rev();
        latest
            .find(|(ended, _)| *ended == pid)
            .map(|(_, status)| *status)
    }
}

fn exit_status(status: rustix::process::WaitStatus) -> ExitStatus {
    let byte = |value: i32| u8::try_from(value).ok();
    if let Some(code) = status.exit_status().and_then(byte) {
        return ExitStatus::Code(code);
    }
    match status.terminating_signal().and_then(byte) {
        Some(signal) => ExitStatus::Signal(signal),
        None => ExitStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_childs_end_is_remembered() {
        let orphans = Orphans::default();
        #[expect(
            clippy::zombie_processes,
            reason = "the reaper under test waits for it"
        )]
        let child = std::process::Command::new("/bin/sh")
            .args(["-c", "exit 7"])
            .spawn()
            .unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        // Waits for the end, and leaves the status for the reaper.
        let flags = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        rustix::process::waitid(rustix::process::WaitId::Pid(pid), flags).unwrap();
        assert_eq!(orphans.status_of(child.id()), Some(ExitStatus::Code(7)));
        assert_eq!(orphans.status_of(1), None);
    }
}
