//! What the parameters of the cmdlets mean for the file of a session configuration.

use winsta_api::{BufferingMode, ConfigurationSettings};
use winsta_cmdlet::Bound;
use winsta_cmdlet::object::OptionObject;

use super::failure;
use crate::report::{Exit, Failure};

/// Parameters that mean nothing on a host whose sessions run a Unix shell, and why.
const REFUSED: [(&str, &str); 9] = [
    (
        "Path",
        "what a .pssc file says is about PowerShell's own language; the configurations of this host \
         are TOML files",
    ),
    (
        "RunAsCredential",
        "a host runs sessions as its own user only",
    ),
    (
        "SecurityDescriptorSddl",
        "this host has no security descriptors; permission in the configuration's file names users and \
         groups",
    ),
    ("PSVersion", "sessions run a Unix shell"),
    (
        "ModulesToImport",
        "sessions run a Unix shell; -StartupScript can read files into it",
    ),
    ("ThreadOptions", "a Unix shell has no threads"),
    (
        "MaximumReceivedDataSizePerCommandMB",
        "the host's own limits hold for what clients send",
    ),
    (
        "MaximumReceivedObjectSizeMB",
        "the host's own limits hold for what clients send",
    ),
    ("UseSharedProcess", "each session has processes of its own"),
];

/// What `Register-PSSessionConfiguration` and `Set-PSSessionConfiguration` are given.
pub(super) fn of(bound: &Bound) -> Result<ConfigurationSettings, Failure> {
    refuse(bound)?;
    let mut settings = ConfigurationSettings {
        startup_script: script(bound)?,
        ..ConfigurationSettings::default()
    };
    match bound.text("AccessMode") {
        Some("Disabled") => settings.enabled = Some(false),
        Some("Remote") => settings.enabled = Some(true),
        Some(_) => {
            return Err(wrong(
                bound,
                "-AccessMode Local: who comes through ssh is on this machine, too, so that it cannot be \
                 told from elsewhere; permission in the configuration's file names users and groups",
            ));
        }
        None => {}
    }
    if let Some(options) = bound.options("TransportOption") {
        limits(bound, options, &mut settings)?;
    }
    Ok(settings)
}

/// What `Enable-` and `Disable-PSSessionConfiguration` change.
pub(super) fn enabled(bound: &Bound, enabled: bool) -> Result<ConfigurationSettings, Failure> {
    refuse(bound)?;
    Ok(ConfigurationSettings {
        enabled: Some(enabled),
        ..ConfigurationSettings::default()
    })
}

fn refuse(bound: &Bound) -> Result<(), Failure> {
    let given = REFUSED
        .iter()
        .find(|(name, _)| bound.has(name) && bound.truth(name) != Some(false));
    match given {
        Some((name, why)) => Err(wrong(bound, &format!("-{name}: {why}"))),
        None => Ok(()),
    }
}

/// The script's path as the host understands it.
fn script(bound: &Bound) -> Result<Option<String>, Failure> {
    let home = std::env::var("HOME").unwrap_or_default();
    let Some(path) = bound.path("StartupScript", &home) else {
        return Ok(None);
    };
    if path.is_empty() {
        return Ok(Some(path));
    }
    let path = std::path::absolute(&path)
        .map_err(|error| Failure::local(format!("no such path: {path}"), &error))?;
    if !path.is_file() {
        let why = format!("there is no startup script {}", path.display());
        return Err(wrong(bound, &why));
    }
    Ok(Some(path.to_string_lossy().into_owned()))
}

/// The limits of `-TransportOption`.
fn limits(
    bound: &Bound,
    options: &OptionObject,
    settings: &mut ConfigurationSettings,
) -> Result<(), Failure> {
    let number = |name: &str| -> Result<Option<u32>, Failure> {
        let number = options.number(name).map(u32::try_from).transpose();
        number.map_err(|_| {
            wrong(
                bound,
                &format!("{name} is no number from 0 to {}", u32::MAX),
            )
        })
    };
    let milliseconds = |name: &str| -> Result<Option<u64>, Failure> {
        Ok(number(name)?.map(|seconds| u64::from(seconds) * 1_000))
    };
    settings.idle_timeout_ms = milliseconds("IdleTimeoutSec")?;
    settings.max_idle_timeout_ms = milliseconds("MaxIdleTimeoutSec")?;
    settings.process_idle_timeout_sec = number("ProcessIdleTimeoutSec")?;
    settings.max_shells = number("MaxSessions")?;
    settings.max_shells_per_user = number("MaxSessionsPerUser")?;
    settings.max_concurrent_users = number("MaxConcurrentUsers")?;
    settings.max_concurrent_commands_per_shell = number("MaxConcurrentCommandsPerSession")?;
    settings.max_processes_per_shell = number("MaxProcessesPerSession")?;
    settings.max_memory_per_shell_mb = number("MaxMemoryPerSessionMB")?;
    settings.output_buffering_mode = match options.text("OutputBufferingMode") {
        Some("Block") => Some(BufferingMode::Block),
        Some("Drop") => Some(BufferingMode::Drop),
        _ => None,
    };
    Ok(())
}

fn wrong(bound: &Bound, why: &str) -> Failure {
    let mut failure = failure(bound.cmdlet(), why);
    failure.exit = Exit::Usage;
    failure
}
