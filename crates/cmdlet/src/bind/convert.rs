//! From what was typed to what a parameter takes.

use super::error::{BindError, ValueError};
use super::value::Value;
use super::words::Argument;
use crate::object::{Object, OptionKind};
use crate::table::{Choice, Cmdlet, Kind, Parameter};

/// How many numbers one value may stand for (`1..1000`).
const MOST: i64 = 65_536;

/// Whether an argument is of the parameter's own type, as it stands.
pub(super) fn is_exact(argument: &Argument, kind: Kind) -> bool {
    match argument {
        Argument::Objects(objects) => objects.iter().all(|object| match object {
            Object::Session(_) => matches!(kind, Kind::Session | Kind::Sessions),
            Object::Job(_) => kind == Kind::Jobs,
            Object::Options(options) => kind == option_kind(options.kind),
            Object::Other(_) => matches!(kind, Kind::Object | Kind::Objects),
        }),
        Argument::Block { .. } => kind == Kind::Script,
        Argument::Text { items, .. } if items.iter().all(|item| is_numeric(item)) => {
            matches!(kind, Kind::Int | Kind::Ints | Kind::Objects | Kind::Object)
        }
        Argument::Text { items, .. } => match kind {
            Kind::Text | Kind::Path => items.len() == 1,
            Kind::Texts | Kind::Objects | Kind::Object => true,
            _ => false,
        },
    }
}

/// Whether it is a whole number or a range of them.
fn is_numeric(item: &str) -> bool {
    match ends(item) {
        Some((from, to)) => integer(from).is_ok() && integer(to).is_ok(),
        None => integer(item).is_ok(),
    }
}

/// Both ends of a range such as `2..5`.
fn ends(item: &str) -> Option<(&str, &str)> {
    let inner = item
        .strip_prefix('(')
        .and_then(|item| item.strip_suffix(')'));
    inner.unwrap_or(item).split_once("..")
}

fn option_kind(kind: OptionKind) -> Kind {
    match kind {
        OptionKind::Session => Kind::SessionOption,
        OptionKind::Transport => Kind::TransportOption,
    }
}

/// The value that a parameter takes from an argument.
pub(super) fn convert(argument: &Argument, parameter: &Parameter) -> Result<Value, BindError> {
    let name = parameter.name;
    if let Argument::Text { items, .. } = argument
        && items.iter().any(String::is_empty)
        && parameter.kind != Kind::Objects
        && !parameter.may_be_empty
    {
        return Err(BindError::Empty(name));
    }
    value(argument, parameter.kind).map_err(|fault| BindError::Value { name, fault })
}

fn value(argument: &Argument, kind: Kind) -> Result<Value, ValueError> {
    match argument {
        Argument::Objects(objects) => from_objects(objects, kind),
        Argument::Block { raw, inner } => match kind {
            Kind::Script => Ok(Value::Script(inner.clone())),
            _ => from_text(raw, std::slice::from_ref(raw), kind),
        },
        Argument::Text { raw, items } => from_text(raw, items, kind),
    }
}

fn from_objects(objects: &[Object], kind: Kind) -> Result<Value, ValueError> {
    let wrong = |object: &Object| ValueError::Type {
        value: object.type_name().to_owned(),
        from: "System.Management.Automation.PSObject",
        kind: kind.item_name(),
        advice: String::new(),
    };
    match kind {
        Kind::Session | Kind::Sessions => {
            let mut sessions = Vec::with_capacity(objects.len());
            for object in objects {
                match object {
                    Object::Session(session) => sessions.push(session.clone()),
                    other => return Err(wrong(other)),
                }
            }
            if kind == Kind::Session && sessions.len() > 1 {
                return Err(ValueError::Several(kind.type_name()));
            }
            Ok(Value::Sessions(sessions))
        }
        Kind::Jobs => {
            let mut jobs = Vec::with_capacity(objects.len());
            for object in objects {
                match object {
                    Object::Job(job) => jobs.push(job.clone()),
                    other => return Err(wrong(other)),
                }
            }
            Ok(Value::Jobs(jobs))
        }
        Kind::Objects => Ok(Value::Texts(
            objects.iter().map(Object::to_string).collect(),
        )),
        _ => match objects {
            [Object::Options(options)] if option_kind(options.kind) == kind => {
                Ok(Value::Options(options.clone()))
            }
            [object] if kind == Kind::Object => Ok(Value::Object(object.clone())),
            [first] => Err(wrong(first)),
            _ => Err(ValueError::Several(kind.type_name())),
        },
    }
}

fn from_text(raw: &str, items: &[String], kind: Kind) -> Result<Value, ValueError> {
    // What a user may well call with a comma in it.
    if matches!(
        kind,
        Kind::Path | Kind::Credential | Kind::Date | Kind::Object
    ) {
        return Ok(Value::Text(raw.to_owned()));
    }
    if let [_, _, ..] = items
        && !kind.is_array()
        && !matches!(kind, Kind::Table | Kind::Script)
    {
        return Err(ValueError::Several(kind.type_name()));
    }
    match kind {
        Kind::Switch | Kind::Bool => truth(raw, kind).map(Value::Switch),
        Kind::Texts | Kind::Uris | Kind::Objects => Ok(Value::Texts(items.to_vec())),
        Kind::Int => number(raw, kind).map(Value::Int),
        Kind::Ints => numbers(items, kind).map(Value::Ints),
        Kind::Double => double(raw, kind).map(Value::Double),
        Kind::Guid => guid(raw, kind).map(Value::Guid),
        Kind::Guids => {
            let guids: Result<_, _> = items.iter().map(|item| guid(item, kind)).collect();
            guids.map(Value::Guids)
        }
        Kind::Session | Kind::Sessions => Err(no_session(raw, kind)),
        Kind::Jobs | Kind::SessionOption | Kind::TransportOption => Err(no_object(raw, kind)),
        Kind::Script => script(raw),
        Kind::Table => table(raw, kind).map(Value::Table),
        Kind::Choice(choice) => word(raw, choice).map(Value::Text),
        Kind::Text
        | Kind::Uri
        | Kind::Version
        | Kind::Culture
        | Kind::Path
        | Kind::Credential
        | Kind::Date
        | Kind::Object => Ok(Value::Text(raw.to_owned())),
    }
}

/// A truth as PowerShell or a Unix user writes it.
fn truth(text: &str, kind: Kind) -> Result<bool, ValueError> {
    let bare = text.strip_prefix('$').unwrap_or(text);
    match bare.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ValueError::Truth {
            value: text.to_owned(),
            kind: kind.type_name(),
        }),
    }
}

enum NoInteger {
    Format,
    Size,
}

/// A whole number: decimal, or hexadecimal behind `0x`, with a multiplier such as `kb`.
fn integer(text: &str) -> Result<i32, NoInteger> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let multipliers = [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("", 1)];
    let (digits, factor) = multipliers
        .iter()
        .find_map(|(suffix, factor)| Some((lower.strip_suffix(suffix)?, *factor)))
        .ok_or(NoInteger::Format)?;
    let (digits, radix) = match digits.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let all = |c: char| c.is_digit(radix);
    if digits.is_empty() || !digits.chars().all(all) {
        return Err(NoInteger::Format);
    }
    let number = i64::from_str_radix(digits, radix).map_err(|_| NoInteger::Size)?;
    let number = number.checked_mul(factor).ok_or(NoInteger::Size)?;
    let number = if negative { -number } else { number };
    i32::try_from(number).map_err(|_| NoInteger::Size)
}

fn number(text: &str, kind: Kind) -> Result<i32, ValueError> {
    integer(text).map_err(|error| {
        let why = match error {
            NoInteger::Format => "Input string was not in a correct format.",
            NoInteger::Size => "Value was either too large or too small for an Int32.",
        };
        no_value(text, kind, why)
    })
}

/// Numbers; `2..5` is each from 2 to 5, in this order.
fn numbers(items: &[String], kind: Kind) -> Result<Vec<i32>, ValueError> {
    let mut numbers = Vec::new();
    for item in items {
        let Some((from, to)) = ends(item) else {
            numbers.push(number(item, kind)?);
            continue;
        };
        let (from, to) = (number(from, kind)?, number(to, kind)?);
        if i64::from(from).abs_diff(i64::from(to)) >= MOST.unsigned_abs() {
            return Err(no_value(item, kind, "The range has too many numbers."));
        }
        if from <= to {
            numbers.extend(from..=to);
        } else {
            numbers.extend((to..=from).rev());
        }
    }
    Ok(numbers)
}

fn double(text: &str, kind: Kind) -> Result<f64, ValueError> {
    text.parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .ok_or_else(|| no_value(text, kind, "Input string was not in a correct format."))
}

fn guid(text: &str, kind: Kind) -> Result<crate::Guid, ValueError> {
    text.parse().map_err(|_| {
        let why = "Guid should contain 32 digits with 4 dashes \
                   (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).";
        no_value(text, kind, why)
    })
}

/// A word of a choice: in any case, and shortened as long as it is one word only.
fn word(text: &str, choice: &'static Choice) -> Result<String, ValueError> {
    let begins = |word: &&&str| {
        let head = word.get(..text.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(text))
    };
    let same = choice
        .words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(text));
    let short: Vec<&&str> = choice.words.iter().filter(begins).collect();
    let found = same.or(match short.as_slice() {
        [one] => Some(*one),
        _ => None,
    });
    found.map(|word| (*word).to_owned()).ok_or_else(|| {
        let why = format!(
            "Unable to match the identifier name {text} to a valid enumerator name. Specify one \
             of the following enumerator names and try again: {}",
            choice.words.join(", ")
        );
        no_value(text, Kind::Choice(choice), &why)
    })
}

/// Names and values: `@{Name=Value; Other=Value}`. Quotes around a value are taken away.
fn table(text: &str, kind: Kind) -> Result<Vec<(String, String)>, ValueError> {
    let wrong = || {
        no_value(
            text,
            kind,
            "A table is written as @{Name=Value; Other=Value}.",
        )
    };
    let inner = text
        .trim()
        .strip_prefix("@{")
        .and_then(|text| text.strip_suffix('}'))
        .ok_or_else(wrong)?;
    let entries = inner.split([';', '\n']).map(str::trim);
    entries
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let (name, value) = entry.split_once('=').ok_or_else(wrong)?;
            let name = unquoted(name.trim());
            if name.is_empty() {
                return Err(wrong());
            }
            Ok((name.to_owned(), unquoted(value.trim()).to_owned()))
        })
        .collect()
}

fn unquoted(text: &str) -> &str {
    ['\'', '"']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}

fn no_value(text: &str, kind: Kind, why: &str) -> ValueError {
    ValueError::Convert {
        value: text.to_owned(),
        kind: kind.item_name(),
        why: why.to_owned(),
    }
}

fn wrong_type(text: &str, kind: Kind, advice: String) -> ValueError {
    let from = if integer(text).is_ok() {
        "System.Int32"
    } else {
        "System.String"
    };
    ValueError::Type {
        value: text.to_owned(),
        from,
        kind: kind.item_name(),
        advice,
    }
}

fn no_session(text: &str, kind: Kind) -> ValueError {
    let selector = selector(text);
    let advice = format!(
        "A session is what New-PSSession or Get-PSSession prints, as in s=$(Get-PSSession \
         {selector} {text})."
    );
    wrong_type(text, kind, advice)
}

/// The parameter that would take a text that is no session.
fn selector(text: &str) -> &'static str {
    if is_numeric(text) {
        "-Id"
    } else if text.parse::<crate::Guid>().is_ok() {
        "-InstanceId"
    } else {
        "-Name"
    }
}

/// Adds to an error about a session what else the cmdlet takes.
pub(super) fn advised(error: BindError, cmdlet: &Cmdlet) -> BindError {
    let BindError::Value {
        name: "Session",
        fault:
            ValueError::Type {
                value,
                from,
                kind,
                advice,
            },
    } = error
    else {
        return error;
    };
    let selector = selector(&value);
    let is_there = cmdlet
        .parameters
        .iter()
        .any(|parameter| selector.strip_prefix('-') == Some(parameter.name));
    let advice = if is_there && !advice.is_empty() {
        format!("{advice} Or use {selector} {value}.")
    } else {
        advice
    };
    BindError::Value {
        name: "Session",
        fault: ValueError::Type {
            value,
            from,
            kind,
            advice,
        },
    }
}

fn no_object(text: &str, kind: Kind) -> ValueError {
    let maker = match kind {
        Kind::SessionOption => "New-PSSessionOption",
        Kind::TransportOption => "New-PSTransportOption",
        _ => "Get-Job",
    };
    wrong_type(text, kind, format!("It takes what {maker} prints."))
}

/// Commands that came without braces: some shells take them away.
fn script(text: &str) -> Result<Value, ValueError> {
    if text.starts_with('{') {
        return Err(ValueError::Unclosed);
    }
    Ok(Value::Script(text.to_owned()))
}
