//! Who has guessed wrong waits, and longer each time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most addresses whose failures are remembered.
const MAX_ADDRESSES: usize = 4_096;
/// The first pause after a failure; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);
/// What of an address of IPv6 is one customer's.
const PREFIX: u128 = !0 << 64;

/// Failures in a row, for each address.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<IpAddr, Failures>>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    until: Instant,
}

impl Throttle {
    /// How long somebody at this address has to wait, if at all.
    pub(super) fn wait(&self, address: IpAddr) -> Option<Duration> {
        let failures = self.failures();
        let until = failures.get(&group(address))?.until;
        let wait = until.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some(wait)
    }

    /// Somebody at this address was wrong.
    pub(super) fn failed(&self, address: IpAddr) {
        let now = Instant::now();
        let mut failures = self.failures();
        if failures.len() >= MAX_ADDRESSES {
            failures.retain(|_, failures| failures.until > now);
        }
        if failures.len() >= MAX_ADDRESSES {
            failures.clear();
        }
        let entry = failures.entry(group(address)).or_insert(Failures {
            count: 0,
            until: now,
        });
        entry.count = entry.count.saturating_add(1);
        entry.until = now + pause(entry.count);
    }

    /// Somebody at this address was right.
    pub(super) fn succeeded(&self, address: IpAddr) {
        self.failures().remove(&group(address));
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<IpAddr, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address that counts: who has one of IPv6 has as many as they like.
pub(super) fn group(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & PREFIX).into(),
    }
}

/// How long an address waits after so many failures in a row.
fn pause(count: u32) -> Duration {
    // A slip of the fingers costs nothing.
    let doublings = count.saturating_sub(3).min(16);
    if count < 3 {
        return Duration::ZERO;
    }
    (PAUSE * (1 << doublings)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        assert_eq!(pause(1), Duration::ZERO);
        assert_eq!(pause(2), Duration::ZERO);
        assert_eq!(pause(3), PAUSE);
        assert_eq!(pause(4), 2 * PAUSE);
        assert_eq!(pause(u32::MAX), LONGEST);
    }

    #[test]
    fn neighbours_in_ipv6_wait_together() {
        let throttle = Throttle::default();
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        for last in 1..=3 {
            throttle.failed(at(&format!("2001:db8::{last}")));
            throttle.failed(at(&format!("192.0.2.{last}")));
        }
        assert!(throttle.wait(at("2001:db8::9")).is_some());
        assert!(throttle.wait(at("2001:db8:0:1::9")).is_none());
        assert!(throttle.wait(at("192.0.2.1")).is_none());
        throttle.succeeded(at("2001:db8::7"));
        assert!(throttle.wait(at("2001:db8::9")).is_none());
    }
}
