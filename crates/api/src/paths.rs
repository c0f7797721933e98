//! Where things are, and what this interface is called.

/// Version of the interface: the first part of each path.
pub const VERSION: &str = "v1";
/// Header in which a client and a host say what they are: `winsta/0.1.0`.
pub const AGENT_HEADER: &str = "user-agent";

/// `GET` [`HostStatus`](crate::HostStatus).
pub const STATUS: &str = "/v1/status";
/// `GET` the OpenAPI document.
pub const OPENAPI: &str = "/v1/openapi.json";
/// `GET` a list of [`Session`](crate::Session)s; `POST` a [`NewSession`](crate::NewSession).
pub const SESSIONS: &str = "/v1/sessions";
/// `GET` server-sent events, each a [`Change`](crate::Change).
pub const EVENTS: &str = "/v1/events";
/// `GET` a list of [`AuditEntry`](crate::AuditEntry), newest last.
pub const AUDIT: &str = "/v1/audit";
/// `GET` a list of pending [`Warning`](crate::Warning)s; `DELETE` `/v1/warnings/{id}` cancels one.
pub const WARNINGS: &str = "/v1/warnings";
/// `GET` the [`ProcessInfo`](crate::ProcessInfo)s of all sessions.
pub const PROCESSES: &str = "/v1/processes";
/// `POST`: the host ends; refused while it has sessions unless `?force=true`.
pub const STOP: &str = "/v1/host/stop";
/// `POST` [`Upgrade`](crate::host::Upgrade): host and keeper are replaced by a newer program.
pub const UPGRADE: &str = "/v1/host/upgrade";

/// Path of one session, `/v1/sessions/{id}`, and of what it has: `what` is one of
/// * `""`: `GET` the [`Session`](crate::Session), `DELETE` an [`EndRequest`](crate::EndRequest);
/// * `"attach"`: `POST` an [`AttachRequest`](crate::AttachRequest), `GET` a WebSocket;
/// * `"disconnect"`: `POST` a [`Guard`](crate::Guard);
/// * `"input"`: `POST` raw bytes; `"output"`: `GET` raw bytes (`?from=N&follow=true&stream=err`);
/// * `"screen"`: `GET` text (`?ansi=true&scrollback=N`);
/// * `"message"`: `POST` a [`Message`](crate::Message);
/// * `"wait"`: `GET` a [`WaitReport`](crate::WaitReport) when the session has ended;
/// * `"size"`: `PUT` a terminal size; `"label"`: `PUT` a label;
/// * `"line"`: `GET` [`LineInfo`](crate::LineInfo);
/// * `"processes"`: `GET`; `"processes/{pid}"`: `DELETE`, a kill.
pub fn session(id: winsta_domain::SessionId, what: &str) -> String {
    if what.is_empty() {
        format!("{SESSIONS}/{id}")
    } else {
        format!("{SESSIONS}/{id}/{what}")
    }
}
