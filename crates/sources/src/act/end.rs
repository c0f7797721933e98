//! Ending a session that Winsta does not host.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::members::members;
use super::signal;
use crate::found::{Found, Origin};
use crate::processes::Process;
use crate::sources::Sources;

/// How a session is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ladder {
    /// HUP, grace, TERM, grace, KILL.
    Logoff,
    /// KILL.
    Reset,
}

/// A rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// As if its line were cut.
    Hup,
    /// Asked to end.
    Term,
    /// Ended.
    Kill,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The rung that did it; `None` if there was nothing left of the session before.
    pub step: Option<Step>,
    /// Processes that are still there: those that this process may not end.
    pub left: u32,
}

/// Between two looks at a session whose processes are being killed.
const AGAIN: Duration = Duration::from_millis(100);

impl Ladder {
    fn rungs(self) -> &'static [(Step, Duration)] {
        const LOGOFF: [(Step, Duration); 3] = [
            (Step::Hup, Duration::from_secs(3)),
            (Step::Term, Duration::from_secs(3)),
            (Step::Kill, Duration::from_secs(3)),
        ];
        match self {
            Self::Logoff => &LOGOFF,
            Self::Reset => LOGOFF.get(2..).unwrap_or_default(),
        }
    }
}

impl Sources {
    /// Ends a session: nothing of it is left but what this process may not end, and Winsta's own
    /// processes, which descend from `own`.
    pub async fn end(&self, found: &Found, ladder: Ladder, own: &[u32]) -> Ended {
        let mut left = members(found, own);
        if left.is_empty() {
            return Ended {
                step: None,
                left: 0,
            };
        }
        // logind and systemd know a session's processes only as a whole.
        let whole = members(found, &[]).len() == left.len();
        for (step, grace) in ladder.rungs() {
            let deadline = Instant::now() + *grace;
            match step {
                Step::Hup => hang_up(found, &left),
                Step::Term => {
                    if whole {
                        self.terminate(found).await;
                    }
                    send_all(&left, Signal::TERM);
                }
                Step::Kill => {
                    left = self.kill_all(found, own, whole, deadline).await;
                }
            }
            left = remaining(found, own, left, deadline).await;
            if left.is_empty() {
                return Ended {
                    step: Some(*step),
                    left: 0,
                };
            }
        }
        Ended {
            step: Some(Step::Kill),
            left: u32::try_from(left.len()).unwrap_or(u32::MAX),
        }
    }

    async fn terminate(&self, found: &Found) {
        if let (Some(login), Some(bus)) = (&found.login, self.bus().await)
            && let Err(error) = bus.terminate(login).await
        {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                login,
                "TerminateSession"
            );
        }
    }

    /// Kills until nothing is left: what forks meanwhile is seen at the next look.
    async fn kill_all(
        &self,
        found: &Found,
        own: &[u32],
        whole: bool,
        deadline: Instant,
    ) -> Vec<Process> {
        if whole && let Some(folder) = &found.cgroup {
            // The kernel does it at once where it can and we may.
            let _ = std::fs::write(folder.join("cgroup.kill"), "1");
        }
        let mut asked = false;
        loop {
            let left = members(found, own);
            send_all(&left, Signal::KILL);
            if left.is_empty() || Instant::now() >= deadline {
                return left;
            }
            if whole && !asked {
                asked = true;
                self.kill_by_logind(found).await;
            }
            signal::ends(&left, (Instant::now() + AGAIN).min(deadline)).await;
        }
    }

    /// Processes of other users that run in a user's session are killed by logind for that user.
    async fn kill_by_logind(&self, found: &Found) {
        let (Some(login), Some(bus)) = (&found.login, self.bus().await) else {
            return;
        };
        if let Err(error) = bus.kill(login).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                login,
                "KillSession"
            );
        }
        if let Some(scope) = &found.scope
            && rustix::process::geteuid().is_root()
            && let Err(error) = bus.stop_unit(scope).await
        {
            tracing::debug!(error = &error as &dyn std::error::Error, scope, "StopUnit");
        }
    }
}

/// Cuts the line: of an ssh session by ending what serves it, so that the kernel tells its
/// programs; where that may not be done, and elsewhere, by telling them.
fn hang_up(found: &Found, members: &[Process]) {
    let leader = |process: &&Process| Some(process.stat.pid) == found.leader;
    if found.origin == Origin::Ssh
        && let Some(leader) = members.iter().find(leader)
        && signal::send(leader, Signal::HUP) == Ok(true)
    {
        return;
    }
    for process in members {
        // To xrdp's own process HUP means to read its settings again.
        if found.origin == Origin::Xrdp && leader(&process) {
            continue;
        }
        send_one(process, Signal::HUP);
    }
}

fn send_all(members: &[Process], signal: Signal) {
    for process in members {
        send_one(process, signal);
    }
}

fn send_one(process: &Process, which: Signal) {
    match signal::send(process, which) {
        // One that is stopped would hear of it only when it goes on.
        Ok(true) if which != Signal::KILL => {
            let _ = signal::send(process, Signal::CONT);
        }
        Ok(_) => {}
        Err(error) => {
            tracing::debug!(pid = process.stat.pid, ?which, %error, "a signal was not sent");
        }
    }
}

/// Waits until nothing of the session is left, or until the deadline; gives what is.
async fn remaining(
    found: &Found,
    own: &[u32],
    mut left: Vec<Process>,
    deadline: Instant,
) -> Vec<Process> {
    loop {
        signal::ends(&left, deadline).await;
        left = members(found, own);
        if left.is_empty() || Instant::now() >= deadline {
            return left;
        }
    }
}
