//! In front of every request: who asks, may they, and what the audit trail says of it.

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use winsta_api::{AuditEntry, ErrorCode, paths};
use winsta_domain::SessionId;

use super::App;
use super::answers::{Noted, Outcome, Refusal};
use crate::access::{self, Decision, Relation, Verb};
use crate::clock;
use crate::engine::rights::{Standing, Subject, no_such};
use crate::failure::hinted;
use crate::people::Caller;

/// Longest text of a problem in a header, in characters.
const MAX_PROBLEM: usize = 400;

/// Lets a request through, or not.
pub(super) async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let working = app.activity.begin();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(|path| path.as_str().to_owned());
    let mut response = match route {
        Some(route) => admit(&app, &route, request, next).await,
        // No route: the router says so.
        None => next.run(request).await,
    };
    drop(working);
    sign(&app, &mut response);
    response
}

/// Decides on a request for a route that there is.
async fn admit(app: &App, route: &str, request: Request, next: Next) -> Response {
    let Some(verb) = verb_of(request.method(), route) else {
        // A method that the route does not know: the router says so.
        return next.run(request).await;
    };
    let Some(caller) = request.extensions().get::<Caller>().copied() else {
        let refused = app
            .engine
            .lacking(access::Right::List, &app.engine.owner.name);
        return Refusal(refused).into_response();
    };
    let path = request.uri().path();
    let session = session_in(path);
    let subject = match (session, warning_in(path)) {
        (Some(id), _) => Subject::Session(SessionId(id)),
        (None, Some(number)) => Subject::Warning(number),
        (None, None) => Subject::Host,
    };
    if let Subject::Session(id) = subject {
        app.engine.look_for(id).await;
    }
    // A session that is not hosted is its own user's, whoever's host this is.
    let Some(Standing { relation, owner }) = app.engine.standing(&caller, subject) else {
        return Refusal(no_such(subject)).into_response();
    };
    let response = match access::decide(relation, verb) {
        Decision::Allow => carry_out(verb, request, next).await,
        Decision::Deny(right) => Refusal(app.engine.lacking(right, &owner.1)).into_response(),
    };
    // What somebody starts is theirs, also on a host that is not.
    let owner = if relation == Relation::User && verb == Verb::Create {
        (caller.uid, app.engine.names.of(caller.uid))
    } else {
        owner
    };
    if is_audited(verb) && is_recorded(app, verb, caller, owner.0, session, &response) {
        audit(app, verb, caller, session, &owner.1, &response);
    }
    response
}

/// Runs the handler. What changes something is carried out to its end even if the client goes
/// away meanwhile.
async fn carry_out(verb: Verb, request: Request, next: Next) -> Response {
    if !outlives_its_client(verb) {
        return next.run(request).await;
    }
    let running = tokio::spawn(async move { next.run(request).await });
    running.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request failed");
        let failed = hinted(
            ErrorCode::Internal,
            "the request failed inside the host",
            "the host's log is host.log in its runtime folder",
        );
        Refusal(failed).into_response()
    })
}

/// Says with every answer what the host is.
fn sign(app: &App, response: &mut Response<Body>) {
    let headers = response.headers_mut();
    let server = concat!("winsta/", env!("CARGO_PKG_VERSION"));
    let pairs = [
        (paths::SERVER_HEADER, HeaderValue::from_static(server)),
        (paths::API_HEADER, HeaderValue::from_static(paths::VERSION)),
    ];
    for (name, value) in pairs {
        headers.insert(HeaderName::from_static(name), value);
    }
    if let Ok(value) = HeaderValue::from_str(&app.engine.incarnation().0) {
        headers.insert(HeaderName::from_static(paths::INCARNATION_HEADER), value);
    }
    for problem in app.engine.problems.list() {
        let text = problem.chars().take(MAX_PROBLEM);
        let text = text.map(|c| {
            if c.is_ascii() && !c.is_control() {
                c
            } else {
                '?'
            }
        });
        if let Ok(value) = HeaderValue::from_str(&text.collect::<String>()) {
            headers.append(HeaderName::from_static(paths::PROBLEM_HEADER), value);
        }
    }
}

/// Whether this one gets a row: of an owner's looks at their own session not each does.
fn is_recorded(
    app: &App,
    verb: Verb,
    caller: Caller,
    owner: u32,
    session: Option<u32>,
    response: &Response,
) -> bool {
    let refused = response.extensions().get::<Outcome>().is_some();
    match (is_look(verb), session) {
        (true, Some(session)) if caller.uid == owner && !refused => {
            app.looks.is_news(clock::now(), SessionId(session), verb)
        }
        _ => true,
    }
}

fn audit(
    app: &App,
    verb: Verb,
    caller: Caller,
    session: Option<u32>,
    owner: &str,
    response: &Response,
) {
    let noted = response
        .extensions()
        .get::<Noted>()
        .cloned()
        .unwrap_or_default();
    let outcome = response.extensions().get::<Outcome>();
    let session = noted.session.or(session);
    let engine = &app.engine;
    engine.audit.entry(AuditEntry {
        time: clock::now().rfc3339().to_string(),
        host: engine.host.clone(),
        user: engine.names.of(caller.uid),
        uid: caller.uid,
        origin: caller.origin(),
        action: noted.action.unwrap_or_else(|| action(verb)).to_owned(),
        session,
        owner: session.map(|_| owner.to_owned()),
        outcome: outcome.map_or_else(|| "done".to_owned(), |outcome| outcome.0.clone()),
        detail: noted.detail,
    });
}

/// The session that a path names.
fn session_in(path: &str) -> Option<u32> {
    let rest = path.strip_prefix(paths::SESSIONS)?.strip_prefix('/')?;
    rest.split('/').next()?.parse().ok()
}

/// The warning that a path names.
fn warning_in(path: &str) -> Option<u32> {
    path.strip_prefix(paths::WARNINGS)?
        .strip_prefix('/')?
        .parse()
        .ok()
}

/// What a request wants. Starting the console needs more than its route says; its handler checks.
pub(super) fn verb_of(method: &Method, route: &str) -> Option<Verb> {
    let verb = match (method.as_str(), route) {
        ("GET", "/v1/status" | "/v1/doctor" | "/v1/openapi.json") => Verb::Status,
        ("GET", "/v1/audit") => Verb::Audit,
        ("GET", "/v1/events") => Verb::Events,
        ("DELETE", "/v1/warnings/{id}") => Verb::CancelWarning,
        ("POST", "/v1/host/stop") => Verb::Stop,
        ("POST", "/v1/host/upgrade") => Verb::Upgrade,
        ("GET", "/v1/sessions" | "/v1/sessions/{id}") => Verb::List,
        ("POST", "/v1/sessions") => Verb::Create,
        ("DELETE", "/v1/sessions/{id}") => Verb::End,
        ("POST" | "GET", "/v1/sessions/{id}/attach") | ("POST", "/v1/sessions/{id}/switch") => {
            Verb::Attach
        }
        ("POST", "/v1/sessions/{id}/disconnect") => Verb::Disconnect,
        ("POST", "/v1/sessions/{id}/message") => Verb::Message,
        ("GET", "/v1/sessions/{id}/wait") => Verb::Wait,
        ("PUT", "/v1/sessions/{id}/size" | "/v1/sessions/{id}/label") => Verb::Change,
        ("GET", "/v1/processes" | "/v1/warnings") => Verb::Survey,
        ("GET", "/v1/sessions/{id}/line" | "/v1/sessions/{id}/processes") => Verb::Inspect,
        ("DELETE", "/v1/sessions/{id}/processes/{pid}") => Verb::Kill,
        ("POST", "/v1/sessions/{id}/input") => Verb::Input,
        ("GET", "/v1/sessions/{id}/output") => Verb::Output,
        ("GET", "/v1/sessions/{id}/screen") => Verb::Screen,
        ("POST", "/wsman") => Verb::Remote,
        ("GET", paths::KEEPER) => Verb::ReachKeeper,
        ("GET", "/v1/trusted") => Verb::Trusted,
        ("POST", "/v1/trusted") => Verb::Enrol,
        ("DELETE", "/v1/trusted/{fingerprint}") => Verb::Distrust,
        ("POST", "/v1/tokens") => Verb::Token,
        ("GET", "/v1/session-configurations" | "/v1/session-configurations/{name}") => {
            Verb::Configurations
        }
        ("POST", "/v1/session-configurations")
        | ("PATCH" | "DELETE", "/v1/session-configurations/{name}") => Verb::Configure,
        _ => return None,
    };
    Some(verb)
}

/// What the audit trail calls it.
fn action(verb: Verb) -> &'static str {
    match verb {
        Verb::List => "list",
        Verb::Status => "status",
        Verb::Audit => "audit",
        Verb::Events => "events",
        Verb::Create => "create",
        Verb::CreateConsole => "create_console",
        Verb::Attach => "connect",
        Verb::Disconnect => "disconnect",
        // Nobody heard how, because it was refused before its body was read.
        Verb::End => "end",
        Verb::CancelWarning => "cancel_warning",
        Verb::Kill => "kill",
        Verb::Message => "message",
        Verb::Input => "input",
        Verb::Output => "output",
        Verb::Screen => "screen",
        Verb::Change => "change",
        Verb::Inspect => "inspect",
        Verb::Survey => "survey",
        Verb::Wait => "wait",
        Verb::Stop => "stop",
        Verb::Upgrade => "upgrade",
        Verb::Remote => "remote",
        Verb::ReachKeeper => "reach_keeper",
        Verb::Trusted => "trusted",
        Verb::Token => "token",
        Verb::Enrol => "enrol",
        Verb::Distrust => "distrust",
        Verb::Configurations => "configurations",
        Verb::Configure => "configure",
    }
}

/// Whether the trail records it: every change, and looking into a session.
fn is_audited(verb: Verb) -> bool {
    match verb {
        // What a shell is asked is recorded where it is understood, and who may attach with the
        // permit.
        Verb::List
        | Verb::Status
        | Verb::Audit
        | Verb::Events
        | Verb::Inspect
        | Verb::Survey
        | Verb::Wait
        | Verb::Trusted
        | Verb::Remote
        | Verb::ReachKeeper
        | Verb::Configurations => false,
        Verb::Create
        | Verb::Token
        | Verb::Enrol
        | Verb::Distrust
        | Verb::CreateConsole
        | Verb::Attach
        | Verb::Disconnect
        | Verb::End
        | Verb::CancelWarning
        | Verb::Kill
        | Verb::Message
        | Verb::Input
        | Verb::Output
        | Verb::Screen
        | Verb::Change
        | Verb::Stop
        | Verb::Upgrade
        | Verb::Configure => true,
    }
}

/// Whether it looks into a session and changes nothing.
fn is_look(verb: Verb) -> bool {
    matches!(verb, Verb::Output | Verb::Screen)
}

/// Whether it goes on when its client is gone. Questions and waits do not.
fn outlives_its_client(verb: Verb) -> bool {
    match verb {
        Verb::Create
        | Verb::CreateConsole
        | Verb::Disconnect
        | Verb::End
        | Verb::CancelWarning
        | Verb::Kill
        | Verb::Change
        | Verb::Distrust
        | Verb::Stop
        | Verb::Upgrade
        | Verb::Configure => true,
        Verb::List
        | Verb::Status
        | Verb::Audit
        | Verb::Events
        | Verb::Attach
        | Verb::Message
        | Verb::Input
        | Verb::Output
        | Verb::Screen
        | Verb::Inspect
        | Verb::Survey
        | Verb::Wait
        | Verb::Trusted
        | Verb::Token
        | Verb::Enrol
        | Verb::Remote
        | Verb::ReachKeeper
        | Verb::Configurations => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_document_has_a_verb() {
        for (method, route) in winsta_api::openapi::routes() {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert!(verb_of(&method, &route).is_some(), "{method} {route}");
        }
    }

    #[test]
    fn the_session_is_read_from_the_path() {
        assert_eq!(session_in("/v1/sessions/7/attach"), Some(7));
        assert_eq!(session_in("/v1/sessions"), None);
        assert_eq!(session_in("/v1/sessions/x"), None);
        assert_eq!(session_in("/v1/warnings/7"), None);
        assert_eq!(warning_in("/v1/warnings/7"), Some(7));
        assert_eq!(warning_in("/v1/warnings"), None);
    }
}
