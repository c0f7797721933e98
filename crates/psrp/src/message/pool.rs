//! Messages about runspace pools.

use super::body::{Body, Fields, MessageError};
use super::{ApartmentState, ErrorRecord, HostInfo, MessageKind, PoolState, ThreadOptions};
use crate::clixml::{Object, Value};
use crate::ids::CallId;

/// A client makes a pool ([MS-PSRP] 2.2.2.2).
#[derive(Clone, Debug, PartialEq)]
pub struct InitRunspacePool {
    /// Runspaces that there are at least.
    pub min_runspaces: i32,
    /// Runspaces that there are at most.
    pub max_runspaces: i32,
    /// Which thread runs pipelines.
    pub thread_options: ThreadOptions,
    /// That thread's apartment.
    pub apartment_state: ApartmentState,
    /// The client's host.
    pub host_info: HostInfo,
    /// What the client says about itself: a dictionary, or nothing.
    pub application_arguments: Value,
}

impl Body for InitRunspacePool {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            min_runspaces: fields.need("MinRunspaces", Value::as_i32)?,
            max_runspaces: fields.need("MaxRunspaces", Value::as_i32)?,
            thread_options: fields
                .want("PSThreadOptions", ThreadOptions::from_value)?
                .unwrap_or(ThreadOptions::DEFAULT),
            apartment_state: fields
                .want("ApartmentState", ApartmentState::from_value)?
                .unwrap_or(ApartmentState::UNKNOWN),
            host_info: HostInfo::read(fields.inner("HostInfo")?)?,
            application_arguments: fields.value("ApplicationArguments"),
        })
    }

    fn write(&self, kind: MessageKind) -> Value {
        Object::new()
            .with("MinRunspaces", self.min_runspaces)
            .with("MaxRunspaces", self.max_runspaces)
            .with("PSThreadOptions", self.thread_options.to_value())
            .with("ApartmentState", self.apartment_state.to_value())
            .with("HostInfo", self.host_info.write(kind))
            .with("ApplicationArguments", self.application_arguments.clone())
            .into()
    }
}

/// A client comes to a pool that was disconnected ([MS-PSRP] 2.2.2.28).
///
/// Both numbers are given, or neither: then the body is an empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectRunspacePool {
    /// Runspaces that there are to be at least, and at most.
    pub runspaces: Option<(i32, i32)>,
}

impl Body for ConnectRunspacePool {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let min = fields.want("MinRunspaces", Value::as_i32)?;
        let max = fields.want("MaxRunspaces", Value::as_i32)?;
        Ok(Self {
            runspaces: min.zip(max),
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        match self.runspaces {
            Some((min, max)) => runspaces(min, max),
            None => "".into(),
        }
    }
}

/// A server tells a client that connected about the pool ([MS-PSRP] 2.2.2.29).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolInitData {
    /// Runspaces that there are at least.
    pub min_runspaces: i32,
    /// Runspaces that there are at most.
    pub max_runspaces: i32,
}

impl Body for PoolInitData {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            min_runspaces: fields.need("MinRunspaces", Value::as_i32)?,
            max_runspaces: fields.need("MaxRunspaces", Value::as_i32)?,
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        runspaces(self.min_runspaces, self.max_runspaces)
    }
}

fn runspaces(min: i32, max: i32) -> Value {
    Object::new()
        .with("MinRunspaces", min)
        .with("MaxRunspaces", max)
        .into()
}

/// A client sets how many runspaces there are at most, or at least ([MS-PSRP] 2.2.2.6, 2.2.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetRunspaces {
    /// The number.
    pub count: i32,
    /// What the answer names.
    pub call: CallId,
}

impl SetRunspaces {
    fn property(kind: MessageKind) -> &'static str {
        if kind == MessageKind::SET_MIN_RUNSPACES {
            "MinRunspaces"
        } else {
            "MaxRunspaces"
        }
    }
}

impl Body for SetRunspaces {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            count: fields.need(Self::property(fields.kind), Value::as_i32)?,
            call: call(fields)?,
        })
    }

    fn write(&self, kind: MessageKind) -> Value {
        Object::new()
            .with(Self::property(kind), self.count)
            .with("ci", self.call.0)
            .into()
    }
}

/// A call of a client that says nothing more: which runspaces are free, or make one as new
/// ([MS-PSRP] 2.2.2.11, 2.2.2.31).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunspaceCall {
    /// What the answer names.
    pub call: CallId,
}

impl Body for RunspaceCall {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            call: call(fields)?,
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        Object::new().with("ci", self.call.0).into()
    }
}

/// A server answers a call about runspaces ([MS-PSRP] 2.2.2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunspaceAvailability {
    /// The answer.
    pub answer: Availability,
    /// The call that it answers.
    pub call: CallId,
}

/// What a server answers about runspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Whether it was done.
    Done(bool),
    /// How many are free.
    Free(i64),
}

impl Body for RunspaceAvailability {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let answer = |value: &Value| match value.as_bool() {
            Some(done) => Some(Availability::Done(done)),
            None => value.as_i64().map(Availability::Free),
        };
        Ok(Self {
            answer: fields.need("SetMinMaxRunspacesResponse", answer)?,
            call: call(fields)?,
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        let answer = match self.answer {
            Availability::Done(done) => Value::Bool(done),
            // Windows counts in 32 bits, whatever the specification says.
            Availability::Free(free) => i32::try_from(free).map_or(Value::I64(free), Value::I32),
        };
        Object::new()
            .with("SetMinMaxRunspacesResponse", answer)
            .with("ci", self.call.0)
            .into()
    }
}

pub(super) fn call(fields: Fields<'_>) -> Result<CallId, MessageError> {
    fields.need("ci", Value::as_i64).map(CallId)
}

/// How a pool stands ([MS-PSRP] 2.2.2.9).
#[derive(Clone, Debug, PartialEq)]
pub struct PoolStateMessage {
    /// How it stands.
    pub state: PoolState,
    /// Why it is broken.
    pub error: Option<ErrorRecord>,
}

impl Body for PoolStateMessage {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            state: fields.need("RunspaceState", PoolState::from_value)?,
            error: ErrorRecord::among(fields, "ExceptionAsErrorRecord")?,
        })
    }

    fn write(&self, kind: MessageKind) -> Value {
        let object = Object::new().with("RunspaceState", self.state.0);
        match &self.error {
            Some(error) => object.with("ExceptionAsErrorRecord", error.write(kind)),
            None => object,
        }
        .into()
    }
}

/// What a server says about itself ([MS-PSRP] 2.2.2.13).
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationPrivateData {
    /// A dictionary, or nothing.
    pub data: Value,
}

impl Body for ApplicationPrivateData {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            data: fields.value("ApplicationPrivateData"),
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        Object::new()
            .with("ApplicationPrivateData", self.data.clone())
            .into()
    }
}
