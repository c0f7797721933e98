//! Invoke-Command.

use super::shared as s;
use super::{Cmdlet, CmdletId, Impact, Kind, Parameter};

const SCRIPTS: &[&str] = &["Session", "ComputerName", "Uri", "SSHHost"];
const FILES: &[&str] = &[
    "FilePathRunspace",
    "FilePathComputerName",
    "FilePathUri",
    "FilePathSSHHost",
];
const SESSION: &[&str] = &["Session", "FilePathRunspace"];
const COMPUTER: &[&str] = &["ComputerName", "FilePathComputerName"];
const URI: &[&str] = &["Uri", "FilePathUri"];
const SSH: &[&str] = &["SSHHost", "FilePathSSHHost"];
const WSMAN: &[&str] = &["ComputerName", "FilePathComputerName", "Uri", "FilePathUri"];
const MACHINES: &[&str] = &[
    "ComputerName",
    "FilePathComputerName",
    "Uri",
    "FilePathUri",
    "SSHHost",
    "FilePathSSHHost",
];
const REMOTE: &[&str] = &[
    "Session",
    "FilePathRunspace",
    "ComputerName",
    "FilePathComputerName",
    "Uri",
    "FilePathUri",
    "SSHHost",
    "FilePathSSHHost",
];

pub(super) const INVOKE: Cmdlet = Cmdlet {
    id: CmdletId::InvokeCommand,
    name: "Invoke-Command",
    alias: Some("icm"),
    sets: &[
        "InProcess",
        "Session",
        "FilePathRunspace",
        "ComputerName",
        "FilePathComputerName",
        "Uri",
        "FilePathUri",
        "SSHHost",
        "FilePathSSHHost",
    ],
    parameters: &[
        s::COMPUTERS.of(COMPUTER).at(0),
        Parameter {
            by_value: false,
            by_property: false,
            ..s::SESSIONS.of(SESSION).at(0)
        },
        s::URIS.of(URI).at(0),
        s::HOSTS.needed(SSH),
        Parameter::new(
            "ScriptBlock",
            Kind::Script,
            "The commands to run, in braces. Put quotes around what your shell would take for \
             itself: '{ls | wc -l}'.",
        )
        .alias(&["Command"])
        .needed(&["InProcess"])
        .at(0)
        .or_needed(SCRIPTS)
        .at(1),
        Parameter::new(
            "FilePath",
            Kind::Path,
            "A script of this machine, which is sent and run there.",
        )
        .alias(&["PSPath"])
        .needed(FILES)
        .at(1),
        Parameter::new(
            "ArgumentList",
            Kind::Objects,
            "What the script finds as its arguments.",
        )
        .alias(&["Args"]),
        Parameter::new(
            "InputObject",
            Kind::Object,
            "What the commands read as their input.",
        )
        .by_value(),
        Parameter::new(
            "AsJob",
            Kind::Switch,
            "Returns at once with a job; Receive-Job has the output later.",
        )
        .of(REMOTE),
        Parameter::new("JobName", Kind::Text, "The name of the job.").of(REMOTE),
        Parameter::new(
            "HideComputerName",
            Kind::Switch,
            "Does not say which machine an output comes from.",
        )
        .alias(&["HCN"])
        .of(REMOTE),
        Parameter::new(
            "InDisconnectedSession",
            Kind::Switch,
            "Starts the commands and leaves them: returns at once with the disconnected session.",
        )
        .alias(&["Disconnected"])
        .of(MACHINES),
        Parameter::new(
            "SessionName",
            Kind::Texts,
            "The names of the sessions that -InDisconnectedSession leaves.",
        )
        .of(&[
            "ComputerName",
            "FilePathComputerName",
            "SSHHost",
            "FilePathSSHHost",
        ]),
        s::CREDENTIAL.of(WSMAN).by_property(),
        s::CONFIGURATION_NAME.of(MACHINES),
        s::PORT.of(&[
            "ComputerName",
            "FilePathComputerName",
            "SSHHost",
            "FilePathSSHHost",
        ]),
        s::USE_SSL.of(COMPUTER),
        s::APPLICATION_NAME.of(COMPUTER),
        s::REDIRECTION.of(URI),
        s::SESSION_OPTION.of(MACHINES),
        s::AUTHENTICATION.of(WSMAN),
        s::THUMBPRINT.of(&["ComputerName", "Uri"]),
        s::NETWORK_ACCESS.of(WSMAN),
        s::USER_NAME.of(SSH),
        s::KEY_FILE.of(SSH),
        s::SUBSYSTEM.of(SSH),
        s::CONNECTING.of(SSH),
        s::SSH_TRANSPORT.of(SSH),
        s::SSH_OPTIONS.of(SSH),
        Parameter::new(
            "NoNewScope",
            Kind::Switch,
            "Runs the commands in the present shell's own scope.",
        )
        .of(&["InProcess"]),
        s::THROTTLE.of(REMOTE),
    ],
    impact: Impact::None,
};
