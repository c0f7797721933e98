//! Disconnect-, Connect-, Receive- and Remove-PSSession.

use super::shared as s;
use super::{Choice, Cmdlet, CmdletId, Impact, Kind, Parameter};

pub(super) const DISCONNECT: Cmdlet = Cmdlet {
    id: CmdletId::DisconnectPSSession,
    name: "Disconnect-PSSession",
    alias: Some("dnsn"),
    sets: &["Session", "Id", "Name", "InstanceId"],
    parameters: &[
        s::SESSIONS.needed(&["Session"]).at(0),
        s::IDS.needed(&["Id"]).at(0),
        s::NAMES.needed(&["Name"]).by_property().wildcards(),
        s::INSTANCES.needed(&["InstanceId"]).by_property(),
        Parameter::new(
            "IdleTimeoutSec",
            Kind::Int,
            "How long the session stays without a client, in seconds, at least 60. Then it is \
             deleted, with all that runs in it.",
        ),
        s::BUFFERING_MODE,
        s::THROTTLE,
    ],
    impact: Impact::Medium,
};

mod connect {
    pub(super) const COMPUTER: &[&str] = &["ComputerName", "ComputerNameGuid"];
    pub(super) const URI: &[&str] = &["ConnectionUri", "ConnectionUriGuid"];
    pub(super) const HOST: &[&str] = &["HostName", "HostNameGuid"];
    pub(super) const WSMAN: &[&str] = &[
        "ComputerName",
        "ComputerNameGuid",
        "ConnectionUri",
        "ConnectionUriGuid",
    ];
    pub(super) const REMOTE: &[&str] = &[
        "ComputerName",
        "ComputerNameGuid",
        "ConnectionUri",
        "ConnectionUriGuid",
        "HostName",
        "HostNameGuid",
    ];
}

pub(super) const CONNECT: Cmdlet = Cmdlet {
    id: CmdletId::ConnectPSSession,
    name: "Connect-PSSession",
    alias: Some("cnsn"),
    sets: &[
        "Name",
        "Session",
        "ComputerName",
        "ComputerNameGuid",
        "ConnectionUri",
        "ConnectionUriGuid",
        "HostName",
        "HostNameGuid",
        "InstanceId",
        "Id",
    ],
    parameters: &[
        s::SESSIONS.needed(&["Session"]).at(0),
        s::IDS.needed(&["Id"]).at(0),
        s::COMPUTERS.needed(connect::COMPUTER),
        s::URIS.needed(connect::URI).at(0).by_property(),
        s::HOSTS.needed(connect::HOST),
        s::NAMES
            .of(&["ComputerName", "ConnectionUri", "HostName"])
            .or_needed(&["Name"])
            .wildcards(),
        s::INSTANCES.needed(&[
            "InstanceId",
            "ComputerNameGuid",
            "ConnectionUriGuid",
            "HostNameGuid",
        ]),
        s::CONFIGURATION_NAME.of(connect::REMOTE),
        s::CREDENTIAL.of(connect::WSMAN),
        s::PORT.of(&[
            "ComputerName",
            "ComputerNameGuid",
            "HostName",
            "HostNameGuid",
        ]),
        s::USE_SSL.of(connect::COMPUTER),
        s::APPLICATION_NAME.of(connect::COMPUTER),
        s::REDIRECTION.of(connect::URI),
        s::SESSION_OPTION.of(connect::WSMAN),
        s::AUTHENTICATION.of(connect::WSMAN),
        s::THUMBPRINT.of(connect::WSMAN),
        s::USER_NAME.of(connect::HOST),
        s::KEY_FILE.of(connect::HOST),
        s::THROTTLE,
    ],
    impact: Impact::Medium,
};

const OUT_TARGET: Choice = Choice {
    name: "Microsoft.PowerShell.Commands.OutTarget",
    words: &["Default", "Host", "Job"],
};

mod receive {
    pub(super) const COMPUTER: &[&str] = &["ComputerSessionName", "ComputerInstanceId"];
    pub(super) const URI: &[&str] = &["ConnectionUriSessionName", "ConnectionUriInstanceId"];
    pub(super) const HOST: &[&str] = &["HostSessionName", "HostInstanceId"];
    pub(super) const WSMAN: &[&str] = &[
        "ComputerSessionName",
        "ComputerInstanceId",
        "ConnectionUriSessionName",
        "ConnectionUriInstanceId",
    ];
    pub(super) const REMOTE: &[&str] = &[
        "ComputerSessionName",
        "ComputerInstanceId",
        "ConnectionUriSessionName",
        "ConnectionUriInstanceId",
        "HostSessionName",
        "HostInstanceId",
    ];
}

pub(super) const RECEIVE: Cmdlet = Cmdlet {
    id: CmdletId::ReceivePSSession,
    name: "Receive-PSSession",
    alias: Some("rcsn"),
    sets: &[
        "Session",
        "Id",
        "ComputerSessionName",
        "ComputerInstanceId",
        "ConnectionUriSessionName",
        "ConnectionUriInstanceId",
        "HostSessionName",
        "HostInstanceId",
        "InstanceId",
        "SessionName",
    ],
    parameters: &[
        s::SESSION.needed(&["Session"]).at(0),
        s::ID.needed(&["Id"]).at(0).by_value(),
        s::COMPUTER.needed(receive::COMPUTER).at(0).by_property(),
        s::URI.needed(receive::URI).at(0).by_property(),
        s::HOST.needed(receive::HOST),
        s::NAME.needed(&[
            "SessionName",
            "ComputerSessionName",
            "ConnectionUriSessionName",
            "HostSessionName",
        ]),
        s::INSTANCE.needed(&[
            "InstanceId",
            "ComputerInstanceId",
            "ConnectionUriInstanceId",
            "HostInstanceId",
        ]),
        Parameter::new(
            "OutTarget",
            Kind::Choice(&OUT_TARGET),
            "Where the output goes: Host prints it, Job gives a job that has it; Default is the \
             job that started the command if this login has it, else Host.",
        ),
        Parameter::new("JobName", Kind::Text, "The name of the job."),
        s::CONFIGURATION_NAME.of(receive::REMOTE),
        s::CREDENTIAL.of(receive::WSMAN),
        s::PORT.of(&[
            "ComputerSessionName",
            "ComputerInstanceId",
            "HostSessionName",
            "HostInstanceId",
        ]),
        s::USE_SSL.of(receive::COMPUTER),
        s::APPLICATION_NAME.of(receive::COMPUTER),
        s::REDIRECTION.of(receive::URI),
        s::SESSION_OPTION.of(receive::WSMAN),
        s::AUTHENTICATION.of(receive::WSMAN),
        s::THUMBPRINT.of(receive::WSMAN),
        s::USER_NAME.of(receive::HOST),
        s::KEY_FILE.of(receive::HOST),
    ],
    impact: Impact::Medium,
};

pub(super) const REMOVE: Cmdlet = Cmdlet {
    id: CmdletId::RemovePSSession,
    name: "Remove-PSSession",
    alias: Some("rsn"),
    sets: &[
        "Id",
        "Session",
        "InstanceId",
        "Name",
        "ComputerName",
        "HostName",
    ],
    parameters: &[
        s::IDS.needed(&["Id"]).at(0),
        s::SESSIONS.needed(&["Session"]).at(0),
        s::INSTANCES.needed(&["InstanceId"]).by_property(),
        // Before the machine: an object that has both means the session.
        s::NAMES.needed(&["Name"]).by_property().wildcards(),
        s::COMPUTERS
            .needed(&["ComputerName"])
            .at(0)
            .by_property()
            .wildcards(),
        s::HOSTS.needed(&["HostName"]).wildcards(),
    ],
    impact: Impact::Medium,
};
