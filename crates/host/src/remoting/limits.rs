//! How much there may be of everything.

use serde::Deserialize;

/// Limits on remote shells; the defaults are Windows'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Shells altogether.
    pub max_shells: usize,
    /// Shells of one user.
    pub max_shells_per_user: usize,
    /// Users who have shells.
    pub max_concurrent_users: usize,
    /// Commands of a shell.
    pub max_concurrent_commands_per_shell: usize,
    /// How long a disconnected shell stays unless its client says otherwise, in milliseconds.
    pub idle_timeout_ms: u64,
    /// The longest that a client may ask for, in milliseconds.
    pub max_idle_timeout_ms: u64,
    /// Most bytes that each stream of a command keeps for its client.
    pub buffer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_shells: 25,
            max_shells_per_user: 25,
            max_concurrent_users: 5,
            max_concurrent_commands_per_shell: 1_000,
            idle_timeout_ms: 7_200_000,
            max_idle_timeout_ms: 2_147_483_647,
            buffer_bytes: 1 << 20,
        }
    }
}
