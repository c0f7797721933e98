//! Finding sessions, and knowing when to look again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch as channel};
use winsta_domain::{State, Timestamp};

use crate::act::{self, ActError};
use crate::assemble::assemble;
use crate::desktop::Agents;
use crate::facts::{Facts, attended_now};
use crate::found::{Found, Key, Origin, Snapshot};
use crate::login::Login;
use crate::logind::{Bus, BusError};
use crate::watch;

/// How long a bus that does not answer is left alone.
const REST: Duration = Duration::from_secs(10);
/// How long all desktops together may take to say when their users last typed.
const IDLE_TIMES: Duration = Duration::from_millis(500);
/// Between two looks at a session whose end sends no signal.
const AGAIN: Duration = Duration::from_millis(200);

/// What the sources know, and how.
#[derive(Debug, Default)]
pub struct Sources {
    shared: Arc<Shared>,
    state: Mutex<Known>,
    agents: Agents,
}

/// Winsta's own processes.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// What descends from these is hosted: a login of which nothing else is left is none.
    pub roots: Vec<u32>,
    /// The first processes of hosted sessions: no login begins with one of these.
    pub leaders: HashSet<u32>,
}

/// What watchers tell.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Something changed since the last look.
    pub(crate) stale: AtomicBool,
    /// The bus is gone.
    pub(crate) lost: AtomicBool,
    /// Counts changes.
    changes: channel::Sender<u64>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            stale: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            changes: channel::Sender::new(0),
        }
    }
}

impl Shared {
    /// Takes note that something changed.
    pub(crate) fn mark(&self) {
        self.stale.store(true, Ordering::Release);
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}

#[derive(Debug, Default)]
struct Known {
    bus: Option<Bus>,
    rest: Option<Instant>,
    watching_xrdp: bool,
    last: Option<Last>,
}

/// The last look.
#[derive(Debug)]
struct Last {
    snapshot: Arc<Snapshot>,
    attended: BTreeMap<u32, u64>,
    /// Whether something of it changes without a word from anybody.
    fleeting: bool,
}

impl Sources {
    /// Sources that have not looked yet. Nothing is read and nobody is connected to before
    /// [`snapshot`](Self::snapshot) is called.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is there now. It is read anew only if something changed since the last time.
    ///
    /// It takes at most about two seconds, however stuck D-Bus is: without its answer less is
    /// known, and [`Snapshot::trouble`] says so.
    pub async fn snapshot(&self, own: &Own) -> Arc<Snapshot> {
        let mut known = self.state.lock().await;
        let stale = self.shared.stale.swap(false, Ordering::AcqRel);
        if !stale && let Some(snapshot) = known.fresh() {
            return snapshot;
        }
        let (logins, trouble) = match self.logins(&mut known).await {
            Ok(logins) => (Some(logins), None),
            Err(trouble) => (None, Some(trouble)),
        };
        let without_logind = logins.is_none();
        let own = own.clone();
        let gathered = tokio::task::spawn_blocking(move || Facts::gather(logins, &own)).await;
        let facts = gathered.unwrap_or_default();
        if !known.watching_xrdp {
            known.watching_xrdp = watch::xrdp(&self.shared);
        }
        let closing = facts
            .logins
            .iter()
            .flatten()
            .any(|login| login.login.state == "closing");
        let snapshot = Arc::new(assemble(&facts, trouble));
        let starting = snapshot.sessions.iter().any(|s| s.state == State::Init);
        known.last = Some(Last {
            snapshot: Arc::clone(&snapshot),
            attended: facts.attended,
            fleeting: without_logind || closing || starting,
        });
        snapshot
    }

    /// Changes from now on: a receiver that is told whenever there is reason to look again.
    pub fn changes(&self) -> channel::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Waits until a session that was ended is no longer listed, for at most `patience`: logind
    /// notices by and by. Whether it is gone.
    pub async fn await_end(&self, key: &Key, own: &Own, patience: Duration) -> bool {
        let mut changes = self.changes();
        let gone = async {
            loop {
                let snapshot = self.snapshot(own).await;
                if !snapshot.sessions.iter().any(|found| found.key == *key) {
                    return;
                }
                // What sends no signal is looked at again all the same.
                let _ = tokio::time::timeout(AGAIN, changes.changed()).await;
            }
        };
        tokio::time::timeout(patience, gone).await.is_ok()
    }

    /// When the users of desktops last typed, as far as their X servers say and this process may
    /// ask them.
    pub async fn last_inputs(&self, sessions: &[Found], now: Timestamp) -> HashMap<Key, Timestamp> {
        self.agents.keep(sessions);
        let mut inputs = HashMap::new();
        let begun = Instant::now();
        for found in sessions.iter().filter(|found| may_ask(found)) {
            // However many hang: a list does not wait for all of them.
            if begun.elapsed() > IDLE_TIMES {
                break;
            }
            if let Some(last) = self.agents.last_input(found, now).await {
                inputs.insert(found.key.clone(), last);
            }
        }
        inputs
    }

    /// Shows a message to a session's user for `seconds`, at the session's terminals or on its
    /// desktop; gives at how many places.
    pub async fn tell(
        &self,
        found: &Found,
        from: &str,
        text: &str,
        seconds: u32,
    ) -> Result<u32, ActError> {
        if !found.graphical {
            return act::tell(found, from, text);
        }
        if !may_show(found) {
            return Err(ActError::Denied);
        }
        let told = self.agents.tell(found, from, text, seconds).await;
        told.map(|()| 1).map_err(ActError::Io)
    }

    /// The bus, if there is one.
    pub(crate) async fn bus(&self) -> Option<Bus> {
        self.state.lock().await.bus.clone()
    }

    /// The bus, after trying to connect once more; for a check of the machine.
    pub(crate) async fn check_bus(&self) -> Result<usize, String> {
        let mut known = self.state.lock().await;
        known.rest = None;
        self.logins(&mut known).await.map(|logins| logins.len())
    }

    /// logind's list, or why there is none.
    async fn logins(&self, known: &mut Known) -> Result<Vec<Login>, String> {
        if known.rest.is_some_and(|until| Instant::now() < until) {
            return Err(in_words(&BusError::Stuck));
        }
        known.rest = None;
        if self.shared.lost.swap(false, Ordering::AcqRel) {
            known.bus = None;
        }
        let asked = self.ask(known).await;
        asked.map_err(|error| {
            known.bus = None;
            if matches!(error, BusError::Stuck) {
                known.rest = Instant::now().checked_add(REST);
            }
            tracing::debug!(error = &error as &dyn std::error::Error, "no logind");
            in_words(&error)
        })
    }

    async fn ask(&self, known: &mut Known) -> Result<Vec<Login>, BusError> {
        let bus = if let Some(bus) = known.bus.take() {
            bus
        } else {
            let bus = Bus::connect().await?;
            watch::logind(bus.signals().await?, &self.shared);
            bus
        };
        let logins = bus.logins().await?;
        known.bus = Some(bus);
        Ok(logins)
    }
}

impl Known {
    /// The last look, if it still holds.
    fn fresh(&self) -> Option<Arc<Snapshot>> {
        let last = self.last.as_ref().filter(|last| !last.fleeting)?;
        // A client that leaves a display sends no signal; without such displays nothing is read.
        let desktops = last.snapshot.sessions.iter();
        let mut desktops = desktops.filter(|found| found.origin == Origin::Xrdp);
        if desktops.next().is_some() && attended_now() != last.attended {
            return None;
        }
        Some(Arc::clone(&last.snapshot))
    }
}

/// Whether the session has an X server that this process may have asked in its user's name.
fn may_ask(found: &Found) -> bool {
    found.display.is_some() && may_show(found)
}

/// Whether a message can be shown on its desktop.
fn may_show(found: &Found) -> bool {
    let me = rustix::process::geteuid();
    found.graphical
        && matches!(found.state, State::Active | State::Disconnected)
        && (me.is_root() || me.as_raw() == found.uid)
}

fn in_words(error: &BusError) -> String {
    let cause = std::error::Error::source(error);
    let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
