//! What can be wrong with a command line, in the words that PowerShell's users know.

/// Why words cannot be bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// No parameter has this name.
    #[error("A parameter cannot be found that matches parameter name '{0}'.")]
    Unknown(String),
    /// Several parameters begin like this.
    #[error(
        "Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible \
         matches include: {}.",
        dashed(.candidates)
    )]
    Ambiguous {
        /// What was typed.
        name: String,
        /// The parameters.
        candidates: Vec<&'static str>,
    },
    /// A parameter was given twice.
    #[error(
        "Cannot bind parameter because parameter '{0}' is specified more than once. To provide \
         multiple values to parameters that can accept multiple values, use the array syntax. For \
         example, \"-parameter value1,value2,value3\"."
    )]
    Twice(&'static str),
    /// A parameter has no value.
    #[error(
        "Missing an argument for parameter '{name}'. Specify a parameter of type '{kind}' and try \
         again.{}",
        hint(*.colon)
    )]
    NoValue {
        /// The parameter.
        name: &'static str,
        /// The type of its value.
        kind: &'static str,
        /// Whether it was written with a colon and nothing behind it.
        colon: bool,
    },
    /// An array has a comma with nothing behind it.
    #[error("Missing argument in parameter list, next to the comma in '{0}'.")]
    EmptyElement(String),
    /// A value is empty.
    #[error("Cannot bind argument to parameter '{0}' because it is an empty string.")]
    Empty(&'static str),
    /// A value is none that the parameter takes.
    #[error("Cannot bind parameter '{name}'. {fault}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What is wrong with it.
        fault: ValueError,
    },
    /// Nothing takes this value.
    #[error("A positional parameter cannot be found that accepts argument '{0}'.")]
    Positional(String),
    /// No parameter set has all that was given.
    #[error(
        "Parameter set cannot be resolved using the specified named parameters. One or more \
         parameters issued cannot be used together or an insufficient number of parameters were \
         provided. {} cannot be used together.",
        dashed(.0)
    )]
    Conflict(Vec<&'static str>),
    /// Several parameter sets have all that was given, and nothing says which is meant.
    #[error(
        "Parameter set cannot be resolved using the specified named parameters. One or more \
         parameters issued cannot be used together or an insufficient number of parameters were \
         provided. Add one of {}.",
        dashed(.0)
    )]
    Undecided(Vec<&'static str>),
    /// The parameter set needs more.
    #[error(
        "Cannot process command because of one or more missing mandatory parameters: {}.",
        .0.join(" ")
    )]
    Missing(Vec<&'static str>),
    /// An object from a pipe is nothing that the cmdlet takes.
    #[error(
        "The input object cannot be bound to any parameters for the command either because the \
         command does not take pipeline input or the input and its properties do not match any of \
         the parameters that take pipeline input."
    )]
    Input,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It cannot be read as one of its type.
    #[error("Cannot convert value \"{value}\" to type \"{kind}\". Error: \"{why}\"")]
    Convert {
        /// The value.
        value: String,
        /// The type.
        kind: &'static str,
        /// Why.
        why: String,
    },
    /// It is of another type.
    #[error(
        "Cannot convert the \"{value}\" value of type \"{from}\" to type \"{kind}\".{}{advice}",
        blank(.advice)
    )]
    Type {
        /// The value.
        value: String,
        /// Its own type.
        from: &'static str,
        /// The type that is wanted.
        kind: &'static str,
        /// What to write instead; may be empty.
        advice: String,
    },
    /// There are several where one is wanted.
    #[error(
        "Cannot convert 'System.Object[]' to the type '{0}' required by the parameter. Specified \
         method is not supported."
    )]
    Several(&'static str),
    /// It is no truth.
    #[error(
        "Cannot convert value \"{value}\" to type \"{kind}\". Boolean parameters accept only \
         Boolean values and numbers, such as $True, $False, 1 or 0."
    )]
    Truth {
        /// The value.
        value: String,
        /// The type.
        kind: &'static str,
    },
    /// Braces are not closed.
    #[error("Missing closing '}}' in statement block: put quotes around the whole block.")]
    Unclosed,
}

fn dashed(names: &[&'static str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("-{name}")).collect();
    names.join(" ")
}

fn blank(advice: &str) -> &'static str {
    if advice.is_empty() { "" } else { " " }
}

fn hint(colon: bool) -> &'static str {
    if colon {
        " If the value was a variable such as $false, your shell has replaced it by nothing: put \
         it in single quotes."
    } else {
        ""
    }
}
