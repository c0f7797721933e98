//! Command shells and PSSessions for clients of WS-Management.
//!
//! ```text
//!   http ──text──▶ serve ──▶ shells ──▶ commands ──▶ workers ──▶ keeper
//! ```
//!
//! What a shell is, and how far its client has come, is written to a file in the runtime folder
//! before the client hears of it; the programs and their output are with the keeper. So a host
//! that is killed at any moment is replaced by one that goes on where it was.

mod asides;
mod begin;
mod command;
mod completion;
mod config_resource;
pub(crate) mod configuration;
mod engines;
mod life;
mod limits;
mod line;
mod native;
mod pipeline;
mod pool;
mod powershell;
mod quota;
mod receive;
mod runspace;
mod scan;
mod script;
mod serve;
mod shell;
mod stop;
mod store;
mod talk;
mod who;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use winsta_domain::{SessionId, Timestamp};
use winsta_wsman::Fault;
use winsta_wsman::fault::Kind;

use self::configuration::Catalogue;
pub(crate) use self::limits::Limits;
pub(crate) use self::serve::new_guid;
use self::shell::Shell;
use self::store::Store;
pub(crate) use self::who::Principal;
use crate::clock;
use crate::config::Config;
use crate::engine::Engine;
use crate::workers::Workers;

/// How long the programs of shells may take to end when all are to.
const FAREWELL: Duration = Duration::from_secs(10);

/// All shells.
pub(crate) struct Remoting {
    shells: Mutex<BTreeMap<String, Arc<Shell>>>,
    store: Store,
    catalogue: Catalogue,
    /// Until when a host that is of no use stays, for the sake of shells that have ended.
    lingers: Mutex<Option<tokio::time::Instant>>,
    /// Told when the next end of a shell may have another time.
    timing: Notify,
}

impl Remoting {
    /// Shells that an earlier host left in `runtime`; their workers are not known yet.
    pub(crate) fn open(runtime: &std::path::Path, config: &Config, owner: &str) -> Self {
        let store = Store::new(runtime);
        let shells = store.load().into_iter();
        let shells = shells.map(|shell| (shell.id().to_owned(), Arc::new(shell)));
        Self {
            shells: Mutex::new(shells.collect()),
            store,
            catalogue: Catalogue::new(&config.folder, config.remoting, owner),
            lingers: Mutex::default(),
            timing: Notify::new(),
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.shells().is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.shells().len()
    }

    /// Until when the host stays for the sake of shells that have ended.
    pub(crate) fn lingers_until(&self) -> Option<tokio::time::Instant> {
        *self.lingers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn linger(&self, seconds: u32) {
        let until = tokio::time::Instant::now() + Duration::from_secs(seconds.into());
        let mut lingers = self.lingers.lock().unwrap_or_else(PoisonError::into_inner);
        *lingers = (*lingers).max(Some(until));
    }

    fn shells(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Shell>>> {
        self.shells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<Shell>> {
        self.shells().values().cloned().collect()
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.all().iter().filter_map(|shell| shell.expires()).min()
    }
}

impl Engine {
    /// Ends what no shell of user `uid` knows of, and forgets commands that the user's keeper does
    /// not have: once its workers are known.
    pub(crate) fn settle_shells(&self, uid: u32) {
        let Some(workers) = self.workers_of(uid) else {
            return;
        };
        let shells = self.remoting.all().into_iter();
        let mut wanted = std::collections::HashSet::new();
        for shell in shells.filter(|shell| shell.uid() == uid) {
            shell.forget_lost(|id| workers.has(id));
            wanted.extend(shell.workers());
            self.drive_native(&shell);
            // The numbers of what it sends from now on are this host's own.
            self.keep_shell(&shell);
        }
        for id in workers.ids() {
            if !wanted.contains(&id) {
                workers.end(id);
            }
        }
    }

    /// Ends shells whose idle timeout is over, as long as the host lives.
    pub(crate) async fn tend_shells(&self) {
        loop {
            let due = self.remoting.next_expiry();
            let changed = self.remoting.timing.notified();
            match due {
                None => changed.await,
                Some(due) => {
                    let wait = Duration::from_millis(due.0.saturating_sub(clock::now().0));
                    // A clock that is set back lets a shell live longer, and no longer than that.
                    tokio::select! {
                        () = changed => continue,
                        () = tokio::time::sleep(wait) => {}
                    }
                    self.end_expired(clock::now());
                }
            }
        }
    }

    fn end_expired(&self, now: Timestamp) {
        for shell in self.remoting.all() {
            if shell.expires().is_some_and(|due| due <= now) {
                tracing::info!(shell = shell.id(), "a shell's idle timeout is over");
                self.end_shell(&shell);
            }
        }
    }

    /// Ends all shells; returns when nothing of them lives, or cannot be ended.
    pub(crate) async fn end_shells(&self) {
        for shell in self.remoting.all() {
            self.end_shell(&shell);
        }
        let until = tokio::time::Instant::now() + FAREWELL;
        while !self.is_empty() && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends a shell with all of its commands.
    pub(crate) fn end_shell(&self, shell: &Shell) {
        self.remoting.shells().remove(shell.id());
        shell.close();
        self.remoting
            .linger(shell.facts.terms.process_idle_timeout_sec);
        if let Some(workers) = self.workers_of(shell.uid()) {
            for worker in shell.workers() {
                workers.end(worker);
            }
        }
        self.remoting.store.remove(shell.id());
        self.remoting.timing.notify_one();
        self.emptied.notify_one();
    }

    /// Writes down how a shell stands.
    fn keep_shell(&self, shell: &Shell) {
        if let Err(error) = self.remoting.store.save(shell) {
            tracing::error!(shell = shell.id(), %error, "a shell cannot be written down");
        }
    }
}

/// The workers of a shell's user.
fn of_shell(engine: &Engine, shell: &Shell) -> Result<Arc<Workers>, Fault> {
    let workers = engine.workers_of(shell.uid());
    workers.ok_or_else(|| Kind::Internal.saying("The shell's user has no keeper."))
}

/// Number of a worker, as it is written down.
fn worker_id(id: u32) -> SessionId {
    SessionId(id)
}
