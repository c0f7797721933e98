//! Commands of a pipeline.

use super::body::{Body, Fields, MessageError};
use super::{MessageKind, ResultTypes};
use crate::clixml::{Object, Value};

/// A command of a pipeline ([MS-PSRP] 2.2.3.12).
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Its name, or the script.
    pub text: String,
    /// Whether it is a script.
    pub is_script: bool,
    /// Whether its variables are its own; nothing leaves it to the server.
    pub use_local_scope: Option<bool>,
    /// What it gets, in order.
    pub arguments: Vec<Argument>,
    /// What of its results goes where.
    pub merge: Merge,
}

/// Something that a command gets ([MS-PSRP] 2.2.3.13).
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter, with or without a `-` in front; without one it goes by its position.
    pub name: Option<String>,
    /// The value; nothing for a switch.
    pub value: Value,
}

/// What of a command's results goes where: `NONE` where it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// What `mine_to` says is merged.
    pub mine: ResultTypes,
    /// Into what `mine` is merged.
    pub mine_to: ResultTypes,
    /// What of the commands before it is merged with its own.
    pub previous: ResultTypes,
    /// Where errors go (protocol 2.2 and later, as all below).
    pub error: ResultTypes,
    /// Where warnings go.
    pub warning: ResultTypes,
    /// Where verbose records go.
    pub verbose: ResultTypes,
    /// Where debug records go.
    pub debug: ResultTypes,
    /// Where information goes (protocol 2.3 and later).
    pub information: ResultTypes,
}

impl Merge {
    /// All stays where it is.
    pub const NONE: Self = Self {
        mine: ResultTypes::NONE,
        mine_to: ResultTypes::NONE,
        previous: ResultTypes::NONE,
        error: ResultTypes::NONE,
        warning: ResultTypes::NONE,
        verbose: ResultTypes::NONE,
        debug: ResultTypes::NONE,
        information: ResultTypes::NONE,
    };
}

impl Command {
    /// A command by its name.
    pub fn new(name: &str) -> Self {
        Self {
            text: name.to_owned(),
            is_script: false,
            use_local_scope: None,
            arguments: Vec::new(),
            merge: Merge::NONE,
        }
    }

    /// A script.
    pub fn script(text: &str) -> Self {
        Self {
            is_script: true,
            ..Self::new(text)
        }
    }

    /// The command with a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.push(Argument {
            name: Some(name.to_owned()),
            value: value.into(),
        });
        self
    }

    /// The command with an argument that goes by its position.
    #[must_use]
    pub fn with_argument(mut self, value: impl Into<Value>) -> Self {
        self.arguments.push(Argument {
            name: None,
            value: value.into(),
        });
        self
    }
}

/// A list of the type that PowerShell's clients write here.
pub(super) fn list(items: Vec<Value>) -> Value {
    Object::list(items)
        .of_type(&[
            "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, \
             System.Management.Automation, Version=1.0.0.0, Culture=neutral, \
             PublicKeyToken=31bf3856ad364e35]]",
            "System.Object",
        ])
        .into()
}

fn read_argument(fields: Fields<'_>) -> Argument {
    Argument {
        name: fields.string("N"),
        value: fields.value("V"),
    }
}

fn write_argument(argument: &Argument) -> Value {
    Object::new()
        .with("N", argument.name.clone())
        .with("V", argument.value.clone())
        .into()
}

impl Body for Command {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let merge = |name| {
            let found = fields.want(name, ResultTypes::from_value)?;
            Ok(found.unwrap_or(ResultTypes::NONE))
        };
        let kind = fields.kind;
        let missing = MessageError::Missing { kind, name: "Cmd" };
        let arguments = fields
            .get("Args")
            .and_then(Value::items)
            .unwrap_or_default();
        Ok(Self {
            text: fields.string("Cmd").ok_or(missing)?,
            is_script: fields.need("IsScript", Value::as_bool)?,
            use_local_scope: fields.want("UseLocalScope", Value::as_bool)?,
            arguments: arguments
                .iter()
                .map(|argument| read_argument(fields.of(argument)))
                .collect(),
            merge: Merge {
                mine: merge("MergeMyResult")?,
                mine_to: merge("MergeToResult")?,
                previous: merge("MergePreviousResults")?,
                error: merge("MergeError")?,
                warning: merge("MergeWarning")?,
                verbose: merge("MergeVerbose")?,
                debug: merge("MergeDebug")?,
                information: merge("MergeInformation")?,
            },
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        Object::new()
            .with("Cmd", self.text.clone())
            .with("IsScript", self.is_script)
            .with("UseLocalScope", self.use_local_scope)
            .with("MergeMyResult", self.merge.mine.to_value())
            .with("MergeToResult", self.merge.mine_to.to_value())
            .with("MergePreviousResults", self.merge.previous.to_value())
            .with(
                "Args",
                list(self.arguments.iter().map(write_argument).collect()),
            )
            .with("MergeError", self.merge.error.to_value())
            .with("MergeWarning", self.merge.warning.to_value())
            .with("MergeVerbose", self.merge.verbose.to_value())
            .with("MergeDebug", self.merge.debug.to_value())
            .with("MergeInformation", self.merge.information.to_value())
            .into()
    }
}
