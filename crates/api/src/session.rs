//! A session as it is listed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use winsta_domain::State;

/// Where a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Hosted by Winsta.
    Hosted,
    /// An ssh login.
    Ssh,
    /// An xrdp session.
    Xrdp,
    /// The machine's own screen and keyboard.
    Console,
    /// A session of a Windows host.
    Windows,
    /// A source that this build does not know.
    #[serde(other)]
    Other,
}

/// One session. All keys are always present, `null` when not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Name of the host that has it.
    pub host: String,
    /// Number of the session on its host.
    pub id: u32,
    /// Name of its connection (SESSIONNAME): `console`, `pty#2`; `null` when disconnected.
    pub name: Option<String>,
    /// Label that its user gave it.
    pub label: Option<String>,
    /// User that it belongs to; `null` for listeners and an idle console.
    pub user: Option<String>,
    /// `Active`, `Connected`, `ConnectQuery`, `Shadow`, `Disconnected`, `Idle`, `Listen`,
    /// `Reset`, `Down` or `Init`.
    #[schema(value_type = String)]
    pub state: State,
    /// `pty`, `pipes`, `wdcon`, `rdpwd`, `ssh`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Device of its terminal: `pts/3`.
    pub device: Option<String>,
    /// Where it comes from.
    pub source: Source,
    /// When the user logged on: RFC 3339, UTC, milliseconds. Part of the guard.
    pub logon_time: Option<String>,
    /// When the user last typed: RFC 3339, UTC.
    pub last_input_time: Option<String>,
    /// Seconds since then.
    pub idle_seconds: Option<u64>,
    /// Since when it has no client: RFC 3339, UTC.
    pub disconnected_since: Option<String>,
    /// Name of the client's machine or terminal.
    pub client_name: Option<String>,
    /// Network address of the client.
    pub client_address: Option<String>,
    /// Process id of its first process.
    pub leader_pid: Option<u32>,
    /// Whether the caller asked from inside it.
    pub current: bool,
    /// All clients that are attached.
    #[serde(default)]
    pub connections: Vec<ConnectionInfo>,
    /// Command that it was started with.
    #[serde(default)]
    pub command: Vec<String>,
}

/// A client attached to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionInfo {
    /// `pty#2`.
    pub name: String,
    /// `take_over`, `share` or `view`.
    pub mode: String,
    /// How it reached the host: `unix`, `websocket`.
    pub transport: String,
    /// Since when: RFC 3339, UTC.
    pub since: String,
    /// User of the client.
    pub user: Option<String>,
    /// Name of the client's terminal or machine.
    pub client_name: Option<String>,
    /// Network address of the client.
    pub client_address: Option<String>,
    /// Process id of the client, on the host's machine.
    pub pid: Option<u32>,
    /// Whether it is so slow that output waits for it.
    pub behind: bool,
}

/// Settings of a session's line: what `/MODE` and `/FLOW` show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineInfo {
    /// The session.
    pub id: u32,
    /// Columns and rows; `null` for a session with pipes.
    pub size: Option<(u16, u16)>,
    /// Terminal settings as `stty` names them: `icanon`, `-echo`, `ixon` …
    pub flags: Vec<String>,
    /// `drop` or `block`.
    pub buffering: String,
    /// Whether the program waits because its output buffer is full.
    pub paused: bool,
    /// Bytes typed that the program has not read.
    pub input_waiting: u32,
    /// Bytes of output kept, and the most that are.
    pub kept: u64,
    /// Most bytes of output that are kept.
    pub capacity: u64,
    /// Bytes of output since the start.
    pub total: u64,
}

/// A process of a session: what `query process` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessInfo {
    /// Name of the host.
    pub host: String,
    /// User it runs as.
    pub user: Option<String>,
    /// Name of the session's connection.
    pub session_name: Option<String>,
    /// The session.
    pub id: u32,
    /// Process id.
    pub pid: u32,
    /// Name of its program.
    pub image: String,
    /// Whether it is of the session that the caller asked from.
    pub current: bool,
}
