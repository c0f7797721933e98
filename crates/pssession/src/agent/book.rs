//! What the agent knows: sessions and jobs, by their numbers.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::entry::{Entry, State};
use super::jobs::JobEntry;
use super::protocol::{Target, View};
use crate::endpoint::lock;
use crate::shells::Listed;

/// How long a broken session is shown.
const BROKEN: Duration = Duration::from_secs(3_600);

/// The book.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: Mutex<Pages>,
    changed: Condvar,
}

/// What is in it.
#[derive(Debug, Default)]
pub(super) struct Pages {
    last_session: u32,
    last_job: u32,
    pub(super) sessions: BTreeMap<u32, Entry>,
    pub(super) jobs: BTreeMap<u32, JobEntry>,
}

impl Book {
    pub(super) fn open(&self) -> MutexGuard<'_, Pages> {
        lock(&self.pages)
    }

    /// Something is different: those who wait look again.
    pub(super) fn tell(&self) {
        self.changed.notify_all();
    }

    /// Waits for a change, not for ever.
    pub(super) fn wait<'a>(
        &self,
        pages: MutexGuard<'a, Pages>,
        most: Duration,
    ) -> MutexGuard<'a, Pages> {
        let waited = self.changed.wait_timeout(pages, most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Changes a session, if it is there.
    pub(super) fn change<T>(&self, id: u32, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let changed = self.open().sessions.get_mut(&id).map(change);
        self.tell();
        changed
    }

    /// What a session's client sees.
    pub(super) fn view(&self, id: u32) -> Option<View> {
        self.open().sessions.get(&id).map(Entry::view)
    }
}

impl Pages {
    /// A number for a session that is to be.
    pub(super) fn next_session(&mut self) -> u32 {
        self.last_session += 1;
        self.last_session
    }

    /// A number for a job that is to be.
    pub(super) fn next_job(&mut self) -> u32 {
        self.last_job += 1;
        self.last_job
    }

    /// Number of the session with this instance id.
    pub(super) fn find(&self, instance_id: &str) -> Option<u32> {
        let mut all = self.sessions.values();
        let found = all.find(|entry| entry.instance_id.eq_ignore_ascii_case(instance_id));
        found.map(|entry| entry.id)
    }

    /// Takes what the service of `target` has now; gives what its client sees, in the service's
    /// order.
    pub(super) fn learn(&mut self, target: &Target, address: &str, all: Vec<Listed>) -> Vec<View> {
        let there: Vec<String> = all.iter().map(|listed| listed.id.clone()).collect();
        let mut views = Vec::new();
        for listed in all {
            let id = self.find(&listed.id).unwrap_or_else(|| self.next_session());
            let entry = self.sessions.get_mut(&id);
            let entry = if let Some(entry) = entry {
                entry.update(listed);
                entry
            } else {
                let entry = Entry::listed(id, target.clone(), address.to_owned(), listed);
                self.sessions.entry(id).or_insert(entry)
            };
            if entry.state != State::Opened {
                // Who asks now may ask as somebody else than before.
                entry.target = target.clone();
            }
            views.push(entry.view());
        }
        self.sessions.retain(|_, entry| {
            let is_here = entry.address == address && entry.target.user == target.user;
            let is_gone = is_here && !there.contains(&entry.instance_id);
            if is_gone && entry.state == State::Opened {
                entry.turn(State::Broken);
            }
            !is_gone || entry.state == State::Broken
        });
        views
    }

    /// Forgets what is over.
    pub(super) fn prune(&mut self, now: Instant) {
        self.sessions.retain(|_, entry| match entry.state {
            State::Broken => now < entry.since + BROKEN,
            _ => entry.expires().is_none_or(|then| now < then),
        });
    }
}
