//! What a job is for those who name one.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::fields::words;
use super::{Fields, Object, ObjectError, Properties, TYPE};
use crate::Guid;

words! {
    /// How far a job has come.
    JobState {
        /// It waits for its turn.
        NotStarted,
        /// It runs.
        Running,
        /// It has ended well.
        Completed,
        /// It has ended with an error.
        Failed,
        /// Somebody stopped it.
        Stopped,
        /// It waits for an answer of its user.
        Blocked,
        /// Its session is disconnected.
        Disconnected,
        /// Somebody is stopping it.
        Stopping,
    }
}

/// A job as it goes through pipes and variables.
#[derive(Clone, Debug, PartialEq)]
pub struct JobObject {
    /// Its number, which only this login knows.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What it is called on every machine.
    pub instance_id: Guid,
    /// How far it has come.
    pub state: JobState,
    /// Whether there is output that nobody has received.
    pub has_more_data: bool,
    /// The machines, separated by commas.
    pub location: String,
    /// What it runs.
    pub command: String,
    /// Properties of other names, kept as they came.
    pub others: Properties,
}

impl JobObject {
    /// What [`TYPE`] says of a job.
    pub const TYPE: &'static str = "PSRemotingJob";

    /// All properties, with [`TYPE`].
    pub fn properties(&self) -> Properties {
        let own: [(&str, Value); 8] = [
            (TYPE, Self::TYPE.into()),
            ("Id", self.id.into()),
            ("Name", self.name.as_str().into()),
            ("InstanceId", self.instance_id.to_string().into()),
            ("State", self.state.as_str().into()),
            ("HasMoreData", self.has_more_data.into()),
            ("Location", self.location.as_str().into()),
            ("Command", self.command.as_str().into()),
        ];
        let mut properties = self.others.clone();
        properties.extend(own.map(|(key, value)| (key.to_owned(), value)));
        properties
    }
}

impl Fields {
    pub(super) fn job(self) -> Result<JobObject, ObjectError> {
        let mut fields = self.of(JobObject::TYPE);
        Ok(JobObject {
            id: fields.number("Id")?,
            name: fields.text("Name")?,
            instance_id: fields.guid("InstanceId")?,
            state: fields.text("State")?.as_str().into(),
            has_more_data: fields.truth("HasMoreData")?,
            location: fields.text("Location")?,
            command: fields.text("Command")?,
            others: fields.left(),
        })
    }
}

impl fmt::Display for JobObject {
    /// The line, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::line(&self.properties()))
    }
}

impl FromStr for JobObject {
    type Err = ObjectError;

    fn from_str(line: &str) -> Result<Self, ObjectError> {
        match Object::parse(line)? {
            Object::Job(job) => Ok(job),
            _ => Err(ObjectError::Kind { wanted: Self::TYPE }),
        }
    }
}
