//! Waiting for what other processes do.

use std::time::{Duration, Instant};

/// How long anything may take before a test says that it does not happen.
pub const LONG: Duration = Duration::from_secs(60);

/// Calls `look` until it gives something; panics with `what` if it does not in time.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < LONG, "waited {LONG:?} for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
