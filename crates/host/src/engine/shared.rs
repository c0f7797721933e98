//! What the machine's host has beyond a user's own: everybody's keepers, and the roll.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::time::timeout;
use winsta_api::ErrorCode;
use winsta_domain::SessionId;
use winsta_wire::{Adopt, Verb};

use super::keepers::Kept;
use super::{Core, Engine};
use crate::audit::{Begun, Milestone};
use crate::failure::{Failure, failure, hinted};
use crate::keeper::port::{KeeperError, KeeperPort, Queue, answer};
use crate::keeper::sink::Found;
use crate::keeper::thread::{self, Opened};
use crate::keeper::units;
use crate::meta::Meta;
use crate::people::{Caller, Owner};
use crate::roll::Roll;

/// What only the machine's host has.
pub(crate) struct Shared {
    pub(super) roll: Roll,
    /// The engine itself, for the threads that hear keepers.
    engine: Mutex<Weak<Engine>>,
    /// Sessions that an earlier host left, until their keepers have been heard.
    enrolled: Mutex<HashMap<SessionId, Meta>>,
    /// Told when a keeper is gone.
    parted: Notify,
}

/// Keeps a user's keeper from being told to end while a session is being started there.
pub(crate) struct Lease<'a> {
    engine: &'a Engine,
    uid: u32,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut core = self.engine.core();
        if let Some(kept) = core.keepers.get_mut(&self.uid) {
            kept.leases = kept.leases.saturating_sub(1);
        }
        self.engine.emptied.notify_one();
    }
}

impl Shared {
    /// A host for everybody, with what an earlier one left on the roll.
    pub(crate) fn new(roll: Roll, left: HashMap<SessionId, Meta>) -> Self {
        Self {
            roll,
            engine: Mutex::new(Weak::new()),
            enrolled: Mutex::new(left),
            parted: Notify::new(),
        }
    }

    fn engine(&self) -> Option<Arc<Engine>> {
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        engine.upgrade()
    }
}

impl Engine {
    /// Whether this host serves all users of the machine.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// The user whose session a caller's is to be: with a user's own host, that user.
    pub(super) fn owner_for(&self, caller: &Caller) -> Result<Owner, Failure> {
        if !self.is_shared() {
            return Ok(self.owner.clone());
        }
        Owner::of(caller.uid).ok_or_else(|| {
            failure(
                ErrorCode::Forbidden,
                format!("this machine knows no user {}", caller.uid),
            )
        })
    }

    /// Writes a session that is about to be, or what it permits, where the next host reads it.
    pub(super) fn enrol(&self, core: &mut Core, id: SessionId) {
        if self.is_shared() {
            self.write_meta(core, id);
        }
    }

    /// Takes a session off the roll.
    pub(super) fn strike(&self, id: SessionId) {
        if let Some(shared) = &self.shared {
            shared.roll.strike(id);
        }
    }

    /// Whether a session is on the roll as this user's.
    pub(super) fn is_enrolled(&self, uid: u32, id: SessionId) -> bool {
        let Some(shared) = &self.shared else {
            return true;
        };
        let known = self.core().sessions.get(&id).map(|hosted| hosted.meta.uid);
        let left = shared.enrolled();
        let owner = known.or_else(|| left.get(&id).map(|meta| meta.uid));
        owner == Some(uid)
    }

    /// What the roll says of a session that an earlier host left.
    pub(super) fn take_enrolled(&self, id: SessionId) -> Option<Meta> {
        self.shared.as_ref()?.enrolled().remove(&id)
    }

    /// Sessions that stand on the roll as a user's and that their keeper does not have: both host
    /// and keeper are others by now. What they live on, the service manager has kept.
    pub(crate) fn left_behind(&self, uid: u32, found: &[Found]) -> Vec<Adopt> {
        let Some(shared) = &self.shared else {
            return Vec::new();
        };
        let left = shared.enrolled();
        let own = left.iter().filter(|(_, meta)| meta.uid == uid);
        let missing = own.filter(|(id, _)| found.iter().all(|found| found.report.session != **id));
        let reports = missing.filter_map(|(id, meta)| {
            let report = meta.report.as_deref()?;
            (report.session == *id).then(|| Adopt {
                report: report.clone(),
                ledger: Vec::new(),
            })
        });
        reports.collect()
    }

    /// Strikes off what a user's keeper does not have any more.
    pub(super) fn strike_lost(&self, uid: u32) {
        let Some(shared) = &self.shared else { return };
        let mut left = shared.enrolled();
        for (id, _) in left.extract_if(|_, meta| meta.uid == uid) {
            tracing::warn!(session = %id, uid, "its keeper does not have it any more");
            shared.roll.strike(id);
        }
    }

    /// Hears the keepers that an earlier host left, as far as they answer in time.
    pub(crate) async fn take_over(self: &Arc<Self>) {
        let Some(shared) = &self.shared else { return };
        *shared.engine.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(self);
        let running = units::running().await.unwrap_or_else(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "no keepers are found"
            );
            Vec::new()
        });
        let (there, lost): (Vec<_>, Vec<_>) = {
            let left = shared.enrolled();
            let left = left.iter().map(|(id, meta)| (*id, meta.clone()));
            left.partition(|(_, meta)| running.contains(&meta.uid))
        };
        for (id, meta) in &lost {
            tracing::warn!(session = %id, uid = meta.uid, "no keeper has it any more");
            shared.enrolled().remove(id);
            shared.roll.strike(*id);
        }
        let begun = there.iter().map(|(id, meta)| Begun {
            session: *id,
            user: meta.user.clone(),
            command: meta.command.join(" "),
            time: meta.logon.rfc3339().to_string(),
        });
        self.audit.milestone(Milestone::Found {
            incarnation: self.incarnation(),
            sessions: begun.collect(),
            entry: Box::new(self.own_entry(
                "lost",
                None,
                "done",
                "no keeper has it any more".to_owned(),
            )),
        });
        {
            let mut core = self.core();
            for (id, _) in &there {
                core.numbering.seen(*id);
            }
        }
        let opening = running.iter().map(|uid| self.open(*uid));
        let opening: Vec<_> = opening.collect();
        for opened in opening {
            // One that hangs keeps nobody else waiting: it is heard when it speaks.
            let _ = timeout(thread::PATIENCE, opened).await;
        }
    }

    /// Makes sure that user `uid` has a keeper, and that it stays while the lease is held.
    /// A user's own host has its keeper anyway.
    pub(crate) async fn lease(&self, uid: u32) -> Result<Option<Lease<'_>>, Failure> {
        let Some(shared) = &self.shared else {
            return Ok(None);
        };
        loop {
            let parted = shared.parted.notified();
            let opened = {
                let mut core = self.core();
                match core.keepers.get_mut(&uid) {
                    Some(kept) if kept.retiring => None,
                    Some(kept) => {
                        kept.leases += 1;
                        return Ok(Some(Lease { engine: self, uid }));
                    }
                    None => {
                        drop(core);
                        Some(self.open(uid))
                    }
                }
            };
            match opened {
                None => {
                    if timeout(thread::PATIENCE, parted).await.is_err() {
                        return Err(hinted(
                            ErrorCode::Internal,
                            "your keeper was told to end and does not",
                            &format!("systemctl kill -s KILL winsta-keeper@{uid} ends it"),
                        ));
                    }
                }
                Some(opened) => {
                    if let Ok(Err(why)) | Err(why) =
                        opened.await.map_err(|_| "the host ended".to_owned())
                    {
                        return Err(hinted(
                            ErrorCode::Internal,
                            format!("no keeper can be started: {why}"),
                            &format!("journalctl -u winsta-keeper@{uid} says more"),
                        ));
                    }
                }
            }
        }
    }

    /// Starts to hear the keeper of user `uid`, which is started if it does not run.
    fn open(&self, uid: u32) -> Opened {
        let (tell, opened) = tokio::sync::oneshot::channel();
        let Some(shared) = &self.shared else {
            return opened;
        };
        let Some(engine) = shared.engine() else {
            return opened;
        };
        let queue = Arc::new(Queue::default());
        let port = Arc::clone(&queue) as Arc<dyn KeeperPort>;
        {
            let mut core = self.core();
            if core.keepers.contains_key(&uid) {
                // Somebody else was faster; whoever asked looks again.
                let _ = tell.send(Ok(()));
                return opened;
            }
            core.keepers.insert(uid, Kept::new(port));
        }
        let place = units::place(uid, self.dirs.keeper_socket(uid));
        thread::start(engine, uid, queue, place, tell);
        opened
    }

    /// The thread that heard the keeper of user `uid` has ended.
    pub(crate) fn parted(&self, uid: u32) {
        self.core().keepers.remove(&uid);
        if let Some(shared) = &self.shared {
            shared.parted.notify_waiters();
        }
    }

    /// Has keepers end that have nothing to keep.
    pub(crate) async fn retire_idle(&self) {
        let mut told = Vec::new();
        {
            let mut core = self.core();
            let users: Vec<u32> = core.keepers.keys().copied().collect();
            for uid in users {
                let is_needed = core.needs_keeper(uid);
                if let Some(kept) = core.keepers.get_mut(&uid)
                    && !is_needed
                    && kept.leases == 0
                    && !kept.retiring
                    && kept.pid.is_some()
                {
                    kept.retiring = true;
                    told.push((uid, kept.port.ask(Verb::Shutdown, Vec::new())));
                }
            }
        }
        for (uid, asked) in told {
            if let Err(error @ KeeperError::Refused(_)) = answer(asked).await {
                tracing::info!(uid, %error, "a keeper stays");
                if let Some(kept) = self.core().keepers.get_mut(&uid) {
                    kept.retiring = false;
                }
            }
        }
    }
}

impl Shared {
    fn enrolled(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Meta>> {
        self.enrolled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
