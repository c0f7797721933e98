//! New-, Enter- and Exit-PSSession.

use super::shared as s;
use super::{Cmdlet, CmdletId, Impact};

const WSMAN: &[&str] = &["ComputerName", "Uri"];
const SSH: &[&str] = &["SSHHost"];
/// Sessions of Winsta's have these over ssh too.
const MADE: &[&str] = &["ComputerName", "Uri", "SSHHost"];

pub(super) const NEW: Cmdlet = Cmdlet {
    id: CmdletId::NewPSSession,
    name: "New-PSSession",
    alias: Some("nsn"),
    sets: &["ComputerName", "Uri", "Session", "SSHHost"],
    parameters: &[
        s::COMPUTERS
            .of(&["ComputerName"])
            .at(0)
            .by_value()
            .by_property(),
        s::URIS.needed(&["Uri"]).at(0).by_property(),
        s::SESSIONS.of(&["Session"]).at(0),
        s::HOSTS.needed(SSH).at(0),
        s::NAMES,
        s::CREDENTIAL.of(WSMAN).by_property(),
        s::CONFIGURATION_NAME.of(MADE),
        s::PORT.of(&["ComputerName", "SSHHost"]),
        s::USE_SSL.of(&["ComputerName"]),
        s::APPLICATION_NAME.of(&["ComputerName"]),
        s::REDIRECTION.of(&["Uri"]),
        s::SESSION_OPTION.of(MADE),
        s::AUTHENTICATION.of(WSMAN),
        s::THUMBPRINT.of(WSMAN),
        s::NETWORK_ACCESS.of(&["ComputerName", "Uri", "Session"]),
        s::USER_NAME.of(SSH),
        s::KEY_FILE.of(SSH),
        s::SUBSYSTEM.of(SSH).by_property(),
        s::CONNECTING.of(SSH),
        s::SSH_TRANSPORT.of(SSH),
        s::SSH_OPTIONS.of(SSH),
        s::THROTTLE,
    ],
    impact: Impact::None,
};

pub(super) const ENTER: Cmdlet = Cmdlet {
    id: CmdletId::EnterPSSession,
    name: "Enter-PSSession",
    alias: Some("etsn"),
    sets: &[
        "ComputerName",
        "SSHHost",
        "Session",
        "Uri",
        "InstanceId",
        "Id",
        "Name",
    ],
    parameters: &[
        s::COMPUTER
            .needed(&["ComputerName"])
            .at(0)
            .by_value()
            .by_property(),
        s::HOST.needed(SSH).at(0).by_value(),
        s::SESSION.of(&["Session"]).at(0),
        s::URI.of(&["Uri"]).at(1).by_property(),
        s::ID.of(&["Id"]).at(0),
        s::NAME.of(&["Name"]).by_property(),
        s::INSTANCE.of(&["InstanceId"]).by_property(),
        s::CREDENTIAL.of(WSMAN).at(1).by_property(),
        s::CONFIGURATION_NAME.of(MADE),
        s::PORT.of(&["ComputerName", "SSHHost"]),
        s::USE_SSL.of(&["ComputerName"]),
        s::APPLICATION_NAME.of(&["ComputerName"]),
        s::REDIRECTION.of(&["Uri"]),
        s::SESSION_OPTION.of(MADE),
        s::AUTHENTICATION.of(WSMAN),
        s::THUMBPRINT.of(WSMAN),
        s::NETWORK_ACCESS.of(WSMAN),
        s::USER_NAME.of(SSH),
        s::KEY_FILE.of(SSH),
        s::SUBSYSTEM.of(SSH).by_property(),
        s::CONNECTING.of(SSH),
        s::SSH_TRANSPORT.of(SSH),
        s::SSH_OPTIONS.of(SSH),
    ],
    impact: Impact::None,
};

pub(super) const EXIT: Cmdlet = Cmdlet {
    id: CmdletId::ExitPSSession,
    name: "Exit-PSSession",
    alias: Some("exsn"),
    sets: &["All"],
    parameters: &[],
    impact: Impact::None,
};
