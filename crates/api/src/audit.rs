//! What was done, by whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// Name of the host.
    pub host: String,
    /// Who: name of the user.
    pub user: String,
    /// Their numeric id.
    pub uid: u32,
    /// From where: `unix pid 4711`.
    pub origin: String,
    /// What: `create`, `connect`, `disconnect`, `logoff`, `reset` (`end` if it was refused before
    /// it was read which), `kill`, `message`, …
    pub action: String,
    /// On which session.
    pub session: Option<u32>,
    /// On whose session.
    pub owner: Option<String>,
    /// `done`, or why not.
    pub outcome: String,
    /// Details: the command, the message's text, the warning.
    pub detail: String,
}
