//! From the words of a command line to the tool that they call.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Command;
use clap::error::ErrorKind;
use winsta_cmdlet::Cmdlet;
use winsta_cmdlet::aliases::PROPERTY;

use crate::cmdlets;
use crate::grammar::normalise::{Words, normalise};
use crate::grammar::windows_help;
use crate::output;
use crate::report::{Exit, Failure, Outcome};
use crate::tools::{GROUPS, Group, TOOLS, Tool, all, group_command};

/// What a command line calls.
pub(crate) enum Call {
    /// A tool, with what clap understood.
    Tool(&'static Tool, clap::ArgMatches),
    /// A text to print: help or the version.
    Print(String),
    /// A cmdlet, with the words behind its name.
    Cmdlet(&'static Cmdlet, Vec<OsString>),
    /// What a cmdlet says of itself.
    CmdletHelp(&'static Cmdlet),
    /// Properties of objects that stand in front of them.
    Property(Vec<String>),
    /// The program that another `reset` on the search path is.
    TerminalReset(Vec<OsString>),
}

/// Reads a command line and does what it says.
pub(crate) fn run(argv: Vec<OsString>) -> Outcome {
    match read(argv)? {
        Call::Tool(tool, matches) => tool
            .execute(&matches)
            .map_err(|error| usage(tool, &tool.words.join(" "), &error))?,
        Call::Print(text) => output::text(&text).map(|()| Exit::Done),
        Call::Cmdlet(cmdlet, words) => cmdlets::run(cmdlet, words),
        Call::CmdletHelp(cmdlet) => cmdlets::help(cmdlet),
        Call::Property(paths) => cmdlets::property(&paths),
        Call::TerminalReset(words) => crate::run::links::terminal_reset(&words),
    }
}

/// Reads a command line: the program's name, then words.
pub(crate) fn read(argv: Vec<OsString>) -> Result<Call, Failure> {
    let mut argv = argv.into_iter();
    let program = argv.next().unwrap_or_default();
    let program = Path::new(&program).file_name().and_then(OsStr::to_str);
    // A login shell is told by a dash that it is one.
    let program = program
        .unwrap_or_default()
        .trim_start_matches('-')
        .to_owned();
    let mut words: Vec<OsString> = argv.collect();
    let linked = TOOLS
        .iter()
        .find(|tool| tool.link() == Some(program.as_str()));
    if let Some(tool) = linked {
        return tool_call(tool, &program, words);
    }
    let group = GROUPS.iter().find(|group| group.word == program);
    let Some(group) = group else {
        return subcommand("winsta", words);
    };
    let first = words.first().and_then(|word| word.to_str());
    let ours = first.is_some_and(|word| {
        word.eq_ignore_ascii_case("session") || matches!(word, "/?" | "-?" | "--help" | "-h")
    });
    if group.word == "reset" && !ours {
        return Ok(Call::TerminalReset(words));
    }
    words.insert(0, group.word.into());
    subcommand("", words)
}

/// The tool that the first words name. `before` stands before them in messages.
fn subcommand(before: &str, words: Vec<OsString>) -> Result<Call, Failure> {
    let texts: Vec<&str> = words.iter().map_while(|word| word.to_str()).collect();
    let found = TOOLS
        .iter()
        .find_map(|tool| Some((tool, names(tool, &texts)?)));
    if let Some((tool, used)) = found {
        let said = texts.iter().take(used).copied();
        let said: Vec<&str> = Some(before)
            .filter(|b| !b.is_empty())
            .into_iter()
            .chain(said)
            .collect();
        let called = said.join(" ");
        return tool_call(tool, &called, words.into_iter().skip(used).collect());
    }
    if let Some(call) = cmdlet_call(&texts, &words) {
        return Ok(call);
    }
    let first = texts.first().copied().unwrap_or_default();
    let group = GROUPS
        .iter()
        .find(|group| group.word.eq_ignore_ascii_case(first));
    if let Some(group) = group {
        return group_call(group, before, &words);
    }
    let help = matches!(first, "/?" | "-?").then(|| OsString::from("--help"));
    let words = match help {
        Some(help) => vec![help],
        None => words,
    };
    match all().try_get_matches_from(std::iter::once("winsta".into()).chain(words)) {
        Err(error) => printed_or(&error, |error| clap_failure("winsta", "--help", error)),
        Ok(_) => Err(Failure::usage("this is no command that winsta has")),
    }
}

/// A cmdlet, or what is asked about one.
fn cmdlet_call(texts: &[&str], words: &[OsString]) -> Option<Call> {
    match texts {
        [help, name] if help.eq_ignore_ascii_case("help") => {
            winsta_cmdlet::find(name).map(Call::CmdletHelp)
        }
        [PROPERTY, ..] => {
            let paths = texts.iter().skip(1).map(|path| (*path).to_owned());
            Some(Call::Property(paths.collect()))
        }
        [name, ..] => {
            let cmdlet = winsta_cmdlet::find(name)?;
            Some(Call::Cmdlet(
                cmdlet,
                words.iter().skip(1).cloned().collect(),
            ))
        }
        [] => None,
    }
}

/// How many of the words name this tool.
fn names(tool: &Tool, words: &[&str]) -> Option<usize> {
    let same =
        |name: &str, word: &str| name == word || (tool.windows && name.eq_ignore_ascii_case(word));
    let first = words.first()?;
    if tool.alias.is_some_and(|alias| same(alias, first)) {
        return Some(1);
    }
    let count = tool.words.len();
    let said = words.get(..count)?;
    let all_same = tool
        .words
        .iter()
        .zip(said)
        .all(|(name, word)| same(name, word));
    all_same.then_some(count)
}

/// Parses what follows a tool's name.
fn tool_call(tool: &'static Tool, called: &str, words: Vec<OsString>) -> Result<Call, Failure> {
    let mut command = tool.command(called);
    command.build();
    let words = if tool.windows {
        match normalise(&command, words) {
            Ok(Words::Help) => {
                return Ok(Call::Print(windows_help::render(&command, &tool.title())));
            }
            Ok(Words::Options(words)) => words,
            Err(error) => {
                return Err(wrong(called, &error.to_string())
                    .with_hint(format!("'{called} /?' lists the switches")));
            }
        }
    } else {
        words
    };
    let argv = std::iter::once(OsString::from(called)).chain(words);
    match command.try_get_matches_from_mut(argv) {
        Ok(matches) => Ok(Call::Tool(tool, matches)),
        Err(error) => printed_or(&error, |error| usage(tool, called, error)),
    }
}

/// `query` without a tool that it has.
fn group_call(group: &Group, before: &str, words: &[OsString]) -> Result<Call, Failure> {
    let mut command = group_command(group);
    command.build();
    let second = words.get(1).and_then(|word| word.to_str());
    let title = group.word.to_ascii_uppercase();
    let help = windows_help::render_group(&command, &title);
    if matches!(second, Some("/?" | "-?")) {
        return Ok(Call::Print(help));
    }
    let grammar = help.lines().last().unwrap_or_default().to_owned();
    let called = [before, group.word].join(" ");
    let called = called.trim();
    let Some(second) = second else {
        return Err(wrong(called, &format!("what? {grammar}")));
    };
    if matches!(second, "-h" | "--help") {
        let mut command: Command = command.bin_name(called);
        return Ok(Call::Print(command.render_long_help().to_string()));
    }
    Err(wrong(called, &format!("there is no '{second}'")).with_hint(grammar))
}

/// A fault of the command line of `called`; `winsta` itself is named by every failure.
fn wrong(called: &str, what: &str) -> Failure {
    match called.strip_prefix("winsta").map(str::trim_start) {
        Some("") => Failure::usage(what),
        Some(tool) => Failure::usage(format!("{tool}: {what}")),
        None => Failure::usage(format!("{called}: {what}")),
    }
}

fn usage(tool: &Tool, called: &str, error: &clap::Error) -> Failure {
    let help = if tool.windows {
        "/?' or '--help"
    } else {
        "--help"
    };
    clap_failure(called, help, error)
}

/// What clap wants printed is no failure.
fn printed_or(
    error: &clap::Error,
    failure: impl FnOnce(&clap::Error) -> Failure,
) -> Result<Call, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Ok(Call::Print(error.render().to_string()))
        }
        _ => Err(failure(error)),
    }
}

/// What clap found wrong, in the form that all failures have.
fn clap_failure(called: &str, help: &str, error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return wrong(called, "a command is missing")
            .with_hint(format!("'{called} --help' lists them"));
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let what: Vec<&str> = lines()
        .filter(|line| !line.starts_with("tip:") && !line.starts_with("For more information"))
        .collect();
    let tip = lines().find_map(|line| line.strip_prefix("tip: "));
    let hint = match tip {
        Some(tip) => tip.to_owned(),
        None => format!("see '{called} {help}'"),
    };
    wrong(called, &what.join(" ")).with_hint(hint)
}

#[cfg(test)]
#[path = "dispatch_tests.rs"]
mod tests;
