//! The help that `/?` prints: one line on what the tool does, its grammar, and what each word of
//! the grammar means, laid out as Windows' tools do it.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::normalise::{takes_value, value_name};

/// Columns that a line of the grammar may fill.
const WIDTH: usize = 79;

/// The help of the tool `name` (`QUERY SESSION`). `command` must be built.
pub(crate) fn render(command: &Command, name: &str) -> String {
    let about = command.get_about().map(ToString::to_string);
    let rows = rows(command);
    let longest = rows.iter().map(|(term, _)| term.len()).max().unwrap_or(0);
    let mut text = format!(
        "{}\n\n{}\n",
        about.unwrap_or_default(),
        grammar(command, name)
    );
    for (term, meaning) in rows {
        let _infallible = write!(text, "\n  {term:longest$}  {meaning}");
    }
    text.push('\n');
    text
}

/// The help of a word that only groups tools: `QUERY { PROCESS | SESSION | … }`.
pub(crate) fn render_group(command: &Command, name: &str) -> String {
    let about = command.get_about().map(ToString::to_string);
    let tools: Vec<String> = command
        .get_subcommands()
        .map(|tool| tool.get_name().to_ascii_uppercase())
        .filter(|tool| tool != "HELP")
        .collect();
    format!(
        "{}\n\n{name} {{ {} }}\n",
        about.unwrap_or_default(),
        tools.join(" | ")
    )
}

/// The grammar, in one line if it fits, else the switches in lines of their own below the words.
fn grammar(command: &Command, name: &str) -> String {
    let words: Vec<String> = command
        .get_positionals()
        .filter(|arg| !arg.is_trailing_var_arg_set())
        .map(|arg| word(command, arg))
        .collect();
    let text: Vec<String> = command
        .get_positionals()
        .filter(|arg| arg.is_trailing_var_arg_set())
        .map(|arg| word(command, arg))
        .collect();
    let switches: Vec<String> = switches(command)
        .map(|arg| format!("[{}]", switch(arg)))
        .chain(text)
        .collect();
    let mut first = name.to_owned();
    for word in &words {
        first.push(' ');
        first.push_str(word);
    }
    let one_line = switches
        .iter()
        .fold(first.clone(), |line, s| line + " " + s);
    if one_line.len() <= WIDTH {
        return one_line;
    }
    let indent = " ".repeat(name.len());
    let mut lines = vec![first];
    let mut line = indent.clone();
    for switch in switches {
        if line.len() + 1 + switch.len() > WIDTH && line != indent {
            lines.push(std::mem::replace(&mut line, indent.clone()));
        }
        line.push(' ');
        line.push_str(&switch);
    }
    lines.push(line);
    lines.join("\n")
}

/// A word that is no switch: in braces if it must be there, in brackets if not.
fn word(command: &Command, arg: &Arg) -> String {
    let name = value_name(arg);
    let wanted = arg.is_required_set()
        || command.get_groups().any(|group| {
            // Of the group's members only this one is a word that Windows has.
            group.is_required_set() && group.get_args().any(|id| id == arg.get_id())
        });
    match (wanted, name.contains('|')) {
        (true, true) => format!("{{{name}}}"),
        (true, false) => name,
        (false, _) => format!("[{name}]"),
    }
}

/// The switches that Windows has: Winsta's own options stand under a heading.
fn switches(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| {
        !arg.is_positional()
            && arg.get_help_heading().is_none()
            && !arg.is_hide_set()
            && !matches!(arg.get_id().as_str(), "help" | "version")
    })
}

fn switch(arg: &Arg) -> String {
    let aliases = arg.get_all_aliases().unwrap_or_default();
    let name = aliases
        .into_iter()
        .find(|alias| alias.len() == 1)
        .or_else(|| arg.get_long())
        .unwrap_or_default()
        .to_ascii_uppercase();
    if takes_value(arg) {
        format!("/{name}:{}", value_name(arg))
    } else {
        format!("/{name}")
    }
}

/// Each word of the grammar with its meaning. A positional's help has a line for each thing that
/// it may be, `sessionid: Identifies …`.
fn rows(command: &Command) -> Vec<(String, String)> {
    let help = |arg: &Arg| {
        let help = arg.get_long_help().or_else(|| arg.get_help());
        help.map(ToString::to_string).unwrap_or_default()
    };
    let words = |arg: &Arg| -> Vec<(String, String)> {
        let lines = help(arg);
        let split = lines.lines().filter_map(|line| line.split_once(": "));
        split
            .map(|(term, meaning)| (term.to_owned(), meaning.to_owned()))
            .collect()
    };
    let positionals = || command.get_positionals();
    let targets = positionals().filter(|arg| !arg.is_trailing_var_arg_set());
    let texts = positionals().filter(|arg| arg.is_trailing_var_arg_set());
    let switches = switches(command).map(|arg| vec![(switch(arg), sentence(&help(arg)))]);
    targets
        .map(words)
        .chain(switches)
        .chain(texts.map(words))
        .flatten()
        .collect()
}

/// The first line, with the full stop that clap takes away.
fn sentence(help: &str) -> String {
    let line = help.lines().next().unwrap_or_default();
    format!("{}.", line.trim_end_matches('.'))
}

#[cfg(test)]
#[path = "windows_help_tests.rs"]
mod tests;
