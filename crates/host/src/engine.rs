//! What the host knows of its sessions, and what becomes of what happens to them.
//!
//! All state is in [`Core`] behind one lock that is never held across an await. What happens is
//! fed into the sessions' machines ([`Engine::feed`]); what the machines ask for is posted to the
//! keeper and told to whoever listens.

pub(crate) mod attach;
pub(crate) mod countdown;
pub(crate) mod create;
pub(crate) mod elsewhere;
pub(crate) mod end;
pub(crate) mod hosted;
pub(crate) mod input;
pub(crate) mod keepers;
mod login;
pub(crate) mod message;
pub(crate) mod notices;
pub(crate) mod rights;
mod shared;
pub(crate) mod sink;
pub(crate) mod view;
pub(crate) mod voice;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast, oneshot};
use winsta_api::{Change, ErrorCode, Guard};
use winsta_client::Dirs;
use winsta_domain::guard::{self, GuardDecision, Sighting};
use winsta_domain::session::{Action, EndCause, EndHow, Happening, Input};
use winsta_domain::{ExitStatus, Incarnation, SessionId, Timestamp};
use winsta_sources::Sources;
use winsta_wire::{Step, Verb};

use self::hosted::Hosted;
use self::keepers::Kept;
use self::notices::Notices;
pub(crate) use self::shared::Shared;
use crate::audit::{Audit, Milestone};
use crate::clock;
use crate::config::Config;
use crate::elsewhere::Elsewhere;
use crate::elsewhere::register::Register;
use crate::failure::{Failure, failure, hinted, no_session};
use crate::keeper::orphans::Orphans;
use crate::keeper::port::KeeperPort;
use crate::numbering::Numbering;
use crate::people::{Names, Owner};
use crate::problems::Problems;
use crate::remoting::Remoting;

/// Endings that are remembered for those who ask later.
const MAX_ENDINGS: usize = 1_000;
/// Changes that a slow listener may be behind.
const MAX_CHANGES: usize = 1_024;

/// The host's core.
pub(crate) struct Engine {
    pub(crate) host: String,
    pub(crate) owner: Owner,
    pub(crate) config: Config,
    pub(crate) dirs: Dirs,
    pub(crate) audit: Audit,
    pub(crate) problems: Problems,
    pub(crate) names: Names,
    pub(crate) orphans: Arc<Orphans>,
    /// Remote shells.
    pub(crate) remoting: Remoting,
    /// What the machine's host has beyond a user's own; `None`: it is a user's own.
    shared: Option<Shared>,
    /// Where sessions are found that are not hosted.
    pub(crate) sources: Sources,
    pub(crate) changes: broadcast::Sender<Change>,
    /// Told when there may be no more sessions.
    pub(crate) emptied: Notify,
    pub(crate) started: Timestamp,
    stopping: AtomicBool,
    core: Mutex<Core>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) status: ExitStatus,
    pub(crate) cause: EndCause,
}

/// What became of a wish to end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndResult {
    Ended(Ending),
    /// Its first process may not be killed.
    Stuck {
        left: u32,
    },
}

/// Everything that changes.
pub(crate) struct Core {
    pub(crate) numbering: Numbering,
    pub(crate) sessions: BTreeMap<SessionId, Hosted>,
    pub(crate) elsewhere: Elsewhere,
    pub(crate) next_connection: u32,
    pub(crate) endings: VecDeque<(SessionId, Ending)>,
    pub(crate) waiters: HashMap<SessionId, Vec<oneshot::Sender<EndResult>>>,
    pub(crate) notices: Notices,
    /// The keepers by their users.
    pub(crate) keepers: BTreeMap<u32, Kept>,
}

/// Whom a host serves.
pub(crate) enum Serves {
    /// The user that it runs as, who has this keeper.
    Owner(Arc<dyn KeeperPort>),
    /// All users of the machine.
    Everybody(Shared),
}

/// What an engine is made of.
pub(crate) struct Parts {
    pub(crate) host: String,
    pub(crate) owner: Owner,
    pub(crate) config: Config,
    pub(crate) dirs: Dirs,
    pub(crate) audit: Audit,
    pub(crate) problems: Problems,
    pub(crate) orphans: Arc<Orphans>,
    pub(crate) serves: Serves,
    pub(crate) numbering: Numbering,
}

impl Engine {
    /// An engine that knows of no sessions yet.
    pub(crate) fn new(parts: Parts) -> Self {
        let register = Register::open(&parts.dirs.private(), &parts.numbering);
        let remoting = Remoting::open(&parts.dirs.private(), &parts.config, &parts.owner.name);
        let mut keepers = BTreeMap::new();
        let shared = match parts.serves {
            Serves::Owner(port) => {
                keepers.insert(parts.owner.uid, Kept::new(port));
                None
            }
            Serves::Everybody(shared) => Some(shared),
        };
        Self {
            host: parts.host,
            owner: parts.owner,
            config: parts.config,
            dirs: parts.dirs,
            audit: parts.audit,
            problems: parts.problems,
            names: Names::default(),
            orphans: parts.orphans,
            remoting,
            shared,
            sources: Sources::new(),
            changes: broadcast::channel(MAX_CHANGES).0,
            emptied: Notify::new(),
            started: clock::now(),
            stopping: AtomicBool::new(false),
            core: Mutex::new(Core {
                numbering: parts.numbering,
                sessions: BTreeMap::new(),
                elsewhere: Elsewhere::new(register),
                next_connection: 1,
                endings: VecDeque::new(),
                waiters: HashMap::new(),
                notices: Notices::default(),
                keepers,
            }),
        }
    }

    /// The state. Keep it for moments only.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        // A panic elsewhere must not stop anybody from ending a session.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names this life of the numbering.
    pub(crate) fn incarnation(&self) -> Incarnation {
        self.core().numbering.incarnation().clone()
    }

    /// From now on no session is started.
    pub(crate) fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Sessions are started again.
    pub(crate) fn go_on(&self) {
        self.stopping.store(false, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Whether there are no sessions, nor remote shells.
    pub(crate) fn is_empty(&self) -> bool {
        let core = self.core();
        let idle = core.keepers.values().all(|kept| kept.workers.is_empty());
        core.sessions.is_empty() && idle && self.remoting.is_empty()
    }

    /// Tells a session's machine what happened, and does what it asks for.
    pub(crate) fn feed(&self, core: &mut Core, id: SessionId, input: Input) {
        let Some(hosted) = core.sessions.get_mut(&id) else {
            return;
        };
        hosted.machine.handle(clock::now(), input);
        hosted.touch();
        while let Some(action) = core.sessions.get_mut(&id).and_then(|h| h.machine.poll()) {
            match action {
                Action::RunLadder(how) => core.post(
                    id,
                    Verb::End {
                        session: id,
                        steps: ladder(how),
                    },
                ),
                Action::Collect => core.post(id, Verb::Collect { session: id }),
                Action::Announce(happening) => self.happened(core, id, happening),
            }
        }
        let ended = core.sessions.get(&id).and_then(Hosted::ending);
        if let Some(ending) = ended {
            self.forget(core, id, ending);
        }
    }

    /// Counts, remembers and tells a change.
    fn happened(&self, core: &mut Core, id: SessionId, happening: Happening) {
        tracing::info!(session = %id, ?happening, "session");
        match happening {
            Happening::Created => {
                core.numbering.count(|counters| counters.created += 1);
                self.tell("created", Some(id), String::new());
            }
            Happening::Connected { connection, again } => {
                if again {
                    core.numbering.count(|counters| counters.reconnected += 1);
                }
                self.write_meta(core, id);
                let name = crate::meta::connection_name(connection);
                self.tell("connected", Some(id), name);
            }
            Happening::Left { .. } => {}
            Happening::Disconnected { connection } => {
                core.numbering.count(|counters| counters.disconnected += 1);
                self.write_meta(core, id);
                let name = crate::meta::connection_name(connection);
                self.tell("disconnected", Some(id), name);
            }
            Happening::Ending(how) => self.tell("reset", Some(id), format!("{how:?}")),
            Happening::NotEnded { left } => {
                answer_waiters(core, id, EndResult::Stuck { left });
                let detail = format!("{left} processes could not be ended");
                self.tell("reset_failed", Some(id), detail);
            }
            Happening::Ended { status, .. } => {
                self.audit.milestone(Milestone::Ended {
                    incarnation: core.numbering.incarnation().clone(),
                    session: id,
                    status,
                    time: clock::now().rfc3339().to_string(),
                });
                self.tell("ended", Some(id), status.to_string());
            }
        }
    }

    /// Takes an ended session off the list.
    fn forget(&self, core: &mut Core, id: SessionId, ending: Ending) {
        core.sessions.remove(&id);
        self.strike(id);
        core.notices.session_ended(id);
        core.endings.push_back((id, ending));
        if core.endings.len() > MAX_ENDINGS {
            core.endings.pop_front();
        }
        answer_waiters(core, id, EndResult::Ended(ending));
        if core.sessions.is_empty() || self.is_shared() {
            self.emptied.notify_one();
        }
    }

    /// Gives the keeper the present description of a session, for the next host.
    pub(crate) fn write_meta(&self, core: &mut Core, id: SessionId) {
        let countdowns = core.notices.countdowns_of(id).cloned().collect();
        if let Some(hosted) = core.sessions.get_mut(&id) {
            hosted.meta.countdowns = countdowns;
            hosted.meta.disconnected = hosted.machine.disconnected_since();
            if let Some(shared) = &self.shared {
                hosted.meta.permits = hosted.permits();
                hosted.meta.report.clone_from(&hosted.report);
                return shared.roll.write(id, &hosted.meta);
            }
            let meta = hosted.meta.to_json();
            core.post(id, Verb::SetMeta { session: id, meta });
        }
    }

    /// Tells a change to whoever listens.
    pub(crate) fn tell(&self, change: &str, session: Option<SessionId>, detail: String) {
        let change = Change {
            change: change.to_owned(),
            time: clock::now().rfc3339().to_string(),
            session: session.map(|id| id.0),
            detail,
        };
        // An error only says that nobody listens.
        let _ = self.changes.send(change);
    }
}

impl Core {
    /// Checks that `guard` means the session that has this number now.
    pub(crate) fn check_guard(&self, id: SessionId, guard: &Guard) -> Result<(), Failure> {
        let logon = match (self.sessions.get(&id), self.elsewhere.get(id)) {
            (Some(hosted), _) => hosted.meta.logon,
            (None, Some(found)) => found.logon,
            (None, None) => return Err(no_session(id)),
        };
        let logon_time = match &guard.logon_time {
            Some(text) => Some(Timestamp::parse_rfc3339(text).ok_or_else(|| {
                failure(
                    ErrorCode::Invalid,
                    format!("{text:?} is no logon time; it is the listed text"),
                )
            })?),
            None => None,
        };
        let seen = Sighting {
            incarnation: Incarnation(guard.incarnation.clone()),
            id,
            logon_time,
        };
        match guard::check(&seen, self.numbering.incarnation(), Some(logon)) {
            GuardDecision::Same => Ok(()),
            GuardDecision::Stale(why) => Err(hinted(
                ErrorCode::Stale,
                why.to_string(),
                "list the sessions again and look before you repeat this",
            )),
        }
    }
}

/// The rungs of a ladder. A shell that gets HUP needs moments; an editor that saves, seconds.
fn ladder(how: EndHow) -> Vec<Step> {
    let step = |signal, grace_ms| Step { signal, grace_ms };
    match how {
        EndHow::Logoff => vec![step(1, 3_000), step(15, 3_000), step(9, 100)],
        EndHow::Reset => vec![step(9, 50)],
    }
}

fn answer_waiters(core: &mut Core, id: SessionId, result: EndResult) {
    for waiter in core.waiters.remove(&id).unwrap_or_default() {
        // Whoever waited may have given up.
        let _ = waiter.send(result);
    }
}

#[cfg(test)]
mod shared_tests;
#[cfg(test)]
mod tests;
