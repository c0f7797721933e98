//! Sessions that end: by themselves, or because somebody says so.

use std::collections::BTreeSet;
use std::os::fd::AsFd;

use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};
use winsta_domain::{ExitStatus, SessionId};
use winsta_wire::{Answer, Event, Refusal, RefusalKind, Step};

use crate::ladder::{Ladder, Living, Millis, Move};
use crate::members::{self, Census, Membership};
use crate::refuse::refusal;
use crate::server::{Server, Token};
use crate::session::Session;
use crate::store::Store;
use crate::sys::{pidfd, signals};

/// How long an ended session waits for clients that do not take its last output, in milliseconds.
const LAST_WORDS: Millis = 5_000;
/// How long to wait for the kernel to say how somebody else's child ended, in milliseconds.
const UNASKED: Millis = 1_000;
/// Number of the signal that continues stopped processes.
const CONT: u8 = 18;
/// How often the processes of a session are looked for at one go on the last rung.
const SWEEPS: u32 = 8;

impl Session {
    /// When something is due for it.
    pub(crate) fn due(&self) -> Option<Millis> {
        let look = self.ladder.as_ref().map(Ladder::next_look);
        [look, self.patience, self.collected, self.unasked]
            .into_iter()
            .flatten()
            .min()
    }
}

impl Server {
    pub(crate) fn take_signals(&mut self) {
        while let Some(signal) = signals::next(&self.signals) {
            match i32::try_from(signal) {
                Ok(libc::SIGCHLD) => self.reap(),
                Ok(libc::SIGTERM) => self.close_down(),
                _ => {}
            }
        }
    }

    /// Ends all sessions in an orderly way, and then itself.
    fn close_down(&mut self) {
        crate::log::say("told to end: logging off all sessions");
        self.closing_down = true;
        let orderly = [(1, 3_000), (15, 3_000), (9, 0)];
        let steps = orderly.map(|(signal, grace_ms)| Step { signal, grace_ms });
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.end(id, steps.to_vec());
        }
        self.stopping = self.sessions.is_empty();
    }

    /// Asks the kernel which children have ended: first processes, and orphans of their sessions.
    pub(crate) fn reap(&mut self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            let pid = pid.as_raw_nonzero().get();
            if let Some(id) = self.leaders.remove(&pid) {
                self.exited(id, pidfd::from_wait(status.as_raw()));
            }
        }
    }

    /// The first process of a session that an earlier keeper started has ended. How, the kernel
    /// tells once its parent has asked, which then shows as a hang-up.
    pub(crate) fn leader_gone(&mut self, id: SessionId, flags: EventFlags) {
        let now = self.millis();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let status = pidfd::exit_of(session.pidfd.as_fd());
        if status == ExitStatus::Unknown && !flags.contains(EventFlags::HUP) {
            session.unasked = Some(now + UNASKED);
            let (before, after) = (EventFlags::IN.bits(), EventFlags::RDHUP);
            self.timed.insert(id);
            if let Some(session) = self.sessions.get(&id) {
                self.watch(&session.pidfd, Token::Leader(id), before, after);
            }
            return;
        }
        self.exited(id, status);
    }

    /// Nobody has asked how a session's first process ended: then it is not known.
    pub(crate) fn stop_asking(&mut self, id: SessionId, now: Millis) {
        let session = self.sessions.get(&id);
        if session.is_some_and(|session| session.unasked.is_some_and(|until| until <= now)) {
            self.exited(id, ExitStatus::Unknown);
        }
    }

    fn exited(&mut self, id: SessionId, status: ExitStatus) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.exit.is_some() {
            return;
        }
        session.exit = Some(status);
        session.unasked = None;
        if let Some(session) = self.sessions.get(&id).filter(|session| !session.child) {
            let armed = EventFlags::IN.bits();
            self.watch(
                &session.pidfd,
                Token::Leader(id),
                armed,
                EventFlags::empty(),
            );
        }
        self.finish(id);
    }

    /// Whether a session's program could be executed is known now.
    pub(crate) fn born(&mut self, id: SessionId) {
        let Some(unborn) = self.unborn.remove(&id) else {
            return;
        };
        let armed = EventFlags::IN.bits();
        self.watch(&unborn.status, Token::Birth(id), armed, EventFlags::empty());
        let mut error = [0; 4];
        let failed = rustix::io::read(&unborn.status, &mut error) == Ok(error.len());
        if !failed {
            self.store(id);
        }
        if self.control != Some(unborn.host) {
            // Whoever asked is gone; the next host sees the session, and how it ends.
            return self.finish(id);
        }
        let seq = unborn.seq;
        if failed {
            let error = std::io::Error::from_raw_os_error(i32::from_ne_bytes(error));
            self.remove(id);
            let outcome = Err(refusal(RefusalKind::Exec, error.to_string()));
            return self.settle(seq, outcome);
        }
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let report = Answer::Spawned(Box::new(session.report()));
        self.reply_with_keepsakes(seq, id, report);
        self.rearm(id);
        self.finish(id);
    }

    /// Begins to end a session.
    pub(crate) fn end(&mut self, id: SessionId, steps: Vec<Step>) {
        let now = self.millis();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.ladder = Some(Ladder::new(steps, now));
        self.timed.insert(id);
    }

    /// Climbs the ladders of those of `due` that have one.
    pub(crate) fn climb(&mut self, due: &[SessionId], now: Millis) {
        let climbing = |id: &&SessionId| {
            let ladder = self
                .sessions
                .get(id)
                .and_then(|session| session.ladder.as_ref());
            ladder.is_some_and(|ladder| ladder.next_look() <= now)
        };
        let ids: Vec<SessionId> = due.iter().filter(climbing).copied().collect();
        if ids.is_empty() {
            return;
        }
        let census = match members::census() {
            Ok(census) => census,
            Err(error) => return crate::log::say(&format!("cannot look at processes: {error}")),
        };
        for id in ids {
            self.climb_one(id, now, &census);
        }
    }

    fn climb_one(&mut self, id: SessionId, now: Millis, census: &Census) {
        let host = self.host();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let membership = session.membership(host);
        let members = census.members(membership);
        let Some(ladder) = &mut session.ladder else {
            return;
        };
        match ladder.handle(now, living(&members)) {
            Move::Wait => {}
            Move::Signal { signal, rung } => {
                if signal == 9 {
                    session.kill_all(host, members);
                } else {
                    send(&members, membership, signal);
                    send(&members, membership, CONT);
                }
                if rung {
                    self.tell(&Event::Stepped {
                        session: id,
                        signal,
                    });
                }
            }
            Move::Done { signal, left } => self.emptied(id, signal, left),
        }
    }

    fn emptied(&mut self, id: SessionId, signal: u8, left: usize) {
        self.reap();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.ladder = None;
        if session.exit.is_none() && left == 0 {
            self.exited(id, ExitStatus::Unknown);
        }
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        self.tell(&Event::Emptied {
            session: id,
            signal,
            left,
        });
        if self.closing_down {
            self.remove(id);
        }
    }

    /// The host knows how the session ended: it goes as soon as its clients have the last output.
    pub(crate) fn collect(&mut self, id: SessionId) -> Result<(), Refusal> {
        let now = self.millis();
        let Some(session) = self.sessions.get_mut(&id) else {
            return Err(crate::refuse::unknown(id));
        };
        if !session.finished {
            return Err(refusal(
                RefusalKind::Busy,
                format!("session {id} has not ended"),
            ));
        }
        session.collected = Some(now + LAST_WORDS);
        self.timed.insert(id);
        self.bury(id, now);
        Ok(())
    }

    /// Removes a collected session that nobody looks at or is about to, or whose clients had
    /// their time.
    pub(crate) fn bury(&mut self, id: SessionId, now: Millis) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let awaited = !session.clients.is_empty() || self.tickets.awaits(now, id);
        if session
            .collected
            .is_some_and(|until| until <= now || !awaited)
        {
            self.remove(id);
        }
    }

    /// Forgets a session and gives everything back.
    pub(crate) fn remove(&mut self, id: SessionId) {
        let Some(mut session) = self.sessions.remove(&id) else {
            return;
        };
        self.wake(id);
        if self.home.is_unit()
            && let Err(error) = Store::forget(id)
        {
            crate::log::say(&format!("the service manager keeps session {id}: {error}"));
        }
        self.timed.remove(&id);
        self.leaders.remove(&session.leader);
        self.unwatch(&session);
        for key in std::mem::take(&mut session.clients) {
            self.close(key);
        }
        let now = self.millis();
        if let (Some(cgroup), Some(tree)) = (&session.cgroup, &mut self.tree) {
            tree.remove(now, cgroup);
        }
    }

    /// The host may hold duplicates, so closing a descriptor does not end its being watched.
    fn unwatch(&self, session: &Session) {
        let none = EventFlags::empty();
        for (stream, armed) in session.streams().iter().zip(session.armed) {
            if let Some(source) = session.source(*stream) {
                self.watch(source, Token::Source(session.id, *stream), armed, none);
            }
        }
        if let (Some(stdin), [.., armed]) = (&session.stdin, session.armed) {
            self.watch(stdin, Token::Sink(session.id), armed, none);
        }
        if !session.child && session.exit.is_none() {
            let armed = EventFlags::IN.bits();
            self.watch(&session.pidfd, Token::Leader(session.id), armed, none);
        }
    }
}

impl Session {
    /// Kills what lives, and what is born meanwhile, for a few sweeps; the ladder comes back for
    /// whatever still escapes.
    fn kill_all(&self, host: Option<i32>, mut members: Vec<i32>) {
        let membership = self.membership(host);
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill(host);
        }
        for _ in 0..SWEEPS {
            kill_groups(&members, host);
            send(&members, membership, 9);
            match members::census() {
                Ok(census) => members = census.members(membership),
                Err(_) => return,
            }
            if members.is_empty() {
                return;
            }
        }
    }
}

/// A signal to a process group reaches all of it at one stroke, so that none can fork meanwhile.
fn kill_groups(members: &[i32], host: Option<i32>) {
    let group = |pid: &i32| rustix::process::getpgid(Pid::from_raw(*pid)).ok();
    let spared: Vec<Pid> = host.iter().filter_map(group).collect();
    let own = rustix::process::getpgrp();
    let groups: BTreeSet<_> = members
        .iter()
        .filter_map(group)
        .map(Pid::as_raw_nonzero)
        .collect();
    for raw in groups {
        let Some(group) = Pid::from_raw(raw.get()) else {
            continue;
        };
        if group != own && !spared.contains(&group) {
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
    }
}

/// Sends a signal to those of `members` that still are; the numbers may have been given to other
/// processes since they were read.
fn send(members: &[i32], membership: Membership, signal: u8) {
    let Some(signal) = Signal::from_named_raw(signal.into()) else {
        return;
    };
    for pid in members {
        let Some(process) = Pid::from_raw(*pid) else {
            continue;
        };
        if let Ok(held) = rustix::process::pidfd_open(process, PidfdFlags::empty())
            && membership.has(*pid)
        {
            let _ = rustix::process::pidfd_send_signal(&held, signal);
        }
    }
}

fn living(members: &[i32]) -> Living {
    let others = members.iter().filter(|pid| {
        let pid = Pid::from_raw(**pid);
        pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(Errno::PERM))
    });
    let others = others.count();
    Living {
        ours: members.len() - others,
        others,
    }
}
