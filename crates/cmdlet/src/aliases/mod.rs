//! The cmdlets as names in a shell: what `eval "$(winsta aliases bash)"` reads.

use std::str::FromStr;

use crate::table::CMDLETS;

/// The subcommand that property paths are passed to, as they were typed.
pub const PROPERTY: &str = "get-property";

/// A shell that can have the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash, from 4.0 on.
    Bash,
    /// zsh, from 5.0 on.
    Zsh,
    /// fish, from 3.2 on.
    Fish,
}

/// The name is none of a shell that can have the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is none of bash, zsh and fish")]
pub struct NoShell;

impl FromStr for Shell {
    type Err = NoShell;

    fn from_str(name: &str) -> Result<Self, NoShell> {
        match name {
            "bash" => Ok(Self::Bash),
            "zsh" => Ok(Self::Zsh),
            "fish" => Ok(Self::Fish),
            _ => Err(NoShell),
        }
    }
}

/// What a shell has to read so that the cmdlets are its words. `program` is the name or the path
/// of Winsta's program. Short names that mean something already keep their meaning.
///
/// The text can be read again in the same shell.
pub fn aliases(shell: Shell, program: &str) -> String {
    let quoted = match shell {
        Shell::Bash | Shell::Zsh => posix_quote(program),
        Shell::Fish => fish_quote(program),
    };
    let functions: Vec<String> = CMDLETS
        .iter()
        .flat_map(|cmdlet| {
            let short = cmdlet.alias.map(|alias| (alias, true));
            let words = std::iter::once((cmdlet.name, false)).chain(short);
            words.map(|(word, is_short)| match shell {
                Shell::Bash => bash_function(&quoted, cmdlet.name, word, is_short),
                Shell::Zsh => zsh_function(&quoted, cmdlet.name, word, is_short),
                Shell::Fish => fish_function(&quoted, cmdlet.name, word, is_short),
            })
        })
        .collect();
    let lower = |name: &str| name.to_ascii_lowercase();
    let names: Vec<String> = CMDLETS
        .iter()
        .flat_map(|cmdlet| std::iter::once(cmdlet.name).chain(cmdlet.alias))
        .map(lower)
        .collect();
    let (template, separator) = match shell {
        Shell::Bash => (include_str!("bash.sh"), "|"),
        Shell::Zsh => (include_str!("zsh.sh"), "|"),
        Shell::Fish => (include_str!("names.fish"), " "),
    };
    template
        .replace("@FUNCTIONS@\n", &functions.concat())
        .replace("@NAMES@", &names.join(separator))
        .replace("@PROPERTY@", PROPERTY)
        .replace("@PROGRAM@", &quoted)
}

/// Whether a star that the shell has replaced by names of files is to be a star again.
fn has_star(name: &str) -> bool {
    name.starts_with("Format-")
}

fn bash_function(program: &str, name: &str, word: &str, is_short: bool) -> String {
    let call = if has_star(name) {
        "_winsta_star"
    } else {
        "command"
    };
    let condition = if is_short {
        format!("_winsta_is_free {word} && ")
    } else {
        String::new()
    };
    format!("{condition}function {word} {{ {call} {program} {name} \"$@\"; }}\n")
}

/// As in bash, but patterns reach the cmdlet in any case.
fn zsh_function(program: &str, name: &str, word: &str, is_short: bool) -> String {
    let define = format!(
        "function {word} {{ command {program} {name} \"$@\"; }}; alias {word}='noglob {word}'"
    );
    if is_short {
        format!("if _winsta_is_free {word}; then {define}; fi\n")
    } else {
        format!("{define}\n")
    }
}

fn fish_function(program: &str, name: &str, word: &str, is_short: bool) -> String {
    let call = if has_star(name) {
        "__winsta_star"
    } else {
        "command"
    };
    let define = format!("function {word}; {call} {program} {name} $argv; end");
    if is_short {
        return format!("if __winsta_is_free {word}; {define}; end\n");
    }
    // fish complains of words that it does not know even if its hook has done something.
    let lower = name.to_ascii_lowercase();
    format!("{define}\nfunction {lower}; {call} {program} {name} $argv; end\n")
}

fn posix_quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn fish_quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_quoted() {
        assert_eq!(posix_quote("/a b/it's"), r"'/a b/it'\''s'");
        assert_eq!(fish_quote(r"/a\b/it's"), r"'/a\\b/it\'s'");
        for shell in ["bash", "zsh", "fish"] {
            let text = aliases(shell.parse().unwrap(), "/opt/x y/winsta");
            assert!(text.contains("'/opt/x y/winsta' New-PSSession"), "{text}");
            assert!(!text.contains('@') || !text.contains("@NAMES@"), "{text}");
        }
        assert_eq!("ksh".parse::<Shell>(), Err(NoShell));
    }
}
