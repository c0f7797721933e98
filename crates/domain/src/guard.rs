//! The check in front of destructive calls: is this still the session that the caller saw?

use crate::ids::{Incarnation, SessionId};
use crate::time::Timestamp;

/// A session as a caller saw it: a number alone could by now name a newer session, if the host's
/// numbering began anew in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The life of the numbering that the caller saw the session in.
    pub incarnation: Incarnation,
    /// Its number.
    pub id: SessionId,
    /// When its user had logged on; `None` for the idle console.
    pub logon_time: Option<Timestamp>,
}

/// Whether a destructive call may go on to the session that has the number now.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardDecision {
    /// It is the session that the caller saw.
    Same,
    /// It is not.
    Stale(Staleness),
}

/// Why a sighting no longer holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Staleness {
    /// The host's numbering began anew since.
    #[error("the host counts sessions anew since then (it is {present} now, was {seen})")]
    OtherIncarnation {
        /// What the caller saw.
        seen: Incarnation,
        /// What it is now.
        present: Incarnation,
    },
    /// The number belongs to another session now.
    #[error("session {id} is not the one that was listed: it was started at another time")]
    OtherSession {
        /// The number.
        id: SessionId,
    },
}

/// Compares what the caller saw with what the host has under that number.
pub fn check(
    seen: &Sighting,
    incarnation: &Incarnation,
    logon_time: Option<Timestamp>,
) -> GuardDecision {
    if seen.incarnation != *incarnation {
        return GuardDecision::Stale(Staleness::OtherIncarnation {
            seen: seen.incarnation.clone(),
            present: incarnation.clone(),
        });
    }
    if seen.logon_time != logon_time {
        return GuardDecision::Stale(Staleness::OtherSession { id: seen.id });
    }
    GuardDecision::Same
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sighting(incarnation: &str, logon: Option<u64>) -> Sighting {
        Sighting {
            incarnation: Incarnation(incarnation.to_owned()),
            id: SessionId(3),
            logon_time: logon.map(Timestamp),
        }
    }

    #[test]
    fn each_part_of_a_sighting_counts() {
        let now = Incarnation("b".to_owned());
        let seen = sighting("b", Some(5));
        assert_eq!(check(&seen, &now, Some(Timestamp(5))), GuardDecision::Same);
        assert_eq!(check(&sighting("b", None), &now, None), GuardDecision::Same);
        for (seen, logon) in [
            (sighting("b", Some(5)), Some(Timestamp(6))),
            (sighting("b", Some(5)), None),
            (sighting("b", None), Some(Timestamp(5))),
        ] {
            let stale = Staleness::OtherSession { id: SessionId(3) };
            assert_eq!(check(&seen, &now, logon), GuardDecision::Stale(stale));
        }
        assert!(matches!(
            check(&sighting("a", Some(5)), &now, Some(Timestamp(5))),
            GuardDecision::Stale(Staleness::OtherIncarnation { .. })
        ));
    }

    proptest! {
        #[test]
        fn only_the_same_session_passes(
            seen in ("[ab]", prop::option::of(0u64..3)),
            present in ("[ab]", prop::option::of(0u64..3)),
        ) {
            let decision = check(
                &sighting(&seen.0, seen.1),
                &Incarnation(present.0.clone()),
                present.1.map(Timestamp),
            );
            prop_assert_eq!(decision == GuardDecision::Same, seen == present);
        }
    }
}
