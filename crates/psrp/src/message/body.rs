//! How bodies of messages are read from values and written as such.

use super::MessageKind;
use crate::clixml::{ClixmlError, Value};

/// A body that is a CLIXML value.
pub(super) trait Body: Sized {
    /// Reads the body of a message of some kind.
    fn read(fields: Fields<'_>) -> Result<Self, MessageError>;

    /// The value that is the body of a message of that kind.
    fn write(&self, kind: MessageKind) -> Value;
}

/// Why bytes of a peer are no message that is understood.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// It is shorter than its header.
    #[error("a message of {length} bytes has no header")]
    Short {
        /// Its length in bytes.
        length: usize,
    },
    /// It is of a kind that is not known.
    #[error("{0} is not known")]
    Unknown(MessageKind),
    /// Its body cannot be read.
    #[error("the body of {kind} cannot be read")]
    Clixml {
        /// The message's kind.
        kind: MessageKind,
        /// What is wrong.
        source: ClixmlError,
    },
    /// Its body lacks something.
    #[error("{kind} has no property {name}")]
    Missing {
        /// The message's kind.
        kind: MessageKind,
        /// The property.
        name: &'static str,
    },
    /// Something in its body is not of the type that it should be.
    #[error("property {name} of {kind} is not of its type")]
    Type {
        /// The message's kind.
        kind: MessageKind,
        /// The property.
        name: &'static str,
    },
}

/// The properties of a body, or of an object in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    pub(super) kind: MessageKind,
    pub(super) value: &'a Value,
}

impl<'a> Fields<'a> {
    /// The property, `None` if it is missing or nothing.
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        let value = self.value.property(name)?;
        (!value.is_null()).then_some(value)
    }

    /// The property, nothing if it is missing.
    pub(super) fn value(self, name: &str) -> Value {
        self.value.property(name).cloned().unwrap_or(Value::Null)
    }

    /// The property, which has to be there and of its type.
    pub(super) fn need<T>(
        self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, MessageError> {
        let kind = self.kind;
        let found = self.want(name, read)?;
        found.ok_or(MessageError::Missing { kind, name })
    }

    /// The property, which has to be of its type if it is there.
    pub(super) fn want<T>(
        self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, MessageError> {
        let kind = self.kind;
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let value = read(value).ok_or(MessageError::Type { kind, name })?;
        Ok(Some(value))
    }

    /// The property as text, which whatever shows as text is.
    pub(super) fn string(self, name: &'static str) -> Option<String> {
        Some(self.get(name)?.display()?.into_owned())
    }

    /// The properties of an object among the properties.
    pub(super) fn inner(self, name: &'static str) -> Result<Self, MessageError> {
        let kind = self.kind;
        let missing = MessageError::Missing { kind, name };
        let value = self.get(name).ok_or(missing)?;
        Ok(Self { kind, value })
    }

    /// Properties of another object in the same message.
    pub(super) fn of(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }
}

impl Body for Value {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(fields.value.clone())
    }

    fn write(&self, _: MessageKind) -> Value {
        self.clone()
    }
}
