//! WS-Management over HTTP: one address, one kind of body.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use winsta_api::{AuditEntry, paths};
use winsta_wsman::fault::Kind;
use winsta_wsman::names;
use winsta_wsman::request::Operation;
use winsta_wsman::{Answer, Charset, Fault, Reply, ReplyHeader, Request, Unreadable};

use super::App;
use super::requests::bytes;
use crate::clock;
use crate::people::Caller;
use crate::remoting::{Principal, new_guid};

/// Where it is.
pub(crate) const PATH: &str = "/wsman";
/// Most bytes of a body: an envelope in UTF-16, and some.
pub(crate) const MAX_BODY: usize = 1_100_000;

/// A request of a caller whom the kernel knows.
pub(super) async fn by_socket(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if app.engine.is_shared() {
        // Root's process is to read nothing of what clients of remote shells send.
        let text = "remote shells are not with the host for all users but with each user's own; the gateway \
                    leads there from the network: systemctl enable --now winsta-gateway";
        return plain(StatusCode::NOT_IMPLEMENTED, text);
    }
    let mut who = app.engine.principal(&caller);
    // Whoever may ask here may write what they like into their own trail.
    who.address = client_of(&headers);
    answer(&app, &who, &headers, body).await
}

/// A request of somebody whose password was checked.
pub(crate) async fn by_password(
    State(app): State<App>,
    Extension(who): Extension<Principal>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let working = app.activity.begin();
    let response = answer(&app, &who, &headers, body).await;
    drop(working);
    response
}

/// The client for whom a gateway says to ask.
fn client_of(headers: &HeaderMap) -> Option<String> {
    let said = headers.get(paths::CLIENT_HEADER)?.to_str().ok()?;
    let address: IpAddr = said.parse().ok()?;
    Some(address.to_string())
}

async fn answer(app: &App, who: &Principal, headers: &HeaderMap, body: Body) -> Response {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let Some(charset) = Charset::from_content_type(kind.unwrap_or_default()) else {
        return plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the charset is not UTF-8 or UTF-16",
        );
    };
    let body = match bytes(body, MAX_BODY).await {
        Ok(body) => body,
        Err(failure) => return plain(StatusCode::BAD_REQUEST, &failure.message),
    };
    let read = charset.decode(&body).map_err(|error| {
        Box::new(Unreadable {
            message_id: String::new(),
            fault: error.into(),
        })
    });
    let (relates_to, outcome) = match read.and_then(|text| Request::parse(&text)) {
        Ok(request) => {
            let number = request.header.message_id.clone();
            let app = app.clone();
            let who = who.clone();
            let is_whole = is_whole(&request);
            let work = async move { carry_out(&app, &who, request).await };
            let outcome = if is_whole {
                let done = tokio::spawn(work).await;
                done.unwrap_or_else(|_| Err(Kind::Internal.fault()))
            } else {
                work.await
            };
            (number, outcome)
        }
        Err(unreadable) => (unreadable.message_id, Err(unreadable.fault)),
    };
    let (status, answer) = match outcome {
        Ok(answer) => (StatusCode::OK, answer),
        Err(fault) => {
            let fault = fault.of(&app.engine.host);
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                Answer::Fault(Box::new(fault)),
            )
        }
    };
    let reply = Reply {
        header: ReplyHeader {
            message_id: format!("uuid:{}", new_guid()),
            relates_to,
            activity_id: None,
        },
        answer,
    };
    let mut response = Response::new(Body::from(charset.encode(reply.to_text())));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(charset.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Whether a request is carried out to its end even if its client hangs up in the middle. Half of
/// what makes something would be taken for the whole when the client asks again. Waiting for output
/// or for a program that reads its input ends with whoever waits.
fn is_whole(request: &Request) -> bool {
    match &request.operation {
        Operation::Receive { .. } => false,
        Operation::Send { .. } => request.header.resource.starts_with(names::POWERSHELL),
        _ => true,
    }
}

async fn carry_out(app: &App, who: &Principal, request: Request) -> Result<Answer, Fault> {
    let entry = entry(app, who, &request);
    let outcome = app.engine.remote(who, request).await;
    if let Some(entry) = entry {
        note(app, entry, &outcome);
    }
    outcome
}

/// An answer in words.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    response
}

/// What the audit trail says of a request that changes something.
fn entry(app: &App, who: &Principal, request: &Request) -> Option<AuditEntry> {
    let (action, detail) = match &request.operation {
        Operation::Create(shell) => ("shell_create", shell.name.clone().unwrap_or_default()),
        Operation::Delete => ("shell_end", String::new()),
        // Never the command itself: it may hold a password.
        Operation::Command { .. } => ("shell_command", String::new()),
        Operation::Disconnect { .. } => ("shell_disconnect", String::new()),
        Operation::Reconnect { command: None } => ("shell_reconnect", String::new()),
        Operation::Connect { command: None, .. } => ("shell_connect", String::new()),
        _ => return None,
    };
    let shell = request.header.shell_id().unwrap_or_default();
    let detail = format!("{shell} {detail}").trim().to_owned();
    Some(AuditEntry {
        time: clock::now().rfc3339().to_string(),
        host: app.engine.host.clone(),
        user: who.name.clone(),
        uid: who.uid,
        origin: who.address.clone().unwrap_or_else(|| "unix".to_owned()),
        action: action.to_owned(),
        session: None,
        owner: None,
        outcome: String::new(),
        detail,
    })
}

fn note(app: &App, mut entry: AuditEntry, outcome: &Result<Answer, Fault>) {
    entry.outcome = match outcome {
        Ok(_) => "done".to_owned(),
        Err(fault) => fault.text().trim().to_owned(),
    };
    if let Ok(Answer::Created(created)) = outcome {
        let id = created.shell_id().unwrap_or_default();
        entry.detail = [id, &entry.detail].join(" ").trim().into();
    }
    app.engine.audit.entry(entry);
}
