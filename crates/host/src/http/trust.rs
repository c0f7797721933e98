//! Requests about certificates and tokens.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use winsta_api::{ErrorCode, TokenGiven, TokenRequest, TrustReport, Trusted};

use super::App;
use super::answers::{Answer, Noted, Refusal, WithNote};
use super::requests::json;
use crate::clock;
use crate::failure::{failure, hinted};
use crate::trust::Trust;

pub(super) async fn token(State(app): State<App>, body: Body) -> Answer<WithNote<TokenGiven>> {
    let asked: TokenRequest = json(body).await?;
    let (token, life) = published(&app)?.token(&asked)?;
    let millis = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
    let expires = winsta_domain::Timestamp(clock::now().0.saturating_add(millis));
    let given = TokenGiven {
        token: token.to_string(),
        expires: expires.rfc3339().to_string(),
    };
    // Never the token itself.
    let detail = match &asked.user {
        Some(user) => format!("for {user}, {}", token.place),
        None => token.place.to_string(),
    };
    Ok(WithNote(given, noted(detail)))
}

pub(super) async fn list(State(app): State<App>) -> Answer<Json<TrustReport>> {
    Ok(Json(published(&app)?.report()))
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(fingerprint): Path<String>,
) -> Answer<WithNote<Trusted>> {
    let removed = published(&app)?.remove(&fingerprint)?;
    let detail = format!("{} {}", removed.name, removed.fingerprint);
    Ok(WithNote(removed, noted(detail)))
}

/// On the host's own socket; within TLS this is answered before it comes here.
pub(super) async fn enrol() -> Refusal {
    Refusal(failure(
        ErrorCode::Invalid,
        "a certificate is enrolled by whoever shows it over TLS",
    ))
}

fn noted(detail: String) -> Noted {
    Noted {
        detail,
        ..Noted::default()
    }
}

fn published(app: &App) -> Answer<&Arc<Trust>> {
    app.trust.as_ref().ok_or_else(|| {
        Refusal(if app.engine.is_shared() {
            hinted(
                ErrorCode::Unsupported,
                "the host for all users speaks to no network",
                "ssh leads to it, and winsta-gateway to remote shells ('winsta gateway token'); or publish a \
                 host of your own: winsta host run --tls ADDRESS:PORT",
            )
        } else {
            hinted(
                ErrorCode::Conflict,
                "the host is not published over TLS",
                "winsta host stop, then: winsta host run --tls 0.0.0.0:5986",
            )
        })
    })
}
