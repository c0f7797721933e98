//! Which looks at their own sessions a user's audit trail records.
//!
//! A prompt or a status line reads a session's screen every second. A row for each would push
//! everything else out of the trail, and nobody asks who looked at what is theirs. So a minute in
//! which an owner looks into a session has one row; what others do has one each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use winsta_domain::{SessionId, Timestamp};

use crate::access::Verb;

/// How long one row speaks for the looks that follow, in milliseconds.
const SPEAKS_FOR: u64 = 60_000;
/// Most looks that are remembered.
const MOST: usize = 4_096;

/// What an owner looked at of late.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    recorded: Mutex<HashMap<(SessionId, Verb), Timestamp>>,
}

impl Looks {
    /// Whether this look at `now` is to be recorded; then it speaks for those that follow.
    pub(crate) fn is_news(&self, now: Timestamp, session: SessionId, verb: Verb) -> bool {
        let speaks = |since: &Timestamp| {
            // Nothing is in the future but what a clock that was set back left there.
            *since <= now && now < since.plus_millis(SPEAKS_FOR)
        };
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if recorded.get(&(session, verb)).is_some_and(speaks) {
            return false;
        }
        if recorded.len() >= MOST {
            recorded.retain(|_, since| speaks(since));
        }
        // Where so much is looked at, a row too many is better than one too few.
        if recorded.len() < MOST {
            recorded.insert((session, verb), now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: SessionId = SessionId(3);

    #[test]
    fn a_minute_of_looks_is_one_row() {
        let looks = Looks::default();
        let other = SessionId(4);
        for (label, at, session, verb, news) in [
            ("first", 100_000, S, Verb::Screen, true),
            ("again", 100_000, S, Verb::Screen, false),
            ("another kind", 100_001, S, Verb::Output, true),
            ("another session", 100_001, other, Verb::Screen, true),
            ("still", 159_999, S, Verb::Screen, false),
            ("a minute later", 160_000, S, Verb::Screen, true),
            ("from then on", 219_999, S, Verb::Screen, false),
            ("clock set back", 150_000, S, Verb::Screen, true),
        ] {
            let found = looks.is_news(Timestamp(at), session, verb);
            assert_eq!(found, news, "{label}");
        }
    }

    #[test]
    fn memory_is_bounded_and_no_session_goes_unrecorded() {
        let looks = Looks::default();
        let most = u32::try_from(MOST).unwrap();
        for number in 0..2 * most {
            assert!(looks.is_news(Timestamp(1), SessionId(number), Verb::Screen));
        }
        assert_eq!(looks.recorded.lock().unwrap().len(), MOST);
        let later = Timestamp(1 + SPEAKS_FOR);
        assert!(looks.is_news(later, SessionId(2 * most), Verb::Screen));
        assert_eq!(looks.recorded.lock().unwrap().len(), 1);
    }
}
