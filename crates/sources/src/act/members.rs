//! Which processes belong to a session.

use std::collections::HashSet;

use crate::found::Found;
use crate::parse::cgroup;
use crate::processes::{self, Process};

/// The session's processes without Winsta's own, which descend from `own`: sessions that are
/// hosted live in the login from which the host was started, and do not end with it.
///
/// What belongs together is the control group's to say. Without one it is what descends from the
/// first process, sits at the session's terminals, or carries the connection's ends in the
/// environment that it was started with; a process that got rid of all three escapes.
pub fn members(found: &Found, own: &[u32]) -> Vec<Process> {
    let mut members = match (&found.cgroup, &found.login) {
        (Some(folder), _) => processes::in_group(folder)
            .into_iter()
            .filter_map(processes::process)
            .collect(),
        (None, Some(login)) => of_login(login),
        (None, None) => by_descent(found),
    };
    if !own.is_empty() && !members.is_empty() {
        let ours: HashSet<u32> = processes::descendants(&processes::all(), own)
            .into_iter()
            .collect();
        members.retain(|process| !ours.contains(&process.stat.pid));
    }
    members
}

fn of_login(login: &str) -> Vec<Process> {
    let all = processes::all().into_iter();
    all.filter(|process| {
        let group = processes::group(process.stat.pid);
        group.as_deref().and_then(cgroup::login) == Some(login)
    })
    .collect()
}

fn by_descent(found: &Found) -> Vec<Process> {
    let all = processes::all();
    let below = processes::descendants(&all, found.leader.as_slice());
    let below: HashSet<u32> = below.into_iter().collect();
    let belongs = |process: &Process| {
        let stat = &process.stat;
        let carries = || {
            let ends = found.connection.as_deref()?;
            let carried = processes::variable(stat.pid, "SSH_CONNECTION")?;
            (process.uid == found.uid && carried == ends).then_some(())
        };
        below.contains(&stat.pid)
            || stat.tty.is_some_and(|tty| found.ttys.contains(&tty))
            || carries().is_some()
    };
    all.into_iter().filter(belongs).collect()
}
