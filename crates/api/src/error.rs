//! Refusals and failures as the host reports them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request is malformed (400).
    Invalid,
    /// The caller lacks a right; `message` says which (403).
    Forbidden,
    /// No such session, process, connection or warning (404).
    NotFound,
    /// The session is in a state in which this cannot be done (409).
    Conflict,
    /// The guard names an older session or host than there is (412).
    Stale,
    /// The source of the session cannot do this; `hint` says what would do (501).
    Unsupported,
    /// A limit on sessions is reached; `holders` lists who has them (429).
    Quota,
    /// The machine has no PTY, descriptor, process or memory left (503).
    Exhausted,
    /// The program could not be started (422).
    Exec,
    /// Anything else that failed inside the host (500).
    Internal,
    /// A code that this build does not know.
    #[serde(other)]
    Other,
}

impl ErrorCode {
    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Stale => 412,
            Self::Exec => 422,
            Self::Quota => 429,
            Self::Internal | Self::Other => 500,
            Self::Unsupported => 501,
            Self::Exhausted => 503,
        }
    }
}

/// Body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiError {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What failed, on what, and why.
    pub message: String,
    /// What to do next, if there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// With [`ErrorCode::Quota`]: who holds sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Holder>,
}

/// Somebody who holds a session that counts towards a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// The session's id.
    pub id: u32,
    /// Whose it is.
    pub user: String,
    /// Its state.
    #[schema(value_type = String)]
    pub state: winsta_domain::State,
    /// Seconds since the user's last input.
    pub idle_seconds: Option<u64>,
    /// The session's label.
    pub label: Option<String>,
}
