//! How a line may go on, as the output of a pipeline tells it.

use super::number::numbers;
use crate::clixml::{Object, Value};

numbers! {
    /// What a line may go on with: `CompletionResultType` of PowerShell.
    CompletionKind "System.Management.Automation.CompletionResultType" {
        /// Text that is nothing else.
        TEXT = 0 "Text"
        /// A line of the history.
        HISTORY = 1 "History"
        /// A command.
        COMMAND = 2 "Command"
        /// A file.
        PROVIDER_ITEM = 3 "ProviderItem"
        /// A folder.
        PROVIDER_CONTAINER = 4 "ProviderContainer"
        /// A variable.
        VARIABLE = 9 "Variable"
    }
}

/// Something that a line may go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionMatch {
    /// What stands in the line then.
    pub text: String,
    /// How a list of matches shows it; clients take none that is empty.
    pub shown: String,
    /// What it is.
    pub kind: CompletionKind,
}

/// How a line may go on: what `TabExpansion2` writes, one object. [MS-PSRP] does not know it; its
/// properties are those of PowerShell's `CommandCompletion`, which clients make of them again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandCompletion {
    /// What comes in question.
    pub matches: Vec<CompletionMatch>,
    /// Where what is replaced begins, in units of UTF-16.
    pub replacement_index: i32,
    /// How long that is, in units of UTF-16.
    pub replacement_length: i32,
}

/// The name of .NET that Windows PowerShell writes.
const MATCHES: &str = "System.Collections.ObjectModel.Collection`1[[\
    System.Management.Automation.CompletionResult, System.Management.Automation, \
    Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]";

impl CommandCompletion {
    /// The object that a pipeline writes.
    pub fn to_value(&self) -> Value {
        let matches = self.matches.iter().map(CompletionMatch::to_value);
        let matches = Object::list(matches.collect()).of_type(&[MATCHES, "System.Object"]);
        let own = "System.Management.Automation.CommandCompletion";
        Object::new()
            .of_type(&[own, "System.Object"])
            .shown_as(own)
            .with_adapted("CurrentMatchIndex", -1)
            .with_adapted("ReplacementIndex", self.replacement_index)
            .with_adapted("ReplacementLength", self.replacement_length)
            .with_adapted("CompletionMatches", matches)
            .into()
    }
}

impl CompletionMatch {
    fn to_value(&self) -> Value {
        let own = "System.Management.Automation.CompletionResult";
        Object::new()
            .of_type(&[own, "System.Object"])
            .shown_as(own)
            .with_adapted("CompletionText", self.text.clone())
            .with_adapted("ListItemText", self.shown.clone())
            .with_adapted("ResultType", self.kind.to_value())
            .with_adapted("ToolTip", self.text.clone())
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_find_what_they_make_a_completion_of() {
        let completion = CommandCompletion {
            matches: vec![CompletionMatch {
                text: "src/".to_owned(),
                shown: "src/".to_owned(),
                kind: CompletionKind::PROVIDER_CONTAINER,
            }],
            replacement_index: 3,
            replacement_length: 1,
        };
        let value = completion.to_value();
        let number = |name| value.property(name).and_then(Value::as_i32);
        assert_eq!(number("CurrentMatchIndex"), Some(-1));
        assert_eq!(number("ReplacementIndex"), Some(3));
        assert_eq!(number("ReplacementLength"), Some(1));
        let matches = value.property("CompletionMatches").and_then(Value::items);
        let [one] = matches.unwrap() else {
            panic!("{matches:?}");
        };
        let text = |name| one.property(name).and_then(Value::display).unwrap();
        assert_eq!(text("CompletionText"), "src/");
        assert_eq!(text("ToolTip"), "src/");
        let kind = one.property("ResultType");
        assert_eq!(kind.and_then(Value::as_i32), Some(4));
    }
}
