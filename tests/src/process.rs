//! Processes as the kernel sees them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use crate::patience::LONG;

/// A process that is told from a later one with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its number.
    pub pid: u32,
    /// When it began, in clock ticks since boot.
    pub began: u64,
}

impl Life {
    /// The process that has this number now, if one does and is no zombie.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold anything; what follows its closing bracket is regular.
        let mut words = stat.rsplit_once(')')?.1.split_whitespace();
        let state = words.next()?;
        let began = words.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Self { pid, began })
    }

    /// Whether it still lives.
    pub fn lives(&self) -> bool {
        Self::of(self.pid) == Some(*self)
    }
}

/// A process id as the kernel's calls take it.
pub fn as_pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("a process id")).expect("a process id")
}

/// Sends a signal.
pub fn signal(pid: u32, signal: Signal) {
    kill_process(as_pid(pid), signal).expect("the process can be signalled");
}

/// SIGKILL for all of these at once; returns when all are gone.
pub fn murder(pids: &[u32]) {
    let open = |pid: &u32| pidfd_open(as_pid(*pid), PidfdFlags::empty()).ok();
    let victims: Vec<_> = pids.iter().filter_map(open).collect();
    for victim in &victims {
        // One that has just ended by itself is as dead.
        let _ = pidfd_send_signal(victim, Signal::KILL);
    }
    let patience = Timespec::try_from(LONG).expect("a short time");
    for victim in &victims {
        let mut waiting = [PollFd::new(victim, PollFlags::IN)];
        let ready = rustix::io::retry_on_intr(|| poll(&mut waiting, Some(&patience)));
        assert_eq!(ready, Ok(1), "{pids:?} are killed and do not end");
    }
}

/// Who holds the lock on this file: nobody while no host or keeper is alive.
pub fn holder_of(lock: &Path) -> Option<u32> {
    let inode = fs::metadata(lock).ok()?.ino().to_string();
    let locks = fs::read_to_string("/proc/locks").expect("the kernel lists locks");
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (kind, pid, file) = (words.next()?, words.nth(2)?, words.next()?);
        let ours = kind == "FLOCK" && file.rsplit(':').next() == Some(&inode);
        ours.then(|| pid.parse().ok()).flatten()
    })
}

/// All processes whose environment names this folder: host, keeper, and what runs in sessions.
pub fn of_folder(folder: &Path) -> Vec<u32> {
    let wanted = folder.as_os_str().as_encoded_bytes();
    let entries = fs::read_dir("/proc").expect("the kernel lists processes");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        crate::keeper::contains(&environment, wanted)
    })
    .collect()
}

/// What a process is called with.
pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// Number of open descriptors.
pub fn descriptors(pid: u32) -> usize {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process lives");
    entries.count()
}

/// Memory that is this process's own, and its share of files in memory, in KiB. Pages of programs
/// are not counted: how they are shared out changes with whatever else runs.
pub fn memory(pid: u32) -> u64 {
    let path = format!("/proc/{pid}/smaps_rollup");
    let rollup = fs::read_to_string(path).expect("the process lives");
    let kilobytes = |key: &str| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("{key} in kB: {rollup}"))
    };
    let (own, files): (u64, u64) = (kilobytes("Pss_Anon:"), kilobytes("Pss_Shmem:"));
    own + files
}
