//! The sessions of the hosts that a verb is meant for.

use winsta_api::{Fields, Guard, Session};
use winsta_client::{Deadline, Host, Listing};

use super::fleet::{self, say_failures};
use super::query::listing;
use super::reach::{Place, places};
use super::targets::describe;
use crate::grammar::shared::Network;
use crate::report::{Exit, Failure};

/// What one or several hosts have.
pub(crate) struct Survey {
    network: Network,
    parts: Vec<Part>,
    /// One for each part, connected.
    hosts: Vec<Host>,
    failures: Vec<(Place, Failure)>,
    several: bool,
}

/// What one host has.
pub(crate) struct Part {
    /// The host.
    pub(crate) place: Place,
    listing: Listing,
}

/// A session that is meant, and where it is.
#[derive(Clone, Copy)]
pub(crate) struct Meant<'a> {
    /// Number of the host.
    pub(crate) part: usize,
    /// Where it is.
    pub(crate) place: &'a Place,
    listing: &'a Listing,
    /// The session.
    pub(crate) session: &'a Session,
    /// Whether its host has to be named.
    named: bool,
}

impl Survey {
    /// Lists the sessions of all hosts that `server` means. Of several hosts some may fail.
    pub(crate) fn take(server: Option<&str>, network: Network) -> Result<Self, Failure> {
        let places = places(server)?;
        let ask = |place: &Place, host: Host| {
            let listing = listing(place, &host, Fields::ALL, "cannot list the sessions")?;
            Ok((host, listing))
        };
        let mut survey = Self {
            network,
            parts: Vec::with_capacity(places.len()),
            hosts: Vec::with_capacity(places.len()),
            failures: Vec::new(),
            several: places.len() > 1,
        };
        let answers = fleet::ask(&places, network, ask);
        for (place, answer) in places.into_iter().zip(answers) {
            match answer {
                Ok((host, listing)) => {
                    // The time for listing is no limit for what is done then.
                    let host = if survey.several {
                        place.host(network.time(), Deadline::NEVER)?
                    } else {
                        host
                    };
                    survey.parts.push(Part { place, listing });
                    survey.hosts.push(host);
                }
                Err(failure) if !survey.several => return Err(failure),
                Err(failure) => survey.failures.push((place, failure)),
            }
        }
        Ok(survey)
    }

    /// The sessions that `choose` picks of each host. One of several hosts may have none, but
    /// not all of them.
    pub(crate) fn choose<'a>(
        &'a self,
        choose: impl Fn(&Place, &'a [Session]) -> Result<Vec<&'a Session>, Failure>,
    ) -> Result<Vec<Meant<'a>>, Failure> {
        let mut meant = Vec::new();
        let mut none = None;
        for (number, part) in self.parts.iter().enumerate() {
            let Part { place, listing } = part;
            match choose(place, &listing.sessions) {
                Ok(sessions) => meant.extend(sessions.into_iter().map(|session| Meant {
                    part: number,
                    place,
                    listing,
                    session,
                    named: self.several,
                })),
                Err(failure) if self.several && failure.exit == Exit::Nothing => {
                    none = Some(failure);
                }
                Err(failure) => return Err(failure.on(place)),
            }
        }
        match (meant.is_empty(), none) {
            (false, _) => Ok(meant),
            (true, Some(none)) if self.failures.is_empty() => Err(none),
            (true, _) => Err(Failure::silent(self.finish(Exit::Done))),
        }
    }

    /// Whether several hosts were asked.
    pub(crate) fn is_several(&self) -> bool {
        self.several
    }

    /// A connected host; for whoever has one thing to do there.
    pub(crate) fn host(&self, part: usize) -> Option<&Host> {
        self.hosts.get(part)
    }

    /// All connected hosts.
    pub(crate) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// How hosts are asked.
    pub(crate) fn network(&self) -> Network {
        self.network
    }

    /// Says which hosts failed, and gives the worse of that and `exit`.
    pub(crate) fn finish(&self, exit: Exit) -> Exit {
        let failures: Vec<_> = self
            .failures
            .iter()
            .map(|(place, why)| (place, why))
            .collect();
        exit.max(say_failures(&failures))
    }
}

impl Meant<'_> {
    /// Names the session so that a newer one with its number is never hit.
    pub(crate) fn guard(&self) -> Guard {
        self.listing.guard(self.session)
    }

    /// The session in a few words, with its host if there are several.
    pub(crate) fn words(&self) -> String {
        let words = describe(self.session);
        if self.named {
            format!("{words} on {}", self.place.name)
        } else {
            words
        }
    }
}
