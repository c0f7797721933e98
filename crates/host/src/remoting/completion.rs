//! Words that may go on, for whoever presses the tabulator in a session.
//!
//! PowerShell's clients send the line and the cursor's place to a command `TabExpansion2`, and want
//! one object back. bash finds what comes in question; what is asked of it and what becomes of its
//! answer is decided here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use winsta_psrp::clixml::Value;
use winsta_psrp::message::{
    Argument, CommandCompletion, CompletionKind, CompletionMatch, PowerShell,
};

use super::runspace::quoted;

/// The command that clients send.
const COMMAND: &str = "tabexpansion2";
/// Most that a client is shown.
const MOST: usize = 256;
/// Most lines that bash is asked for.
const LINES: usize = 2 * MOST;
/// Commands after which only folders come in question.
const IN_FOLDERS: [&str; 3] = ["cd", "pushd", "rmdir"];

/// A word that may go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Completion {
    /// The word, without backslashes.
    word: String,
    /// What is looked for.
    sought: Sought,
    /// Where it begins in the line, and how long it is there, in units of UTF-16.
    index: i32,
    length: i32,
}

/// What a word may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Sought {
    Command,
    Variable,
    Folder,
    File,
}

impl Completion {
    /// What a pipeline asks for, if it asks how a line may go on.
    pub(super) fn asked(pipeline: &PowerShell) -> Option<Self> {
        let [statement] = pipeline.statements.as_slice() else {
            return None;
        };
        let [command] = statement.as_slice() else {
            return None;
        };
        if command.is_script || !command.text.trim().eq_ignore_ascii_case(COMMAND) {
            return None;
        }
        let line = argument(&command.arguments, 0, "inputscript");
        let line = line.and_then(Value::display).unwrap_or_default();
        let cursor = argument(&command.arguments, 1, "cursorcolumn").and_then(Value::as_i32);
        Some(Self::at(&line, cursor.unwrap_or(i32::MAX)))
    }

    /// The word that ends at the cursor.
    fn at(line: &str, cursor: i32) -> Self {
        let mut word = Word::default();
        let mut verb = String::new();
        let mut is_first = true;
        let mut quote = None;
        let mut is_escaped = false;
        let mut at = 0;
        for char in line.chars() {
            if at >= cursor {
                break;
            }
            at += if char.len_utf16() == 2 { 2 } else { 1 };
            let separates = char.is_whitespace() || ";|&()<>=`".contains(char);
            match (char, quote) {
                _ if std::mem::take(&mut is_escaped) => word.text.push(char),
                ('\\', None | Some('"')) => is_escaped = true,
                (_, Some(open)) if char == open => quote = None,
                ('\'' | '"', None) => (quote, word.is_quoted) = (Some(char), true),
                (_, None) if separates => {
                    let ended = std::mem::replace(&mut word, Word::begins(at));
                    let begins_anew = ";|&(".contains(char);
                    if is_first && !ended.text.is_empty() {
                        verb = ended.text;
                        is_first = false;
                    }
                    is_first |= begins_anew;
                }
                _ => word.text.push(char),
            }
        }
        let sought = match word.text.as_str() {
            text if text.starts_with('$') => Sought::Variable,
            text if is_first && !text.contains('/') => Sought::Command,
            _ if !is_first && IN_FOLDERS.contains(&verb.as_str()) => Sought::Folder,
            _ => Sought::File,
        };
        // What stands in quotes is left to whoever typed it.
        let text = if word.is_quoted || is_escaped {
            String::new()
        } else {
            word.text
        };
        Self {
            length: if text.is_empty() { 0 } else { at - word.from },
            index: if text.is_empty() { at } else { word.from },
            word: text,
            sought,
        }
    }

    /// The script whose output says what comes in question, a line each. Other shells than bash
    /// have nothing to say.
    pub(super) fn script(&self) -> String {
        if self.word.is_empty() {
            return ":".to_owned();
        }
        let word = quoted(self.word.trim_start_matches('$'));
        let asked = match self.sought {
            Sought::Command => format!("compgen -c -- {word}"),
            Sought::Variable => format!("compgen -v -P '$' -- {word}"),
            Sought::Folder => format!("compgen -d -S / -- {word}"),
            Sought::File => format!("compgen -d -S / -- {word}; compgen -f -- {word}"),
        };
        format!("{{ {asked}; }} 2>/dev/null | head -n {LINES}")
    }

    /// The object for the client, of what the script has printed; `None` if nothing comes in
    /// question.
    pub(super) fn object(&self, printed: &[u8]) -> Option<Value> {
        let printed = String::from_utf8_lossy(printed);
        let found: BTreeSet<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
        // A folder is told of twice.
        let is_new = |name: &&&str| !found.contains(format!("{name}/").as_str());
        let matches = found.iter().filter(is_new).take(MOST);
        let matches: Vec<_> = matches.map(|name| self.found(name)).collect();
        (!matches.is_empty()).then(|| {
            CommandCompletion {
                matches,
                replacement_index: self.index,
                replacement_length: self.length,
            }
            .to_value()
        })
    }

    fn found(&self, name: &str) -> CompletionMatch {
        let (text, kind) = match self.sought {
            Sought::Command => (name.to_owned(), CompletionKind::COMMAND),
            Sought::Variable => (name.to_owned(), CompletionKind::VARIABLE),
            _ if name.ends_with('/') => (escaped(name), CompletionKind::PROVIDER_CONTAINER),
            Sought::Folder | Sought::File => (escaped(name), CompletionKind::PROVIDER_ITEM),
        };
        let start = name.strip_suffix('/').unwrap_or(name).rfind('/');
        let last = start.and_then(|at| name.get(at + 1..));
        CompletionMatch {
            shown: last.unwrap_or(name).to_owned(),
            text,
            kind,
        }
    }
}

/// A word of a line so far.
#[derive(Default)]
struct Word {
    text: String,
    from: i32,
    is_quoted: bool,
}

impl Word {
    fn begins(from: i32) -> Self {
        Self {
            from,
            ..Self::default()
        }
    }
}

/// What stands at a position, or under a name.
fn argument<'a>(arguments: &'a [Argument], position: usize, name: &str) -> Option<&'a Value> {
    let named = arguments.iter().find(|argument| {
        let given = argument.name.as_deref().unwrap_or_default();
        let given = given.trim_start_matches('-').trim_end_matches([':', ' ']);
        given.eq_ignore_ascii_case(name)
    });
    let mut positional = arguments.iter().filter(|argument| argument.name.is_none());
    let found = named.or_else(|| positional.nth(position));
    found.map(|argument| &argument.value)
}

/// A file's name as it stands in a line of bash.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for (at, char) in name.char_indices() {
        let is_plain = char.is_alphanumeric() || "_./,:@%+-".contains(char);
        let is_home = at == 0 && char == '~';
        if !is_plain && !is_home {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use winsta_psrp::message::Command;

    #[test]
    fn the_word_at_the_cursor_may_go_on() {
        use Sought::{Command, File, Folder, Variable};
        for (line, word, sought, index, length) in [
            ("mkt", "mkt", Command, 0, 3),
            ("ls; mkt", "mkt", Command, 4, 3),
            ("ls | so", "so", Command, 5, 2),
            ("./ru", "./ru", File, 0, 4),
            ("cat /et", "/et", File, 4, 3),
            ("cat a\\ b", "a b", File, 4, 4),
            ("cd /et", "/et", Folder, 3, 3),
            ("cat <in", "in", File, 5, 2),
            ("x=$HO", "$HO", Variable, 2, 3),
            ("echo \u{1d11e} fi", "fi", File, 8, 2),
            ("cat ", "", File, 4, 0),
            ("cat 'a", "", File, 6, 0),
            ("", "", Command, 0, 0),
        ] {
            let expected = Completion {
                word: word.to_owned(),
                sought,
                index,
                length,
            };
            assert_eq!(Completion::at(line, i32::MAX), expected, "{line}");
        }
        assert_eq!(Completion::at("cat fix more", 6).word, "fi");
        assert_eq!(
            Completion::at("\u{1d11e}b", 1).length,
            2,
            "no half characters"
        );
        assert_eq!(Completion::at("ab", -1).word, "");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_has_a_word_in_it(line in "\\PC{0,40}", cursor in -2..50) {
            let units = i32::try_from(line.encode_utf16().count()).unwrap();
            let found = Completion::at(&line, cursor);
            assert!(found.index >= 0 && found.length >= 0);
            assert!(found.index + found.length <= units);
        }
    }

    #[test]
    fn only_one_command_asks() {
        let command = Command::new("TabExpansion2").with_argument("ls /us");
        let asks = |command: &Command| {
            let statements = vec![vec![command.clone()]];
            Completion::asked(&PowerShell {
                statements,
                ..PowerShell::default()
            })
        };
        let asked = asks(&command.clone().with_argument(6)).unwrap();
        assert_eq!((asked.word.as_str(), asked.index), ("/us", 3));
        assert_eq!(asks(&command).map(|asked| asked.length), Some(3));
        assert_eq!(asks(&Command::script("TabExpansion2")), None);
        assert_eq!(asks(&Command::new("ls")), None);
    }

    #[test]
    fn names_are_told_once_and_can_be_typed() {
        let asked = Completion::at("cat ~/a", i32::MAX);
        let value = asked.object(b"~/a dir/\n~/a dir\n~/a$b\n\n").unwrap();
        let matches = value
            .property("CompletionMatches")
            .unwrap()
            .items()
            .unwrap();
        let texts = matches.iter().map(|found| {
            let text = |name| {
                found
                    .property(name)
                    .unwrap()
                    .display()
                    .unwrap()
                    .into_owned()
            };
            (text("CompletionText"), text("ListItemText"))
        });
        let owned = |text: &str, shown: &str| (text.to_owned(), shown.to_owned());
        let expected = [owned("~/a\\ dir/", "a dir/"), owned("~/a\\$b", "a$b")];
        assert_eq!(texts.collect::<Vec<_>>(), expected);
        assert_eq!(asked.object(b"\n"), None);
    }
}
