//! Errors.

use super::body::{Body, Fields, MessageError};
use super::{ErrorCategory, MessageKind};
use crate::clixml::{Object, Properties, Text, Value};

/// An error of a pipeline ([MS-PSRP] 2.2.2.20, 2.2.3.15).
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorRecord {
    /// What the record shows as.
    pub shown: Option<Text>,
    /// The exception, an object.
    pub exception: Value,
    /// What the error is about.
    pub target: Value,
    /// A name for this very error.
    pub fully_qualified_error_id: Option<String>,
    /// What was invoked, an object.
    pub invocation: Value,
    /// The kind of error.
    pub category: ErrorCategory,
    /// What was being done.
    pub activity: String,
    /// The exception's type, without its namespace.
    pub reason: String,
    /// What the error is about, as text.
    pub target_name: String,
    /// The type of that.
    pub target_type: String,
    /// All of the category in one line.
    pub category_message: String,
    /// What is shown in place of the exception's message.
    pub details: Option<String>,
    /// What to do about it.
    pub recommended_action: Option<String>,
    /// Where in a script it happened.
    pub script_stack_trace: Option<String>,
    /// All else that the record says.
    pub more: Properties,
}

/// Properties that have a place of their own in [`ErrorRecord`].
const OWN: &[&str] = &[
    "Exception",
    "TargetObject",
    "FullyQualifiedErrorId",
    "InvocationInfo",
    "ErrorCategory_Category",
    "ErrorCategory_Activity",
    "ErrorCategory_Reason",
    "ErrorCategory_TargetName",
    "ErrorCategory_TargetType",
    "ErrorCategory_Message",
    "ErrorDetails_Message",
    "ErrorDetails_RecommendedAction",
    "ErrorDetails_ScriptStackTrace",
];

/// What .NET gives exceptions that have no number of their own.
const HRESULT: i32 = -2_146_233_087;

/// An exception as PowerShell's clients read it; `types` from the most special to
/// `System.Exception`.
pub fn exception(types: &[&str], message: &str) -> Value {
    let first = types.first().copied().unwrap_or("System.Exception");
    let mut names = types.to_vec();
    names.push("System.Object");
    let data = Object::dictionary(Vec::new())
        .of_type(&["System.Collections.ListDictionaryInternal", "System.Object"]);
    Object::new()
        .of_type(&names)
        .shown_as(format!("{first}: {message}"))
        .with_adapted("Message", message)
        .with_adapted("Data", data)
        .with_adapted("InnerException", Value::Null)
        .with_adapted("TargetSite", Value::Null)
        .with_adapted("StackTrace", Value::Null)
        .with_adapted("HelpLink", Value::Null)
        .with_adapted("Source", Value::Null)
        .with_adapted("HResult", HRESULT)
        .into()
}

impl ErrorRecord {
    /// A line that a program wrote to its standard error, as PowerShell reports these.
    pub fn from_std_err(line: &str) -> Self {
        let types = &["System.Management.Automation.RemoteException"];
        let category = ErrorCategory::NOT_SPECIFIED;
        Self {
            target: line.into(),
            target_name: line.to_owned(),
            target_type: "String".to_owned(),
            category_message: format!("NotSpecified: ({line}:String) [], RemoteException"),
            ..Self::new(types, line, category, "NativeCommandError")
        }
    }

    /// A pipeline was stopped, as PowerShell reports that.
    pub fn stopped() -> Self {
        let types = &[
            "System.Management.Automation.PipelineStoppedException",
            "System.Management.Automation.RuntimeException",
            "System.SystemException",
        ];
        let message = "The pipeline has been stopped.";
        Self::new(
            types,
            message,
            ErrorCategory::OPERATION_STOPPED,
            "PipelineStopped",
        )
    }

    /// A script ends in the middle of a command. Clients ask for more lines then.
    pub fn incomplete() -> Self {
        let types = &[
            "System.Management.Automation.IncompleteParseException",
            "System.Management.Automation.ParseException",
            "System.Management.Automation.RuntimeException",
            "System.SystemException",
        ];
        Self::new(
            types,
            "The script ends in the middle of a command.",
            ErrorCategory::PARSER_ERROR,
            "IncompleteParse",
        )
    }

    /// An error of the kind `category`, known by `id`, whose exception has `message` and is of
    /// `types`, from the most special down to below `System.Exception`.
    pub fn new(types: &[&str], message: &str, category: ErrorCategory, id: &str) -> Self {
        let mut names = types.to_vec();
        names.push("System.Exception");
        let reason = names.first().and_then(|name| name.rsplit('.').next());
        let reason = reason.unwrap_or_default().to_owned();
        let kind = category.name().unwrap_or_default();
        Self {
            shown: Some(message.into()),
            exception: exception(&names, message),
            target: Value::Null,
            fully_qualified_error_id: Some(id.to_owned()),
            invocation: Value::Null,
            category,
            activity: String::new(),
            category_message: format!("{kind}: (:) [], {reason}"),
            reason,
            target_name: String::new(),
            target_type: String::new(),
            details: None,
            recommended_action: None,
            script_stack_trace: None,
            more: Object::new().with("SerializeExtendedInfo", false).extended,
        }
    }

    /// What is wrong, as PowerShell would show it.
    pub fn message(&self) -> String {
        let exception = || self.exception.property("Message")?.display();
        let shown = || self.shown.as_ref().map(Text::to_string_lossy);
        let details = self.details.as_deref().map(Into::into);
        let message = details.or_else(exception).or_else(shown);
        message.unwrap_or_default().into_owned()
    }

    /// The record among the properties of a message.
    pub(super) fn among(
        fields: Fields<'_>,
        name: &'static str,
    ) -> Result<Option<Self>, MessageError> {
        let value = fields.get(name);
        value.map(|value| Self::read(fields.of(value))).transpose()
    }
}

impl Body for ErrorRecord {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let text = |name| fields.string(name).unwrap_or_default();
        let kind = fields.kind;
        let name = "Exception";
        // Any object will do for an error, but not something else altogether.
        let object = fields.value.as_object();
        let object = object.ok_or(MessageError::Type { kind, name })?;
        let own = |name: &str| OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        let more = object.extended.iter().filter(|p| !own(&p.name)).cloned();
        Ok(Self {
            shown: object.to_string.clone(),
            exception: fields.value("Exception"),
            target: fields.value("TargetObject"),
            fully_qualified_error_id: fields.string("FullyQualifiedErrorId"),
            invocation: fields.value("InvocationInfo"),
            category: fields
                .want("ErrorCategory_Category", ErrorCategory::from_value)?
                .unwrap_or(ErrorCategory::NOT_SPECIFIED),
            activity: text("ErrorCategory_Activity"),
            reason: text("ErrorCategory_Reason"),
            target_name: text("ErrorCategory_TargetName"),
            target_type: text("ErrorCategory_TargetType"),
            category_message: text("ErrorCategory_Message"),
            details: fields.string("ErrorDetails_Message"),
            recommended_action: fields.string("ErrorDetails_RecommendedAction"),
            script_stack_trace: fields.string("ErrorDetails_ScriptStackTrace"),
            more: Properties(more.collect()),
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        let mut object = Object::new()
            .of_type(&["System.Management.Automation.ErrorRecord", "System.Object"])
            .with("Exception", self.exception.clone())
            .with("TargetObject", self.target.clone())
            .with(
                "FullyQualifiedErrorId",
                self.fully_qualified_error_id.clone(),
            )
            .with("InvocationInfo", self.invocation.clone())
            .with("ErrorCategory_Category", self.category.0)
            .with("ErrorCategory_Activity", self.activity.clone())
            .with("ErrorCategory_Reason", self.reason.clone())
            .with("ErrorCategory_TargetName", self.target_name.clone())
            .with("ErrorCategory_TargetType", self.target_type.clone())
            .with("ErrorCategory_Message", self.category_message.clone());
        object.to_string.clone_from(&self.shown);
        for (name, text) in [
            ("ErrorDetails_Message", &self.details),
            ("ErrorDetails_RecommendedAction", &self.recommended_action),
            ("ErrorDetails_ScriptStackTrace", &self.script_stack_trace),
        ] {
            if let Some(text) = text {
                object = object.with(name, text.clone());
            }
        }
        object.extended.0.extend(self.more.iter().cloned());
        object.into()
    }
}
