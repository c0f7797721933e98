//! Until when something may take.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A point in time, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No deadline.
    pub const NEVER: Self = Self(None);

    /// This much later than now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    /// The earlier of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(match (self.0, other.0) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        })
    }

    /// How long that is from now; `None` is for ever. Past deadlines leave a millisecond, because
    /// sockets read zero as for ever.
    pub fn left(self) -> Option<Duration> {
        let left = self.0?.saturating_duration_since(Instant::now());
        Some(left.max(Duration::from_millis(1)))
    }

    /// Whether it has passed.
    pub fn is_over(self) -> bool {
        self.0.is_some_and(|at| at <= Instant::now())
    }

    /// Lets reads and writes of `stream` wait until then.
    pub(super) fn limit(self, stream: &UnixStream) -> io::Result<()> {
        if self.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(self.left())?;
        stream.set_write_timeout(self.left())
    }
}
