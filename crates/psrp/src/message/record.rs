//! Records of a pipeline that are no errors.

use std::borrow::Cow;

use super::body::{Body, Fields, MessageError};
use super::{MessageKind, ProgressType};
use crate::clixml::{DateTime, Object, Properties, Value};

/// A debug, verbose or warning message ([MS-PSRP] 2.2.2.22 to 2.2.2.24, 2.2.3.16).
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The message.
    pub message: String,
    /// All else that the record says, such as what was invoked.
    pub more: Properties,
}

impl Record {
    /// A record that says nothing but a message.
    pub fn new(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            more: Object::new().with(WITH_INVOCATION, false).extended,
        }
    }
}

const MESSAGE: &str = "InformationalRecord_Message";
const WITH_INVOCATION: &str = "InformationalRecord_SerializeInvocationInfo";

impl Body for Record {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let kind = fields.kind;
        let name = MESSAGE;
        let missing = MessageError::Missing { kind, name };
        let message = fields.string(MESSAGE).ok_or(missing)?;
        let extended = fields.value.as_object().map(|object| &object.extended);
        let more = extended.into_iter().flatten();
        let more = more.filter(|property| !property.name.eq_ignore_ascii_case(MESSAGE));
        Ok(Self {
            message,
            more: Properties(more.cloned().collect()),
        })
    }

    fn write(&self, kind: MessageKind) -> Value {
        let own = match kind {
            MessageKind::DEBUG_RECORD => "System.Management.Automation.DebugRecord",
            MessageKind::VERBOSE_RECORD => "System.Management.Automation.VerboseRecord",
            _ => "System.Management.Automation.WarningRecord",
        };
        let mut object = Object::new()
            .of_type(&[
                own,
                "System.Management.Automation.InformationalRecord",
                "System.Object",
            ])
            .shown_as(self.message.clone())
            .with(MESSAGE, self.message.clone());
        object.extended.0.extend(self.more.iter().cloned());
        object.into()
    }
}

/// How far a pipeline is ([MS-PSRP] 2.2.2.25).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done.
    pub activity: String,
    /// The activity's number.
    pub activity_id: i32,
    /// How it stands.
    pub status: String,
    /// The step that is under way.
    pub current_operation: Option<String>,
    /// The number of the activity that it is part of, or -1.
    pub parent_activity_id: i32,
    /// How much is done, in percent, or -1.
    pub percent_complete: i32,
    /// Whether it goes on.
    pub progress: ProgressType,
    /// How long it still takes, in seconds, or -1.
    pub seconds_remaining: i32,
}

impl Progress {
    /// An activity that is under way, and nothing more is known.
    pub fn new(activity: &str, activity_id: i32, status: &str) -> Self {
        Self {
            activity: activity.to_owned(),
            activity_id,
            status: status.to_owned(),
            current_operation: None,
            parent_activity_id: -1,
            percent_complete: -1,
            progress: ProgressType::PROCESSING,
            seconds_remaining: -1,
        }
    }
}

impl Body for Progress {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let number = |name| {
            let number = fields.want(name, Value::as_i32)?;
            Ok(number.unwrap_or(-1))
        };
        Ok(Self {
            activity: fields.string("Activity").unwrap_or_default(),
            activity_id: fields.need("ActivityId", Value::as_i32)?,
            status: fields.string("StatusDescription").unwrap_or_default(),
            current_operation: fields.string("CurrentOperation"),
            parent_activity_id: number("ParentActivityId")?,
            percent_complete: number("PercentComplete")?,
            progress: fields
                .want("Type", ProgressType::from_value)?
                .unwrap_or(ProgressType::PROCESSING),
            seconds_remaining: number("SecondsRemaining")?,
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        Object::new()
            .with("Activity", self.activity.clone())
            .with("ActivityId", self.activity_id)
            .with("StatusDescription", self.status.clone())
            .with("CurrentOperation", self.current_operation.clone())
            .with("ParentActivityId", self.parent_activity_id)
            .with("PercentComplete", self.percent_complete)
            .with("Type", self.progress.to_value())
            .with("SecondsRemaining", self.seconds_remaining)
            .into()
    }
}

/// Information of a pipeline ([MS-PSRP] 2.2.2.26), in protocol 2.3 and later.
#[derive(Clone, Debug, PartialEq)]
pub struct Information {
    /// What it says.
    pub data: Value,
    /// What it comes from.
    pub source: String,
    /// When it was made.
    pub time: Option<DateTime>,
    /// What it is tagged with; `PSHOST` is shown on the host.
    pub tags: Vec<String>,
    /// Who made it.
    pub user: String,
    /// Where it was made.
    pub computer: String,
    /// The process that made it.
    pub process: u32,
    /// The thread that made it, as the system numbers threads.
    pub native_thread: u32,
    /// The thread that made it, as .NET numbers threads.
    pub managed_thread: u32,
}

impl Body for Information {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let text = |name| fields.string(name).unwrap_or_default();
        let id = |value: &Value| u32::try_from(value.as_i64()?).ok();
        let number = |name| fields.want(name, id).map(Option::unwrap_or_default);
        let tags = fields
            .get("Tags")
            .and_then(Value::items)
            .unwrap_or_default();
        let tags = tags.iter().filter_map(Value::display);
        Ok(Self {
            data: fields.value("MessageData"),
            source: text("Source"),
            time: fields.want("TimeGenerated", Value::as_date_time)?,
            tags: tags.map(Cow::into_owned).collect(),
            user: text("User"),
            computer: text("Computer"),
            process: number("ProcessId")?,
            native_thread: number("NativeThreadId")?,
            managed_thread: number("ManagedThreadId")?,
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        let tags = self.tags.iter().map(|tag| tag.as_str().into()).collect();
        let tags = Object::list(tags).of_type(&[
            "System.Collections.Generic.List`1[[System.String, mscorlib, Version=4.0.0.0, \
             Culture=neutral, PublicKeyToken=b77a5c561934e089]]",
            "System.Object",
        ]);
        Object::new()
            .with("MessageData", self.data.clone())
            .with("Source", self.source.clone())
            .with("TimeGenerated", self.time)
            .with("Tags", tags)
            .with("User", self.user.clone())
            .with("Computer", self.computer.clone())
            .with("ProcessId", self.process)
            .with("NativeThreadId", self.native_thread)
            .with("ManagedThreadId", self.managed_thread)
            .into()
    }
}
