//! How long a broken network is put up with.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long one tries to get through a broken network.
pub struct Patience<'a> {
    /// From the moment that it is found broken.
    pub lasts: Duration,
    /// Hears how much is left before each new attempt, and `None` once it is over.
    pub tell: &'a (dyn Fn(Option<Duration>) + Sync),
    /// Once it is set nothing is tried again.
    pub stop: &'a AtomicBool,
    /// Whether one that was never reached is tried again.
    pub hopes: bool,
}

impl fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patience").field(&self.lasts).finish()
    }
}

/// Never set.
static NEVER: AtomicBool = AtomicBool::new(false);

impl Patience<'_> {
    /// One attempt.
    pub const NONE: Patience<'static> = Self::silent(Duration::ZERO);

    /// For somebody who waits: a service that does not answer is given up at once, a connection
    /// that breaks in the middle is made again.
    pub const BRIEF: Patience<'static> = Patience {
        hopes: false,
        ..Self::silent(Duration::from_secs(15))
    };

    /// Attempts for this long, of which nobody hears.
    pub const fn silent(lasts: Duration) -> Patience<'static> {
        Patience {
            lasts,
            tell: &|_| {},
            stop: &NEVER,
            hopes: true,
        }
    }
}
