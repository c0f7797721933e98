//! Takes the properties that a kind has out of an object; what is left is kept with it.

use serde_json::Value;

use super::{ObjectError, Properties, TYPE};
use crate::Guid;

/// Properties that are taken one by one, their names in any case.
pub(crate) struct Fields {
    kind: &'static str,
    left: Properties,
}

impl Fields {
    pub(crate) fn new(mut left: Properties) -> Self {
        left.remove(TYPE);
        Self { kind: "", left }
    }

    /// Names the kind, for errors.
    pub(super) fn of(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn left(self) -> Properties {
        self.left
    }

    fn take(&mut self, property: &'static str) -> Option<Value> {
        if let Some(value) = self.left.remove(property) {
            return Some(value);
        }
        let mut keys = self.left.keys();
        let key = keys.find(|key| key.eq_ignore_ascii_case(property))?.clone();
        self.left.remove(&key)
    }

    /// A text; empty if there is none.
    pub(super) fn text(&mut self, property: &'static str) -> Result<String, ObjectError> {
        match self.take(property) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(self.error(property)),
        }
    }

    /// A number from 0; 0 if there is none.
    pub(super) fn number(&mut self, property: &'static str) -> Result<u32, ObjectError> {
        match self.take(property) {
            None | Some(Value::Null) => Ok(0),
            Some(value) => value
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .ok_or_else(|| self.error(property)),
        }
    }

    /// A truth; false if there is none.
    pub(super) fn truth(&mut self, property: &'static str) -> Result<bool, ObjectError> {
        match self.take(property) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(truth)) => Ok(truth),
            Some(_) => Err(self.error(property)),
        }
    }

    /// A GUID, which must be there.
    pub(super) fn guid(&mut self, property: &'static str) -> Result<Guid, ObjectError> {
        let value = self.take(property);
        let text = value.as_ref().and_then(Value::as_str);
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| self.error(property))
    }

    fn error(&self, property: &'static str) -> ObjectError {
        ObjectError::Property {
            kind: self.kind,
            property,
        }
    }
}

/// A closed list of words that may grow: unknown ones are kept as they came.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $word:ident),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $word,)+
            /// A word that this program does not know.
            Other(String),
        }

        impl $name {
            /// The word, as it is printed.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => stringify!($word),)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            /// Takes the word in any case.
            fn from(word: &str) -> Self {
                $(if word.eq_ignore_ascii_case(stringify!($word)) {
                    return Self::$word;
                })+
                Self::Other(word.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(super) use words;
