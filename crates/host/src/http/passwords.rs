//! Who asks over the network: Basic authentication, with a throttle against guessing.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Semaphore;

use super::throttle::Throttle;
use crate::remoting::Principal;
use crate::users::{MAX_PASSWORD, Users};

/// How many passwords are checked at once: each takes 19 MB for a moment.
const AT_ONCE: usize = 2;

/// Checks passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    users: Users,
    /// The account that all users share.
    uid: u32,
    throttle: Throttle,
    checking: Semaphore,
}

/// Whom a connection has shown to be, and by which header. The password is checked once for a
/// connection: the same header again is compared only.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Option<(HeaderValue, Principal)>>);

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Nothing was shown.
    Nothing,
    /// It was wrong.
    Wrong,
    /// It is no certificate that is enrolled, and nothing else is asked for.
    Certificate,
    /// Too much was wrong before.
    Wait(Duration),
}

impl Passwords {
    /// Checks passwords of `users`, whose programs run as account `uid`.
    pub(crate) fn new(users: Users, uid: u32) -> Self {
        Self {
            users,
            uid,
            throttle: Throttle::default(),
            checking: Semaphore::new(AT_ONCE),
        }
    }

    /// Who asks, by the request's headers and what the connection has shown before.
    pub(crate) async fn who(
        self: &Arc<Self>,
        address: IpAddr,
        known: &Known,
        headers: &HeaderMap,
    ) -> Result<Principal, Denied> {
        let shown = headers.get(header::AUTHORIZATION).ok_or(Denied::Nothing)?;
        if let Some(principal) = known.is(shown) {
            return Ok(principal);
        }
        let (name, password) = basic(shown).ok_or(Denied::Nothing)?;
        self.may_try(address)?;
        let users = Arc::clone(self);
        let checked = {
            let _turn = self.checking.acquire().await;
            // Those who came at the same moment may have been wrong meanwhile.
            self.may_try(address)?;
            let name = name.clone();
            tokio::task::spawn_blocking(move || users.users.check(&name, &password)).await
        };
        if !checked.unwrap_or(false) {
            self.throttle.failed(address);
            return Err(Denied::Wrong);
        }
        self.throttle.succeeded(address);
        let principal = Principal {
            uid: self.uid,
            name,
            address: Some(address.to_string()),
            administers: false,
        };
        known.remember(shown.clone(), principal.clone());
        Ok(principal)
    }

    fn may_try(&self, address: IpAddr) -> Result<(), Denied> {
        match self.throttle.wait(address) {
            Some(wait) => Err(Denied::Wait(wait)),
            None => Ok(()),
        }
    }
}

impl Known {
    fn is(&self, shown: &HeaderValue) -> Option<Principal> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (header, principal) = known.as_ref()?;
        same(header.as_bytes(), shown.as_bytes()).then(|| principal.clone())
    }

    fn remember(&self, shown: HeaderValue, principal: Principal) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((shown, principal));
    }
}

/// Whether these are equal, in a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differ = one
        .iter()
        .zip(other)
        .fold(0, |differ, (a, b)| differ | (a ^ b));
    one.len() == other.len() && differ == 0
}

/// Name and password of a header `Basic …`.
fn basic(shown: &HeaderValue) -> Option<(String, String)> {
    let text = shown.to_str().ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 4 * MAX_PASSWORD {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    (password.len() <= MAX_PASSWORD).then(|| (name.to_owned(), password.to_owned()))
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Nothing => (
                StatusCode::UNAUTHORIZED,
                "a name and a password are needed\n",
            ),
            Self::Wrong => (StatusCode::UNAUTHORIZED, "name or password is wrong\n"),
            Self::Certificate => (
                StatusCode::UNAUTHORIZED,
                "a certificate is needed that is enrolled here\n",
            ),
            Self::Wait(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many wrong passwords came from this address\n",
            ),
        }
        .into_response();
        let headers = response.headers_mut();
        match self {
            Self::Nothing | Self::Wrong => {
                let basic = HeaderValue::from_static("Basic realm=\"WSMAN\"");
                headers.insert(header::WWW_AUTHENTICATE, basic);
            }
            Self::Certificate => {}
            Self::Wait(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        for (text, found) in [
            ("Basic YW5uOnNlY3JldA==", Some(("ann", "secret"))),
            ("basic YTpiOmM=", Some(("a", "b:c"))),
            ("Basic YW5u", None),
            ("Basic %%", None),
            ("Negotiate YW5uOnNlY3JldA==", None),
            ("", None),
        ] {
            let read = basic(&HeaderValue::from_str(text).unwrap());
            let read = read
                .as_ref()
                .map(|(name, password)| (name.as_str(), password.as_str()));
            assert_eq!(read, found, "{text}");
        }
    }
}
