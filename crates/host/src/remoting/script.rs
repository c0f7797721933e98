//! A pipeline of PowerShell's protocol as a script of bash.

use winsta_psrp::clixml::Value;
use winsta_psrp::message::{Argument, Command, PowerShell, ResultTypes};

use super::runspace::quoted;

/// Commands that say where output goes to, which a client decides here.
const SINKS: [&str; 2] = ["out-default", "out-string"];
/// What asks for the prompt of an interactive session.
const PROMPT: &str = "prompt";
/// What prints a prompt.
const PROMPTING: &str = concat!(
    "__winsta_here=$PWD; case $PWD in \"$HOME\"|\"$HOME\"/*) __winsta_here=\\~${PWD#\"$HOME\"};; esac; ",
    "printf '%s' \"${USER-}@${HOSTNAME:-$(uname -n)}:$__winsta_here\\$ \""
);

/// The script.
pub(super) fn of(pipeline: &PowerShell) -> String {
    let statements = pipeline.statements.iter().map(|commands| {
        let commands = commands.iter().filter(|command| !is_sink(command));
        commands.map(text).collect::<Vec<_>>().join(" | ")
    });
    statements.collect::<Vec<_>>().join("\n")
}

/// Whether a script asks for the prompt.
pub(super) fn is_prompt(script: &str) -> bool {
    script == PROMPTING
}

fn is_sink(command: &Command) -> bool {
    let name = command.text.trim().to_ascii_lowercase();
    !command.is_script && SINKS.contains(&name.as_str())
}

fn text(command: &Command) -> String {
    let name = command.text.trim();
    if name.eq_ignore_ascii_case(PROMPT) {
        return PROMPTING.to_owned();
    }
    let mut text = command.text.clone();
    if command.is_script && !command.arguments.is_empty() {
        // As parameters of the script, whose commands run in this very shell.
        text = format!("__winsta_script() {{\n{text}\n}}; __winsta_script");
    }
    for argument in &command.arguments {
        text.push(' ');
        text.push_str(&word(argument));
    }
    if !command.is_script && merges_errors(command) {
        text.push_str(" 2>&1");
    }
    text
}

/// What a command gets, as words of bash.
fn word(argument: &Argument) -> String {
    let value = &argument.value;
    let Some(name) = &argument.name else {
        return quoted(&shown(value));
    };
    let dash = if name.starts_with('-') { "" } else { "-" };
    // A switch is its name alone, and so is what PowerShell has taken from a line for a parameter.
    if value.is_null() || value.as_bool() == Some(true) {
        return quoted(&format!("{dash}{name}"));
    }
    // `-name:value` in a line is a name that ends so, and with a space behind it if there was one.
    if name.ends_with(':') {
        return quoted(&format!("{dash}{name}{}", shown(value)));
    }
    let name = quoted(&format!("{dash}{}", name.trim_end()));
    format!("{name} {}", quoted(&shown(value)))
}

/// Whether a command's errors are to be among its output, as `2>&1` says in a line.
fn merges_errors(command: &Command) -> bool {
    let merge = command.merge;
    let has_errors = [ResultTypes::ERROR, ResultTypes::ALL].contains(&merge.mine);
    merge.error == ResultTypes::OUTPUT || has_errors && merge.mine_to == ResultTypes::OUTPUT
}

/// A value as a word or a line of input.
pub(super) fn shown(value: &Value) -> String {
    value.display().unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_piped_and_statements_follow_each_other() {
        let pipeline = PowerShell {
            statements: vec![
                vec![
                    Command::script("echo it's; ls"),
                    Command::new("grep").with_argument("a b").with("i", true),
                    Command::new("Out-Default"),
                ],
                vec![Command::new("head").with("-n", "3")],
            ],
            ..PowerShell::default()
        };
        assert_eq!(
            of(&pipeline),
            "echo it's; ls | grep 'a b' '-i'\nhead '-n' '3'"
        );
    }

    #[test]
    fn lines_that_powershell_took_apart_come_together_again() {
        // ls -la -w:80 -I: x /tmp 2>&1
        let mut ls = Command::new("ls")
            .with("-la", Value::Null)
            .with("-w:", 80)
            .with("-I: ", "x")
            .with_argument("/tmp");
        ls.merge.mine = ResultTypes::ERROR;
        ls.merge.mine_to = ResultTypes::OUTPUT;
        let pipeline = PowerShell {
            statements: vec![vec![ls]],
            ..PowerShell::default()
        };
        assert_eq!(of(&pipeline), "ls '-la' '-w:80' '-I:' 'x' '/tmp' 2>&1");
    }

    #[test]
    fn scripts_have_parameters() {
        let script = Command::script("echo \"$2\" # all")
            .with_argument("a")
            .with_argument("b c");
        let pipeline = PowerShell {
            statements: vec![vec![script]],
            ..PowerShell::default()
        };
        assert_eq!(
            of(&pipeline),
            "__winsta_script() {\necho \"$2\" # all\n}; __winsta_script 'a' 'b c'"
        );
    }

    #[test]
    fn the_prompt_is_bashs() {
        assert_eq!(of(&PowerShell::script("prompt")), PROMPTING);
    }
}
