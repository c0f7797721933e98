//! What commands there are, as a pipeline's output tells it.

use super::CommandTypes;
use crate::clixml::{Object, Value};

/// How many commands follow ([MS-PSRP] 2.2.3.21): the first object of the answer to
/// `GET_COMMAND_METADATA`.
pub fn command_count(count: i32) -> Value {
    Object::new()
        .of_type(&[
            "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
            "System.Management.Automation.PSCustomObject",
            "System.Object",
        ])
        .with("Count", count)
        .into()
}

/// A command ([MS-PSRP] 2.2.3.22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandInfo {
    /// Its name.
    pub name: String,
    /// The module that it is from.
    pub namespace: String,
    /// Where its help is.
    pub help_uri: String,
    /// What it is.
    pub kind: CommandTypes,
    /// What an alias stands for.
    pub resolved: Option<String>,
    /// Types of what it writes.
    pub output_types: Vec<String>,
    /// What it takes.
    pub parameters: Vec<ParameterInfo>,
}

/// A command's parameter ([MS-PSRP] 2.2.3.23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub type_name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Whether it is there only at times.
    pub is_dynamic: bool,
    /// Whether it takes no value.
    pub is_switch: bool,
}

/// Names of .NET that Windows PowerShell writes.
const OUTPUT_TYPES: &str = "System.Collections.ObjectModel.ReadOnlyCollection`1[[\
    System.Management.Automation.PSTypeName, System.Management.Automation, Version=3.0.0.0, \
    Culture=neutral, PublicKeyToken=31bf3856ad364e35]]";
const PARAMETERS: &str = "System.Collections.Generic.Dictionary`2[[System.String, mscorlib, \
    Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089],[\
    System.Management.Automation.ParameterMetadata, System.Management.Automation, \
    Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]";
const PARAMETER: &str = "System.Management.Automation.ParameterMetadata";
const ALIASES: &str = "System.Collections.ObjectModel.Collection`1[[System.String, mscorlib, \
    Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089]]";

impl CommandInfo {
    /// A command without parameters.
    pub fn new(name: &str, kind: CommandTypes) -> Self {
        Self {
            name: name.to_owned(),
            namespace: String::new(),
            help_uri: String::new(),
            kind,
            resolved: None,
            output_types: Vec::new(),
            parameters: Vec::new(),
        }
    }

    /// The command as an object that a pipeline writes.
    pub fn to_value(&self) -> Value {
        let selected = match self.kind {
            CommandTypes::ALIAS => "Selected.System.Management.Automation.AliasInfo",
            CommandTypes::CMDLET => "Selected.System.Management.Automation.CmdletInfo",
            CommandTypes::APPLICATION => "Selected.System.Management.Automation.ApplicationInfo",
            _ => "Selected.System.Management.Automation.FunctionInfo",
        };
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|p| (p.name.as_str().into(), p.to_value()));
        Object::new()
            .of_type(&[
                selected,
                "System.Management.Automation.PSCustomObject",
                "System.Object",
            ])
            .with("Name", self.name.clone())
            .with("Namespace", self.namespace.clone())
            .with("HelpUri", self.help_uri.clone())
            .with("CommandType", self.kind.to_value())
            .with("ResolvedCommandName", self.resolved.clone())
            .with("OutputType", texts(&self.output_types, OUTPUT_TYPES))
            .with(
                "Parameters",
                Object::dictionary(parameters.collect()).of_type(&[PARAMETERS, "System.Object"]),
            )
            .into()
    }

    /// The command that an object tells of; `None` if it tells of none.
    pub fn from_value(value: &Value) -> Option<Self> {
        let parameters = value.property("Parameters").and_then(Value::entries);
        let parameters = parameters.unwrap_or_default().iter();
        Some(Self {
            name: text(value, "Name")?,
            namespace: text(value, "Namespace").unwrap_or_default(),
            help_uri: text(value, "HelpUri").unwrap_or_default(),
            kind: value
                .property("CommandType")
                .and_then(CommandTypes::from_value)?,
            resolved: text(value, "ResolvedCommandName"),
            output_types: list(value, "OutputType"),
            parameters: parameters
                .filter_map(|(_, parameter)| ParameterInfo::from_value(parameter))
                .collect(),
        })
    }
}

impl ParameterInfo {
    fn to_value(&self) -> Value {
        Object::new()
            .of_type(&[PARAMETER, "System.Object"])
            .shown_as(PARAMETER)
            .with_adapted("Name", self.name.clone())
            .with_adapted("ParameterType", self.type_name.clone())
            .with_adapted("Aliases", texts(&self.aliases, ALIASES))
            .with_adapted("IsDynamic", self.is_dynamic)
            .with_adapted("SwitchParameter", self.is_switch)
            .into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        let flag = |name| value.property(name).and_then(Value::as_bool);
        Some(Self {
            name: text(value, "Name")?,
            type_name: text(value, "ParameterType").unwrap_or_default(),
            aliases: list(value, "Aliases"),
            is_dynamic: flag("IsDynamic").unwrap_or_default(),
            is_switch: flag("SwitchParameter").unwrap_or_default(),
        })
    }
}

fn texts(texts: &[String], type_name: &str) -> Value {
    let texts = texts.iter().map(|text| text.as_str().into());
    Object::list(texts.collect())
        .of_type(&[type_name, "System.Object"])
        .into()
}

fn text(value: &Value, name: &str) -> Option<String> {
    let text = value.property(name).filter(|value| !value.is_null())?;
    Some(text.display()?.into_owned())
}

fn list(value: &Value, name: &str) -> Vec<String> {
    let items = value.property(name).and_then(Value::items);
    let items = items.unwrap_or_default().iter();
    items
        .filter_map(|item| Some(item.display()?.into_owned()))
        .collect()
}
