//! Turns the switches of Windows' tools (`/SERVER:xyz`, `/v`) into the options that clap knows.
//!
//! It has no table of its own: what a tool's switches are, and which take a value, is asked of the
//! tool's clap [`Command`].

use std::ffi::OsString;

use clap::{Arg, Command};

/// What the words after a tool's name ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// The help in Windows' form: `/?` or `-?`.
    Help,
    /// To be parsed by clap.
    Options(Vec<OsString>),
}

/// Why a `/SWITCH` cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SwitchError {
    /// The tool has no such switch.
    #[error("there is no switch /{name}")]
    Unknown { name: String },
    /// The switch wants a value.
    #[error("the switch /{name} needs a value: /{name}:{value}")]
    NeedsValue { name: String, value: String },
    /// The switch takes none.
    #[error("the switch /{name} takes no value")]
    TakesNoValue { name: String },
}

/// Turns every `/SWITCH[:value]` of `words` into `--switch[=value]`, in any case, and folds the
/// case of `--SWITCH`. Left alone are values of options, words after `--`, the words of a text that
/// takes all that follows (`msg`), and what cannot be a switch, such as `/etc/hosts`.
///
/// `command` must be built.
pub(crate) fn normalise(command: &Command, words: Vec<OsString>) -> Result<Words, SwitchError> {
    let text_from = command
        .get_positionals()
        .position(Arg::is_trailing_var_arg_set);
    let mut options = Vec::with_capacity(words.len());
    let mut positionals = 0;
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match read(command, &word)? {
            Word::Help => return Ok(Words::Help),
            Word::Option { spelled, value } => {
                options.push(spelled);
                if value == Value::Follows {
                    options.extend(words.next());
                }
            }
            Word::End => {
                options.push(word);
                break;
            }
            Word::Other => {
                options.push(word);
                if Some(positionals) == text_from {
                    break;
                }
                positionals += 1;
            }
        }
    }
    options.extend(words);
    Ok(Words::Options(options))
}

/// What one word is.
enum Word {
    Help,
    Option {
        spelled: OsString,
        value: Value,
    },
    /// `--`: no option comes after it.
    End,
    Other,
}

/// Where an option's value is.
#[derive(PartialEq, Eq)]
enum Value {
    /// The next word is the value, whatever it looks like.
    Follows,
    /// In the option's own word, or there is none.
    Settled,
}

fn read(command: &Command, word: &OsString) -> Result<Word, SwitchError> {
    // A word that is no UTF-8 can be a target or a path, never a switch.
    let Some(text) = word.to_str() else {
        return Ok(Word::Other);
    };
    match text {
        "/?" | "-?" => return Ok(Word::Help),
        "--" => return Ok(Word::End),
        _ => {}
    }
    if let Some(long) = text.strip_prefix("--") {
        return Ok(long_option(command, word, long));
    }
    if let Some(short) = text.strip_prefix('-').filter(|short| !short.is_empty()) {
        return Ok(short_option(command, word, short));
    }
    match text.strip_prefix('/') {
        Some(switch) => read_switch(command, switch),
        None => Ok(Word::Other),
    }
}

/// `--Server=x`, `--SERVER x`: the same in lower case. What the tool does not have is clap's to
/// refuse.
fn long_option(command: &Command, word: &OsString, text: &str) -> Word {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let Some((arg, long)) = find(command, name) else {
        return Word::Option {
            spelled: word.clone(),
            value: Value::Settled,
        };
    };
    Word::Option {
        spelled: spell(long, value),
        value: if value.is_none() && takes_value(arg) {
            Value::Follows
        } else {
            Value::Settled
        },
    }
}

/// `-o json`, `-ojson`, `-v`: as it is, but the word after a bare `-o` is its value.
fn short_option(command: &Command, word: &OsString, text: &str) -> Word {
    let mut letters = text.chars();
    let mut value = Value::Settled;
    while let Some(letter) = letters.next() {
        let arg = command
            .get_arguments()
            .find(|arg| arg.get_short() == Some(letter));
        if arg.is_some_and(takes_value) {
            if letters.as_str().is_empty() {
                value = Value::Follows;
            }
            break;
        }
    }
    Word::Option {
        spelled: word.clone(),
        value,
    }
}

/// `/NAME`, `/NAME:value` or `/NAME=value`, without the slash.
fn read_switch(command: &Command, text: &str) -> Result<Word, SwitchError> {
    let (name, value) = match text.split_once([':', '=']) {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let like_a_switch = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '?');
    if name.is_empty() || !name.chars().all(like_a_switch) {
        return Ok(Word::Other);
    }
    let name_shown = || name.to_ascii_uppercase();
    let (arg, long) =
        find(command, name).ok_or_else(|| SwitchError::Unknown { name: name_shown() })?;
    match (takes_value(arg), value) {
        (true, None | Some("")) => Err(SwitchError::NeedsValue {
            name: name_shown(),
            value: value_name(arg),
        }),
        (false, Some(_)) => Err(SwitchError::TakesNoValue { name: name_shown() }),
        (_, value) => Ok(Word::Option {
            spelled: spell(long, value),
            value: Value::Settled,
        }),
    }
}

/// The option of this name or alias, in any case, and the name as it is defined.
fn find<'a>(command: &'a Command, name: &str) -> Option<(&'a Arg, &'a str)> {
    command.get_arguments().find_map(|arg| {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long()
            .into_iter()
            .chain(aliases)
            .find(|long| long.eq_ignore_ascii_case(name))
            .map(|long| (arg, long))
    })
}

fn spell(long: &str, value: Option<&str>) -> OsString {
    match value {
        Some(value) => format!("--{long}={value}").into(),
        None => format!("--{long}").into(),
    }
}

pub(super) fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// What an option's value is called, in lower case: `servername`.
pub(super) fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    names
        .first()
        .map_or_else(|| "value".to_owned(), |name| name.to_ascii_lowercase())
}

#[cfg(test)]
#[path = "normalise_tests.rs"]
mod tests;
