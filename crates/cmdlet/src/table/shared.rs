//! Parameters that several cmdlets have.

use super::{Choice, Kind, Parameter};

/// What a full buffer of a disconnected session means.
pub(super) const BUFFERING: Choice = Choice {
    name: "System.Management.Automation.Runspaces.OutputBufferingMode",
    words: &["None", "Drop", "Block"],
};

/// How a client proves who it is.
pub(super) const MECHANISM: Choice = Choice {
    name: "System.Management.Automation.Runspaces.AuthenticationMechanism",
    words: &[
        "Default",
        "Basic",
        "Negotiate",
        "NegotiateWithImplicitCredential",
        "Credssp",
        "Digest",
        "Kerberos",
    ],
};

/// What is done about a message.
const PREFERENCE: Choice = Choice {
    name: "System.Management.Automation.ActionPreference",
    words: &[
        "SilentlyContinue",
        "Stop",
        "Continue",
        "Inquire",
        "Ignore",
        "Suspend",
        "Break",
    ],
};

pub(super) const APPLICATION_NAME: Parameter = Parameter::new(
    "ApplicationName",
    Kind::Text,
    "The last part of the address of the service, usually WSMan.",
)
.by_property();

pub(super) const AUTHENTICATION: Parameter = Parameter::new(
    "Authentication",
    Kind::Choice(&MECHANISM),
    "How to prove to the machine who you are: Negotiate is Kerberos or NTLM as Windows has them, \
     Kerberos is that alone, Basic and Default are a password or a certificate within TLS. The \
     other words are known and refused.",
);

pub(super) const THUMBPRINT: Parameter = Parameter::new(
    "CertificateThumbprint",
    Kind::Text,
    "The certificate to show to the machine, named by its thumbprint.",
);

pub(super) const COMPUTER: Parameter = Parameter::new(
    "ComputerName",
    Kind::Text,
    "The machine, reached through WS-Management. localhost, a dot or the own name is this one.",
)
.alias(&["Cn"]);

pub(super) const COMPUTERS: Parameter = Parameter::new(
    "ComputerName",
    Kind::Texts,
    "The machines, reached through WS-Management. localhost, a dot or the own name is this one.",
)
.alias(&["Cn"]);

pub(super) const CONFIGURATION_NAME: Parameter = Parameter::new(
    "ConfigurationName",
    Kind::Text,
    "The session configuration on the machine, or its whole address.",
)
.by_property();

pub(super) const URI: Parameter = Parameter::new(
    "ConnectionUri",
    Kind::Uri,
    "The whole address of the service, such as https://srv1:5986/wsman.",
)
.alias(&["URI", "CU"]);

pub(super) const URIS: Parameter = Parameter::new(
    "ConnectionUri",
    Kind::Uris,
    "The whole addresses of the services, such as https://srv1:5986/wsman.",
)
.alias(&["URI", "CU"]);

pub(super) const REDIRECTION: Parameter = Parameter::new(
    "AllowRedirection",
    Kind::Switch,
    "Follows the service when it sends the client to another address.",
);

pub(super) const CREDENTIAL: Parameter = Parameter::new(
    "Credential",
    Kind::Credential,
    "The user to be there. The password is asked for, or comes from a file or a helper; it never \
     stands on the command line.",
);

pub(super) const NETWORK_ACCESS: Parameter = Parameter::new(
    "EnableNetworkAccess",
    Kind::Switch,
    "Asks for a token with access to the network in a session on this machine.",
);

pub(super) const HOST: Parameter = Parameter::new(
    "HostName",
    Kind::Text,
    "The machine, reached through your own ssh: [user@]name[:port].",
);

pub(super) const HOSTS: Parameter = Parameter::new(
    "HostName",
    Kind::Texts,
    "The machines, reached through your own ssh: [user@]name[:port].",
);

pub(super) const USER_NAME: Parameter =
    Parameter::new("UserName", Kind::Text, "The user that ssh logs in as.");

pub(super) const KEY_FILE: Parameter = Parameter::new(
    "KeyFilePath",
    Kind::Path,
    "The file with the private key that ssh shows.",
)
.alias(&["IdentityFilePath"]);

pub(super) const SUBSYSTEM: Parameter = Parameter::new(
    "Subsystem",
    Kind::Text,
    "The subsystem of ssh that answers on the machine.",
);

pub(super) const CONNECTING: Parameter = Parameter::new(
    "ConnectingTimeout",
    Kind::Int,
    "How long ssh may take to connect, in milliseconds.",
);

pub(super) const SSH_TRANSPORT: Parameter = Parameter::new(
    "SSHTransport",
    Kind::Switch,
    "Says that the connection is one of ssh, which -HostName says already.",
);

pub(super) const SSH_OPTIONS: Parameter = Parameter::new(
    "Options",
    Kind::Table,
    "Options for ssh as its configuration has them: '@{Compression=yes; Port=2222}'.",
);

pub(super) const PORT: Parameter =
    Parameter::new("Port", Kind::Int, "The port of the service on the machine.");

pub(super) const USE_SSL: Parameter = Parameter::new(
    "UseSSL",
    Kind::Switch,
    "Speaks TLS with the machine, on port 5986 unless -Port says otherwise.",
);

pub(super) const SESSION_OPTION: Parameter = Parameter::new(
    "SessionOption",
    Kind::SessionOption,
    "Options of the session: what New-PSSessionOption prints.",
);

pub(super) const THROTTLE: Parameter = Parameter::new(
    "ThrottleLimit",
    Kind::Int,
    "How many machines are asked at the same time; 32 if it is not given, or 0.",
);

pub(super) const SESSION: Parameter = Parameter::new(
    "Session",
    Kind::Session,
    "The session: what New-PSSession or Get-PSSession prints, also from a variable.",
)
.by_value()
.by_property();

pub(super) const SESSIONS: Parameter = Parameter::new(
    "Session",
    Kind::Sessions,
    "The sessions: what New-PSSession or Get-PSSession prints, also from a variable.",
)
.by_value()
.by_property();

pub(super) const ID: Parameter = Parameter::new(
    "Id",
    Kind::Int,
    "The number of the session, as Get-PSSession lists it.",
)
.by_property();

pub(super) const IDS: Parameter = Parameter::new(
    "Id",
    Kind::Ints,
    "The numbers of the sessions, as Get-PSSession lists them; 2..5 is each from 2 to 5.",
)
.by_property();

pub(super) const INSTANCE: Parameter = Parameter::new(
    "InstanceId",
    Kind::Guid,
    "The GUID of the session, which is the same for everybody.",
);

pub(super) const INSTANCES: Parameter = Parameter::new(
    "InstanceId",
    Kind::Guids,
    "The GUIDs of the sessions, which are the same for everybody.",
);

pub(super) const NAME: Parameter = Parameter::new("Name", Kind::Text, "The name of the session.");

pub(super) const NAMES: Parameter = Parameter::new(
    "Name",
    Kind::Texts,
    "The names of the sessions. Several sessions may have one name.",
);

pub(super) const BUFFERING_MODE: Parameter = Parameter::new(
    "OutputBufferingMode",
    Kind::Choice(&BUFFERING),
    "What happens while nobody is connected and the buffer is full: Block lets the command wait, \
     Drop loses the oldest output, None leaves it as the session has it.",
);

pub(super) const FORCE: Parameter =
    Parameter::new("Force", Kind::Switch, "Does not ask whether you are sure.");

/// What cmdlets take that change something.
pub(super) const SHOULD_PROCESS: &[Parameter] = &[
    Parameter::new(
        "WhatIf",
        Kind::Switch,
        "Says what would be done, and does nothing.",
    )
    .alias(&["wi"]),
    Parameter::new(
        "Confirm",
        Kind::Switch,
        "Asks before each thing that is done.",
    )
    .alias(&["cf"]),
];

/// What all cmdlets take.
pub const COMMON: &[Parameter] = &[
    Parameter::new("Verbose", Kind::Switch, "Says what is being done.").alias(&["vb"]),
    Parameter::new(
        "Debug",
        Kind::Switch,
        "Says what a developer wants to know.",
    )
    .alias(&["db"]),
    Parameter::new(
        "ErrorAction",
        Kind::Choice(&PREFERENCE),
        "What is done about an error that concerns one thing of several.",
    )
    .alias(&["ea"]),
    Parameter::new(
        "WarningAction",
        Kind::Choice(&PREFERENCE),
        "What is done about a warning.",
    )
    .alias(&["wa"]),
    Parameter::new(
        "InformationAction",
        Kind::Choice(&PREFERENCE),
        "What is done about a remark.",
    )
    .alias(&["infa"]),
    Parameter::new(
        "ProgressAction",
        Kind::Choice(&PREFERENCE),
        "What is done about a report of progress.",
    )
    .alias(&["proga"]),
    Parameter::new("ErrorVariable", Kind::Text, "Keeps errors under this name.").alias(&["ev"]),
    Parameter::new(
        "WarningVariable",
        Kind::Text,
        "Keeps warnings under this name.",
    )
    .alias(&["wv"]),
    Parameter::new(
        "InformationVariable",
        Kind::Text,
        "Keeps remarks under this name.",
    )
    .alias(&["iv"]),
    Parameter::new("OutVariable", Kind::Text, "Keeps output under this name.").alias(&["ov"]),
    Parameter::new(
        "OutBuffer",
        Kind::Int,
        "How many objects gather before they are passed on.",
    )
    .alias(&["ob"]),
    Parameter::new(
        "PipelineVariable",
        Kind::Text,
        "Keeps the present object under this name.",
    )
    .alias(&["pv"]),
];
