//! The service's configuration as clients read it: how large messages may be.

use winsta_wsman::xml::{Element, Ns};

use super::Limits;

/// Most bytes of a message.
pub(crate) const MAX_ENVELOPE: u64 = 512_000;

/// The configuration.
pub(super) fn describe(limits: &Limits) -> Element {
    let text = |name, value: String| Element::with_text(Ns::Config, name, value);
    let shells = Element::new(Ns::Config, "Winrs")
        .child(text("AllowRemoteShellAccess", "true".to_owned()))
        .child(text("IdleTimeout", limits.idle_timeout_ms.to_string()))
        .child(text(
            "MaxConcurrentUsers",
            limits.max_concurrent_users.to_string(),
        ))
        .child(text(
            "MaxProcessesPerShell",
            limits.max_processes_per_shell.to_string(),
        ))
        .child(text(
            "MaxMemoryPerShellMB",
            limits.max_memory_per_shell_mb.to_string(),
        ))
        .child(text(
            "MaxShellsPerUser",
            limits.max_shells_per_user.to_string(),
        ));
    Element::new(Ns::Config, "Config")
        .child(text(
            "MaxEnvelopeSizekb",
            (MAX_ENVELOPE / 1_024).to_string(),
        ))
        .child(text("MaxTimeoutms", "60000".to_owned()))
        .child(text("MaxBatchItems", "32000".to_owned()))
        .child(shells)
}
