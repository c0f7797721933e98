//! The host itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// State of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostStatus {
    /// Name of the machine.
    pub host: String,
    /// Process id of the host.
    pub pid: u32,
    /// Version of the host's program.
    pub version: String,
    /// How many sessions there are, listeners and an idle console not counted.
    pub sessions: u32,
    /// When the host was started: RFC 3339, UTC.
    pub started: String,
    /// The life of the numbering: part of the guard.
    pub incarnation: String,
    /// Process id of the keeper.
    pub keeper_pid: Option<u32>,
    /// Version of the keeper's program.
    pub keeper_version: Option<String>,
    /// `user` or `system`.
    pub mode: String,
    /// Path of the socket.
    pub socket: String,
    /// What `/COUNTER` shows.
    pub counters: Counters,
    /// Things an administrator should know: a full disk, a database that cannot be written.
    pub problems: Vec<String>,
}

/// One thing that finding sessions and acting on them depends on: what `winsta doctor` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What was looked at: `dbus`, `logind`, `cgroup`, `rights`, `terminals`, `sshd`, `xrdp`.
    pub what: String,
    /// `good`, `limited` (something works with less) or `absent` (it need not be there).
    pub verdict: String,
    /// What was found, in words.
    pub found: String,
    /// What would help, if anything is missing.
    pub remedy: Option<String>,
}

/// Totals since the host's incarnation began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counters {
    /// Sessions created.
    pub created: u64,
    /// Times that a session lost its last client.
    pub disconnected: u64,
    /// Times that a client came back to a disconnected session.
    pub reconnected: u64,
}

/// Replace host and keeper by another program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upgrade {
    /// Path of the new program.
    pub program: String,
}

/// What came of an [`Upgrade`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upgraded {
    /// Version of the host that was.
    pub host_before: String,
    /// Version of the keeper that was.
    pub keeper_before: String,
    /// Version of the keeper that is. The host's is in its next [`HostStatus`].
    pub keeper: String,
}
