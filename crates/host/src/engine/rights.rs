//! What a caller is to a session, a warning, or the host: what [`access`](crate::access) decides on.

use winsta_api::ErrorCode;
use winsta_domain::SessionId;

use super::Engine;
use crate::access::{self, Decision, Relation, Right, Verb};
use crate::failure::{Failure, failure, hinted, no_session};
use crate::people::{Caller, is_administrator};
use crate::remoting::Principal;

/// What somebody wants to do something to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The host.
    Host,
    /// A session.
    Session(SessionId),
    /// A warning.
    Warning(u32),
}

/// What the caller is to a subject, and whose that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) relation: Relation,
    /// User id and name of the owner.
    pub(crate) owner: (u32, String),
}

impl Engine {
    /// What `caller` is to `subject`; `None` if there is no such thing.
    ///
    /// On the machine's host a number that nobody has is nobody's: by the time a request is
    /// carried out, it could be somebody's.
    pub(crate) fn standing(&self, caller: &Caller, subject: Subject) -> Option<Standing> {
        let owner = self.owner_of(subject)?;
        let relation = if caller.uid == 0 || (self.is_shared() && is_administrator(caller.uid)) {
            Relation::Administrator
        } else if self.is_shared() && subject == Subject::Host {
            Relation::User
        } else if caller.uid == owner.0 {
            Relation::Owner
        } else {
            Relation::Stranger
        };
        Some(Standing { relation, owner })
    }

    /// Whether `caller` may do `verb` to a session.
    pub(crate) fn may(&self, caller: &Caller, verb: Verb, id: SessionId) -> bool {
        let standing = self.standing(caller, Subject::Session(id));
        standing.is_some_and(|standing| {
            matches!(access::decide(standing.relation, verb), Decision::Allow)
        })
    }

    /// Who `caller` is to remote shells: with a user's own host, that user.
    pub(crate) fn principal(&self, caller: &Caller) -> Principal {
        let uid = if self.is_shared() {
            caller.uid
        } else {
            self.owner.uid
        };
        Principal {
            uid,
            name: self.names.of(uid),
            address: None,
            administers: !self.is_shared() || caller.uid == 0 || is_administrator(caller.uid),
        }
    }

    /// The refusal to somebody who lacks a right.
    pub(crate) fn lacking(&self, right: Right, owner: &str) -> Failure {
        let who = if self.is_shared() {
            format!(
                "{owner} has it, and administrators: root (sudo winsta …) and the group \
                 winsta-admins"
            )
        } else {
            format!("{owner} has it, and root: sudo winsta …")
        };
        let message = format!("you lack the right to {}", right.words());
        hinted(ErrorCode::Forbidden, message, &who)
    }

    fn owner_of(&self, subject: Subject) -> Option<(u32, String)> {
        let host = || Some((self.owner.uid, self.owner.name.clone()));
        let core = self.core();
        let id = match subject {
            Subject::Host => return host(),
            Subject::Session(id) => id,
            Subject::Warning(_) if !self.is_shared() => return host(),
            Subject::Warning(number) => core.notices.session_of(number)?,
        };
        if let Some(found) = core.elsewhere.get(id) {
            return Some((found.uid, found.user.clone()));
        }
        let standing = id == SessionId::CONSOLE || id.is_listener();
        match core.sessions.get(&id) {
            Some(hosted) if self.is_shared() => Some((hosted.meta.uid, hosted.meta.user.clone())),
            // The console and listeners stand in the list without being sessions.
            None if self.is_shared() && !standing => None,
            Some(_) | None => host(),
        }
    }
}

/// The refusal to somebody who asks about something that is not there.
pub(crate) fn no_such(subject: Subject) -> Failure {
    match subject {
        Subject::Session(id) => no_session(id),
        Subject::Warning(number) => failure(
            ErrorCode::NotFound,
            format!("no warning with the number {number} counts down"),
        ),
        Subject::Host => failure(ErrorCode::NotFound, "there is no host"),
    }
}
