//! What `/proc` tells of processes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    /// Its id.
    pub(crate) pid: i32,
    /// File name of its program.
    pub(crate) program: String,
    /// Its arguments behind the program's name.
    pub(crate) arguments: Vec<String>,
}

impl Process {
    /// Sends SIGKILL; one that is gone is no error.
    pub(crate) fn kill(&self) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            // Gone in the meantime: there is nothing left to do.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Processes with `mark` (`NAME=value`) in their environment, and their descendants, which may
/// have been given another one.
pub(crate) fn of_mark(mark: &str) -> Result<Vec<Process>> {
    let mut parents = BTreeMap::new();
    let mut chosen = BTreeSet::new();
    for entry in fs::read_dir("/proc").context("cannot read /proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // A zombie cannot be killed, so it does not count.
        let Some((_, parent)) = stat(pid).filter(|(state, _)| *state != 'Z') else {
            continue;
        };
        parents.insert(pid, parent);
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if environment.split(|b| *b == 0).any(|v| v == mark.as_bytes()) {
            chosen.insert(pid);
        }
    }
    loop {
        let more: Vec<_> = parents
            .iter()
            .filter(|(pid, parent)| chosen.contains(parent) && !chosen.contains(pid))
            .map(|(pid, _)| *pid)
            .collect();
        if more.is_empty() {
            break;
        }
        chosen.extend(more);
    }
    Ok(chosen.into_iter().filter_map(describe).collect())
}

/// State and parent.
fn stat(pid: i32) -> Option<(char, i32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    let state = words.next()?.chars().next()?;
    Some((state, words.next()?.parse().ok()?))
}

fn describe(pid: i32) -> Option<Process> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = String::from_utf8_lossy(&line);
    let arguments = line.split_terminator('\0').skip(1).map(str::to_owned);
    let program = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(Process {
        pid,
        program: program.file_name()?.to_string_lossy().into_owned(),
        arguments: arguments.collect(),
    })
}

/// Memory of processes, in bytes: each one's share of what it maps.
pub(crate) fn pss(processes: &[Process]) -> Result<u64> {
    let mut sum = 0;
    for process in processes {
        let path = format!("/proc/{}/smaps_rollup", process.pid);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        sum += field(&text, "Pss:") * 1024;
    }
    Ok(sum)
}

/// The same without what they map of files in memory, for those who count these by themselves.
pub(crate) fn pss_without_files(processes: &[Process]) -> Result<u64> {
    let mut sum = 0;
    for process in processes {
        let path = format!("/proc/{}/smaps_rollup", process.pid);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        sum += field(&text, "Pss:").saturating_sub(field(&text, "Pss_Shmem:")) * 1024;
    }
    Ok(sum)
}

/// How often the threads of processes went to sleep of their own will since they were started.
pub(crate) fn wakeups(processes: &[Process]) -> Result<u64> {
    let mut sum = 0;
    for process in processes {
        let folder = format!("/proc/{}/task", process.pid);
        let tasks = fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))?;
        for task in tasks {
            // A thread may end while we look.
            let text = fs::read_to_string(task?.path().join("status")).unwrap_or_default();
            sum += field(&text, "voluntary_ctxt_switches:");
        }
    }
    Ok(sum)
}

/// Bytes in memory files that processes hold, each file counted once. Pages of such a file that
/// a process has mapped are in its [`pss`] too.
pub(crate) fn memory_files(processes: &[Process]) -> Result<u64> {
    let mut files = BTreeMap::new();
    for process in processes {
        let folder = format!("/proc/{}/fd", process.pid);
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))? {
            let path = entry?.path();
            let memory = fs::read_link(&path)
                .is_ok_and(|target| target.to_string_lossy().starts_with("/memfd:"));
            if memory && let Ok(file) = fs::metadata(&path) {
                files.insert((file.dev(), file.ino()), file.blocks() * 512);
            }
        }
    }
    Ok(files.values().sum())
}

fn field(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
