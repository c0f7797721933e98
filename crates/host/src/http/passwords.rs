//! Who asks over the network: Basic authentication against the host's own file of users.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};

use super::attempts::{Attempts, Checked, Denied};
use super::basic;
use crate::remoting::Principal;
use crate::users::Users;

/// How many passwords are checked at once: each takes 19 MB for a moment.
const AT_ONCE: usize = 2;

/// Checks passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    users: Users,
    /// The account that all users share.
    uid: u32,
    attempts: Arc<Attempts>,
}

/// Whom a connection has shown to be, and by which header. The password is checked once for a
/// connection: the same header again is compared only.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Option<(HeaderValue, Principal)>>);

impl Passwords {
    /// Checks passwords of `users`, whose programs run as account `uid`.
    pub(crate) fn new(users: Users, uid: u32) -> Self {
        Self {
            users,
            uid,
            attempts: Arc::new(Attempts::new(AT_ONCE)),
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
        let (name, password) = basic::credentials(shown).ok_or(Denied::Nothing)?;
        let passwords = Arc::clone(self);
        let check = move || {
            if passwords.users.check(&name, &password) {
                Checked::Right(name)
            } else {
                Checked::Wrong
            }
        };
        let principal = Principal {
            uid: self.uid,
            name: self.attempts.check(address, check).await?,
            address: Some(address.to_string()),
            administers: false,
        };
        known.remember(shown.clone(), principal.clone());
        Ok(principal)
    }
}

impl Known {
    fn is(&self, shown: &HeaderValue) -> Option<Principal> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (header, principal) = known.as_ref()?;
        basic::same(header, shown).then(|| principal.clone())
    }

    fn remember(&self, shown: HeaderValue, principal: Principal) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((shown, principal));
    }
}
