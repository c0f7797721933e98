//! Requests about session configurations.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use winsta_api::{ConfigurationSettings, NewConfiguration, SessionConfiguration};

use super::App;
use super::answers::{Answer, Noted, WithNote};
use super::requests::json;

pub(super) async fn all(State(app): State<App>) -> Answer<Json<Vec<SessionConfiguration>>> {
    Ok(Json(app.engine.configurations().await?))
}

pub(super) async fn one(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Answer<Json<SessionConfiguration>> {
    Ok(Json(app.engine.configuration(name).await?))
}

pub(super) async fn make(
    State(app): State<App>,
    body: Body,
) -> Answer<WithNote<SessionConfiguration>> {
    let new: NewConfiguration = json(body).await?;
    let made = app.engine.make_configuration(new).await?;
    Ok(noted("configuration_make", made))
}

pub(super) async fn change(
    State(app): State<App>,
    Path(name): Path<String>,
    body: Body,
) -> Answer<WithNote<SessionConfiguration>> {
    let wanted: ConfigurationSettings = json(body).await?;
    let words = serde_json::to_string(&wanted).unwrap_or_default();
    let changed = app.engine.change_configuration(name, wanted).await?;
    let mut noted = noted("configuration_change", changed);
    noted.1.detail = format!("{} {words}", noted.1.detail);
    Ok(noted)
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Answer<WithNote<SessionConfiguration>> {
    let removed = app.engine.remove_configuration(name).await?;
    Ok(noted("configuration_remove", removed))
}

/// For the audit trail.
fn noted(action: &'static str, answer: SessionConfiguration) -> WithNote<SessionConfiguration> {
    let noted = Noted {
        action: Some(action),
        session: None,
        detail: answer.name.clone(),
    };
    WithNote(answer, noted)
}
