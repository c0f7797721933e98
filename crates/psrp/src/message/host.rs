//! The client's host, and calls to it.

use super::body::{Body, Fields, MessageError};
use super::pool::call;
use super::{ErrorRecord, HostMethod, MessageKind};
use crate::clixml::{self, ClixmlError, Limits, Object, Value};
use crate::ids::CallId;

/// What a server is told about the client's host ([MS-PSRP] 2.2.3.14).
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the specification has them")]
pub struct HostInfo {
    /// Whether there is none.
    pub is_null: bool,
    /// Whether it has no user interface.
    pub is_ui_null: bool,
    /// Whether that has no screen.
    pub is_raw_ui_null: bool,
    /// Whether a pipeline uses the pool's host.
    pub use_pool_host: bool,
    /// What the screen is like: `_hostDefaultData`, an object that holds a dictionary.
    pub defaults: Value,
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenSize {
    /// Columns.
    pub width: i32,
    /// Rows.
    pub height: i32,
}

/// A description of a host cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the description of a client's host cannot be read")]
pub enum HostInfoError {
    /// It is no CLIXML.
    Clixml(#[from] ClixmlError),
    /// It is something else.
    Message(#[from] MessageError),
}

impl HostInfo {
    /// No host.
    pub const NONE: Self = Self {
        is_null: true,
        is_ui_null: true,
        is_raw_ui_null: true,
        use_pool_host: true,
        defaults: Value::Null,
    };

    /// A host whose window has that size and title.
    pub fn console(size: ScreenSize, title: &str) -> Self {
        let console_color = "System.ConsoleColor";
        let coordinates = |x: i32, y: i32| Object::new().with("x", x).with("y", y).into();
        let extent = || {
            let extent = Object::new().with("width", size.width);
            extent.with("height", size.height).into()
        };
        let coordinates_type = "System.Management.Automation.Host.Coordinates";
        let size_type = "System.Management.Automation.Host.Size";
        let settings: [(&str, Value); 10] = [
            (console_color, 7.into()),
            (console_color, 0.into()),
            (coordinates_type, coordinates(0, 0)),
            (coordinates_type, coordinates(0, 0)),
            ("System.Int32", 25.into()),
            (size_type, extent()),
            (size_type, extent()),
            (size_type, extent()),
            (size_type, extent()),
            ("System.String", title.into()),
        ];
        let entry = |(key, (name, value)): (i32, (&str, Value))| {
            let setting = Object::new().with("T", name).with("V", value);
            (key.into(), setting.into())
        };
        let entries = (0..).zip(settings).map(entry).collect();
        Self {
            is_null: false,
            is_ui_null: false,
            is_raw_ui_null: false,
            use_pool_host: false,
            defaults: Object::new()
                .with("data", Object::dictionary(entries))
                .into(),
        }
    }

    /// Reads what [`to_clixml`](Self::to_clixml) writes.
    pub fn from_clixml(document: &[u8], limits: &Limits) -> Result<Self, HostInfoError> {
        let value = &clixml::decode(document, limits)?;
        // It stands in such messages.
        let kind = MessageKind::INIT_RUNSPACEPOOL;
        Ok(Self::read(Fields { kind, value })?)
    }

    /// The description as a document of its own.
    pub fn to_clixml(&self) -> String {
        let document = clixml::encode(&self.write(MessageKind::INIT_RUNSPACEPOOL));
        // CLIXML is UTF-8.
        String::from_utf8(document).unwrap_or_default()
    }

    /// The size of the host's window, if it has told that.
    pub fn window_size(&self) -> Option<ScreenSize> {
        const WINDOW_SIZE: i64 = 6;
        let entries = self.defaults.property("data")?.entries()?;
        let size = entries
            .iter()
            .find(|(key, _)| key.as_i64() == Some(WINDOW_SIZE))
            .and_then(|(_, value)| value.property("V"))?;
        Some(ScreenSize {
            width: size.property("width")?.as_i32()?,
            height: size.property("height")?.as_i32()?,
        })
    }
}

impl Body for HostInfo {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let flag = |name| {
            fields
                .want(name, Value::as_bool)
                .map(Option::unwrap_or_default)
        };
        Ok(Self {
            is_null: flag("_isHostNull")?,
            is_ui_null: flag("_isHostUINull")?,
            is_raw_ui_null: flag("_isHostRawUINull")?,
            use_pool_host: flag("_useRunspaceHost")?,
            defaults: fields.value("_hostDefaultData"),
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        let object = Object::new()
            .with("_isHostNull", self.is_null)
            .with("_isHostUINull", self.is_ui_null)
            .with("_isHostRawUINull", self.is_raw_ui_null)
            .with("_useRunspaceHost", self.use_pool_host);
        match &self.defaults {
            Value::Null => object,
            defaults => object.with("_hostDefaultData", defaults.clone()),
        }
        .into()
    }
}

/// A server calls the client's host ([MS-PSRP] 2.2.2.15, 2.2.2.27).
#[derive(Clone, Debug, PartialEq)]
pub struct HostCall {
    /// What the answer names; [`CallId::NO_ANSWER`] if none is wanted.
    pub call: CallId,
    /// What is called.
    pub method: HostMethod,
    /// What it is called with.
    pub parameters: Vec<Value>,
}

impl Body for HostCall {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let parameters = fields.get("mp").and_then(Value::items);
        Ok(Self {
            call: call(fields)?,
            method: fields.need("mi", HostMethod::from_value)?,
            parameters: parameters.unwrap_or_default().to_vec(),
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        Object::new()
            .with("ci", self.call.0)
            .with("mi", self.method.to_value())
            .with("mp", Object::list(self.parameters.clone()))
            .into()
    }
}

/// A client's host answers ([MS-PSRP] 2.2.2.16, 2.2.2.28).
#[derive(Clone, Debug, PartialEq)]
pub struct HostResponse {
    /// The call that it answers.
    pub call: CallId,
    /// What was called.
    pub method: HostMethod,
    /// What it gave back.
    pub result: Option<Value>,
    /// What went wrong.
    pub error: Option<ErrorRecord>,
}

impl Body for HostResponse {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            call: call(fields)?,
            method: fields.need("mi", HostMethod::from_value)?,
            result: fields.get("mr").cloned(),
            error: ErrorRecord::among(fields, "me")?,
        })
    }

    fn write(&self, kind: MessageKind) -> Value {
        let mut object = Object::new()
            .with("ci", self.call.0)
            .with("mi", self.method.to_value());
        if let Some(result) = &self.result {
            object = object.with("mr", result.clone());
        }
        if let Some(error) = &self.error {
            object = object.with("me", error.write(kind));
        }
        object.into()
    }
}
