//! What the host writes about sessions and clients into the keeper, so that the next host knows.

use serde::{Deserialize, Deserializer, Serialize};
use winsta_api::How;
use winsta_domain::{ConnectionId, Label, Timestamp};
use winsta_wire::{SessionReport, Verb};

use crate::people::Caller;

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
    /// What counts down to its end.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "understood")]
    pub(crate) countdowns: Vec<Countdown>,
    /// What its keeper last said of it; only on the roll of the machine's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<Box<SessionReport>>,
    /// Connections that the host gave; only on the roll of the machine's host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) permits: Vec<Permitted>,
}

/// A connection that the host gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permitted {
    /// Its number.
    pub(crate) connection: ConnectionId,
    /// The user who got the permit.
    pub(crate) uid: u32,
    /// What the host knows of the client.
    #[serde(default)]
    pub(crate) note: Note,
}

/// A warning that counts down to the end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Countdown {
    /// Number of the warning.
    pub(crate) id: u32,
    /// How the session will be ended.
    pub(crate) how: How,
    /// When.
    pub(crate) due: Timestamp,
    /// Name of the user who wants it.
    pub(crate) by: String,
    /// The user's id.
    pub(crate) uid: u32,
    /// What the session's user is told.
    pub(crate) text: String,
    /// Whether the session's user may cancel it.
    pub(crate) user_may_cancel: bool,
}

impl Meta {
    /// Most bytes of a command that are kept for listings.
    const MAX_COMMAND: usize = 2 << 10;

    /// The description as text, as much of it as the keeper takes.
    pub(crate) fn to_json(&self) -> String {
        let whole = serde_json::to_string(self).unwrap_or_default();
        if whole.len() <= Verb::MAX_META {
            return whole;
        }
        // Too long together: what is only shown gives way to what is done.
        let mut short = self.clone();
        short.command.clear();
        for countdown in &mut short.countdowns {
            countdown.text.clear();
        }
        serde_json::to_string(&short).unwrap_or_default()
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

/// As many of a list's items as this build understands: one that it does not must not cost the
/// rest of a description.
fn understood<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Countdown>, D::Error> {
    let items = Vec::<serde_json::Value>::deserialize(from)?;
    let known = items.into_iter().map(serde_json::from_value);
    Ok(known.filter_map(Result::ok).collect())
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
    /// Through a host that is published over TLS, to the keeper's socket.
    Tls,
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
    /// How `caller` gets to a keeper's socket.
    pub(crate) fn to_keeper(caller: &Caller) -> Self {
        match caller.remote {
            Some(_) => Self::Tls,
            None => Self::Unix,
        }
    }

    /// What listings call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Tls => "tls",
            Self::Websocket => "websocket",
            Self::Output => "output",
            Self::Other => "other",
        }
    }

    /// Whether such a client makes the session connected.
    pub(crate) fn connects(self) -> bool {
        match self {
            Self::Unix | Self::Tls | Self::Websocket | Self::Other => true,
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
            countdowns: vec![countdown("tea")],
            report: None,
            permits: Vec::new(),
        };
        assert_eq!(Meta::from_json(&meta.to_json()), meta);
        assert_eq!(Meta::from_json("what?"), Meta::default());
        let newer = r#"{"user":"ann","colour":"red"}"#;
        assert_eq!(Meta::from_json(newer).user, "ann");
        let newer = meta.to_json().replace("\"logoff\"", "\"hibernate\"");
        let read = Meta::from_json(&newer);
        assert_eq!((read.uid, read.countdowns), (7, Vec::new()));
    }

    fn countdown(text: &str) -> Countdown {
        Countdown {
            id: 5,
            how: How::Logoff,
            due: Timestamp(14),
            by: "root".to_owned(),
            uid: 0,
            text: text.to_owned(),
            user_may_cancel: true,
        }
    }

    #[test]
    fn countdowns_fit_whatever_they_say() {
        let text = "\u{1}".repeat(8 << 10);
        let meta = Meta {
            user: "ann".to_owned(),
            command: Meta::listed_command(&["\u{1}".repeat(2_000)]),
            countdowns: vec![countdown(&text); 8],
            ..Meta::default()
        };
        let json = meta.to_json();
        assert!(json.len() <= Verb::MAX_META, "{}", json.len());
        let read = Meta::from_json(&json);
        assert_eq!((read.user.as_str(), read.countdowns.len()), ("ann", 8));
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
