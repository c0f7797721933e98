//! Coming to know a host, and to be known by it.

use std::sync::Arc;
use std::time::Duration;

use winsta_api::{Enrolment, Trusted, paths};
use winsta_domain::Endpoint;

use super::connector::Keys;
use super::dial::{Dial, Trust};
use super::failure::TlsFailure;
use super::fingerprint::Fingerprint;
use super::identity::Identity;
use super::token::Token;
use crate::dirs::Dirs;
use crate::error::{Cause, ClientError};
use crate::host::Host;
use crate::ssh::Deadline;
use crate::transport::{Connection, Connector};

/// Brings this user's certificate, which is made if there is none, to the host of a token, and
/// knows the host from then on. `name` is what the host shall call the certificate.
pub fn enrol(
    dirs: &Dirs,
    token: &Token,
    name: &str,
    patience: Duration,
) -> Result<Trusted, ClientError> {
    let failed = |cause| ClientError {
        host: token.place.to_string().into(),
        remote: true,
        session: None,
        cause,
    };
    let keys = Keys::prepare(dirs).map_err(|error| failed(Cause::Dirs(error)))?;
    let identity = Identity::kept(&keys.file(), || Identity::make(name, Vec::new()));
    let identity = identity.map_err(|error| failed(Cause::from(TlsFailure::Identity(error))))?;
    let host = Host::over(Bringer(Dial {
        place: token.place.clone(),
        trust: Trust::Pinned(token.fingerprint),
        identity: Some(Arc::new(identity)),
        patience,
        deadline: Deadline::NEVER,
    }));
    let host = host.named(token.place.to_string()).with_timeout(patience);
    let enrolment = Enrolment {
        secret: token.secret.reveal(),
        name: name.to_owned(),
    };
    let trusted = host.send("POST", paths::TRUSTED, &enrolment);
    let trusted = trusted.map_err(failed)?;
    pin_in(&keys, &token.place, token.fingerprint).map_err(failed)?;
    Ok(trusted)
}

/// Knows the host at `place` by this certificate from now on.
pub fn pin(dirs: &Dirs, place: &Endpoint, fingerprint: Fingerprint) -> Result<(), ClientError> {
    let pinned = Keys::prepare(dirs)
        .map_err(Cause::Dirs)
        .and_then(|keys| pin_in(&keys, place, fingerprint));
    pinned.map_err(|cause| ClientError {
        host: place.to_string().into(),
        remote: false,
        session: None,
        cause,
    })
}

fn pin_in(keys: &Keys, place: &Endpoint, fingerprint: Fingerprint) -> Result<(), Cause> {
    let put = keys.known().put(place, fingerprint);
    put.map_err(|error| Cause::from(TlsFailure::File(error)))
}

/// The way to a host that is not known yet.
struct Bringer(Dial);

impl Connector for Bringer {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        Ok(Box::new(self.0.connect()?))
    }

    fn place(&self) -> String {
        self.0.place.to_string()
    }

    fn is_remote(&self) -> bool {
        true
    }
}
