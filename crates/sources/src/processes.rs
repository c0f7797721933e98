//! Reading `/proc`.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::parse::stat::{Stat, stat};
use crate::parse::tty::Tty;
use crate::parse::{cgroup, sshd};

/// Most bytes of `/proc/PID/stat`: some fifty numbers and a name.
const MAX_STAT: usize = 2_048;
/// Most bytes of a command line or an environment that are read.
const MAX_TEXT: usize = 64 << 10;
/// Most processes in one control group that are looked at.
const MAX_MEMBERS: usize = 65_536;

/// How far up a process's ancestors are followed.
const MAX_DEPTH: usize = 64;

/// Where a process sits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// logind's name of the login that it is of.
    pub login: Option<String>,
    /// Its terminal.
    pub tty: Option<Tty>,
    /// sshd's processes above it, the nearest first.
    pub sshd: Vec<u32>,
}

/// A process: what `/proc/PID/stat` says, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// What the kernel says of it.
    pub stat: Stat,
    /// Its user's number.
    pub uid: u32,
}

/// The process `pid`, if it lives.
pub fn process(pid: u32) -> Option<Process> {
    // One read gives all of it; a buffer that grows from nothing would take half a dozen.
    let mut text = [0; MAX_STAT];
    let mut file = File::open(format!("/proc/{pid}/stat")).ok()?;
    let length = file.read(&mut text).ok()?;
    let stat = stat(text.get(..length)?).filter(|stat| !stat.zombie)?;
    let uid = process_owner(pid)?;
    Some(Process { stat, uid })
}

/// The user of a process.
pub fn process_owner(pid: u32) -> Option<u32> {
    Some(std::fs::metadata(format!("/proc/{pid}")).ok()?.uid())
}

/// Where the process `pid` sits.
pub fn place_of(pid: u32) -> Place {
    let Some(process) = process(pid) else {
        return Place::default();
    };
    let mut above = process.stat.parent;
    let mut sshd = Vec::new();
    for _ in 0..MAX_DEPTH {
        let Some(parent) = self::process(above) else {
            break;
        };
        if sshd::is_sshd(&parent.stat.name) {
            sshd.push(above);
        }
        above = parent.stat.parent;
    }
    Place {
        login: group(pid).and_then(|group| cgroup::login(&group).map(str::to_owned)),
        tty: process.stat.tty,
        sshd,
    }
}

/// The control group of a process.
pub(crate) fn group(pid: u32) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    cgroup::group(&text).map(str::to_owned)
}

/// All processes that live.
pub(crate) fn all() -> Vec<Process> {
    all_but(&HashSet::new())
}

/// All processes that live, without looking at these.
pub(crate) fn all_but(skipped: &HashSet<u32>) -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let pids = pids.filter(|pid| !skipped.contains(pid));
    pids.filter_map(process).collect()
}

/// The words that a process was started with, or calls itself, with blanks between.
pub(crate) fn command_line(pid: u32) -> String {
    let bytes = read_bounded(&format!("/proc/{pid}/cmdline"));
    let text = String::from_utf8_lossy(&bytes);
    text.replace('\0', " ").trim_end().to_owned()
}

/// The value of a variable in the environment that a process was started with; for its own user
/// and for administrators.
pub(crate) fn variable(pid: u32, name: &str) -> Option<String> {
    let bytes = read_bounded(&format!("/proc/{pid}/environ"));
    bytes.split(|byte| *byte == 0).find_map(|pair| {
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    })
}

fn read_bounded(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // What cannot be read whole is read as far as it goes.
        let _ = file.take(MAX_TEXT as u64).read_to_end(&mut bytes);
    }
    bytes
}

/// Where control groups may be mounted: alone, beside those of version 1, or as systemd's own of
/// version 1.
pub(crate) const TREES: [&str; 3] = [
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/unified",
    "/sys/fs/cgroup/systemd",
];

/// The folder of the control group `group`.
pub(crate) fn group_folder(group: &str) -> Option<PathBuf> {
    if group.split('/').any(|part| part == "..") {
        return None;
    }
    let folders = TREES
        .iter()
        .map(|tree| PathBuf::from(format!("{tree}{group}")));
    folders
        .into_iter()
        .find(|folder| folder.join("cgroup.procs").exists())
}

/// The folder of a login's control group.
pub(crate) fn login_folder(uid: u32, scope: &str) -> Option<PathBuf> {
    if scope.is_empty() || scope.contains('/') {
        return None;
    }
    group_folder(&format!("/user.slice/user-{uid}.slice/{scope}"))
}

/// Processes in a control group and in those below it.
pub(crate) fn in_group(folder: &Path) -> Vec<u32> {
    let mut pids = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let text = std::fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        pids.extend(text.lines().filter_map(|line| line.parse::<u32>().ok()));
        if pids.len() > MAX_MEMBERS {
            break;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(below.map(|entry| entry.path()));
    }
    pids.retain(|pid| *pid != 0);
    pids
}

/// Sockets that a process has open, by number; for its own user and for administrators.
pub(crate) fn sockets_of(pid: u32) -> Vec<u64> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let entries = entries.into_iter().flatten().flatten();
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets
        .filter_map(|target| {
            let name = target.to_str()?;
            name.strip_prefix("socket:[")?
                .strip_suffix(']')?
                .parse()
                .ok()
        })
        .collect()
}

/// `roots` and everything that descends from them.
pub(crate) fn descendants(processes: &[Process], roots: &[u32]) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in processes {
        let siblings = children.entry(process.stat.parent).or_default();
        siblings.push(process.stat.pid);
    }
    let mut found = Vec::new();
    let mut waiting = roots.to_vec();
    while let Some(pid) = waiting.pop() {
        if found.contains(&pid) {
            continue;
        }
        found.push(pid);
        waiting.extend(children.get(&pid).into_iter().flatten().copied());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found() {
        let me = std::process::id();
        let found = process(me).unwrap();
        assert_eq!(found.stat.pid, me);
        assert_eq!(found.uid, rustix::process::geteuid().as_raw());
        let all = all();
        assert!(all.iter().any(|process| process.stat.pid == me));
        assert!(descendants(&all, &[found.stat.parent]).contains(&me));
        assert!(!command_line(me).is_empty());
    }

    #[test]
    fn groups_lead_nowhere_else() {
        assert_eq!(group_folder("/../../etc"), None);
        assert_eq!(login_folder(0, "../x"), None);
        assert_eq!(login_folder(0, ""), None);
    }
}
