//! Events of runspaces.

use uuid::Uuid;

use super::MessageKind;
use super::body::{Body, Fields, MessageError};
use crate::clixml::{DateTime, Object, Value};

/// Something happened in a runspace ([MS-PSRP] 2.2.2.12).
#[derive(Clone, Debug, PartialEq)]
pub struct UserEvent {
    /// The event's number.
    pub event: i32,
    /// What its source is called.
    pub source: String,
    /// When it happened.
    pub time: DateTime,
    /// What sent it.
    pub sender: Value,
    /// A list of what it came with.
    pub arguments: Value,
    /// What its user added.
    pub data: Value,
    /// The machine, if it is known.
    pub computer: Option<String>,
    /// The runspace, if it is known.
    pub runspace: Option<Uuid>,
}

impl Body for UserEvent {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let guid = |value: &Value| match value {
            Value::Guid(guid) => Some(*guid),
            _ => None,
        };
        Ok(Self {
            event: fields.need("PSEventArgs.EventIdentifier", Value::as_i32)?,
            source: fields
                .string("PSEventArgs.SourceIdentifier")
                .unwrap_or_default(),
            time: fields.need("PSEventArgs.TimeGenerated", Value::as_date_time)?,
            sender: fields.value("PSEventArgs.Sender"),
            arguments: fields.value("PSEventArgs.SourceArgs"),
            data: fields.value("PSEventArgs.MessageData"),
            computer: fields.string("PSEventArgs.ComputerName"),
            runspace: fields.want("PSEventArgs.RunspaceId", guid)?,
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        Object::new()
            .with("PSEventArgs.EventIdentifier", self.event)
            .with("PSEventArgs.SourceIdentifier", self.source.clone())
            .with("PSEventArgs.TimeGenerated", self.time)
            .with("PSEventArgs.Sender", self.sender.clone())
            .with("PSEventArgs.SourceArgs", self.arguments.clone())
            .with("PSEventArgs.MessageData", self.data.clone())
            .with("PSEventArgs.ComputerName", self.computer.clone())
            .with("PSEventArgs.RunspaceId", self.runspace)
            .into()
    }
}
