//! Names that people give to sessions and that sessions' connections have.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::ConnectionId;

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is empty.
    #[error("a label must not be empty")]
    Empty,
    /// The text is longer than [`Label::MAX_CHARS`] characters.
    #[error(
        "a label has at most {} characters, this one has {chars}",
        Label::MAX_CHARS
    )]
    TooLong {
        /// How many characters it has.
        chars: usize,
    },
    /// The text has a control character, which would reach other people's terminals.
    #[error("a label must not contain control characters (found U+{code:04X})")]
    Control {
        /// The first such character.
        code: u32,
    },
    /// The text would be read as a session id.
    #[error("a label must not be a number, because numbers are session ids")]
    Number,
}

/// A name that a user gives to a session: 1 to 64 characters, none of them a control character,
/// not a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// The longest label, in characters.
    pub const MAX_CHARS: usize = 64;

    /// The label as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let chars = text.chars().count();
        if chars == 0 {
            return Err(NameError::Empty);
        }
        if chars > Self::MAX_CHARS {
            return Err(NameError::TooLong { chars });
        }
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            return Err(NameError::Control {
                code: control.into(),
            });
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NameError::Number);
        }
        Ok(Self(text))
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of a connection, shown as SESSIONNAME: `console`, `pty#2`, `ssh-tcp#5`, `rdp-tcp#93`.
///
/// It belongs to the connection, so a disconnected session has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionName(pub String);

impl ConnectionName {
    /// The console's name, with or without a connection.
    pub const CONSOLE: &'static str = "console";

    /// The name of connection `id` that came in through `listener` (`pty`, `ssh-tcp`, `rdp-tcp`).
    pub fn numbered(listener: &str, id: ConnectionId) -> Self {
        Self(format!("{listener}#{id}"))
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_checked_at_the_edge() {
        let cases: [(&str, Result<(), NameError>); 6] = [
            ("build", Ok(())),
            ("Übung 1 日本", Ok(())),
            ("", Err(NameError::Empty)),
            ("a\u{1b}[31m", Err(NameError::Control { code: 0x1b })),
            ("c1\u{9b}", Err(NameError::Control { code: 0x9b })),
            ("12", Err(NameError::Number)),
        ];
        for (text, expected) in cases {
            let label = Label::try_from(text.to_owned()).map(|_| ());
            assert_eq!(label, expected, "{text:?}");
        }
        let long = "x".repeat(10_240);
        assert_eq!(
            Label::try_from(long),
            Err(NameError::TooLong { chars: 10_240 })
        );
    }
}
