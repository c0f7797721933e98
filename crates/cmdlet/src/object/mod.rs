//! The objects that go through pipes and shell variables, one line of JSON each.
//!
//! A line is written so that a shell neither splits nor globs it: a character of a string that a
//! shell or a path gives a meaning to is written as `\uXXXX`, there are no arrays, and nothing
//! stands between the tokens. What is read may be any JSON that means the same.

mod fields;
mod job;
mod option;
mod session;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use serde_json::Value;

pub(crate) use fields::Fields;
pub use job::{JobObject, JobState};
pub use option::{OptionKind, OptionObject};
pub use session::{Availability, SessionObject, SessionState, Transport};

/// Properties in their order, names as they are written.
pub type Properties = serde_json::Map<String, Value>;

/// The key that says what an object is.
pub const TYPE: &str = "PSTypeName";

/// An object of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A PSSession.
    Session(SessionObject),
    /// A job.
    Job(JobObject),
    /// Options of sessions or of configurations.
    Options(OptionObject),
    /// Anything else, such as a session configuration.
    Other(Properties),
}

/// A line is no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It is no JSON object.
    #[error("this is no JSON object")]
    Syntax,
    /// It is an object of another kind.
    #[error("this is no {wanted}")]
    Kind {
        /// What was looked for, such as `PSSession`.
        wanted: &'static str,
    },
    /// A property that the kind has is absent or is no such value.
    #[error("a {kind} has no {property} like that")]
    Property {
        /// The kind.
        kind: &'static str,
        /// The property.
        property: &'static str,
    },
}

impl Object {
    /// Reads one object.
    pub fn parse(line: &str) -> Result<Self, ObjectError> {
        match serde_json::from_str(line) {
            Ok(Value::Object(properties)) => Self::from_properties(properties),
            _ => Err(ObjectError::Syntax),
        }
    }

    /// Gives properties the type that they name.
    ///
    /// # Errors
    ///
    /// If they name a type of ours, but do not have its properties.
    pub fn from_properties(properties: Properties) -> Result<Self, ObjectError> {
        let kind = properties.get(TYPE).and_then(Value::as_str);
        match kind.unwrap_or_default() {
            SessionObject::TYPE => Fields::new(properties).session().map(Self::Session),
            JobObject::TYPE => Fields::new(properties).job().map(Self::Job),
            name => match OptionKind::named(name) {
                Some(kind) => Ok(Self::Options(OptionObject::from_properties(
                    kind, properties,
                ))),
                None => Ok(Self::Other(properties)),
            },
        }
    }

    /// All of its properties, with [`TYPE`].
    pub fn properties(&self) -> Properties {
        match self {
            Self::Session(session) => session.properties(),
            Self::Job(job) => job.properties(),
            Self::Options(options) => options.properties(),
            Self::Other(properties) => properties.clone(),
        }
    }

    /// What it is, such as `PSSession`; empty if it does not say.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Session(_) => SessionObject::TYPE,
            Self::Job(_) => JobObject::TYPE,
            Self::Options(options) => options.kind.name(),
            Self::Other(properties) => properties
                .get(TYPE)
                .and_then(Value::as_str)
                .unwrap_or_default(),
        }
    }
}

impl fmt::Display for Object {
    /// The line, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(&self.properties()))
    }
}

/// Writes properties as one line that survives a shell: the type first, the others in their
/// order. An array becomes a string that holds it as JSON.
pub fn line(properties: &Properties) -> String {
    text::line(properties)
}

/// The objects that a text holds, however they are separated: by lines, blanks, commas or not at
/// all. `None` if it holds anything else, or none.
pub(crate) fn all_in(text: &str) -> Option<Vec<Object>> {
    const SEPARATORS: [char; 5] = [' ', '\t', '\r', '\n', ','];
    let mut rest = text.trim_start_matches(SEPARATORS);
    let mut objects = Vec::new();
    while rest.starts_with('{') {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Properties>();
        let properties = values.next()?.ok()?;
        if !properties.contains_key(TYPE) {
            return None;
        }
        objects.push(Object::from_properties(properties).ok()?);
        rest = rest
            .get(values.byte_offset()..)?
            .trim_start_matches(SEPARATORS);
    }
    (rest.is_empty() && !objects.is_empty()).then_some(objects)
}
