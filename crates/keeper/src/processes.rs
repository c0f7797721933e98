//! Requests about a session's processes.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};
use winsta_domain::SessionId;
use winsta_wire::{Answer, RefusalKind, Signalled};

use crate::control::Outcome;
use crate::members::{self, Membership};
use crate::refuse::{invalid, refusal, system};
use crate::server::Server;

impl Server {
    pub(crate) fn members(&mut self, id: SessionId) -> Outcome {
        let host = self.host();
        let membership = self.known(id)?.membership(host);
        let census = members::census().map_err(|error| system("look at processes", &error))?;
        let members = census.members(membership);
        Ok(Answer::Members(
            members.into_iter().filter_map(members::describe).collect(),
        ))
    }

    /// Members of all sessions, from one look at the machine's processes.
    pub(crate) fn census(&self, after: Option<(SessionId, u32)>) -> Outcome {
        let host = self.host();
        let sessions = self.sessions.iter();
        let live = sessions.filter(|(_, session)| session.collected.is_none());
        let memberships = live.map(|(id, session)| (*id, session.membership(host)));
        let census = members::census().map_err(|error| system("look at processes", &error))?;
        let housed = census.housed(memberships);
        let behind = |(session, pid): &(SessionId, u32)| after.is_none_or(|a| (*session, *pid) > a);
        let mut living = housed
            .into_iter()
            .filter(behind)
            .filter_map(|(session, pid)| Some((session, members::living(pid)?)));
        let members = living.by_ref().take(Answer::MAX_CENSUS).collect();
        let more = living.next().is_some();
        Ok(Answer::Census { members, more })
    }

    pub(crate) fn signal(&mut self, id: SessionId, signal: u8, to: Signalled) -> Outcome {
        let host = self.host();
        let session = self.known(id)?;
        let signal = Signal::from_named_raw(signal.into())
            .ok_or_else(|| invalid(format!("there is no signal {signal}")))?;
        let membership = session.membership(host);
        match to {
            Signalled::Foreground => {
                let group = match &session.master {
                    Some(master) => rustix::termios::tcgetpgrp(master).ok(),
                    None => Pid::from_raw(session.leader),
                };
                let group = group.ok_or(Errno::SRCH);
                group.and_then(|group| rustix::process::kill_process_group(group, signal))
            }
            Signalled::Everything => {
                let census = members::census().map_err(|e| system("look at processes", &e))?;
                signal_all(&census.members(membership), signal)
            }
            Signalled::Process(pid) => {
                let held = hold(pid, membership).ok_or_else(|| {
                    let reason = format!("process {pid} is not of session {id}");
                    refusal(RefusalKind::Unknown, reason)
                })?;
                rustix::process::pidfd_send_signal(&held, signal)
            }
        }
        .map(|()| Answer::Done)
        .map_err(|error| system("send the signal", &error.into()))
    }
}

fn signal_all(members: &[i32], signal: Signal) -> Result<(), Errno> {
    for pid in members.iter().copied().filter_map(Pid::from_raw) {
        match rustix::process::kill_process(pid, signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A hold on a process that is a member, so that its number cannot come to mean another.
fn hold(pid: u32, membership: Membership) -> Option<OwnedFd> {
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0)?;
    let held = rustix::process::pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    membership.has(pid).then_some(held)
}
