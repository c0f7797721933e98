//! Tells services that their client lives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::entry::State;
use super::jobs::JobEntry;
use super::protocol::JobState;
use super::throttle::each;
use super::verbs::Shared;
use crate::patience::Patience;

/// How long a session's service may hear nothing: well below the four minutes after which a client
/// counts as gone.
const SILENCE: Duration = Duration::from_secs(90);
/// How many services are told at once.
const AT_ONCE: usize = 16;

impl Shared {
    /// Lets the services of sessions that were not used for a while hear something, and forgets
    /// what is over. Gives how long nothing is to be done.
    pub(super) fn beat(&self) -> Option<Duration> {
        let now = Instant::now();
        self.lobby.tidy(now);
        let quiet: Vec<_> = {
            let mut pages = self.book.open();
            pages.prune(now);
            let open = pages.sessions.values().filter(|entry| {
                entry.state == State::Opened && entry.busy == 0 && now >= entry.heard + SILENCE
            });
            open.filter_map(|entry| Some((entry.id, Arc::clone(entry.session.as_ref()?))))
                .collect()
        };
        each(quiet, AT_ONCE, |(id, session)| {
            match session.beat(&Patience::NONE) {
                Ok(()) => {
                    self.book.change(id, |entry| entry.heard = Instant::now());
                }
                // The network may come back; its service waits for some minutes.
                Err(problem) if problem.is_passing() => {}
                Err(problem) => self.lost(id, &problem),
            }
        });
        let pages = self.book.open();
        let next = pages
            .sessions
            .values()
            .filter_map(|entry| match entry.state {
                State::Opened => Some(entry.heard.max(now) + SILENCE / 2),
                _ => entry.expires(),
            });
        let next = next.min();
        next.map(|then| {
            then.saturating_duration_since(Instant::now())
                .max(Duration::from_secs(1))
        })
    }

    /// Whether there is nothing that the agent is needed for.
    pub(super) fn is_idle(&self) -> bool {
        let pages = self.book.open();
        let is_kept = |job: &JobEntry| job.state == JobState::Running || !job.told.is_empty();
        pages.sessions.is_empty() && !pages.jobs.values().any(is_kept)
    }
}
