//! Session configurations as PowerShell shows them.

use serde_json::{Value, json};
use winsta_api::SessionConfiguration;
use winsta_cmdlet::object::{Properties, TYPE, line};

use super::super::show::is_for_people;
use crate::output;
use crate::report::Failure;
use crate::table::layout::visible;

/// What [`TYPE`] says of them.
const KIND: &str = "PSSessionConfiguration";
/// Addresses of configurations begin with this.
const ADDRESS: &str = "http://schemas.microsoft.com/powershell/";
/// The properties that people see unless they ask for all.
const USUAL: [&str; 5] = [
    "Name",
    "PSVersion",
    "StartupScript",
    "RunAsUser",
    "Permission",
];

/// Prints them: a list for people, a line of JSON for each to a pipe.
pub(super) fn print(all: &[SessionConfiguration]) -> Result<(), Failure> {
    let mut text = String::new();
    for configuration in all {
        let properties = properties(configuration);
        if !is_for_people() {
            text.push_str(&line(&properties));
            text.push('\n');
            continue;
        }
        text.push('\n');
        let problem = configuration.problem.as_ref().map(|_| "Problem");
        for name in USUAL.into_iter().chain(problem) {
            let value = properties.get(name).and_then(Value::as_str);
            let row = format!("{name:13} : {}", visible(value.unwrap_or_default()));
            text.push_str(row.trim_end());
            text.push('\n');
        }
    }
    if is_for_people() && !all.is_empty() {
        text.push('\n');
    }
    output::text(&text)
}

/// All properties that PowerShell has of them, and this host's own.
fn properties(configuration: &SessionConfiguration) -> Properties {
    let address = format!("{ADDRESS}{}", configuration.name);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let program = std::env::current_exe().unwrap_or_default();
    let all = json!({
        TYPE: KIND,
        "Architecture": usize::BITS.to_string(),
        "Filename": program.to_string_lossy(),
        "ResourceUri": address,
        "MaxConcurrentCommandsPerShell": configuration.max_concurrent_commands_per_shell,
        "UseSharedProcess": "false",
        "ProcessIdleTimeoutSec": configuration.process_idle_timeout_sec,
        "xmlns": "http://schemas.microsoft.com/wbem/wsman/1/config/PluginConfiguration",
        "MaxConcurrentUsers": configuration.max_concurrent_users,
        "lang": "en-US",
        "SupportsOptions": "true",
        "ExactMatch": "true",
        "RunAsUser": text(&configuration.run_as_user),
        "IdleTimeoutms": configuration.idle_timeout_ms,
        "PSVersion": VERSION,
        "OutputBufferingMode": configuration.output_buffering_mode.as_str(),
        "AutoRestart": configuration.auto_restart.to_string(),
        "SecurityDescriptorSddl": "",
        "MaxMemoryPerShellMB": configuration.max_memory_per_shell_mb,
        "MaxIdleTimeoutms": configuration.max_idle_timeout_ms,
        "Uri": address,
        "SDKVersion": "2",
        "Name": configuration.name,
        "XmlRenderingType": "text",
        "Capability": "{Shell}",
        "RunAsPassword": "",
        "MaxProcessesPerShell": configuration.max_processes_per_shell,
        "ParentResourceUri": address,
        "Enabled": configuration.enabled.to_string(),
        "MaxShells": configuration.max_shells,
        "MaxShellsPerUser": configuration.max_shells_per_user,
        "Permission": permission(configuration),
        "Engine": configuration.engine.join(" "),
        "Marker": text(&configuration.marker),
        "StartupScript": text(&configuration.startup_script),
        "Problem": text(&configuration.problem),
    });
    match all {
        Value::Object(properties) => properties,
        _ => Properties::new(),
    }
}

/// The version of PowerShell whose protocol sessions speak.
const VERSION: &str = "5.1";

fn permission(configuration: &SessionConfiguration) -> String {
    if configuration.permission.is_empty() {
        return "Everyone AccessAllowed".to_owned();
    }
    let names = configuration.permission.iter();
    let names = names.map(|name| format!("{name} AccessAllowed"));
    names.collect::<Vec<_>>().join(", ")
}
