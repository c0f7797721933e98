//! The cmdlets for session configurations.

use super::shared as s;
use super::{Choice, Cmdlet, CmdletId, Impact, Kind, Parameter};

const ACCESS: Choice = Choice {
    name: "System.Management.Automation.Runspaces.PSSessionConfigurationAccessMode",
    words: &["Disabled", "Local", "Remote"],
};

const THREADS: Choice = Choice {
    name: "System.Management.Automation.Runspaces.PSThreadOptions",
    words: &["Default", "UseNewThread", "ReuseThread", "UseCurrentThread"],
};

const BY_NAME: &[&str] = &["NameParameterSet"];
const BY_FILE: &[&str] = &["SessionConfigurationFile"];

const NAME: Parameter = Parameter::new("Name", Kind::Text, "The name of the configuration.");
const NAMES: Parameter =
    Parameter::new("Name", Kind::Texts, "The names of the configurations.").wildcards();
const NO_RESTART: Parameter = Parameter::new(
    "NoServiceRestart",
    Kind::Switch,
    "Accepted so that scripts run: nothing has to be started again here.",
);
const SDDL: Parameter = Parameter::new(
    "SecurityDescriptorSddl",
    Kind::Text,
    "Who may use it, in the language of security descriptors.",
);

/// What Register- and Set- have in common.
const NEEDED_NAME: Parameter = NAME.at(0).by_property().needed(&[]);
const RUN_AS: Parameter = Parameter::new(
    "RunAsCredential",
    Kind::Credential,
    "The user that sessions run as instead of the one who connects.",
);
const ACCESS_MODE: Parameter = Parameter::new(
    "AccessMode",
    Kind::Choice(&ACCESS),
    "Who reaches it: nobody, this machine, or everybody.",
);
const STARTUP: Parameter = Parameter::new(
    "StartupScript",
    Kind::Path,
    "A script that runs when a session begins; an empty text takes it away.",
)
.or_empty();
const DATA_SIZE: Parameter = Parameter::new(
    "MaximumReceivedDataSizePerCommandMB",
    Kind::Double,
    "How much a client may send to one command, in megabytes.",
);
const OBJECT_SIZE: Parameter = Parameter::new(
    "MaximumReceivedObjectSizeMB",
    Kind::Double,
    "How much one object from a client may have, in megabytes.",
);
const TRANSPORT: Parameter = Parameter::new(
    "TransportOption",
    Kind::TransportOption,
    "Limits of its sessions: what New-PSTransportOption prints.",
);
const SHARED_PROCESS: Parameter = Parameter::new(
    "UseSharedProcess",
    Kind::Switch,
    "Lets one process hold all sessions of a user.",
);
const THREAD_OPTIONS: Parameter = Parameter::new(
    "ThreadOptions",
    Kind::Choice(&THREADS),
    "How commands of a session get their threads.",
);
const PS_VERSION: Parameter = Parameter::new(
    "PSVersion",
    Kind::Version,
    "The version of PowerShell that sessions say they have.",
)
.alias(&["PowerShellVersion"])
.of(BY_NAME);
const MODULES: Parameter = Parameter::new(
    "ModulesToImport",
    Kind::Objects,
    "Modules that sessions have loaded from their beginning.",
)
.of(BY_NAME);
const PATH: Parameter = Parameter::new(
    "Path",
    Kind::Path,
    "A file that describes the configuration.",
)
.needed(BY_FILE);

pub(super) const GET: Cmdlet = Cmdlet {
    id: CmdletId::GetPSSessionConfiguration,
    name: "Get-PSSessionConfiguration",
    alias: None,
    sets: &["All"],
    parameters: &[NAMES.at(0), s::FORCE],
    impact: Impact::None,
};

pub(super) const REGISTER: Cmdlet = Cmdlet {
    id: CmdletId::RegisterPSSessionConfiguration,
    name: "Register-PSSessionConfiguration",
    alias: None,
    sets: &["NameParameterSet", "SessionConfigurationFile"],
    parameters: &[
        NEEDED_NAME,
        PATH,
        RUN_AS,
        ACCESS_MODE,
        STARTUP,
        DATA_SIZE,
        OBJECT_SIZE,
        SDDL,
        TRANSPORT,
        SHARED_PROCESS,
        THREAD_OPTIONS,
        PS_VERSION,
        MODULES,
        s::FORCE,
        NO_RESTART,
    ],
    impact: Impact::High,
};

pub(super) const SET: Cmdlet = Cmdlet {
    id: CmdletId::SetPSSessionConfiguration,
    name: "Set-PSSessionConfiguration",
    ..REGISTER
};

pub(super) const UNREGISTER: Cmdlet = Cmdlet {
    id: CmdletId::UnregisterPSSessionConfiguration,
    name: "Unregister-PSSessionConfiguration",
    alias: None,
    sets: &["All"],
    parameters: &[
        NAME.needed(&[]).at(0).by_property().wildcards(),
        s::FORCE,
        NO_RESTART,
    ],
    impact: Impact::High,
};

pub(super) const ENABLE: Cmdlet = Cmdlet {
    id: CmdletId::EnablePSSessionConfiguration,
    name: "Enable-PSSessionConfiguration",
    alias: None,
    sets: &["All"],
    parameters: &[
        NAMES.at(0).by_value().by_property(),
        SDDL,
        Parameter::new(
            "SkipNetworkProfileCheck",
            Kind::Switch,
            "Accepted so that scripts run: networks have no profiles here.",
        ),
        s::FORCE,
        NO_RESTART,
    ],
    impact: Impact::High,
};

pub(super) const DISABLE: Cmdlet = Cmdlet {
    id: CmdletId::DisablePSSessionConfiguration,
    name: "Disable-PSSessionConfiguration",
    alias: None,
    sets: &["All"],
    parameters: &[NAMES.at(0).by_value().by_property(), s::FORCE, NO_RESTART],
    impact: Impact::High,
};
