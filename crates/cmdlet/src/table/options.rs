//! New-PSSessionOption and New-PSTransportOption.

use super::shared as s;
use super::{Choice, Cmdlet, CmdletId, Impact, Kind, Parameter};

const PROXY: Choice = Choice {
    name: "System.Management.Automation.Remoting.ProxyAccessType",
    words: &[
        "None",
        "IEConfig",
        "WinHttpConfig",
        "AutoDetect",
        "NoProxyServer",
    ],
};

const fn int(name: &'static str, about: &'static str) -> Parameter {
    Parameter::new(name, Kind::Int, about)
}

const fn switch(name: &'static str, about: &'static str) -> Parameter {
    Parameter::new(name, Kind::Switch, about)
}

pub(super) const SESSION_OPTION: Cmdlet = Cmdlet {
    id: CmdletId::NewPSSessionOption,
    name: "New-PSSessionOption",
    alias: None,
    sets: &["All"],
    parameters: &[
        int(
            "IdleTimeout",
            "How long a session stays without a client, in milliseconds, at least 60000. Then it \
             is deleted. It counts only while the session is disconnected.",
        )
        .alias(&["IdleTimeoutMSec"]),
        s::BUFFERING_MODE,
        int(
            "OpenTimeout",
            "How long the client waits for a session to begin, in milliseconds; 180000 by itself.",
        )
        .alias(&["OpenTimeoutMSec"]),
        int(
            "OperationTimeout",
            "How long an operation in a session may take, in milliseconds; 180000 by itself.",
        )
        .alias(&["OperationTimeoutMSec"]),
        int(
            "CancelTimeout",
            "How long a command that is stopped may take to stop, in milliseconds; 60000 by \
             itself.",
        )
        .alias(&["CancelTimeoutMSec"]),
        int(
            "MaxConnectionRetryCount",
            "How often the client tries again to connect; 5 by itself.",
        ),
        int(
            "MaximumRedirection",
            "How often a service may send the client on to another address; 5 by itself.",
        ),
        int(
            "MaximumReceivedDataSizePerCommand",
            "How many bytes a machine may send for one command; no limit by itself.",
        ),
        int(
            "MaximumReceivedObjectSize",
            "How many bytes one object from a machine may have; 209715200 by itself.",
        ),
        switch(
            "NoCompression",
            "Does not compress what goes over the network.",
        ),
        switch(
            "NoEncryption",
            "Does not encrypt what goes over the network.",
        ),
        switch(
            "NoMachineProfile",
            "Starts without the user's own start-up files.",
        ),
        switch("UseUTF16", "Writes requests in UTF-16 instead of UTF-8."),
        switch(
            "IncludePortInSPN",
            "Names the port too when Kerberos is asked for a ticket.",
        ),
        switch(
            "SkipCACheck",
            "Takes a certificate that no known authority has signed.",
        ),
        switch(
            "SkipCNCheck",
            "Takes a certificate that was made for another name.",
        ),
        switch(
            "SkipRevocationCheck",
            "Does not ask whether a certificate was withdrawn.",
        ),
        Parameter::new("Culture", Kind::Culture, "The language of the session."),
        Parameter::new(
            "UICulture",
            Kind::Culture,
            "The language of the session's messages.",
        ),
        Parameter::new(
            "ApplicationArguments",
            Kind::Table,
            "Values that commands in the session find under their names.",
        ),
        Parameter::new(
            "ProxyAccessType",
            Kind::Choice(&PROXY),
            "How a proxy is found.",
        ),
        Parameter::new(
            "ProxyAuthentication",
            Kind::Choice(&s::MECHANISM),
            "How to prove to the proxy who you are.",
        ),
        Parameter::new(
            "ProxyCredential",
            Kind::Credential,
            "The user to be for the proxy.",
        ),
    ],
    impact: Impact::None,
};

pub(super) const TRANSPORT_OPTION: Cmdlet = Cmdlet {
    id: CmdletId::NewPSTransportOption,
    name: "New-PSTransportOption",
    alias: None,
    sets: &["All"],
    parameters: &[
        int(
            "IdleTimeoutSec",
            "How long sessions stay without a client if they do not say it, in seconds.",
        )
        .by_property(),
        int(
            "MaxIdleTimeoutSec",
            "The longest that sessions may ask for, in seconds.",
        )
        .by_property(),
        int(
            "ProcessIdleTimeoutSec",
            "How long the process that holds sessions stays without any, in seconds.",
        )
        .by_property(),
        int("MaxSessions", "How many sessions there may be.").by_property(),
        int("MaxSessionsPerUser", "How many sessions a user may have.").by_property(),
        int(
            "MaxConcurrentUsers",
            "How many users may have sessions at the same time.",
        )
        .by_property(),
        int(
            "MaxConcurrentCommandsPerSession",
            "How many commands may run in a session at the same time.",
        )
        .by_property(),
        int(
            "MaxProcessesPerSession",
            "How many processes a session may have.",
        )
        .by_property(),
        int(
            "MaxMemoryPerSessionMB",
            "How much memory a session may use, in megabytes.",
        )
        .by_property(),
        s::BUFFERING_MODE.by_property(),
    ],
    impact: Impact::None,
};
