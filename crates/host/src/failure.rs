//! Refusals, ready to be sent.

use std::ops::{Deref, DerefMut};

use winsta_api::{ApiError, ErrorCode};
use winsta_domain::{SessionId, brief};
use winsta_wire::RefusalKind;

use crate::keeper::port::KeeperError;

/// What an operation gives when it does not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(Box<ApiError>);

impl Failure {
    /// The refusal as it is sent.
    pub(crate) fn into_error(self) -> ApiError {
        *self.0
    }
}

impl Deref for Failure {
    type Target = ApiError;

    fn deref(&self) -> &ApiError {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut ApiError {
        &mut self.0
    }
}

/// A refusal. What it quotes is cut to a length that people read.
pub(crate) fn failure(code: ErrorCode, message: impl AsRef<str>) -> Failure {
    Failure(Box::new(ApiError {
        code,
        message: brief(message.as_ref()).into_owned(),
        hint: None,
        holders: Vec::new(),
    }))
}

/// A refusal that says what to do next.
pub(crate) fn hinted(code: ErrorCode, message: impl AsRef<str>, hint: &str) -> Failure {
    let mut failure = failure(code, message);
    failure.hint = Some(hint.to_owned());
    failure
}

/// There is no such session.
pub(crate) fn no_session(id: SessionId) -> Failure {
    hinted(
        ErrorCode::NotFound,
        format!("no session has the id {id}"),
        "winsta query session lists them",
    )
}

/// The keeper did not do it.
pub(crate) fn keeper_failure(error: &KeeperError) -> Failure {
    match error {
        KeeperError::Refused(refusal) => {
            let code = match refusal.kind {
                RefusalKind::Unknown => ErrorCode::NotFound,
                RefusalKind::Exists | RefusalKind::Busy => ErrorCode::Conflict,
                RefusalKind::Invalid => ErrorCode::Invalid,
                RefusalKind::Exec => ErrorCode::Exec,
                RefusalKind::Exhausted => ErrorCode::Exhausted,
                RefusalKind::System | RefusalKind::Other => ErrorCode::Internal,
            };
            failure(code, refusal.reason.clone())
        }
        KeeperError::Lost => hinted(
            ErrorCode::Internal,
            "the keeper was lost in the middle of this; its sessions are being handed to a new one",
            "look at the session before you try again",
        ),
        KeeperError::Behind => failure(ErrorCode::Exhausted, error.to_string()),
        KeeperError::Silent | KeeperError::Strange => {
            failure(ErrorCode::Internal, error.to_string())
        }
    }
}

/// An error with all of its causes.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
