//! What the host writes about sessions and clients into the keeper, so that the next host knows.

use serde::{Deserialize, Serialize};
use winsta_domain::{ConnectionId, Label, Timestamp};

/// The host's description of a session. Keys are only ever added; missing ones have defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Meta {
    /// Name of the user that it belongs to.
    pub(crate) user: String,
    /// The user's id.
    pub(crate) uid: u32,
    /// When the user logged on.
    pub(crate) logon: Timestamp,
    /// The label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<Label>,
    /// The command, as it was asked for.
    pub(crate) command: Vec<String>,
    /// Since when it has no client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disconnected: Option<Timestamp>,
    /// Whether a login began it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) login: bool,
}

impl Meta {
    /// Most bytes of a command that are kept for listings.
    const MAX_COMMAND: usize = 2 << 10;

    /// The description as text.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a description; what an unknown host wrote gives an empty one.
    pub(crate) fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// As much of `command` as is listed: whole arguments, up to a limit.
    pub(crate) fn listed_command(command: &[String]) -> Vec<String> {
        let mut bytes = 0;
        let fits = |argument: &&String| {
            bytes += argument.len() + 4;
            bytes <= Self::MAX_COMMAND
        };
        command.iter().take_while(fits).cloned().collect()
    }
}

/// What the host writes about a client when it registers its ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    /// Name of the client's terminal or machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_name: Option<String>,
    /// Network address of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_address: Option<String>,
    /// Name of the client's user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// How it reaches the session.
    pub(crate) transport: Transport,
    /// The session that the client sits in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_session: Option<u32>,
}

/// How a client reaches its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    /// Straight to the keeper's socket.
    #[default]
    Unix,
    /// Through the host's WebSocket.
    Websocket,
    /// Through the host, as a request for output: not a client whose coming and going connects
    /// and disconnects the session.
    Output,
    /// A way that this build does not know.
    #[serde(other)]
    Other,
}

impl Transport {
    /// What listings call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Websocket => "websocket",
            Self::Output => "output",
            Self::Other => "other",
        }
    }

    /// Whether such a client makes the session connected.
    pub(crate) fn connects(self) -> bool {
        match self {
            Self::Unix | Self::Websocket | Self::Other => true,
            Self::Output => false,
        }
    }
}

/// Name of a connection: `pty#2`.
pub(crate) fn connection_name(id: ConnectionId) -> String {
    winsta_domain::ConnectionName::numbered("pty", id).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_survive_and_strangers_are_tolerated() {
        let meta = Meta {
            user: "ann".to_owned(),
            uid: 7,
            logon: Timestamp(12),
            label: Label::try_from("build".to_owned()).ok(),
            command: vec!["make".to_owned()],
            disconnected: Some(Timestamp(13)),
            login: true,
        };
        assert_eq!(Meta::from_json(&meta.to_json()), meta);
        assert_eq!(Meta::from_json("what?"), Meta::default());
        let newer = r#"{"user":"ann","colour":"red"}"#;
        assert_eq!(Meta::from_json(newer).user, "ann");
    }

    #[test]
    fn long_commands_are_cut_between_arguments() {
        let command = ["a".to_owned(), "b".repeat(4_000), "c".to_owned()];
        assert_eq!(Meta::listed_command(&command), ["a"]);
    }

    #[test]
    fn unknown_transports_are_tolerated() {
        let note: Note = serde_json::from_str(r#"{"transport":"quic"}"#).unwrap();
        assert_eq!(note.transport, Transport::Other);
    }
}
