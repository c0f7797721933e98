//! Faults by what went wrong, with the codes and texts that Windows' clients know.

use super::{Fault, Subcode, WindowsFault, WindowsMessage};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing came within the time that the client gave.
    TimedOut,
    /// There is no such shell, or not for this user.
    NoShell,
    /// The shell has no such command.
    NoCommand,
    /// There is no such resource.
    NoResource,
    /// The shell is another client's.
    InUse,
    /// The shell is disconnected; its client has to take it back first.
    Disconnected,
    /// The shell is not connected, so it cannot be disconnected.
    NotConnected,
    /// The shell cannot be taken back: its client never let go of it.
    NotReconnectable,
    /// Disconnection is not for shells of this kind.
    NoDisconnect,
    /// The idle timeout is out of bounds.
    IdleTimeout,
    /// A shell with this id is there already.
    ShellExists,
    /// A command with this id is there already.
    CommandExists,
    /// Another request for the same output waits already.
    ReceiveInProgress,
    /// The user has as many shells as one may have.
    UserShells,
    /// The configuration has as many shells as it may have.
    PluginShells,
    /// As many users as may have shells have some.
    ShellUsers,
    /// The shell has as many commands as it may have.
    Commands,
    /// The shell has as many processes or as much memory as it may have.
    Quota,
    /// The caller may not.
    AccessDenied,
    /// The program cannot be started.
    NotFound,
    /// A parameter has no meaning.
    Parameter,
    /// The request is no message.
    Malformed,
    /// Asked for by the client, and not there: compression, an option.
    Unsupported,
    /// The server failed.
    Internal,
}

/// A row of [`TABLE`]: blame, name, particular, number and text.
type Row = (Kind, bool, &'static str, &'static str, u32, &'static str);

const TABLE: [Row; 24] = [
    (
        Kind::TimedOut,
        false,
        "w:TimedOut",
        "",
        2_150_858_793,
        "The WS-Management service cannot complete the operation within the time specified in \
         OperationTimeout.  ",
    ),
    (
        Kind::NoShell,
        true,
        "w:InvalidSelectors",
        "UnexpectedSelectors",
        2_150_858_843,
        "The WS-Management service cannot process the request because the request contained \
         invalid selectors for the resource. ",
    ),
    (
        Kind::NoCommand,
        true,
        "w:InvalidSelectors",
        "UnexpectedSelectors",
        2_150_858_843,
        "The Windows Remote Shell received a request to perform an operation on a command \
         identifier that does not exist. Either the command has completed execution or the client \
         specified an invalid command identifier. ",
    ),
    (
        Kind::NoResource,
        true,
        "a:DestinationUnreachable",
        "InvalidResourceURI",
        2_150_858_752,
        "There is no such resource or session configuration on this host.",
    ),
    (
        Kind::InUse,
        true,
        "w:InternalError",
        "",
        2_150_859_213,
        "The shell is connected to a different client. It can be connected to once that client has \
         disconnected.",
    ),
    (
        Kind::Disconnected,
        true,
        "w:InternalError",
        "",
        2_150_859_230,
        "The WS-Management service cannot process the request because the stream is currently \
         disconnected.",
    ),
    (
        Kind::NotConnected,
        true,
        "w:InvalidParameter",
        "",
        2_150_859_215,
        "The shell is not connected, so it cannot be disconnected.",
    ),
    (
        Kind::NotReconnectable,
        true,
        "w:InvalidParameter",
        "",
        2_150_859_216,
        "The shell is not disconnected, so it cannot be reconnected.",
    ),
    (
        Kind::NoDisconnect,
        true,
        "w:UnsupportedFeature",
        "",
        2_150_859_205,
        "Shells of this configuration cannot be disconnected.",
    ),
    (
        Kind::IdleTimeout,
        true,
        "w:InvalidParameter",
        "InvalidValue",
        2_150_859_250,
        "The idle timeout is out of bounds.",
    ),
    (
        Kind::ShellExists,
        true,
        "w:InvalidParameter",
        "InvalidValue",
        2_150_859_223,
        "There is a shell with this id already.",
    ),
    (
        Kind::CommandExists,
        true,
        "w:InvalidParameter",
        "InvalidValue",
        2_150_859_222,
        "The shell has a command with this id already.",
    ),
    (
        Kind::ReceiveInProgress,
        true,
        "w:Concurrency",
        "",
        2_150_859_047,
        "Another request for this output is waiting already.",
    ),
    (
        Kind::UserShells,
        true,
        "w:QuotaLimit",
        "",
        2_150_859_173,
        "This user has as many shells as a user may have.",
    ),
    (
        Kind::PluginShells,
        true,
        "w:QuotaLimit",
        "",
        2_150_859_238,
        "The WS-Management service cannot process the request. The maximum number of concurrent \
         shells allowed for this plugin has been exceeded. Retry the request later or raise the \
         Maximum Shells per Plugin quota.",
    ),
    (
        Kind::ShellUsers,
        true,
        "w:QuotaLimit",
        "",
        2_150_859_237,
        "The WS-Management service cannot process the request. The maximum number of concurrent \
         users for this plugin has been exceeded. Retry the request later or raise the Maximum \
         Users per Plugin quota.",
    ),
    (
        Kind::Commands,
        true,
        "w:InternalError",
        "",
        2_150_859_241,
        "The WS-Management service cannot process the request. The maximum number of concurrent \
         commands per shell has been exceeded. Retry the request later or raise the Maximum \
         Commands per Shell quota.",
    ),
    (
        Kind::Quota,
        true,
        "w:QuotaLimit",
        "",
        1_816,
        "Not enough quota is available to process this command. ",
    ),
    (
        Kind::AccessDenied,
        true,
        "w:AccessDenied",
        "",
        5,
        "Access is denied. ",
    ),
    (
        Kind::NotFound,
        false,
        "w:InternalError",
        "",
        2_147_942_402,
        "The system cannot find the file specified. ",
    ),
    (
        Kind::Parameter,
        true,
        "w:InvalidParameter",
        "InvalidValue",
        87,
        "The parameter is incorrect. ",
    ),
    (
        Kind::Malformed,
        true,
        "w:SchemaValidationError",
        "",
        2_150_858_779,
        "The request is not a message that can be understood.",
    ),
    (
        Kind::Unsupported,
        true,
        "w:UnsupportedFeature",
        "",
        2_150_858_834,
        "The request asks for something that this host does not have.",
    ),
    (
        Kind::Internal,
        false,
        "w:InternalError",
        "",
        2_150_859_046,
        "The host failed to carry out the request.",
    ),
];

/// What the particular of a fault begins with (DSP0226 14.6).
const PARTICULAR: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/";

impl Kind {
    /// The fault, with its own text.
    pub fn fault(self) -> Fault {
        let row = TABLE.iter().find(|(kind, ..)| *kind == self);
        let (_, by_sender, subcode, particular, code, text) =
            *row.unwrap_or(&(self, false, "w:InternalError", "", 0, ""));
        Fault {
            by_sender,
            subcode: Subcode(subcode.to_owned()),
            reason: text.to_owned(),
            particular: (!particular.is_empty()).then(|| format!("{PARTICULAR}{particular}")),
            windows: Some(Box::new(WindowsFault {
                code,
                machine: String::new(),
                message: WindowsMessage::Text(text.to_owned()),
            })),
        }
    }

    /// The fault, with another text.
    pub fn saying(self, text: impl Into<String>) -> Fault {
        let mut fault = self.fault();
        fault.reason = text.into();
        if let Some(windows) = &mut fault.windows {
            windows.message = WindowsMessage::Text(fault.reason.clone());
        }
        fault
    }
}

/// The answer to a header that is marked as needed and is not known (SOAP 1.2 part 1, 5.4.8).
pub fn not_understood(header: &str) -> Fault {
    let mut fault = Kind::Unsupported.saying(format!("The header {header} is not understood."));
    fault.subcode = Subcode("s:MustUnderstand".to_owned());
    fault
}

/// The answer to an action that there is not (WS-Addressing).
pub fn unknown_action(action: &str) -> Fault {
    let action: String = action.chars().take(200).collect();
    let mut fault = Kind::Unsupported.saying(format!("There is no action {action:?} here."));
    fault.subcode = Subcode("a:ActionNotSupported".to_owned());
    fault
}

/// The answer to a timeout that is no duration.
pub fn bad_timeout(text: &str) -> Fault {
    bad_headers(format!(
        "The WS-Management service cannot process the request. The XML contains an invalid timeout \
         field in the SOAP header: {text}. "
    ))
}

/// The answer to a header that has no meaning.
pub fn bad_header(name: &str, text: &str) -> Fault {
    let text: String = text.chars().take(100).collect();
    bad_headers(format!("The header {name} cannot be {text:?}."))
}

fn bad_headers(text: String) -> Fault {
    Fault {
        by_sender: true,
        subcode: Subcode("a:InvalidMessageInformationHeader".to_owned()),
        reason:
            "The WS-Management service cannot process the request. The request contains one or \
                 more invalid SOAP headers. "
                .to_owned(),
        particular: None,
        windows: Some(Box::new(WindowsFault {
            code: 2_150_858_767,
            machine: String::new(),
            message: WindowsMessage::Text(text),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row() {
        for (kind, _, subcode, _, code, text) in TABLE {
            assert_eq!(TABLE.iter().filter(|(other, ..)| *other == kind).count(), 1);
            let fault = kind.fault();
            assert_eq!(fault.code(), code);
            assert_eq!((fault.subcode.0.as_str(), fault.text()), (subcode, text));
        }
    }
}
