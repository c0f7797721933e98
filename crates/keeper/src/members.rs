//! Which processes are of a session.
//!
//! Each session has a mark: a number that no other session has, as the hard limit on locks of its
//! first process. Descendants inherit it whatever they do (fork twice, start a session, clear the
//! environment, ignore signals, stop), and nothing on Linux uses that limit. So one look at every
//! process of the machine finds a session's, at the price of one system call each.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use winsta_domain::SessionId;
use winsta_wire::Member;

use crate::sys::limits;

/// Marks below this are left alone: a process with such a limit was given it for a reason.
const LEAST_MARK: u64 = 1 << 20;

/// A mark for a new session: random, and below the keeper's own, so that a keeper that runs
/// inside a session of another can lower it. `None` if the keeper's own limit is too low.
pub(crate) fn new_mark() -> Option<u64> {
    let own = limits::own_mark();
    let half = own / 2;
    if half < LEAST_MARK {
        return None;
    }
    let mut random = [0; 8];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).ok()?;
    // Infinity is the largest number, so half of it leaves room for a long line of nested ones.
    Some(half + u64::from_ne_bytes(random) % (own - half))
}

/// How to tell a session's processes from all others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    /// The session's mark.
    pub(crate) mark: Option<u64>,
    /// Process id of its first process, which leads its first terminal session.
    pub(crate) leader: i32,
    /// The host, which is never a member even if somebody started it from inside the session.
    pub(crate) host: Option<i32>,
}

impl Membership {
    /// Whether the process of this number is a member now.
    pub(crate) fn has(self, pid: i32) -> bool {
        if Some(pid) == self.host {
            return false;
        }
        self.fits(limits::mark_of(pid), limits::session_of(pid))
    }

    fn fits(self, mark: Option<u64>, session: Option<i32>) -> bool {
        self.mark.is_some() && mark == self.mark || session == Some(self.leader)
    }
}

/// All processes of the machine, as they were a moment ago.
pub(crate) struct Census {
    processes: Vec<(i32, Option<u64>, Option<i32>)>,
}

impl Census {
    /// Process ids of a session's living processes.
    pub(crate) fn members(&self, membership: Membership) -> Vec<i32> {
        let fits = |(pid, mark, session): &&(i32, Option<u64>, Option<i32>)| {
            Some(*pid) != membership.host && membership.fits(*mark, *session)
        };
        let pids = self.processes.iter().filter(fits).map(|(pid, ..)| *pid);
        pids.filter(|pid| !is_dead(*pid)).collect()
    }

    /// Process ids of all sessions' processes, in order; some may be dead.
    pub(crate) fn housed(
        &self,
        sessions: impl Iterator<Item = (SessionId, Membership)>,
    ) -> Vec<(SessionId, u32)> {
        let (mut marks, mut leaders, mut host) = (HashMap::new(), HashMap::new(), None);
        for (id, membership) in sessions {
            marks.extend(membership.mark.map(|mark| (mark, id)));
            leaders.insert(membership.leader, id);
            host = membership.host;
        }
        let processes = self.processes.iter();
        let housed = processes.filter_map(|(pid, mark, leader)| {
            let by_mark = mark.and_then(|mark| marks.get(&mark));
            let id = by_mark.or_else(|| leaders.get(&(*leader)?))?;
            let pid = u32::try_from(*pid).ok();
            (host.and_then(|host| u32::try_from(host).ok()) != pid).then_some((*id, pid?))
        });
        let mut housed: Vec<_> = housed.collect();
        housed.sort_unstable();
        housed
    }
}

/// Looks at every process there is but this one.
pub(crate) fn census() -> io::Result<Census> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let folder = rustix::fs::open(
        c"/proc",
        rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?;
    let mut buffer = Vec::with_capacity(32 << 10);
    let mut entries = rustix::fs::RawDir::new(&folder, buffer.spare_capacity_mut());
    let mut processes = Vec::new();
    while let Some(entry) = entries.next() {
        let Some(pid) = number(entry?.file_name()).filter(|pid| *pid != own) else {
            continue;
        };
        processes.push((pid, limits::mark_of(pid), limits::session_of(pid)));
    }
    Ok(Census { processes })
}

fn number(name: &CStr) -> Option<i32> {
    name.to_str().ok()?.parse().ok()
}

/// Whether the process has ended and only waits for its parent to ask how.
fn is_dead(pid: i32) -> bool {
    let Ok(stat) = fs::read(format!("/proc/{pid}/stat")) else {
        return true;
    };
    // The state follows the program's name, which may itself have brackets.
    let state = stat
        .iter()
        .rposition(|byte| *byte == b')')
        .and_then(|end| stat.get(end + 2));
    matches!(state, Some(b'Z' | b'X') | None)
}

/// What people want to know of a process; `None` if it does not live any more.
pub(crate) fn living(pid: u32) -> Option<Member> {
    let pid = i32::try_from(pid).ok()?;
    if is_dead(pid) {
        return None;
    }
    describe(pid)
}

/// What people want to know of a process; `None` if it is gone.
pub(crate) fn describe(pid: i32) -> Option<Member> {
    let uid = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
    let image = fs::read(format!("/proc/{pid}/comm")).ok()?;
    let image = String::from_utf8_lossy(&image)
        .trim_end_matches('\n')
        .to_owned();
    Some(Member {
        pid: u32::try_from(pid).ok()?,
        image,
        uid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ_and_can_be_lowered_to() {
        let (a, b) = (new_mark().unwrap(), new_mark().unwrap());
        assert_ne!(a, b);
        assert!(a < limits::own_mark() && a >= LEAST_MARK);
    }

    #[test]
    fn this_process_is_nobodys_member() {
        let membership = Membership {
            mark: new_mark(),
            leader: i32::MAX,
            host: None,
        };
        assert_eq!(census().unwrap().members(membership), Vec::<i32>::new());
    }
}
