//! Sessions that Winsta does not host: looking for them, and what is done to them.

use std::collections::HashSet;
use std::time::Duration;

use winsta_api::{Check, Disconnected, EndReport, ErrorCode, Guard, How, KillReport, ProcessInfo};
use winsta_domain::{SessionId, Timestamp};
use winsta_sources::act::{self, ActError, Ended, Ladder, Step};
use winsta_sources::doctor::{self, Verdict};
use winsta_sources::{Found, Origin, Own, Place};
use winsta_wire::Notice;

use super::hosted::Via;
use super::{Core, Engine};
use crate::access::Verb;
use crate::clock;
use crate::failure::{Failure, failure, hinted};
use crate::people::Caller;
use crate::sources::{Login, unsupported};

/// How long logind may take to notice that a session is gone.
const NOTICE: Duration = Duration::from_secs(3);

impl Engine {
    /// Learns what sessions there are elsewhere. It costs next to nothing if nothing changed.
    pub(crate) async fn look(&self) {
        if !self.config.sources.any() {
            return;
        }
        let snapshot = self.sources.snapshot(&self.own_processes()).await;
        let inputs = self.sources.last_inputs(&snapshot.sessions, clock::now());
        let inputs = inputs.await;
        let events = {
            let mut core = self.core();
            let core = &mut *core;
            let wanted = &self.config.sources;
            let events = core.elsewhere.learn(snapshot, wanted, &mut core.numbering);
            core.elsewhere.set_inputs(inputs);
            join_logins(core, self.is_shared());
            events
        };
        for event in events {
            let detail = event.origin.words().to_owned();
            self.tell(event.change, Some(event.id), detail);
        }
    }

    /// Looks again whenever something changed, as long as somebody listens to changes.
    pub(crate) async fn follow_elsewhere(&self) {
        let mut changes = self.sources.changes();
        while changes.changed().await.is_ok() {
            if self.changes.receiver_count() > 0 {
                self.look().await;
            }
        }
    }

    /// The same, if the session is not one that is known by now.
    pub(crate) async fn look_for(&self, id: SessionId) {
        let known = id == SessionId::CONSOLE || self.core().sessions.contains_key(&id);
        if !known {
            self.look().await;
        }
    }

    fn own_processes(&self) -> Own {
        let core = self.core();
        let keepers = core.keepers.values().filter_map(|kept| kept.pid);
        let reports = core
            .sessions
            .values()
            .filter_map(|hosted| hosted.report.as_ref());
        Own {
            roots: std::iter::once(std::process::id()).chain(keepers).collect(),
            leaders: reports.map(|report| report.leader).collect(),
        }
    }

    /// What finding sessions and acting on them depends on, and what of it is missing.
    pub(crate) async fn doctor(&self) -> Vec<Check> {
        let checks = doctor::examine(&self.sources).await;
        let check = |check: doctor::Check| Check {
            what: check.what.to_owned(),
            verdict: match check.verdict {
                Verdict::Good => "good",
                Verdict::Limited => "limited",
                Verdict::Absent => "absent",
            }
            .to_owned(),
            found: check.found,
            remedy: check.remedy.map(str::to_owned),
        };
        checks.into_iter().map(check).collect()
    }

    /// The session, if it is one that Winsta does not host.
    pub(crate) fn found(&self, id: SessionId) -> Option<Found> {
        self.core().elsewhere.get(id).cloned()
    }

    /// The session elsewhere that a caller sits in.
    pub(crate) fn login_of(&self, caller: &Caller) -> Option<SessionId> {
        let core = self.core();
        if core.elsewhere.concerns_nobody() {
            return None;
        }
        let place = winsta_sources::place_of(u32::try_from(caller.pid?).ok()?);
        let mut listed = core.elsewhere.listed();
        listed
            .find(|(_, found)| found.holds(&place))
            .map(|(id, _)| id)
    }

    /// The session, if it is one elsewhere and the verb can be carried out on it.
    pub(super) fn found_for(&self, id: SessionId, verb: Verb) -> Result<Option<Found>, Failure> {
        let core = self.core();
        let Some(found) = core.elsewhere.get(id) else {
            return Ok(None);
        };
        match unsupported(&Login { id, found }, verb) {
            Some(refusal) => Err(refusal),
            None => Ok(Some(found.clone())),
        }
    }

    /// The same, where the caller must mean this very session.
    pub(super) fn meant(
        &self,
        id: SessionId,
        verb: Verb,
        guard: &Guard,
    ) -> Result<Option<Found>, Failure> {
        let found = self.found_for(id, verb)?;
        if found.is_some() {
            self.core().check_guard(id, guard)?;
        }
        Ok(found)
    }

    /// Ends a session elsewhere.
    pub(super) async fn end_elsewhere(
        &self,
        id: SessionId,
        found: &Found,
        how: How,
    ) -> Result<EndReport, Failure> {
        let ladder = match how {
            How::Logoff => Ladder::Logoff,
            How::Reset => Ladder::Reset,
        };
        let own = self.own_processes();
        let Ended { step, left } = self.sources.end(found, ladder, &own.roots).await;
        if left == 0 {
            self.sources.await_end(&found.key, &own, NOTICE).await;
        } else if !self.is_permitted(found) {
            return Err(self.not_permitted(found));
        }
        self.look().await;
        let step = match step {
            None => "gone",
            Some(Step::Hup) => "HUP",
            Some(Step::Term) => "TERM",
            Some(Step::Kill) => "KILL",
        };
        Ok(EndReport {
            id: id.0,
            ended: left == 0,
            step: step.to_owned(),
            left,
            by: None,
        })
    }

    /// Disconnects a session elsewhere, or locks it where that is what disconnecting means.
    pub(super) async fn disconnect_elsewhere(
        &self,
        id: SessionId,
        found: &Found,
    ) -> Result<Disconnected, Failure> {
        let done = match found.origin {
            Origin::Console => self.sources.lock(found).await.map(|()| true),
            Origin::Ssh | Origin::Xrdp | Origin::Other => self.sources.disconnect(found).await,
        };
        let gone = done.map_err(|error| self.not_done(found, &error))?;
        self.look().await;
        Ok(Disconnected {
            id: id.0,
            connections: u32::from(gone),
        })
    }

    /// Shows a message in a session elsewhere; gives at how many places.
    pub(super) async fn tell_elsewhere(
        &self,
        found: &Found,
        from: &str,
        text: &str,
        seconds: u32,
    ) -> Result<u32, Failure> {
        let told = self.sources.tell(found, from, text, seconds).await;
        told.map_err(|error| {
            let mut failure = self.not_done(found, &error);
            failure.message = format!("the message was not delivered: {}", failure.message);
            failure
        })
    }

    /// Shows what clients of hosted sessions show in a box.
    pub(super) async fn notify_elsewhere(
        &self,
        found: &Found,
        notice: &Notice,
    ) -> Result<u32, Failure> {
        let (from, text, seconds) = match notice {
            Notice::Message {
                from,
                text,
                seconds,
                ..
            } => (from.as_str(), text.clone(), *seconds),
            Notice::Countdown { text, due_ms, .. } => {
                let left = Timestamp(*due_ms).seconds_since(clock::now());
                let left = u32::try_from(left).unwrap_or(u32::MAX).max(1);
                ("winsta", format!("{text}\n(in {left} s)"), left)
            }
            Notice::Cancelled { reason, .. } => ("winsta", reason.clone(), 60),
            Notice::Consent { .. } | Notice::Switch { .. } | Notice::Other => return Ok(0),
        };
        self.tell_elsewhere(found, from, &text, seconds).await
    }

    /// Processes of a session elsewhere.
    pub(super) fn processes_elsewhere(
        &self,
        id: SessionId,
        found: &Found,
        current: Option<SessionId>,
    ) -> Vec<ProcessInfo> {
        let name = found.connection_name(id);
        let members = act::members(found, &self.own_processes().roots);
        let info = |process: winsta_sources::Process| ProcessInfo {
            host: self.host.clone(),
            user: Some(self.names.of(process.uid)),
            session_name: name.clone(),
            id: id.0,
            pid: process.stat.pid,
            image: process.stat.name,
            current: current == Some(id),
        };
        members.into_iter().map(info).collect()
    }

    /// Processes of all listed sessions elsewhere that the caller may look into.
    pub(super) fn all_processes_elsewhere(
        &self,
        caller: &Caller,
        current: Option<SessionId>,
    ) -> Vec<ProcessInfo> {
        let listed: Vec<(SessionId, Found)> = {
            let core = self.core();
            let listed = core.elsewhere.listed();
            listed.map(|(id, found)| (id, found.clone())).collect()
        };
        let may = |(id, _): &&(SessionId, Found)| self.may(caller, Verb::Inspect, *id);
        let listed = listed.iter().filter(may);
        listed
            .flat_map(|(id, found)| self.processes_elsewhere(*id, found, current))
            .collect()
    }

    /// Kills a process of a session elsewhere.
    pub(super) fn kill_elsewhere(
        &self,
        id: SessionId,
        found: &Found,
        pid: u32,
    ) -> Result<KillReport, Failure> {
        match act::kill(found, pid, &self.own_processes().roots) {
            Ok(()) => Ok(KillReport { id: id.0, pid }),
            Err(ActError::NotAMember) => {
                let text = format!("process {pid} is not one of session {id}");
                Err(failure(ErrorCode::NotFound, text))
            }
            Err(error) => Err(self.not_done(found, &error)),
        }
    }

    /// Whether the kernel lets this process act on the session's.
    fn is_permitted(&self, found: &Found) -> bool {
        self.owner.uid == 0 || self.owner.uid == found.uid
    }

    fn not_permitted(&self, found: &Found) -> Failure {
        let (me, user) = (&self.owner.name, &found.user);
        hinted(
            ErrorCode::Forbidden,
            format!("this host runs as {me}, who has no right to control {user}'s sessions"),
            "ask root's own host: sudo winsta …",
        )
    }

    fn not_done(&self, found: &Found, error: &ActError) -> Failure {
        match error {
            ActError::Denied if !self.is_permitted(found) => self.not_permitted(found),
            ActError::Denied => hinted(
                ErrorCode::Forbidden,
                "the kernel refuses this to the host's user",
                "ask root's own host: sudo winsta …",
            ),
            ActError::NotAMember => failure(ErrorCode::NotFound, error.to_string()),
            ActError::Impossible(_) => failure(ErrorCode::Conflict, error.to_string()),
            ActError::Bus(_) | ActError::Io(_) => hinted(
                ErrorCode::Internal,
                doctor::in_words(error),
                "winsta doctor says what is missing on this machine",
            ),
        }
    }
}

/// Finds the logins from which clients are attached to hosted sessions: each of these is listed as
/// the connection that it is, and not a second time by itself.
///
/// A keeper of the machine's host could say that any process is its client: there only the logins
/// of whoever got the permit count.
fn join_logins(core: &mut Core, shared: bool) {
    let Core {
        elsewhere,
        sessions,
        ..
    } = core;
    if elsewhere.concerns_nobody() {
        return;
    }
    let mut inside = HashSet::new();
    for hosted in sessions.values_mut() {
        let mut changed = false;
        for client in &mut hosted.clients {
            if !client.note.transport.connects() {
                continue;
            }
            let (pid, uid) = (client.pid, client.uid);
            let place: &Place = client
                .place
                .get_or_insert_with(|| winsta_sources::place_of(pid));
            let login = elsewhere.all().find(|(_, found)| {
                let theirs = !shared || found.uid == uid;
                theirs
                    && matches!(found.origin, Origin::Ssh | Origin::Console)
                    && found.holds(place)
            });
            let via = login.and_then(|(id, found)| {
                Some(Via {
                    login: id,
                    name: found.connection_name(id)?,
                    client_name: found.client_name.clone(),
                    client_address: found.client_address.clone(),
                })
            });
            inside.extend(via.as_ref().map(|via| via.login));
            changed |= client.via != via;
            client.via = via;
        }
        if changed {
            hosted.touch();
        }
    }
    elsewhere.set_inside(inside);
}
