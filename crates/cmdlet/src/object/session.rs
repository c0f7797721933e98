//! What a PSSession is for those who name one.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::fields::words;
use super::{Fields, Object, ObjectError, Properties, TYPE};
use crate::Guid;

words! {
    /// How a session's machine is reached.
    Transport {
        /// WS-Management, as `-ComputerName` and `-ConnectionUri` do.
        ComputerName,
        /// The user's ssh, as `-HostName` does.
        HostName,
        /// This machine's own host.
        Local,
    }
}

words! {
    /// What a session is for the one who looks at it.
    SessionState {
        /// Connected to this client.
        Opened,
        /// Connected to no client, or to another one.
        Disconnected,
        /// Over.
        Closed,
        /// Lost for this client.
        Broken,
    }
}

words! {
    /// Whether a session can take a command now.
    Availability {
        /// It takes one.
        Available,
        /// It runs one; if it is disconnected, another client holds it.
        Busy,
        /// It takes none before it is connected.
        None,
    }
}

/// A PSSession as it goes through pipes and variables.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionObject {
    /// Its number, which only this login knows; 0 if it has none yet.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What it is called on every machine.
    pub instance_id: Guid,
    /// The machine, as the user named it.
    pub computer_name: String,
    /// How the machine is reached.
    pub transport: Transport,
    /// What it is for this client.
    pub state: SessionState,
    /// The session configuration.
    pub configuration_name: String,
    /// Whether it takes a command.
    pub availability: Availability,
    /// Properties of other names, kept as they came.
    pub others: Properties,
}

impl SessionObject {
    /// What [`TYPE`] says of a session.
    pub const TYPE: &'static str = "PSSession";

    /// All properties, with [`TYPE`].
    pub fn properties(&self) -> Properties {
        let own: [(&str, Value); 9] = [
            (TYPE, Self::TYPE.into()),
            ("Id", self.id.into()),
            ("Name", self.name.as_str().into()),
            ("InstanceId", self.instance_id.to_string().into()),
            ("ComputerName", self.computer_name.as_str().into()),
            ("Transport", self.transport.as_str().into()),
            ("State", self.state.as_str().into()),
            ("ConfigurationName", self.configuration_name.as_str().into()),
            ("Availability", self.availability.as_str().into()),
        ];
        let mut properties = self.others.clone();
        properties.extend(own.map(|(key, value)| (key.to_owned(), value)));
        properties
    }
}

impl Fields {
    pub(super) fn session(self) -> Result<SessionObject, ObjectError> {
        let mut fields = self.of(SessionObject::TYPE);
        Ok(SessionObject {
            id: fields.number("Id")?,
            name: fields.text("Name")?,
            instance_id: fields.guid("InstanceId")?,
            computer_name: fields.text("ComputerName")?,
            transport: fields.text("Transport")?.as_str().into(),
            state: fields.text("State")?.as_str().into(),
            configuration_name: fields.text("ConfigurationName")?,
            availability: fields.text("Availability")?.as_str().into(),
            others: fields.left(),
        })
    }
}

impl fmt::Display for SessionObject {
    /// The line, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::line(&self.properties()))
    }
}

impl FromStr for SessionObject {
    type Err = ObjectError;

    fn from_str(line: &str) -> Result<Self, ObjectError> {
        match Object::parse(line)? {
            Object::Session(session) => Ok(session),
            _ => Err(ObjectError::Kind { wanted: Self::TYPE }),
        }
    }
}
