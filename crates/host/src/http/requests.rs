//! What comes in with a request, checked at the edge.
//!
//! The functions that take bytes are also what a fuzzer feeds ([`oracle`]).

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use winsta_api::{
    AttachRequest, ConfigurationSettings, EndRequest, Enrolment, ErrorCode, Guard, LabelRequest,
    Message, NewConfiguration, NewSession, SizeRequest, SwitchRequest, TokenRequest, Upgrade,
    paths,
};
use winsta_domain::SessionId;

use super::answers::Refusal;
use crate::failure::{Failure, failure, hinted};

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(20);

/// The id in a path.
pub(super) struct Id(pub(super) SessionId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path =
            Path::<std::collections::HashMap<String, String>>::from_request_parts(parts, state);
        let path = path.await.map_err(|error| invalid(error.to_string()))?;
        let text = path.get("id").map(String::as_str).unwrap_or_default();
        let id = text.parse().map_err(|_| {
            hinted(
                ErrorCode::Invalid,
                format!("{text:?} is no session id"),
                "a session id is a number, as winsta query session lists it",
            )
        })?;
        Ok(Self(id))
    }
}

/// A query that is as it should be.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(query) = query.map_err(|error| invalid(error.body_text()))?;
        Ok(Self(query))
    }
}

/// The session that the caller sits in.
pub(super) struct Current(pub(super) Option<SessionId>);

#[derive(Deserialize)]
struct CurrentQuery {
    current: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Current {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let header = parts.headers.get(paths::SESSION_HEADER);
        let header = header
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let query = Query::<CurrentQuery>::from_request_parts(parts, state)
            .await
            .ok();
        let said = query.and_then(|Query(query)| query.current).or(header);
        // Only a mark in a list depends on it: what is no number marks nothing.
        Ok(Self(said.and_then(|text| text.parse().ok())))
    }
}

/// The whole body, if it has at most `most` bytes and comes in time.
pub(crate) async fn bytes(body: Body, most: usize) -> Result<Vec<u8>, Failure> {
    let read = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, most)).await;
    match read {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(_)) => Err(failure(
            ErrorCode::Invalid,
            format!("the body has more than {most} bytes, or did not come whole"),
        )),
        Err(_) => Err(failure(
            ErrorCode::Invalid,
            format!("the body did not come within {} s", PATIENCE.as_secs()),
        )),
    }
}

/// A body in JSON.
pub(crate) async fn json<T: DeserializeOwned>(body: Body) -> Result<T, Failure> {
    parse(&bytes(body, paths::MAX_BODY).await?)
}

/// Reads JSON.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes)
        .map_err(|error| invalid(format!("the body is not what this request takes: {error}")))
}

fn invalid(message: String) -> Failure {
    failure(ErrorCode::Invalid, message)
}

/// Feeds any bytes to the reader of every body: each gives a value or a refusal, and a value
/// survives being written and read again.
///
/// # Panics
///
/// If one does not survive; for fuzzing.
pub fn oracle(bytes: &[u8]) {
    fn survives<T: DeserializeOwned + serde::Serialize + PartialEq + std::fmt::Debug>(
        bytes: &[u8],
    ) {
        let Ok(value) = parse::<T>(bytes) else {
            return;
        };
        let written = serde_json::to_vec(&value).unwrap_or_default();
        assert_eq!(parse::<T>(&written).ok(), Some(value));
    }
    survives::<NewConfiguration>(bytes);
    survives::<NewSession>(bytes);
    survives::<AttachRequest>(bytes);
    survives::<EndRequest>(bytes);
    survives::<Enrolment>(bytes);
    survives::<TokenRequest>(bytes);
    survives::<ConfigurationSettings>(bytes);
    survives::<Guard>(bytes);
    survives::<LabelRequest>(bytes);
    survives::<Message>(bytes);
    survives::<SizeRequest>(bytes);
    survives::<SwitchRequest>(bytes);
    survives::<Upgrade>(bytes);
}
