//! Requests about the host itself.

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::{Stream, StreamExt};
use winsta_api::{
    AuditEntry, Change, Check, ErrorCode, HostStatus, ProcessInfo, StopReport, Upgrade, Upgraded,
    Warning,
};
use winsta_domain::SessionId;

use super::answers::{Answer, Noted, Refusal, WithNote, ready_json};
use super::requests::{Asked, Current, json};
use super::{App, Wish};
use crate::clock;
use crate::failure::{failure, hinted};
use crate::people::Caller;

/// Entries of the audit trail that are given unless said.
const ENTRIES: u32 = 100;

pub(super) async fn status(State(app): State<App>) -> Json<HostStatus> {
    Json(app.engine.status())
}

pub(super) async fn doctor(State(app): State<App>) -> Json<Vec<Check>> {
    Json(app.engine.doctor().await)
}

pub(super) async fn openapi() -> Response {
    ready_json(winsta_api::openapi::document())
}

#[derive(Deserialize)]
pub(super) struct AuditQuery {
    limit: Option<u32>,
    session: Option<u32>,
}

pub(super) async fn audit(
    State(app): State<App>,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Json<Vec<AuditEntry>>> {
    let limit = query.limit.unwrap_or(ENTRIES);
    let entries = app
        .engine
        .audit
        .read(limit, query.session.map(SessionId))
        .await;
    let entries = entries.map_err(|why| {
        hinted(
            ErrorCode::Internal,
            format!("the audit trail cannot be read: {why}"),
            "winsta host status lists the host's problems",
        )
    })?;
    Ok(Json(entries))
}

pub(super) async fn events(
    State(app): State<App>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = BroadcastStream::new(app.engine.changes.subscribe());
    // From now on changes elsewhere are heard of.
    app.engine.look().await;
    Sse::new(changes.map(|change| {
        let change = change.unwrap_or_else(|BroadcastStreamRecvError::Lagged(missed)| Change {
            change: "missed".to_owned(),
            time: clock::now().rfc3339().to_string(),
            session: None,
            detail: format!("{missed} changes: this listener was too slow"),
        });
        let json = serde_json::to_string(&change).unwrap_or_default();
        Ok(Event::default().data(json))
    }))
}

pub(super) async fn processes(
    State(app): State<App>,
    Current(current): Current,
    Extension(caller): Extension<Caller>,
) -> Answer<Json<Vec<ProcessInfo>>> {
    app.engine.look().await;
    let current = current.or_else(|| app.engine.login_of(&caller));
    Ok(Json(app.engine.all_processes(&caller, current).await?))
}

pub(super) async fn warnings(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Json<Vec<Warning>> {
    Json(app.engine.warnings(&caller))
}

pub(super) async fn cancel_warning(
    State(app): State<App>,
    Path(id): Path<u32>,
    Extension(caller): Extension<Caller>,
) -> Answer<WithNote<Warning>> {
    let by = app.engine.names.of(caller.uid);
    let warning = app.engine.cancel_warning(id, &by).await?;
    let session = SessionId(warning.session);
    Ok(WithNote::about(session, format!("warning {id}"), warning))
}

#[derive(Deserialize)]
pub(super) struct StopQuery {
    #[serde(default)]
    force: bool,
}

pub(super) async fn stop(
    State(app): State<App>,
    Asked(query): Asked<StopQuery>,
) -> Answer<WithNote<StopReport>> {
    let engine = &app.engine;
    engine.begin_stopping();
    let mut ended = 0;
    if !engine.is_empty() {
        if !query.force {
            engine.go_on();
            let count = engine.core().sessions.len();
            let what = match engine.remoting.len() {
                0 => format!("the host has {count} sessions"),
                shells => format!("the host has {count} sessions and {shells} remote shells"),
            };
            return Err(Refusal(hinted(
                ErrorCode::Conflict,
                what,
                "winsta host stop --force ends them all; \
                 without the host they run on by themselves",
            )));
        }
        ended = engine.end_all().await;
        engine.end_shells().await;
        if !engine.is_empty() {
            engine.go_on();
            return Err(Refusal(failure(
                ErrorCode::Conflict,
                "some sessions could not be ended, so the host goes on",
            )));
        }
    }
    // The queue holds one wish; a second one comes to the same.
    let _ = app.wishes.try_send(Wish::Stop);
    Ok(WithNote(StopReport { ended }, Noted::default()))
}

pub(super) async fn upgrade(State(app): State<App>, body: Body) -> Answer<WithNote<Upgraded>> {
    let Upgrade { program } = json(body).await?;
    check_program(&program)?;
    let engine = &app.engine;
    let (mut before, mut after) = (None, None);
    for (uid, _) in engine.keepers() {
        let replaced = engine.upgrade_keeper(uid, &program).await?;
        before = before.or(replaced.before);
        after = Some(replaced.after);
    }
    // The machine's host may have no keepers at the moment.
    let version = || env!("CARGO_PKG_VERSION").to_owned();
    let noted = Noted {
        detail: program.clone(),
        ..Noted::default()
    };
    let _ = app.wishes.try_send(Wish::Become(program));
    let upgraded = Upgraded {
        host_before: env!("CARGO_PKG_VERSION").to_owned(),
        keeper_before: before.unwrap_or_else(version),
        keeper: after.unwrap_or_else(version),
    };
    Ok(WithNote(upgraded, noted))
}

fn check_program(program: &str) -> Answer<()> {
    let path = std::path::Path::new(program);
    let executable = std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    if path.is_absolute() && executable {
        return Ok(());
    }
    Err(Refusal(failure(
        ErrorCode::Invalid,
        format!("{program:?} is not the whole path of a program"),
    )))
}
