//! What one user's keeper says, heard with the trust that it deserves.
//!
//! A user's own host and its keeper run as the same user. The machine's host hears keepers of other
//! users, who can make theirs say anything: each speaks of its own user's sessions only, and of
//! connections that the host gave.

use std::sync::Arc;

use winsta_domain::SessionId;
use winsta_wire::{Event, SessionReport};

use super::Engine;
use crate::keeper::conn::Greeting;
use crate::keeper::port::KeeperError;
use crate::keeper::sink::{Found, KeeperSink, Keepsakes, Orphaned};
use crate::workers::Workers;

/// Highest row of a ledger that the machine's host reads: a keeper has that many sessions at most.
const MOST_ROWS: u32 = 16_384;

/// The keeper of user `uid`.
pub(crate) struct Voice {
    engine: Arc<Engine>,
    uid: u32,
}

impl Voice {
    /// How the keeper of user `uid` is heard.
    pub(crate) fn new(engine: Arc<Engine>, uid: u32) -> Self {
        Self { engine, uid }
    }

    fn workers(&self) -> Option<Arc<Workers>> {
        self.engine.workers_of(self.uid)
    }

    /// Whether the keeper may speak of a session; it is written down if not.
    fn owns(&self, id: SessionId) -> bool {
        let owns = {
            let core = self.engine.core();
            let hosted = core.sessions.get(&id);
            hosted.is_some_and(|hosted| hosted.meta.uid == self.uid)
        };
        if !owns {
            tracing::warn!(uid = self.uid, session = %id, "a keeper speaks of a session that is not its own");
        }
        owns
    }
}

impl KeeperSink for Voice {
    fn greeted(&self, greeting: Greeting) {
        self.engine.greeted(self.uid, greeting);
    }

    fn reconcile(&self, found: Vec<Found>) {
        let credible = |found: &Found| {
            !self.engine.is_shared()
                || (found.report.slot < MOST_ROWS
                    && (Workers::owns(found.report.session)
                        || self.engine.is_enrolled(self.uid, found.report.session)))
        };
        let found = found.into_iter().filter(credible).collect();
        self.engine.reconcile(self.uid, found);
        self.engine.settle_shells(self.uid);
    }

    fn spawned(&self, report: &SessionReport, keepsakes: Keepsakes) {
        if Workers::owns(report.session) {
            if let Some(workers) = self.workers().filter(|_| report.slot < MOST_ROWS) {
                workers.learn(report, keepsakes);
            }
            return;
        }
        if self.owns(report.session) && (!self.engine.is_shared() || report.slot < MOST_ROWS) {
            self.engine.spawned(report, keepsakes);
        }
    }

    fn event(&self, event: Event) {
        let about = event.session();
        if let Some(id) = about.filter(|id| Workers::owns(*id)) {
            if let Some(workers) = self.workers() {
                workers.event(id, &event);
            }
            return;
        }
        // One that has ended by now is nobody's.
        let is_gone = |id| !self.engine.core().sessions.contains_key(&id);
        if about.is_none_or(|id| !is_gone(id) && self.owns(id)) {
            self.engine.event(self.uid, event);
        }
    }

    fn lost(&self) -> Vec<Orphaned> {
        self.engine.lost(self.uid)
    }

    fn not_adopted(&self, orphaned: &Orphaned, reason: &KeeperError) {
        let id = orphaned.adopt.report.session;
        match self.workers().filter(|_| Workers::owns(id)) {
            Some(workers) => workers.lose(id),
            None => self.engine.not_adopted(orphaned, reason),
        }
    }

    fn rescue_problem(&self, problem: Option<String>) {
        self.engine.rescue_problem(self.uid, problem);
    }

    fn is_retiring(&self) -> bool {
        self.engine.is_retiring(self.uid)
    }
}
