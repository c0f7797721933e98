//! How much there may be of everything.

use serde::Deserialize;
use winsta_api::{BufferingMode, SessionConfiguration};

use super::engines;

/// Limits on remote shells; the defaults are Windows'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Shells altogether.
    pub max_shells: u32,
    /// Shells of one user.
    pub max_shells_per_user: u32,
    /// Users who have shells.
    pub max_concurrent_users: u32,
    /// Commands of a shell.
    pub max_concurrent_commands_per_shell: u32,
    /// Processes of a shell when a command begins; 0: any number.
    pub max_processes_per_shell: u32,
    /// Megabytes of memory that a process of a shell, and all of them when a command begins, may
    /// have; 0: any number.
    pub max_memory_per_shell_mb: u32,
    /// Seconds that a host which started by itself stays after the last shell.
    pub process_idle_timeout_sec: u32,
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
            max_processes_per_shell: 15,
            max_memory_per_shell_mb: 1_024,
            process_idle_timeout_sec: 0,
            idle_timeout_ms: 7_200_000,
            max_idle_timeout_ms: 2_147_483_647,
            buffer_bytes: 1 << 20,
        }
    }
}

impl Limits {
    /// A session configuration that says nothing by itself.
    pub(super) fn configuration(&self, name: &str) -> SessionConfiguration {
        SessionConfiguration {
            name: name.to_owned(),
            engine: vec![engines::BASH.to_owned()],
            marker: None,
            startup_script: None,
            enabled: true,
            max_shells: self.max_shells,
            max_shells_per_user: self.max_shells_per_user,
            max_concurrent_users: self.max_concurrent_users,
            max_concurrent_commands_per_shell: self.max_concurrent_commands_per_shell,
            max_processes_per_shell: self.max_processes_per_shell,
            max_memory_per_shell_mb: self.max_memory_per_shell_mb,
            process_idle_timeout_sec: self.process_idle_timeout_sec,
            idle_timeout_ms: self.idle_timeout_ms.min(self.max_idle_timeout_ms),
            max_idle_timeout_ms: self.max_idle_timeout_ms,
            output_buffering_mode: BufferingMode::Block,
            run_as_user: None,
            auto_restart: false,
            permission: Vec::new(),
            built_in: false,
            problem: None,
        }
    }
}
