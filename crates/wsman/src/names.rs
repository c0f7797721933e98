//! Names of actions and resources.

use crate::xml::Ns;

/// Where replies go: the connection that the request came on.
pub const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
/// The resource of all shells (enumeration).
pub const SHELLS: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
/// The resource of a shell's commands (enumeration).
pub const COMMANDS: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
/// The resource of command shells.
pub const COMMAND_SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd";
/// The resource of the service's configuration.
pub const CONFIG: &str = "http://schemas.microsoft.com/wbem/wsman/1/config";
/// What resources of PowerShell's session configurations begin with.
pub const POWERSHELL: &str = "http://schemas.microsoft.com/powershell/";
/// Selects items of an enumeration by their selectors (DSP0226 8.3).
pub const SELECTOR_FILTER: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";
/// Name of the option by which a client of ours says that several lines of a pipeline's output may
/// come in one text. Services that do not know it give a text for each line.
pub const LINES_TOGETHER: &str = "WINSTA_OPTION_LINES_TOGETHER";
/// Name of the selector that names a shell.
pub const SHELL_ID: &str = "ShellId";

/// What a request's action asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Make a shell.
    Create,
    /// Describe a shell, or the configuration.
    Get,
    /// End a shell.
    Delete,
    /// List shells or commands.
    Enumerate,
    /// More of a list.
    Pull,
    /// No more of a list.
    Release,
    /// Run a command.
    Command,
    /// Give output.
    Receive,
    /// Take input.
    Send,
    /// Interrupt or end a command.
    Signal,
    /// Let go of a shell that runs on.
    Disconnect,
    /// Take one's own shell back.
    Reconnect,
    /// Take a shell that another client let go of.
    Connect,
}

const ACTIONS: [(Action, Ns, &str); 13] = [
    (Action::Create, Ns::Transfer, "Create"),
    (Action::Get, Ns::Transfer, "Get"),
    (Action::Delete, Ns::Transfer, "Delete"),
    (Action::Enumerate, Ns::Enumeration, "Enumerate"),
    (Action::Pull, Ns::Enumeration, "Pull"),
    (Action::Release, Ns::Enumeration, "Release"),
    (Action::Command, Ns::Shell, "Command"),
    (Action::Receive, Ns::Shell, "Receive"),
    (Action::Send, Ns::Shell, "Send"),
    (Action::Signal, Ns::Shell, "Signal"),
    (Action::Disconnect, Ns::Shell, "Disconnect"),
    (Action::Reconnect, Ns::Shell, "Reconnect"),
    (Action::Connect, Ns::Shell, "Connect"),
];

impl Action {
    /// The action with this URI.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let (ns, name) = uri.rsplit_once('/')?;
        let known = ACTIONS
            .iter()
            .find(|(_, known, local)| known.uri() == ns && *local == name);
        known.map(|(action, _, _)| *action)
    }

    /// Its URI.
    pub fn uri(self) -> String {
        let known = ACTIONS.iter().find(|(action, _, _)| *action == self);
        known.map_or_else(String::new, |(_, ns, name)| format!("{}/{name}", ns.uri()))
    }

    /// URI of the answer to it.
    pub fn reply_uri(self) -> String {
        self.uri() + "Response"
    }

    /// The action that this is the URI of the answer to.
    pub fn from_reply_uri(uri: &str) -> Option<Self> {
        Self::from_uri(uri.strip_suffix("Response")?)
    }
}

/// What a signal to a command means (MS-WSMV 2.2.4.38), whatever the case of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End the command, and forget it.
    Terminate,
    /// Interrupt it as ctrl+c does.
    CtrlC,
    /// Interrupt it as ctrl+break does.
    CtrlBreak,
    /// Stop the pipeline (PowerShell).
    PowerShellCtrlC,
}

const SIGNALS: [(Signal, &str); 4] = [
    (
        Signal::Terminate,
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate",
    ),
    (
        Signal::CtrlC,
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/ctrl_c",
    ),
    (
        Signal::CtrlBreak,
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/ctrl_break",
    ),
    (Signal::PowerShellCtrlC, "powershell/signal/crtl_c"),
];

impl Signal {
    /// The signal with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        // PowerShell itself sends a misspelt one.
        let code = code.trim().to_ascii_lowercase().replace("crtl_c", "ctrl_c");
        let known = SIGNALS
            .iter()
            .find(|(_, known)| known.replace("crtl_c", "ctrl_c") == code);
        known.map(|(signal, _)| *signal)
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        let known = SIGNALS.iter().find(|(signal, _)| *signal == self);
        known.map_or("", |(_, code)| code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_the_uris_of_the_specification() {
        let delete = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete";
        assert_eq!(Action::from_uri(delete), Some(Action::Delete));
        for (action, _, _) in ACTIONS {
            assert_eq!(Action::from_uri(&action.uri()), Some(action));
            assert_eq!(Action::from_reply_uri(&action.reply_uri()), Some(action));
        }
        assert_eq!(Action::from_uri("http://example.com/Delete"), None);
    }

    #[test]
    fn signals_are_known_in_any_case_and_spelling() {
        for (code, signal) in [
            ("PowerShell/Signal/ctrl_c", Signal::PowerShellCtrlC),
            ("powershell/signal/crtl_c", Signal::PowerShellCtrlC),
        ] {
            assert_eq!(Signal::from_code(code), Some(signal));
        }
        for (signal, code) in SIGNALS {
            assert_eq!(Signal::from_code(&code.to_uppercase()), Some(signal));
            assert_eq!(signal.code(), code);
        }
        assert_eq!(Signal::from_code("hup"), None);
    }
}
