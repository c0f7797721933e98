//! The interface's OpenAPI document.
//!
//! The functions below are never called: they carry the description of each request, beside the
//! types that it takes and gives. `openapi.json` is what they come to; a test says when it is
//! stale.

use utoipa::OpenApi;

use crate::{
    ApiError, AttachRequest, AttachTicket, AuditEntry, Change, Check, ConfigurationSettings,
    Created, Disconnected, EndReport, EndRequest, Enrolment, Guard, HostStatus, InputReport,
    KillReport, LabelRequest, LineInfo, Message, MessageReport, NewConfiguration, NewSession,
    ProcessInfo, Session, SessionConfiguration, SizeRequest, StopReport, SwitchRequest, TokenGiven,
    TokenRequest, TrustReport, Trusted, Upgrade, Upgraded, WaitReport, Warning,
};

/// The document, as it is served and committed.
pub fn document() -> &'static str {
    include_str!("../openapi.json")
}

/// Method and path of every request in the document.
pub fn routes() -> Vec<(String, String)> {
    let document: serde_json::Value = serde_json::from_str(document()).unwrap_or_default();
    let paths = document.get("paths").and_then(serde_json::Value::as_object);
    let mut routes = Vec::new();
    for (path, item) in paths.into_iter().flatten() {
        for method in item
            .as_object()
            .into_iter()
            .flatten()
            .map(|(method, _)| method)
        {
            routes.push((method.to_uppercase(), path.clone()));
        }
    }
    routes
}

/// The document as the code describes it.
pub fn generated() -> String {
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "winsta host",
        description = "Sessions of one user's host. Callers are known by the Unix socket, or over TLS \
            by an enrolled certificate; every \
            answer names the life of the numbering in the header winsta-incarnation, and what an \
            administrator should know in winsta-problem. A refusal is an ApiError."
    ),
    paths(
        status,
        doctor,
        document_path,
        audit,
        events,
        all_processes,
        warnings,
        cancel_warning,
        stop,
        upgrade,
        token,
        trusted,
        enrol,
        distrust,
        list,
        create,
        one,
        end,
        attach,
        websocket,
        keeper,
        disconnect,
        switch,
        message,
        wait,
        resize,
        label,
        line,
        processes,
        kill,
        input,
        output,
        screen,
        configurations,
        configuration,
        new_configuration,
        change_configuration,
        remove_configuration
    )
)]
struct Document;

macro_rules! requests {
    ($($name:ident: $method:ident $path:literal, $summary:literal,
        ($($param:tt)*), $body:tt, $answer:tt;)*) => {
        $(requests!(@one $name $method $path $summary ($($param)*) $body $answer);)*
    };
    (@one $name:ident $method:ident $path:literal $summary:literal
        ($($param:tt)*) none [$answer:ty]) => {
        #[utoipa::path($method, path = $path, summary = $summary, params($($param)*), responses(
            (status = 200, body = $answer), (status = "default", body = ApiError)))]
        #[expect(dead_code, reason = "carries the description of a request")]
        fn $name() {}
    };
    (@one $name:ident $method:ident $path:literal $summary:literal
        ($($param:tt)*) [$body:ty] [$answer:ty]) => {
        #[utoipa::path($method, path = $path, summary = $summary, request_body = $body,
            params($($param)*), responses(
            (status = 200, body = $answer), (status = "default", body = ApiError)))]
        #[expect(dead_code, reason = "carries the description of a request")]
        fn $name() {}
    };
    (@one $name:ident $method:ident $path:literal $summary:literal
        ($($param:tt)*) none ($kind:literal)) => {
        #[utoipa::path($method, path = $path, summary = $summary, params($($param)*), responses(
            (status = 200, content_type = $kind), (status = "default", body = ApiError)))]
        #[expect(dead_code, reason = "carries the description of a request")]
        fn $name() {}
    };
}

requests! {
    status: get "/v1/status", "State of the host", (), none, [HostStatus];
    doctor: get "/v1/doctor", "What is missing on this machine, and how to get it", (), none,
        [Vec<Check>];
    document_path: get "/v1/openapi.json", "This document", (), none, ("application/json");
    audit: get "/v1/audit", "The newest entries of the audit trail, newest last",
        (("limit" = Option<u32>, Query), ("session" = Option<u32>, Query)), none,
        [Vec<AuditEntry>];
    all_processes: get "/v1/processes", "Processes of all sessions",
        (("current" = Option<u32>, Query)), none, [Vec<ProcessInfo>];
    warnings: get "/v1/warnings", "Warnings that count down", (), none, [Vec<Warning>];
    cancel_warning: delete "/v1/warnings/{id}", "Cancel a warning and what it warns of",
        (("id" = u32, Path)), none, [Warning];
    stop: post "/v1/host/stop", "End the host; with force its sessions too",
        (("force" = Option<bool>, Query)), none, [StopReport];
    upgrade: post "/v1/host/upgrade", "Replace host and keeper by another program", (),
        [Upgrade], [Upgraded];
    token: post "/v1/tokens", "A token with which a certificate can be enrolled, once", (),
        [TokenRequest], [TokenGiven];
    trusted: get "/v1/trusted", "The host's certificate, and those that are enrolled", (), none,
        [TrustReport];
    enrol: post "/v1/trusted", "Enrol the certificate of this connection, which is over TLS", (),
        [Enrolment], [Trusted];
    distrust: delete "/v1/trusted/{fingerprint}", "Take a certificate off the list",
        (("fingerprint" = String, Path)), none, [Trusted];
    list: get "/v1/sessions", "All sessions, lowest id first",
        (("current" = Option<u32>, Query),
         ("fields" = Option<String>, Query, description = "Only these keys: id,user,state")),
        none, [Vec<Session>];
    create: post "/v1/sessions", "Start a session", (), [NewSession], [Created];
    one: get "/v1/sessions/{id}", "One session",
        (("id" = u32, Path), ("current" = Option<u32>, Query)), none, [Session];
    end: delete "/v1/sessions/{id}", "End a session, after a warning if that is asked for",
        (("id" = u32, Path)), [EndRequest], [EndReport];
    attach: post "/v1/sessions/{id}/attach", "A permit to attach at the keeper's socket",
        (("id" = u32, Path)), [AttachRequest], [AttachTicket];
    websocket: get "/v1/sessions/{id}/attach",
        "Attach through the host: a WebSocket with one frame of the keeper's protocol a message",
        (("id" = u32, Path), ("mode" = Option<String>, Query), ("cols" = Option<u32>, Query),
         ("rows" = Option<u32>, Query), ("from" = Option<u64>, Query)), none,
        ("application/octet-stream");
    keeper: get "/v1/keeper",
        "The way to the keeper's socket for permits to attach: Upgrade: winsta-keeper", (), none,
        ("application/octet-stream");
    disconnect: post "/v1/sessions/{id}/disconnect", "Send all clients away",
        (("id" = u32, Path)), [Guard], [Disconnected];
    switch: post "/v1/sessions/{id}/switch", "Show the session at another connection's terminal",
        (("id" = u32, Path)), [SwitchRequest], [AttachTicket];
    message: post "/v1/sessions/{id}/message", "Show a message to the session's user",
        (("id" = u32, Path)), [Message], [MessageReport];
    wait: get "/v1/sessions/{id}/wait", "Wait for the session's end",
        (("id" = u32, Path)), none, [WaitReport];
    resize: put "/v1/sessions/{id}/size", "Set the terminal's size",
        (("id" = u32, Path)), [SizeRequest], [Session];
    label: put "/v1/sessions/{id}/label", "Give the session a label, or take it away",
        (("id" = u32, Path)), [LabelRequest], [Session];
    line: get "/v1/sessions/{id}/line", "Settings of the session's line",
        (("id" = u32, Path)), none, [LineInfo];
    processes: get "/v1/sessions/{id}/processes", "Processes of the session",
        (("id" = u32, Path)), none, [Vec<ProcessInfo>];
    kill: delete "/v1/sessions/{id}/processes/{pid}", "Kill a process of the session",
        (("id" = u32, Path), ("pid" = u32, Path)), [Guard], [KillReport];
    output: get "/v1/sessions/{id}/output", "What the session printed, raw; cut off where bytes are missing, not skipped",
        (("id" = u32, Path), ("from" = Option<u64>, Query), ("follow" = Option<bool>, Query),
         ("stream" = Option<String>, Query)), none, ("application/octet-stream");
    screen: get "/v1/sessions/{id}/screen", "What the session shows now",
        (("id" = u32, Path), ("ansi" = Option<bool>, Query), ("scrollback" = Option<u32>, Query)),
        none, ("text/plain");
    configurations: get "/v1/session-configurations", "All session configurations, by name", (),
        none, [Vec<SessionConfiguration>];
    configuration: get "/v1/session-configurations/{name}", "One session configuration",
        (("name" = String, Path)), none, [SessionConfiguration];
    new_configuration: post "/v1/session-configurations", "Make a session configuration", (),
        [NewConfiguration], [SessionConfiguration];
    change_configuration: patch "/v1/session-configurations/{name}",
        "Change a session configuration; the next session follows it",
        (("name" = String, Path)), [ConfigurationSettings], [SessionConfiguration];
    remove_configuration: delete "/v1/session-configurations/{name}",
        "Delete a session configuration; its sessions run on",
        (("name" = String, Path)), none, [SessionConfiguration];
}

#[utoipa::path(get, path = "/v1/events", summary = "Changes from now on, as server-sent events",
    responses((status = 200, content_type = "text/event-stream", body = Change),
        (status = "default", body = ApiError)))]
#[expect(dead_code, reason = "carries the description of a request")]
fn events() {}

#[utoipa::path(post, path = "/v1/sessions/{id}/input", summary = "Type into the session, raw",
    params(("id" = u32, Path), ("eof" = Option<bool>, Query)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = InputReport), (status = "default", body = ApiError)))]
#[expect(dead_code, reason = "carries the description of a request")]
fn input() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run with `WINSTA_WRITE_OPENAPI=1` to bring the file up to date.
    #[test]
    fn the_committed_document_is_what_the_code_says() {
        let generated = generated();
        if std::env::var_os("WINSTA_WRITE_OPENAPI").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
            std::fs::write(path, &generated).unwrap();
            return;
        }
        assert!(
            document() == generated,
            "openapi.json is stale: WINSTA_WRITE_OPENAPI=1 cargo test -p winsta-api brings it up \
             to date"
        );
    }
}
