//! Where things are, and what this interface is called.

/// Version of the interface: the first part of each path.
pub const VERSION: &str = "v1";
/// Header in which a client and a host say what they are: `winsta/0.1.0`.
pub const AGENT_HEADER: &str = "user-agent";
/// Header of every answer: what the host is, `winsta/0.1.0`.
pub const SERVER_HEADER: &str = "server";
/// Header of every answer: the versions of this interface that the host speaks, `v1` or `v1,v2`.
pub const API_HEADER: &str = "winsta-api";
/// Header of every answer: the life of the host's numbering, part of a
/// [`Guard`](crate::Guard).
pub const INCARNATION_HEADER: &str = "winsta-incarnation";
/// Header of a request: the session that the caller sits in (`WINSTA_SESSION`); `?current=` has
/// the same meaning.
pub const SESSION_HEADER: &str = "winsta-session";
/// Header of a request for remote shells on the host's own socket: the network address of the client
/// for whom the caller asks, for the audit trail.
pub const CLIENT_HEADER: &str = "winsta-client-address";
/// Header of an answer, once for each thing that an administrator should know.
pub const PROBLEM_HEADER: &str = "winsta-problem";
/// Header of output: offset of its first byte.
pub const OFFSET_HEADER: &str = "winsta-offset";

/// Most bytes in the body of a request.
pub const MAX_BODY: usize = 256 << 10;
/// Most bytes in the body of a request that types input.
pub const MAX_INPUT: usize = 1 << 20;

/// `GET` [`HostStatus`](crate::HostStatus).
pub const STATUS: &str = "/v1/status";
/// `GET` a list of [`Check`](crate::Check)s: what is missing on the machine.
pub const DOCTOR: &str = "/v1/doctor";
/// `GET` the OpenAPI document.
pub const OPENAPI: &str = "/v1/openapi.json";
/// `GET` a list of [`Session`](crate::Session)s (`?fields=id,user`: only these keys); `POST` a [`NewSession`](crate::NewSession).
pub const SESSIONS: &str = "/v1/sessions";
/// `GET` server-sent events, each a [`Change`](crate::Change).
pub const EVENTS: &str = "/v1/events";
/// `GET` a list of [`AuditEntry`](crate::AuditEntry), newest last (`?limit=N&session=ID`).
pub const AUDIT: &str = "/v1/audit";
/// `GET` a list of pending [`Warning`](crate::Warning)s; `DELETE` `/v1/warnings/{id}` cancels one.
pub const WARNINGS: &str = "/v1/warnings";
/// `GET` the [`ProcessInfo`](crate::ProcessInfo)s of all sessions.
pub const PROCESSES: &str = "/v1/processes";
/// `POST`: the host ends; refused while it has sessions unless `?force=true`.
pub const STOP: &str = "/v1/host/stop";
/// `POST` [`Upgrade`](crate::host::Upgrade): host and keeper are replaced by a newer program.
pub const UPGRADE: &str = "/v1/host/upgrade";

/// `GET` with `Upgrade: winsta-keeper` ([`KEEPER_PROTOCOL`]): the connection becomes one to the
/// keeper's socket, where a permit to attach is shown.
pub const KEEPER: &str = "/v1/keeper";
/// What a connection to [`KEEPER`] becomes.
pub const KEEPER_PROTOCOL: &str = "winsta-keeper";

/// `POST` a [`TokenRequest`](crate::TokenRequest), gives a [`TokenGiven`](crate::TokenGiven).
pub const TOKENS: &str = "/v1/tokens";
/// `GET` a [`TrustReport`](crate::TrustReport); `POST` an [`Enrolment`](crate::Enrolment), over TLS;
/// `DELETE` `/v1/trusted/{fingerprint}` takes a certificate off the list.
pub const TRUSTED: &str = "/v1/trusted";
/// `GET` all [`SessionConfiguration`](crate::SessionConfiguration)s; `POST` a
/// [`NewConfiguration`](crate::NewConfiguration). With a name behind it: `GET` one, `PATCH`
/// [`ConfigurationSettings`](crate::ConfigurationSettings), `DELETE`.
pub const CONFIGURATIONS: &str = "/v1/session-configurations";

/// Path of one session, `/v1/sessions/{id}`, and of what it has: `what` is one of
/// * `""`: `GET` the [`Session`](crate::Session), `DELETE` an [`EndRequest`](crate::EndRequest);
/// * `"attach"`: `POST` an [`AttachRequest`](crate::AttachRequest), `GET` a WebSocket;
/// * `"disconnect"`: `POST` a [`Guard`](crate::Guard);
/// * `"switch"`: `POST` a [`SwitchRequest`](crate::SwitchRequest);
/// * `"input"`: `POST` raw bytes (`?eof=true`: and then close standard input), gives an
///   [`InputReport`](crate::InputReport);
/// * `"output"`: `GET` raw bytes (`?from=N&follow=true&stream=err`);
/// * `"screen"`: `GET` text (`?ansi=true&scrollback=N`);
/// * `"message"`: `POST` a [`Message`](crate::Message);
/// * `"wait"`: `GET` a [`WaitReport`](crate::WaitReport) when the session has ended;
/// * `"size"`: `PUT` a [`SizeRequest`](crate::SizeRequest);
/// * `"label"`: `PUT` a [`LabelRequest`](crate::LabelRequest);
/// * `"line"`: `GET` [`LineInfo`](crate::LineInfo);
/// * `"processes"`: `GET`; `"processes/{pid}"`: `DELETE` with a
///   [`Guard`](crate::Guard), a kill.
pub fn session(id: winsta_domain::SessionId, what: &str) -> String {
    if what.is_empty() {
        format!("{SESSIONS}/{id}")
    } else {
        format!("{SESSIONS}/{id}/{what}")
    }
}
