//! Requests about sessions.

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use serde::Deserialize;
use winsta_api::field::UnknownField;
use winsta_api::{
    Created, EndRequest, ErrorCode, Fields, Guard, KillReport, LabelRequest, LineInfo, Message,
    MessageReport, NewSession, ProcessInfo, Session, SizeRequest, WaitReport,
};
use winsta_domain::SessionId;

use super::App;
use super::answers::{Answer, Noted, Refusal, WithNote, ready_json};
use super::requests::{Asked, Current, Id, json};
use crate::access::{self, Decision, Relation, Verb};
use crate::engine::end;
use crate::engine::rights::Subject;
use crate::failure::hinted;
use crate::people::Caller;

/// What a list shall be kept to.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    fields: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    Current(current): Current,
    Extension(caller): Extension<Caller>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Response> {
    let fields = query.fields.as_deref().map_or(Ok(Fields::ALL), str::parse);
    let fields = fields.map_err(|error: UnknownField| {
        let known = format!("a session has {}", Fields::ALL);
        Refusal(hinted(ErrorCode::Invalid, error.to_string(), &known))
    })?;
    app.engine.look().await;
    let current = current.or_else(|| app.engine.login_of(&caller));
    Ok(ready_json(app.engine.list(fields, current)))
}

pub(super) async fn one(
    State(app): State<App>,
    Id(id): Id,
    Current(current): Current,
    Extension(caller): Extension<Caller>,
) -> Answer<Json<Session>> {
    let current = current.or_else(|| app.engine.login_of(&caller));
    Ok(Json(app.engine.session(id, current)?))
}

pub(super) async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer<WithNote<Created>> {
    let wanted: NewSession = json(body).await?;
    if wanted.console {
        let standing = app.engine.standing(&caller, Subject::Host);
        let relation = standing.map_or(Relation::Stranger, |standing| standing.relation);
        if let Decision::Deny(right) = access::decide(relation, Verb::CreateConsole) {
            return Err(Refusal(app.engine.lacking(right, &app.engine.owner.name)));
        }
    }
    let command = wanted.command.join(" ");
    let created = app.engine.create(wanted, caller).await?;
    Ok(WithNote::about(
        SessionId(created.session.id),
        command,
        created,
    ))
}

pub(super) async fn end_one(
    State(app): State<App>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer<Response> {
    let request: EndRequest = json(body).await?;
    let mut noted = Noted {
        action: Some(end::action(request.how)),
        session: Some(id.0),
        detail: String::new(),
    };
    match app.engine.end(id, request, caller).await {
        Ok(report) => {
            noted.detail.clone_from(&report.step);
            Ok(noted.on(Json(report)))
        }
        Err(refused) => Ok(noted.on(Refusal(refused))),
    }
}

pub(super) async fn message(
    State(app): State<App>,
    Id(id): Id,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer<WithNote<MessageReport>> {
    let message: Message = json(body).await?;
    let text = message.text.clone();
    let from = app.engine.names.of(caller.uid);
    let report = app.engine.message(id, message, &from).await?;
    Ok(WithNote::about(id, text, report))
}

pub(super) async fn wait(State(app): State<App>, Id(id): Id) -> Answer<Json<WaitReport>> {
    Ok(Json(app.engine.wait(id).await?))
}

pub(super) async fn resize(
    State(app): State<App>,
    Id(id): Id,
    body: Body,
) -> Answer<WithNote<Session>> {
    let size: SizeRequest = json(body).await?;
    let session = app.engine.resize(id, size).await?;
    let detail = format!("size {}x{}", size.cols, size.rows);
    Ok(WithNote::about(id, detail, session))
}

pub(super) async fn label(
    State(app): State<App>,
    Id(id): Id,
    body: Body,
) -> Answer<WithNote<Session>> {
    let request: LabelRequest = json(body).await?;
    let session = app.engine.set_label(id, request.label)?;
    let detail = format!("label {}", session.label.as_deref().unwrap_or("none"));
    Ok(WithNote::about(id, detail, session))
}

pub(super) async fn line(State(app): State<App>, Id(id): Id) -> Answer<Json<LineInfo>> {
    Ok(Json(app.engine.line(id).await?))
}

pub(super) async fn processes(
    State(app): State<App>,
    Id(id): Id,
    Current(current): Current,
) -> Answer<Json<Vec<ProcessInfo>>> {
    Ok(Json(app.engine.processes(id, current).await?))
}

pub(super) async fn kill(
    State(app): State<App>,
    Path((id, pid)): Path<(u32, u32)>,
    body: Body,
) -> Answer<WithNote<KillReport>> {
    let guard: Guard = json(body).await?;
    let report = app.engine.kill(SessionId(id), pid, &guard).await?;
    Ok(WithNote::about(SessionId(id), format!("pid {pid}"), report))
}
