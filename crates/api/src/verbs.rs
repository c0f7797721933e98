//! What a client asks a host to do, and what the host says of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::session::Session;

/// Names a session so that a newer one with the same number is never hit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Guard {
    /// [`HostStatus::incarnation`](crate::HostStatus), or a list's `winsta-incarnation` header.
    pub incarnation: String,
    /// The session's `logon_time`, as listed; `null` if it has none.
    pub logon_time: Option<String>,
}

/// A session to start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewSession {
    /// A name for it: 1 to 64 characters, no control characters, not a number.
    pub label: Option<String>,
    /// Program and arguments; empty: the user's login shell.
    pub command: Vec<String>,
    /// Environment; empty: the host's own. `TERM` and the like come from here.
    pub env: Vec<(String, String)>,
    /// Working folder; `null`: the user's home.
    pub cwd: Option<String>,
    /// Columns and rows; `null`: 80 and 24.
    pub size: Option<(u32, u32)>,
    /// Pipes instead of a PTY.
    pub pipes: bool,
    /// Most bytes of output kept; `null`: the host's default.
    pub buffer_bytes: Option<u64>,
    /// `drop` (default) or `block`.
    pub buffering: Option<String>,
    /// Start the console session (id 0): for administrators, beyond every limit.
    pub console: bool,
    /// Give a permit to attach as well, so that nothing of a short session is missed.
    pub attach: Option<AttachRequest>,
    /// The session of a login: where the host's rule says so, the user gets a session back that an
    /// earlier login began and that nobody is connected to. Wants `attach`.
    pub login: bool,
}

/// A session that was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Created {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// The permit, if one was asked for.
    pub attach: Option<AttachTicket>,
    /// With `login`: whether it is a session that was there before.
    #[serde(default)]
    pub back: bool,
}

/// A wish to attach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttachRequest {
    /// What the client wants to do.
    pub mode: Attachment,
    /// Name of the client's terminal or machine, to be listed.
    pub client_name: Option<String>,
    /// Network address of the client, if it came from elsewhere (`SSH_CONNECTION`).
    pub client_address: Option<String>,
    /// Ask the session's user before this client may control it (shadow).
    #[serde(default)]
    pub ask_consent: bool,
    /// The session that the caller sits in, if any; a session cannot be attached to from inside.
    #[serde(default)]
    pub from_session: Option<u32>,
}

/// What an attached client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    /// Control the session; other controlling clients are sent away.
    TakeOver,
    /// Control it beside others.
    Share,
    /// Watch.
    View,
}

/// A permit to attach, to be shown to the keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttachTicket {
    /// Path of the keeper's socket.
    pub socket: String,
    /// The permit: good once, for some seconds.
    pub ticket: String,
    /// Name of the connection: `pty#2`.
    pub name: String,
}

/// How a session is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Orderly: HUP, grace, TERM, grace, KILL.
    Logoff,
    /// At once: KILL.
    Reset,
}

/// End a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndRequest {
    /// Orderly or at once.
    pub how: How,
    /// The session meant.
    pub guard: Guard,
    /// Warn the user first.
    #[serde(default)]
    pub warn: Option<Warn>,
}

/// Warn a session's user before it is ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warn {
    /// Seconds between the warning and the end.
    pub seconds: u32,
    /// What to tell the user.
    pub message: Option<String>,
    /// Whether the user's answer may cancel the end.
    #[serde(default)]
    pub user_may_cancel: bool,
}

/// What came of an [`EndRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndReport {
    /// The session.
    pub id: u32,
    /// Whether it ended.
    pub ended: bool,
    /// Which step did it: `gone`, `HUP`, `TERM`, `KILL`; or `cancelled`.
    pub step: String,
    /// Processes left that nobody here has the right to kill.
    pub left: u32,
    /// With `cancelled`: by whom.
    pub by: Option<String>,
}

/// A warning that is counting down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// Number of the warning.
    pub id: u32,
    /// The session that will be ended.
    pub session: u32,
    /// How.
    pub how: How,
    /// When: RFC 3339, UTC.
    pub due: String,
    /// Who wants it.
    pub by: String,
    /// What the user was told.
    pub message: String,
}

/// A message to a session's user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// The text; control characters other than newline and tab are shown, not obeyed.
    pub text: String,
    /// Seconds that it is shown, 60 unless given; 0: until it is acknowledged.
    pub seconds: Option<u32>,
    /// Wait for the user's answer.
    #[serde(default)]
    pub wait: bool,
    /// Name of the sender, if it is not the caller.
    #[serde(default)]
    pub from: Option<String>,
}

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageReport {
    /// The session.
    pub id: u32,
    /// How many clients show it now; with 0 it waits for the next one.
    pub shown: u32,
    /// `acknowledged`, `timed_out` or the text that the user answered; `null` unless waited for.
    pub answer: Option<String>,
}

/// What came of a disconnect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disconnected {
    /// The session.
    pub id: u32,
    /// How many clients were sent away.
    pub connections: u32,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitReport {
    /// The session.
    pub id: u32,
    /// Exit status as a shell has it: 128 + N for signal N.
    pub exit_code: u8,
    /// In words.
    pub status: String,
}

/// Something changed: one server-sent event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// `created`, `connected`, `disconnected`, `reset` (being ended), `ended`, `warned`,
    /// `warning_cancelled`, `labelled`, `keeper_lost`, `keeper_upgraded`.
    pub change: String,
    /// When: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// The session, if it concerns one.
    pub session: Option<u32>,
    /// Details, in words.
    pub detail: String,
}

/// A session's label, to be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabelRequest {
    /// The label; `null` takes it away.
    pub label: Option<String>,
}

/// A terminal's size, to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SizeRequest {
    /// Columns.
    pub cols: u32,
    /// Rows.
    pub rows: u32,
}

/// How much of the input was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InputReport {
    /// The session.
    pub id: u32,
    /// Bytes taken, from the front; fewer than sent when the program does not read.
    pub bytes: u64,
}

/// Connect a session to the terminal where another connection is (`tscon /DEST:`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SwitchRequest {
    /// Name of the connection whose terminal it is: `pty#2`.
    pub destination: String,
    /// The session that is to be shown there.
    pub guard: Guard,
}

/// What came of a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KillReport {
    /// The session.
    pub id: u32,
    /// The process that was sent KILL.
    pub pid: u32,
}

/// What a host that stops leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopReport {
    /// Sessions that were ended for it.
    pub ended: u32,
}
