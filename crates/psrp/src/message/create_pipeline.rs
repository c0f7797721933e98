//! Messages that start pipelines, and how these stand.

use std::borrow::Cow;

use super::body::{Body, Fields, MessageError};
use super::command::{Command, list};
use super::{
    ApartmentState, CommandTypes, ErrorRecord, HostInfo, MessageKind, PipelineState, StreamOptions,
};
use crate::clixml::{Object, Value};

/// A client starts a pipeline ([MS-PSRP] 2.2.2.10).
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePipeline {
    /// Whether no input will come.
    pub no_input: bool,
    /// The apartment of the thread that runs it.
    pub apartment_state: ApartmentState,
    /// Which records tell what was invoked.
    pub stream_options: StreamOptions,
    /// Whether it goes into the history.
    pub add_to_history: bool,
    /// The client's host.
    pub host_info: HostInfo,
    /// What is run.
    pub script: PowerShell,
    /// Whether it runs inside of another that waits for it.
    pub is_nested: bool,
}

/// What a pipeline runs ([MS-PSRP] 2.2.3.11).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PowerShell {
    /// Statements, run one after the other; the commands of each run piped into one another.
    pub statements: Vec<Vec<Command>>,
    /// Whether it runs inside of another that waits for it.
    pub is_nested: bool,
    /// What goes into the history in place of the commands.
    pub history: Option<String>,
    /// Whether errors go into the error pipe of what is around.
    pub redirect_errors: bool,
}

impl PowerShell {
    /// One script.
    pub fn script(text: &str) -> Self {
        Self {
            statements: vec![vec![Command::script(text)]],
            ..Self::default()
        }
    }
}

impl CreatePipeline {
    /// A pipeline without input, whose records tell all, for a client without a host.
    pub fn new(script: PowerShell) -> Self {
        Self {
            no_input: true,
            apartment_state: ApartmentState::UNKNOWN,
            stream_options: StreamOptions::ALL,
            add_to_history: false,
            host_info: HostInfo::NONE,
            is_nested: script.is_nested,
            script,
        }
    }
}

fn statement(fields: Fields<'_>, commands: &Value) -> Result<Vec<Command>, MessageError> {
    let mut statement = Vec::new();
    for command in commands.items().unwrap_or_default() {
        statement.push(Command::read(fields.of(command))?);
    }
    Ok(statement)
}

fn read_script(fields: Fields<'_>) -> Result<PowerShell, MessageError> {
    let commands = fields.need("Cmds", Some)?;
    let first = statement(fields, commands)?;
    // All statements stand in `ExtraCmds` if there are several, the first among them.
    let mut statements = Vec::new();
    let extra = fields.get("ExtraCmds").and_then(Value::items);
    for part in extra.unwrap_or_default() {
        let part = fields.of(part);
        statements.push(statement(part, part.need("Cmds", Some)?)?);
    }
    if statements.is_empty() {
        statements.push(first);
    }
    Ok(PowerShell {
        statements,
        is_nested: fields.want("IsNested", Value::as_bool)?.unwrap_or_default(),
        history: fields.string("History"),
        redirect_errors: fields
            .want("RedirectShellErrorOutputPipe", Value::as_bool)?
            .unwrap_or_default(),
    })
}

fn write_script(script: &PowerShell, kind: MessageKind) -> Value {
    let commands = |statement: &Vec<Command>| {
        list(
            statement
                .iter()
                .map(|command| command.write(kind))
                .collect(),
        )
    };
    let first = script.statements.first();
    let first = first.map_or_else(|| list(Vec::new()), commands);
    let extra = if script.statements.len() > 1 {
        let statements = script.statements.iter();
        let statements = statements.map(|s| Object::new().with("Cmds", commands(s)).into());
        list(statements.collect())
    } else {
        Value::Null
    };
    Object::new()
        .with("IsNested", script.is_nested)
        .with("ExtraCmds", extra)
        .with("Cmds", first)
        .with("History", script.history.clone())
        .with("RedirectShellErrorOutputPipe", script.redirect_errors)
        .into()
}

impl Body for CreatePipeline {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let flag = |name| {
            fields
                .want(name, Value::as_bool)
                .map(Option::unwrap_or_default)
        };
        Ok(Self {
            no_input: flag("NoInput")?,
            apartment_state: fields
                .want("ApartmentState", ApartmentState::from_value)?
                .unwrap_or(ApartmentState::UNKNOWN),
            stream_options: fields
                .want("RemoteStreamOptions", StreamOptions::from_value)?
                .unwrap_or(StreamOptions::NONE),
            add_to_history: flag("AddToHistory")?,
            host_info: HostInfo::read(fields.inner("HostInfo")?)?,
            script: read_script(fields.inner("PowerShell")?)?,
            is_nested: flag("IsNested")?,
        })
    }

    fn write(&self, kind: MessageKind) -> Value {
        Object::new()
            .with("NoInput", self.no_input)
            .with("ApartmentState", self.apartment_state.to_value())
            .with("RemoteStreamOptions", self.stream_options.to_value())
            .with("AddToHistory", self.add_to_history)
            .with("HostInfo", self.host_info.write(kind))
            .with("PowerShell", write_script(&self.script, kind))
            .with("IsNested", self.is_nested)
            .into()
    }
}

/// A client asks which commands there are ([MS-PSRP] 2.2.2.14). The answer is a pipeline's output:
/// how many there are, then each.
#[derive(Clone, Debug, PartialEq)]
pub struct GetCommandMetadata {
    /// Patterns of names.
    pub names: Vec<String>,
    /// Which kinds of commands.
    pub kinds: CommandTypes,
    /// Modules that they are from; nothing stands for all.
    pub namespace: Value,
    /// What else is given; a list, or nothing.
    pub arguments: Value,
}

impl Body for GetCommandMetadata {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let names = fields
            .get("Name")
            .and_then(Value::items)
            .unwrap_or_default();
        let names = names.iter().filter_map(Value::display);
        Ok(Self {
            names: names.map(Cow::into_owned).collect(),
            kinds: fields
                .want("CommandType", CommandTypes::from_value)?
                .unwrap_or(CommandTypes::ALL),
            namespace: fields.value("Namespace"),
            arguments: fields.value("ArgumentList"),
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        let names = self.names.iter().map(|name| name.as_str().into());
        let names = Object::list(names.collect()).of_type(&[
            "System.String[]",
            "System.Array",
            "System.Object",
        ]);
        Object::new()
            .with("Name", names)
            .with("CommandType", self.kinds.to_value())
            .with("Namespace", self.namespace.clone())
            .with("ArgumentList", self.arguments.clone())
            .into()
    }
}

/// How a pipeline stands ([MS-PSRP] 2.2.2.21).
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineStateMessage {
    /// How it stands.
    pub state: PipelineState,
    /// Why it failed or was stopped.
    pub error: Option<ErrorRecord>,
}

impl Body for PipelineStateMessage {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self {
            state: fields.need("PipelineState", PipelineState::from_value)?,
            error: ErrorRecord::among(fields, "ExceptionAsErrorRecord")?,
        })
    }

    fn write(&self, kind: MessageKind) -> Value {
        let object = Object::new().with("PipelineState", self.state.0);
        match &self.error {
            Some(error) => object.with("ExceptionAsErrorRecord", error.write(kind)),
            None => object,
        }
        .into()
    }
}
