//! Session configurations: what sessions of remote clients are made with.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// What happens when the output of a session without a client fills its buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum BufferingMode {
    /// The command waits.
    #[default]
    #[serde(alias = "block")]
    Block,
    /// The command runs on, and the oldest output is lost.
    #[serde(alias = "drop")]
    Drop,
}

impl BufferingMode {
    /// The word, as files and cmdlets have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "Block",
            Self::Drop => "Drop",
        }
    }
}

/// A session configuration as it holds for the next session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionConfiguration {
    /// What clients ask for it by, in any case.
    pub name: String,
    /// The program that runs the commands of its sessions, with arguments.
    pub engine: Vec<String>,
    /// A line of the program's language that has it print `{marker}`, for programs that are not known.
    #[serde(default)]
    pub marker: Option<String>,
    /// A script that each session's shell reads first.
    pub startup_script: Option<String>,
    /// Whether new sessions may be made with it.
    pub enabled: bool,
    /// Sessions altogether.
    pub max_shells: u32,
    /// Sessions of one user.
    pub max_shells_per_user: u32,
    /// Users who have sessions.
    pub max_concurrent_users: u32,
    /// Commands of a session.
    pub max_concurrent_commands_per_shell: u32,
    /// Processes of a session when a command begins; 0: any number.
    pub max_processes_per_shell: u32,
    /// Megabytes of memory: of each process, and of all of a session when a command begins; 0: any
    /// number.
    pub max_memory_per_shell_mb: u32,
    /// Seconds that a host which started by itself stays after the last session.
    pub process_idle_timeout_sec: u32,
    /// How long a disconnected session stays unless its client says otherwise, in milliseconds.
    pub idle_timeout_ms: u64,
    /// The longest that a client may ask for, in milliseconds.
    pub max_idle_timeout_ms: u64,
    /// What happens when nobody fetches output, unless the client says otherwise.
    pub output_buffering_mode: BufferingMode,
    /// The user that sessions run as: the host's own, if one is named.
    pub run_as_user: Option<String>,
    /// Listed as it was given; nothing has to be started again here.
    pub auto_restart: bool,
    /// Names of users, and of groups behind an `@`, who may use it; none: everybody who may use the
    /// host.
    pub permission: Vec<String>,
    /// Whether the host has it without a file.
    pub built_in: bool,
    /// Why its file cannot be used; nobody gets sessions of it then.
    pub problem: Option<String>,
}

/// What the file of a session configuration says, or what is to be changed in it. What is not there
/// is as `[remoting]` in the host's configuration has it, or stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigurationSettings {
    /// `bash`, `sh`, `python3`, `pwsh`, or the path of one of them or of `dash`, or with `marker` any other
    /// program; with arguments.
    #[serde(deserialize_with = "words", skip_serializing_if = "Option::is_none")]
    pub engine: Option<Vec<String>>,
    /// See [`SessionConfiguration`]; empty: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// See [`SessionConfiguration`]; empty: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_script: Option<String>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_shells: Option<u32>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_shells_per_user: Option<u32>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_users: Option<u32>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_commands_per_shell: Option<u32>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_processes_per_shell: Option<u32>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_memory_per_shell_mb: Option<u32>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_idle_timeout_sec: Option<u32>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_idle_timeout_ms: Option<u64>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_buffering_mode: Option<BufferingMode>,
    /// See [`SessionConfiguration`]; empty: nobody is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_user: Option<String>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_restart: Option<bool>,
    /// See [`SessionConfiguration`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<Vec<String>>,
}

/// A session configuration, to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewConfiguration {
    /// Its name: letters, digits, `-`, `_` and `.`, at most 64, no dot first.
    pub name: String,
    /// What its file is to say.
    #[serde(default)]
    pub settings: ConfigurationSettings,
}

/// Words of a command: a list, or a text with blanks between them.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        Text(String),
        List(Vec<String>),
    }
    let said = Option::<Words>::deserialize(deserializer)?;
    Ok(said.map(|said| match said {
        Words::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
        Words::List(list) => list,
    }))
}
