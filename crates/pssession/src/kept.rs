//! Connections that wait for the next question.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use winsta_client::Connection;

use crate::endpoint::lock;
use crate::negotiate::Seal;

/// Most connections to one service that are kept.
const MOST: usize = 4;
/// How long one is kept: most services end them after two minutes.
const FRESH: Duration = Duration::from_secs(90);

/// A connection on which the service knows who asks, if it knows that by the connection.
pub(crate) struct Channel {
    pub(crate) connection: Box<dyn Connection>,
    /// What bodies are sealed with, if they are.
    pub(crate) seal: Option<Box<Seal>>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}

/// Connections to one service, all of them somebody's who has shown who they are.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<(Instant, Channel)>>);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Kept").field(&lock(&self.0).len()).finish()
    }
}

impl Kept {
    /// The one that was used last.
    pub(crate) fn take(&self) -> Option<Channel> {
        let now = Instant::now();
        let mut all = lock(&self.0);
        all.retain(|(since, _)| now < *since + FRESH);
        all.pop().map(|(_, channel)| channel)
    }

    pub(crate) fn put(&self, channel: Channel) {
        let mut all = lock(&self.0);
        if all.len() < MOST {
            all.push((Instant::now(), channel));
        }
    }

    /// None of them leads anywhere, as far as is known.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    fn is_stale(&self, now: Instant) -> bool {
        lock(&self.0).iter().all(|(since, _)| now >= *since + FRESH)
    }
}

/// The connections to many services, so that sessions on one share theirs. `K` says which service,
/// and as whom it is used.
#[derive(Debug)]
pub(crate) struct Lobby<K>(Mutex<Vec<(K, Arc<Kept>)>>);

impl<K> Default for Lobby<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq> Lobby<K> {
    /// The connections to this service.
    pub(crate) fn of(&self, key: K) -> Arc<Kept> {
        let mut all = lock(&self.0);
        if let Some((_, kept)) = all.iter().find(|(known, _)| *known == key) {
            return Arc::clone(kept);
        }
        let kept = Arc::new(Kept::default());
        all.push((key, Arc::clone(&kept)));
        kept
    }

    /// Closes what nobody has used for a while.
    pub(crate) fn tidy(&self, now: Instant) {
        lock(&self.0).retain(|(_, kept)| Arc::strong_count(kept) > 1 || !kept.is_stale(now));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn channel() -> Channel {
        Channel {
            connection: Box::new(UnixStream::pair().expect("a pair of sockets").0),
            seal: None,
        }
    }

    #[test]
    fn sessions_on_one_service_share_connections() {
        let lobby = Lobby::default();
        lobby.of("ann@web01").put(channel());
        assert!(lobby.of("bob@web01").take().is_none());
        assert!(lobby.of("ann@web01").take().is_some());
        assert!(lobby.of("ann@web01").take().is_none());
    }

    #[test]
    fn few_are_kept_and_none_for_long() {
        let kept = Kept::default();
        for _ in 0..2 * MOST {
            kept.put(channel());
        }
        assert_eq!(lock(&kept.0).len(), MOST);
        assert!(!kept.is_stale(Instant::now()));
        assert!(kept.is_stale(Instant::now() + FRESH));
        let lobby = Lobby::default();
        let held = lobby.of("held");
        lobby.of("fresh").put(channel());
        lobby.tidy(Instant::now());
        assert_eq!(lock(&lobby.0).len(), 2);
        let later = Instant::now() + FRESH;
        lobby.tidy(later);
        assert_eq!(lock(&lobby.0).len(), 1);
        drop(held);
        lobby.tidy(later);
        assert!(lock(&lobby.0).is_empty());
    }
}
