//! Permits to attach that nobody has shown yet.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use winsta_domain::{ConnectionId, SessionId};
use winsta_wire::{AttachMode, Ticket};

use crate::ladder::Millis;

/// Most permits that wait at a time.
const MOST: usize = 4_096;
/// Fewest characters of a permit.
const LEAST_CHARS: usize = 16;

/// What a permit is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permit {
    pub(crate) session: SessionId,
    pub(crate) connection: ConnectionId,
    pub(crate) mode: AttachMode,
    pub(crate) note: String,
    pub(crate) until: Millis,
}

/// Permits that wait.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    permits: HashMap<Ticket, Permit>,
}

impl Tickets {
    /// Registers a permit. `false`: there are too many, or the ticket is one that could be
    /// guessed or is known already.
    #[must_use]
    pub(crate) fn add(&mut self, now: Millis, ticket: Ticket, permit: Permit) -> bool {
        self.permits.retain(|_, permit| permit.until > now);
        let good = ticket.0.len() >= LEAST_CHARS && self.permits.len() < MOST;
        if !good || self.permits.contains_key(&ticket) {
            return false;
        }
        self.permits.insert(ticket, permit);
        true
    }

    /// Whether somebody may still come to this session.
    pub(crate) fn awaits(&self, now: Millis, session: SessionId) -> bool {
        self.permits
            .values()
            .any(|permit| permit.session == session && permit.until > now)
    }

    /// Takes the permit that `ticket` stands for: good once, and in time only.
    pub(crate) fn take(&mut self, now: Millis, ticket: &Ticket) -> Option<Permit> {
        self.permits
            .remove(ticket)
            .filter(|permit| permit.until > now)
    }

    /// Those that are still good, on a clock that stands at 0 now.
    pub(crate) fn save(&self, now: Millis) -> Vec<(Ticket, Permit)> {
        let good = self.permits.iter().filter(|(_, p)| p.until > now);
        let saved = good.map(|(ticket, permit)| {
            let until = permit.until - now;
            let permit = permit.clone();
            (ticket.clone(), Permit { until, ..permit })
        });
        saved.collect()
    }

    /// What was saved, on a clock that began anew.
    pub(crate) fn restore(saved: Vec<(Ticket, Permit)>) -> Self {
        Self {
            permits: saved.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(until: Millis) -> Permit {
        Permit {
            session: SessionId(1),
            connection: ConnectionId(1),
            mode: AttachMode::View,
            note: String::new(),
            until,
        }
    }

    #[test]
    fn a_ticket_is_good_once_and_in_time() {
        let mut tickets = Tickets::default();
        let ticket = |n: u32| Ticket(format!("{n:032x}"));
        assert!(tickets.add(0, ticket(1), permit(10)));
        assert!(!tickets.add(0, ticket(1), permit(10)));
        assert!(!tickets.add(0, Ticket("short".into()), permit(10)));
        assert!(tickets.awaits(5, SessionId(1)) && !tickets.awaits(10, SessionId(1)));
        assert_eq!(tickets.take(5, &ticket(2)), None);
        assert_eq!(tickets.take(5, &ticket(1)), Some(permit(10)));
        assert_eq!(tickets.take(5, &ticket(1)), None);
        assert!(tickets.add(0, ticket(3), permit(10)));
        assert_eq!(tickets.take(10, &ticket(3)), None);
    }

    #[test]
    fn another_program_knows_what_is_still_good() {
        let mut tickets = Tickets::default();
        let ticket = |n: u32| Ticket(format!("{n:032x}"));
        assert!(tickets.add(0, ticket(1), permit(10)));
        assert!(tickets.add(0, ticket(2), permit(20)));
        let mut restored = Tickets::restore(tickets.save(15));
        assert_eq!(restored.take(0, &ticket(1)), None);
        assert_eq!(restored.take(4, &ticket(2)), Some(permit(5)));
    }
}
