//! How many sessions there may be: a decision about one more.

use crate::ids::SessionId;
use crate::state::State;

/// The limits; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most sessions of one user.
    pub per_user: Option<u32>,
    /// Most sessions of all users together.
    pub per_host: Option<u32>,
}

/// A session that counts, or may count, towards a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub user: String,
    /// Its state.
    pub state: State,
    /// Seconds since its user's last input.
    pub idle_seconds: Option<u64>,
}

/// What kind of session is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One that counts.
    Ordinary,
    /// The host's own session for its administrators: beyond every limit.
    Console,
}

/// Whether one more session may be started.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaDecision {
    /// It may.
    Admit,
    /// It may not.
    Refuse {
        /// Which limit is reached.
        limit: Reached,
        /// The sessions that count towards it, in the order given.
        holders: Vec<Held>,
    },
}

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reached {
    /// Sessions of one user.
    #[error("the limit of {0} sessions for a user is reached")]
    PerUser(u32),
    /// Sessions of the host.
    #[error("the limit of {0} sessions for this host is reached")]
    PerHost(u32),
}

/// Decides whether `user` may have one more session beside `sessions`, which may include the
/// console and sessions that have ended: those do not count.
pub fn decide(limits: Limits, wanted: Wanted, user: &str, sessions: &[Held]) -> QuotaDecision {
    match wanted {
        Wanted::Console => return QuotaDecision::Admit,
        Wanted::Ordinary => {}
    }
    let counted = |held: &&Held| held.id != SessionId::CONSOLE && counts(held.state);
    let refuse = |limit, holders| QuotaDecision::Refuse { limit, holders };
    if let Some(most) = limits.per_user {
        let of_user = sessions.iter().filter(counted).filter(|h| h.user == user);
        let holders = of_user.cloned().collect::<Vec<_>>();
        if holders.len() >= most as usize {
            return refuse(Reached::PerUser(most), holders);
        }
    }
    if let Some(most) = limits.per_host {
        let holders = sessions.iter().filter(counted).cloned().collect::<Vec<_>>();
        if holders.len() >= most as usize {
            return refuse(Reached::PerHost(most), holders);
        }
    }
    QuotaDecision::Admit
}

/// Whether a session in this state takes a place. One that is being ended does until it is gone.
fn counts(state: State) -> bool {
    match state {
        State::Active
        | State::Connected
        | State::ConnectQuery
        | State::Shadow
        | State::Disconnected
        | State::Idle
        | State::Reset
        | State::Init => true,
        State::Listen | State::Down => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(id: u32, user: &str, state: State) -> Held {
        Held {
            id: SessionId(id),
            user: user.to_owned(),
            state,
            idle_seconds: Some(7),
        }
    }

    #[test]
    fn a_refusal_lists_the_holders() {
        let limits = Limits {
            per_user: Some(2),
            per_host: Some(3),
        };
        let mine = held(1, "ann", State::Active);
        let gone = held(2, "ann", State::Down);
        let console = held(0, "ann", State::Active);
        let also_mine = held(3, "ann", State::Disconnected);
        let hers = held(4, "bea", State::Active);
        let ask = |user, sessions: &[Held]| decide(limits, Wanted::Ordinary, user, sessions);

        let one = [console.clone(), mine.clone(), gone];
        assert_eq!(ask("ann", &one), QuotaDecision::Admit);
        let two = [console, mine.clone(), also_mine.clone()];
        assert_eq!(
            ask("ann", &two),
            QuotaDecision::Refuse {
                limit: Reached::PerUser(2),
                holders: vec![mine.clone(), also_mine.clone()],
            }
        );
        assert_eq!(ask("bea", &two), QuotaDecision::Admit);
        let three = [mine, also_mine, hers];
        assert_eq!(
            ask("bea", &three),
            QuotaDecision::Refuse {
                limit: Reached::PerHost(3),
                holders: three.to_vec(),
            }
        );
        assert_eq!(
            decide(limits, Wanted::Console, "bea", &three),
            QuotaDecision::Admit
        );
    }

    proptest! {
        #[test]
        fn places_are_never_exceeded_nor_wasted(
            per_user in prop::option::of(0u32..4),
            per_host in prop::option::of(0u32..6),
            askers in prop::collection::vec("[abc]", 0..20),
        ) {
            let limits = Limits { per_user, per_host };
            let mut sessions = Vec::new();
            for (n, user) in (1..).zip(askers) {
                let mine = sessions.iter().filter(|h: &&Held| h.user == user).count();
                let free = per_user.is_none_or(|most| mine < most as usize)
                    && per_host.is_none_or(|most| sessions.len() < most as usize);
                let decision = decide(limits, Wanted::Ordinary, &user, &sessions);
                prop_assert_eq!(decision == QuotaDecision::Admit, free);
                if free {
                    sessions.push(held(n, &user, State::Active));
                }
            }
        }
    }
}
