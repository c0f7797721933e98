//! Certificates that are enrolled, and the tokens with which they come to be.
//!
//! The list is a file; tokens are kept in memory, by the hash of their secret, so a host that is
//! started anew knows none.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use winsta_api::{ErrorCode, TokenRequest, TrustReport, Trusted};
use winsta_client::tls::files::{self, FileError};
use winsta_client::tls::{Fingerprint, Secret, Token};
use winsta_domain::{Endpoint, MachineName};

use crate::clock;
use crate::failure::{Failure, failure, hinted};

/// Most tokens that wait to be used.
const MAX_TOKENS: usize = 32;
/// Most certificates.
const MAX_TRUSTED: usize = 1_024;
/// Longest name of a certificate or user, in characters.
const MAX_NAME: usize = 64;

/// What a host that is published knows of its clients.
#[derive(Debug)]
pub(crate) struct Trust {
    place: Place,
    path: PathBuf,
    life: Duration,
    trusted: Mutex<Vec<Trusted>>,
    tokens: Mutex<Vec<Pending>>,
}

/// Where a host is published, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The machine's name.
    pub(crate) machine: String,
    /// The host's certificate.
    pub(crate) shown: Fingerprint,
    /// Where it listens.
    pub(crate) addresses: Vec<SocketAddr>,
}

/// A token that was given out and has not come back.
#[derive(Debug)]
struct Pending {
    hash: Fingerprint,
    until: Instant,
    user: Option<String>,
}

/// Whom a certificate stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The user whose host it is.
    Owner,
    /// A user of remote shells.
    User(String),
}

/// Why a certificate was not enrolled.
#[derive(Debug)]
pub(crate) enum NotEnrolled {
    /// No token that is good has this secret.
    Token,
    /// The list cannot be changed.
    List(Failure),
}

impl Trust {
    /// Reads the list at `path`; tokens are good for `life`.
    pub(crate) fn open(place: Place, path: PathBuf, life: Duration) -> Result<Self, FileError> {
        let text = files::read(&path)?;
        let trusted = match text {
            // Taken for empty, it would be written over.
            Some(text) => {
                serde_json::from_str(&text).map_err(|error| FileError::at(&path)(error.into()))?
            }
            None => Vec::new(),
        };
        Ok(Self {
            place,
            path,
            life,
            trusted: Mutex::new(trusted),
            tokens: Mutex::default(),
        })
    }

    /// A new token, and how long it is good.
    pub(crate) fn token(&self, asked: &TokenRequest) -> Result<(Token, Duration), Failure> {
        let place = self.endpoint(asked.address.as_deref())?;
        let user = asked.user.as_deref().map(checked).transpose()?;
        let none = || failure(ErrorCode::Exhausted, "the machine has no random numbers");
        let secret = Secret::random().ok_or_else(none)?;
        let now = Instant::now();
        let mut tokens = self.tokens();
        tokens.retain(|token| token.until > now);
        if tokens.len() >= MAX_TOKENS {
            return Err(hinted(
                ErrorCode::Conflict,
                format!("{MAX_TOKENS} tokens wait to be used"),
                "use them, or wait until they are too old",
            ));
        }
        tokens.push(Pending {
            hash: secret.hash(),
            until: now + self.life,
            user: user.map(str::to_owned),
        });
        let token = Token {
            place,
            fingerprint: self.place.shown,
            secret,
        };
        Ok((token, self.life))
    }

    /// Where clients reach the host.
    fn endpoint(&self, asked: Option<&str>) -> Result<Endpoint, Failure> {
        let invalid = |why: &dyn std::fmt::Display| {
            hinted(
                ErrorCode::Invalid,
                format!("clients cannot reach the host there: {why}"),
                "winsta host token --address NAME:PORT names the way to it",
            )
        };
        let first = self.place.addresses.first();
        let port = first.map_or(Endpoint::DEFAULT_PORT, SocketAddr::port);
        if let Some(text) = asked {
            return Endpoint::with_port(text, port).map_err(|error| invalid(&error));
        }
        let fixed = first.map(SocketAddr::ip).filter(|ip| !ip.is_unspecified());
        let name = fixed.map_or_else(|| self.place.machine.clone(), |ip| ip.to_string());
        let name: MachineName = name.parse().map_err(|error| invalid(&error))?;
        Ok(Endpoint::new(name, port))
    }

    /// Enrols a certificate with the secret of a token, which is used up by that.
    pub(crate) fn enrol(
        &self,
        secret: &str,
        certificate: Fingerprint,
        name: &str,
        from: IpAddr,
    ) -> Result<Trusted, NotEnrolled> {
        let secret: Secret = secret.parse().map_err(|_| NotEnrolled::Token)?;
        let name = checked(name).map_err(NotEnrolled::List)?;
        let hash = secret.hash();
        let now = Instant::now();
        let mut tokens = self.tokens();
        tokens.retain(|token| token.until > now);
        let found = tokens.iter().position(|token| token.hash == hash);
        let at = found.ok_or(NotEnrolled::Token)?;
        let entry = Trusted {
            fingerprint: certificate.to_string(),
            name: name.to_owned(),
            user: tokens.get(at).and_then(|token| token.user.clone()),
            since: clock::now().rfc3339().to_string(),
            from: from.to_string(),
        };
        self.change(|trusted| {
            trusted.retain(|other| other.fingerprint != entry.fingerprint);
            if trusted.len() >= MAX_TRUSTED {
                return Err(hinted(
                    ErrorCode::Conflict,
                    format!("{MAX_TRUSTED} certificates are enrolled"),
                    "winsta host trusted --remove takes one off the list",
                ));
            }
            trusted.push(entry.clone());
            Ok(())
        })
        .map_err(NotEnrolled::List)?;
        tokens.remove(at);
        Ok(entry)
    }

    /// Whom this certificate stands for, if it is enrolled.
    pub(crate) fn who(&self, certificate: Fingerprint) -> Option<Stands> {
        let trusted = self.trusted();
        let same = |entry: &&Trusted| entry.fingerprint.parse() == Ok(certificate);
        let entry = trusted.iter().find(same)?;
        Some(match &entry.user {
            None => Stands::Owner,
            Some(user) => Stands::User(user.clone()),
        })
    }

    /// What the host shows, and whom it knows.
    pub(crate) fn report(&self) -> TrustReport {
        let addresses = self.place.addresses.iter();
        TrustReport {
            fingerprint: self.place.shown.to_string(),
            addresses: addresses.map(ToString::to_string).collect(),
            trusted: self.trusted().clone(),
        }
    }

    /// Takes a certificate off the list.
    pub(crate) fn remove(&self, fingerprint: &str) -> Result<Trusted, Failure> {
        let unknown = || {
            hinted(
                ErrorCode::NotFound,
                format!("no certificate {fingerprint} is enrolled"),
                "winsta host trusted lists them",
            )
        };
        let wanted: Fingerprint = fingerprint.parse().map_err(|_| unknown())?;
        self.change(|trusted| {
            let found = trusted
                .iter()
                .position(|entry| entry.fingerprint.parse() == Ok(wanted));
            Ok(trusted.remove(found.ok_or_else(unknown)?))
        })
    }

    /// Changes the list in the file and then here, or neither.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Trusted>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut trusted = self.trusted();
        let mut changed = trusted.clone();
        let done = change(&mut changed)?;
        let text = serde_json::to_string_pretty(&changed).unwrap_or_default();
        files::replace(&self.path, &text).map_err(|error| {
            let why = crate::failure::in_words(&error);
            failure(
                ErrorCode::Internal,
                format!("the list cannot be written: {why}"),
            )
        })?;
        *trusted = changed;
        Ok(done)
    }

    fn trusted(&self) -> MutexGuard<'_, Vec<Trusted>> {
        self.trusted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tokens(&self) -> MutexGuard<'_, Vec<Pending>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name that people can read.
fn checked(name: &str) -> Result<&str, Failure> {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    Err(failure(
        ErrorCode::Invalid,
        format!("a name has 1 to {MAX_NAME} characters, and no control character"),
    ))
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
