//! Whether PAM lets somebody in who shows a password.
//!
//! The machine's own `libpam` is loaded when it is needed, so that nothing of it is there to build
//! with, and a machine that never asks does without it.

mod sys;

use std::ffi::{CString, NulError};

/// Where PAM's rules for a service are found: `/etc/pam.d/SERVICE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service<'a>(pub &'a str);

/// Somebody who wants to come in.
#[derive(Clone, Copy)]
pub struct Visitor<'a> {
    /// The name that they give.
    pub user: &'a str,
    /// What they show for it.
    pub password: &'a str,
    /// The address that they come from, for PAM's rules and logs.
    pub client: &'a str,
}

/// Never the password.
impl std::fmt::Debug for Visitor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visitor")
            .field("user", &self.user)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Whom PAM has let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name, which a module may have made of the one that was given.
    pub name: String,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A module says no: the password is wrong, the user unknown, locked, expired or kept out.
    #[error("{step:?} says: {text}")]
    Denied {
        /// Which of PAM's questions it was.
        step: Step,
        /// PAM's words.
        text: String,
    },
    /// PAM does not work.
    #[error("PAM cannot be asked: {0}")]
    Broken(String),
}

/// A question of PAM's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `pam_authenticate`: whether the password is the user's.
    Authenticate,
    /// `pam_acct_mgmt`: whether the user may come in now.
    Account,
}

impl From<NulError> for Refused {
    fn from(error: NulError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Asks PAM whether the password is the user's, and whether the user may come in now.
///
/// Takes seconds for a wrong one, as PAM has it. A module that asks for more than one password, as
/// those of second factors do, gets no answer. A user without a password is not let in.
///
/// # Errors
///
/// [`Refused::Denied`] if PAM says no, [`Refused::Broken`] if it cannot be asked.
pub fn authenticate(service: Service<'_>, visitor: Visitor<'_>) -> Result<Account, Refused> {
    let mut session = begin(service, visitor)?;
    session.authenticate().map_err(denied(Step::Authenticate))?;
    finish(&mut session)
}

/// Asks PAM only whether a user may come in now: for those who have shown otherwise who they are.
///
/// # Errors
///
/// As [`authenticate`]'s.
pub fn admit(service: Service<'_>, user: &str, client: &str) -> Result<Account, Refused> {
    let visitor = Visitor {
        user,
        password: "",
        client,
    };
    let mut session = begin(service, visitor)?;
    finish(&mut session)
}

fn begin(service: Service<'_>, visitor: Visitor<'_>) -> Result<sys::Session, Refused> {
    let library = sys::Library::load().map_err(Refused::Broken)?;
    let password = CString::new(visitor.password)?;
    let user = CString::new(visitor.user)?;
    let service = CString::new(service.0)?;
    let client = CString::new(visitor.client)?;
    let session = library.start(&service, &user, password);
    let mut session = session.map_err(Refused::Broken)?;
    session.set_client(&client).map_err(Refused::Broken)?;
    Ok(session)
}

fn finish(session: &mut sys::Session) -> Result<Account, Refused> {
    let denied = denied(Step::Account);
    session.check_account().map_err(denied)?;
    let name = session.user().map_err(Refused::Broken)?;
    Ok(Account { name })
}

fn denied(step: Step) -> impl Fn(String) -> Refused {
    move |text| Refused::Denied { step, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Visitor<'_> = Visitor {
        user: "no-such-user",
        password: "secret",
        client: "192.0.2.1",
    };

    /// A service that has no rules falls to `other`, which refuses; a machine without PAM says so.
    #[test]
    fn strangers_are_refused() {
        let refused = authenticate(Service("winsta-no-such-service"), NOBODY);
        let refused = refused.expect_err("nobody is let in");
        println!("{refused}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }

    #[test]
    fn what_c_cannot_hold_is_not_asked() {
        for visitor in [
            Visitor {
                user: "a\0b",
                ..NOBODY
            },
            Visitor {
                password: "a\0b",
                ..NOBODY
            },
            Visitor {
                client: "a\0b",
                ..NOBODY
            },
        ] {
            let refused = authenticate(Service("other"), visitor);
            assert!(matches!(refused, Err(Refused::Broken(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_visitor_is_shown_without_the_password() {
        assert!(!format!("{NOBODY:?}").contains("secret"), "{NOBODY:?}");
    }
}
