//! How a session is ended: rung after rung until nothing of it lives.
//!
//! A machine without I/O: the keeper tells it what lives, it tells the keeper what to signal and
//! when to look again.

use std::time::Duration;

use winsta_wire::Step;

/// Milliseconds on some steady clock.
pub(crate) type Millis = u64;

/// The first look after a signal; each next one waits twice as long.
const FIRST_LOOK: Millis = 1;
/// The longest wait between two looks.
const LONGEST_LOOK: Millis = 50;
/// How often what only other users could kill is looked at on the last rung before giving up.
const PATIENCE: Millis = 2_000;
const KILL: u8 = 9;

/// What lives of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Living {
    /// Processes that the keeper may signal.
    pub(crate) ours: usize,
    /// Processes that it may not.
    pub(crate) others: usize,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Send this signal to everything that lives, and look again at `next_look`. `rung` says
    /// whether this is the first time on this rung.
    Signal {
        /// Number of the signal.
        signal: u8,
        /// Whether a new rung was reached.
        rung: bool,
    },
    /// Look again at `next_look`.
    Wait,
    /// Nothing is left, but for `left` processes that cannot be killed. `signal` is that of the
    /// last rung reached, 0 if none was.
    Done {
        /// Number of the signal.
        signal: u8,
        /// Processes left.
        left: usize,
    },
}

/// A ladder that is being climbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ladder {
    steps: Vec<Step>,
    /// Index of the next rung.
    next: usize,
    /// The rung that was reached.
    signal: u8,
    /// When the next rung is due.
    due: Millis,
    /// When to look again, and how long that is from the last look.
    look: Millis,
    pause: Millis,
}

impl Ladder {
    /// A ladder at whose foot the session stands; an empty one is a single KILL.
    pub(crate) fn new(mut steps: Vec<Step>, now: Millis) -> Self {
        if steps.is_empty() {
            steps.push(Step {
                signal: KILL,
                grace_ms: 0,
            });
        }
        Self {
            steps,
            next: 0,
            signal: 0,
            due: now,
            look: now,
            pause: FIRST_LOOK,
        }
    }

    /// The rungs, for a later life of the keeper.
    pub(crate) fn rest(&self) -> Vec<Step> {
        self.steps
            .get(self.next.saturating_sub(1)..)
            .unwrap_or_default()
            .to_vec()
    }

    /// When to call [`handle`](Self::handle) again at the latest.
    pub(crate) fn next_look(&self) -> Millis {
        self.look
    }

    /// Tells the machine what lives now.
    pub(crate) fn handle(&mut self, now: Millis, living: Living) -> Move {
        if living.ours == 0 && (living.others == 0 || self.has_given_up(now)) {
            return Move::Done {
                signal: self.signal,
                left: living.others,
            };
        }
        if now >= self.due
            && let Some(step) = self.steps.get(self.next)
        {
            self.next += 1;
            self.signal = step.signal;
            self.due = now + Millis::from(step.grace_ms);
            self.pause = FIRST_LOOK;
            self.look = now + self.pause;
            return Move::Signal {
                signal: step.signal,
                rung: true,
            };
        }
        let on_last = self.next >= self.steps.len();
        self.pause = (self.pause * 2).min(LONGEST_LOOK);
        if on_last && self.signal == KILL && living.ours > 0 {
            // What still lives was born after the last sweep: do not let it breathe.
            self.look = now + FIRST_LOOK;
            return Move::Signal {
                signal: KILL,
                rung: false,
            };
        }
        self.look = now + self.pause;
        if !on_last {
            self.look = self.look.min(self.due);
        }
        if on_last && now >= self.due && living.ours > 0 {
            return Move::Signal {
                signal: self.signal,
                rung: false,
            };
        }
        Move::Wait
    }

    fn has_given_up(&self, now: Millis) -> bool {
        self.next >= self.steps.len() && now >= self.due + PATIENCE
    }
}

/// How long to sleep until `due`.
pub(crate) fn until(now: Millis, due: Millis) -> Duration {
    Duration::from_millis(due.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOGOFF: [Step; 3] = [
        Step {
            signal: 1,
            grace_ms: 1_000,
        },
        Step {
            signal: 15,
            grace_ms: 1_000,
        },
        Step {
            signal: 9,
            grace_ms: 0,
        },
    ];
    const ONE: Living = Living { ours: 1, others: 0 };
    const NONE: Living = Living { ours: 0, others: 0 };

    /// Climbs until done while something lives up to `dies_at`.
    fn climb(steps: &[Step], dies_at: Millis) -> (Vec<u8>, Millis, Move) {
        let mut ladder = Ladder::new(steps.to_vec(), 0);
        let (mut now, mut rungs) = (0, Vec::new());
        loop {
            let living = if now < dies_at { ONE } else { NONE };
            match ladder.handle(now, living) {
                Move::Signal { signal, rung: true } => rungs.push(signal),
                Move::Signal { .. } | Move::Wait => {}
                done @ Move::Done { .. } => return (rungs, now, done),
            }
            assert!(ladder.next_look() > now);
            now = ladder.next_look();
        }
    }

    #[test]
    fn each_rung_has_its_grace() {
        let done = |signal| Move::Done { signal, left: 0 };
        assert_eq!(climb(&LOGOFF, 0), (vec![], 0, done(0)));
        let (rungs, at, end) = climb(&LOGOFF, 300);
        assert_eq!((rungs, end), (vec![1], done(1)));
        assert!((300..=350).contains(&at), "{at}");
        assert_eq!(climb(&LOGOFF, 1_500).0, [1, 15]);
        let (rungs, at, end) = climb(&LOGOFF, 2_100);
        assert_eq!((rungs, end), (vec![1, 15, 9], done(9)));
        assert!((2_100..=2_102).contains(&at), "{at}");
        assert_eq!(climb(&[], 5).0, [9]);
    }

    #[test]
    fn the_last_rung_is_repeated() {
        let mut ladder = Ladder::new(vec![], 0);
        assert_eq!(
            ladder.handle(0, ONE),
            Move::Signal {
                signal: 9,
                rung: true
            }
        );
        for _ in 0..1_000 {
            let now = ladder.next_look();
            assert_eq!(
                ladder.handle(now, ONE),
                Move::Signal {
                    signal: 9,
                    rung: false
                }
            );
        }
    }

    #[test]
    fn what_cannot_be_killed_is_reported() {
        let other = Living { ours: 0, others: 2 };
        let mut ladder = Ladder::new(vec![], 0);
        assert_eq!(
            ladder.handle(0, other),
            Move::Signal {
                signal: 9,
                rung: true
            }
        );
        assert_eq!(ladder.handle(100, other), Move::Wait);
        assert_eq!(
            ladder.handle(3_000, other),
            Move::Done { signal: 9, left: 2 }
        );
    }

    proptest! {
        #[test]
        fn it_always_ends_once_nothing_lives(
            steps in prop::collection::vec((1u8..16, 0u32..500), 0..5),
            dies_at in 0u64..3_000,
        ) {
            let steps: Vec<_> =
                steps.into_iter().map(|(signal, grace_ms)| Step { signal, grace_ms }).collect();
            let (_, at, end) = climb(&steps, dies_at);
            let ended = matches!(end, Move::Done { .. });
            prop_assert!(ended && at >= dies_at && at <= dies_at + LONGEST_LOOK);
        }
    }
}
