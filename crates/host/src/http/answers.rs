//! Answers in JSON, and what they say for the audit trail.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use winsta_domain::SessionId;

use crate::failure::Failure;

/// What a handler gives.
pub(super) type Answer<T> = Result<T, Refusal>;

/// A failure on its way out.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Failure);

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// Why a request was refused, for the audit trail.
#[derive(Clone, Debug)]
pub(super) struct Outcome(pub(super) String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let outcome = Outcome(self.0.message.clone());
        let mut response = (status, Json(self.0.into_error())).into_response();
        response.extensions_mut().insert(outcome);
        response
    }
}

/// What the audit trail says of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    /// What was done, if the route alone does not say it.
    pub(super) action: Option<&'static str>,
    pub(super) session: Option<u32>,
    pub(super) detail: String,
}

/// An answer with a note for the audit trail.
pub(super) struct WithNote<T>(pub(super) T, pub(super) Noted);

impl<T: Serialize> WithNote<T> {
    /// About `session`.
    pub(super) fn about(session: SessionId, detail: impl Into<String>, answer: T) -> Self {
        let noted = Noted {
            action: None,
            session: Some(session.0),
            detail: detail.into(),
        };
        Self(answer, noted)
    }
}

impl<T: Serialize> IntoResponse for WithNote<T> {
    fn into_response(self) -> Response {
        self.1.on(Json(self.0))
    }
}

impl Noted {
    /// An answer or a refusal with this note.
    pub(super) fn on(self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// JSON that is written already.
pub(super) fn ready_json(json: impl Into<Body>) -> Response {
    let mut response = Response::new(json.into());
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
