//! Get-PSSession.

use super::shared as s;
use super::{Choice, Cmdlet, CmdletId, Impact, Kind, Parameter};

const FILTER: Choice = Choice {
    name: "Microsoft.PowerShell.Commands.SessionFilterState",
    words: &["All", "Opened", "Disconnected", "Closed", "Broken"],
};

const COMPUTER: &[&str] = &["ComputerName", "ComputerInstanceId"];
const URI: &[&str] = &["ConnectionUri", "ConnectionUriInstanceId"];
const HOST: &[&str] = &["HostName", "HostNameInstanceId"];
const WSMAN: &[&str] = &[
    "ComputerName",
    "ComputerInstanceId",
    "ConnectionUri",
    "ConnectionUriInstanceId",
];
const REMOTE: &[&str] = &[
    "ComputerName",
    "ComputerInstanceId",
    "ConnectionUri",
    "ConnectionUriInstanceId",
    "HostName",
    "HostNameInstanceId",
];

pub(super) const GET: Cmdlet = Cmdlet {
    id: CmdletId::GetPSSession,
    name: "Get-PSSession",
    alias: Some("gsn"),
    sets: &[
        "Name",
        "ComputerName",
        "ComputerInstanceId",
        "ConnectionUri",
        "ConnectionUriInstanceId",
        "HostName",
        "HostNameInstanceId",
        "InstanceId",
        "Id",
    ],
    parameters: &[
        s::COMPUTERS.needed(COMPUTER).at(0).by_property(),
        s::URIS.needed(URI).at(0).by_property(),
        s::HOSTS.needed(HOST),
        s::IDS.needed(&["Id"]).at(0),
        s::NAMES
            .of(&["Name", "ComputerName", "ConnectionUri", "HostName"])
            .by_property()
            .wildcards(),
        s::INSTANCES.of(&["InstanceId"]).or_needed(&[
            "ComputerInstanceId",
            "ConnectionUriInstanceId",
            "HostNameInstanceId",
        ]),
        Parameter::new(
            "State",
            Kind::Choice(&FILTER),
            "Only sessions in this state, as seen from here.",
        )
        .of(REMOTE),
        s::CONFIGURATION_NAME.of(REMOTE).wildcards(),
        s::CREDENTIAL.of(WSMAN),
        s::PORT.of(&[
            "ComputerName",
            "ComputerInstanceId",
            "HostName",
            "HostNameInstanceId",
        ]),
        s::USE_SSL.of(COMPUTER),
        s::APPLICATION_NAME.of(COMPUTER),
        s::REDIRECTION.of(URI),
        s::SESSION_OPTION.of(WSMAN),
        s::AUTHENTICATION.of(WSMAN),
        s::THUMBPRINT.of(WSMAN),
        s::USER_NAME.of(HOST),
        s::KEY_FILE.of(HOST),
        s::THROTTLE.of(REMOTE),
    ],
    impact: Impact::None,
};
