//! Options that are made once and given to many: those of `New-PSSessionOption` and
//! `New-PSTransportOption`.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::{Object, ObjectError, Properties, TYPE};

/// Whose options they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Of sessions (`-SessionOption`).
    Session,
    /// Of session configurations (`-TransportOption`).
    Transport,
}

impl OptionKind {
    /// What [`TYPE`] says of them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "PSSessionOption",
            Self::Transport => "PSTransportOption",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Session, Self::Transport];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// The options that somebody has chosen, under the names of the cmdlet's parameters
/// (`IdleTimeout`, in milliseconds; `OutputBufferingMode`, a word; `SkipCACheck`, a truth).
/// What is not there was not chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionObject {
    /// Whose options they are.
    pub kind: OptionKind,
    /// The options, without [`TYPE`].
    pub chosen: Properties,
}

impl OptionObject {
    pub(super) fn from_properties(kind: OptionKind, mut chosen: Properties) -> Self {
        chosen.remove(TYPE);
        Self { kind, chosen }
    }

    /// An option, its name in any case.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut options = self.chosen.iter();
        options
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    /// An option that is a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    /// An option that is a word or a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Whether a switch was set.
    pub fn switch(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// All properties, with [`TYPE`].
    pub fn properties(&self) -> Properties {
        let mut properties = self.chosen.clone();
        properties.insert(TYPE.to_owned(), self.kind.name().into());
        properties
    }
}

impl fmt::Display for OptionObject {
    /// The line, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::line(&self.properties()))
    }
}

impl FromStr for OptionObject {
    type Err = ObjectError;

    fn from_str(line: &str) -> Result<Self, ObjectError> {
        match Object::parse(line)? {
            Object::Options(options) => Ok(options),
            _ => Err(ObjectError::Kind {
                wanted: "PSSessionOption or PSTransportOption",
            }),
        }
    }
}
