//! Engines that are no shells: Python, and programs that can be had to print a line.
//!
//! Python runs a small program that takes commands and says where their output ends. Any other program
//! reads a script from its standard input, and behind it a line that the configuration gives,
//! which has it print the mark; what it writes to its standard error is among its output.

use serde_json::json;

use super::super::runspace::Telling;
use super::super::script;

/// What stands in a configuration's line where the mark is to be.
pub(crate) const PLACE: &str = "{marker}";
/// What Python runs.
const PYTHON: &str = include_str!("python.py");
/// Options of one letter that Python can have in a session. Those of who sits in front of it mean
/// nothing here.
const FLAGS: &str = "BEIOPSbdsuv";
const IN_FRONT: &str = "iq";
/// Options with a value.
const VALUES: [&str; 2] = ["-X", "-W"];
/// The status of a command that was interrupted.
const INTERRUPTED: i64 = 130;

/// Whether a program is Python, by its name.
pub(super) fn is_python(name: &str) -> bool {
    let version = name.strip_prefix("python");
    version.is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

/// Python's options in a session; why not, if it cannot have one.
pub(super) fn python_options(options: &[String]) -> Result<Vec<String>, String> {
    let mut kept = vec!["-u".to_owned()];
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        if VALUES.contains(&option.as_str())
            && let Some(value) = rest.next()
        {
            kept.extend([option.clone(), value.clone()]);
            continue;
        }
        let letters = option.strip_prefix('-').unwrap_or_default();
        let known = |letter| FLAGS.contains(letter) || IN_FRONT.contains(letter);
        if letters.is_empty() || !letters.chars().all(known) {
            return Err(format!(
                "cannot have the option {option:?}: sessions work with those of Python that are about \
                 itself, and run no script"
            ));
        }
        let letters = letters.replace(|letter| IN_FRONT.contains(letter), "");
        if !letters.is_empty() {
            kept.push(format!("-{letters}"));
        }
    }
    Ok(kept)
}

/// Python with its options, and what it runs.
pub(super) fn python(program: &str, options: &[String]) -> Vec<String> {
    let mut words = vec![program.to_owned()];
    words.extend(python_options(options).unwrap_or_default());
    words.extend(["-c".to_owned(), PYTHON.to_owned()]);
    words
}

/// A program whose standard error is among its output. The stream of its own stays open, so that
/// nobody takes its end for the program's.
pub(super) fn merged(words: &[String]) -> Vec<String> {
    let merge = ["/bin/sh", "-c", "exec \"$@\" 3>&2 2>&1", "sh"];
    let merge = merge.map(str::to_owned).into_iter();
    merge.chain(words.iter().cloned()).collect()
}

/// What Python has to read first.
pub(super) fn python_opening(word: &str, startup: Option<&str>) -> String {
    format!("{}\n", json!({ "word": word, "startup": startup }))
}

/// How Python is told to run a command.
pub(super) fn python_command(number: u32, text: &str, input: &[String]) -> Telling {
    let text = if script::is_prompt(text) {
        "print('>>> ', end='')"
    } else {
        text
    };
    Telling {
        ahead: None,
        run: format!("{}\n", json!([number, text, input])),
        pass: format!("{}\n", json!([number, null, []])),
    }
}

/// The line that has a program print the mark behind a command.
pub(super) fn mark(line: &str, (word, number): (&str, u32), status: i64) -> String {
    let mark = format!("{word};{number};{status}");
    format!("{}\n", line.replace(PLACE, &mark))
}

/// How a program is told to run a command.
pub(super) fn command(line: &str, place: (&str, u32), text: &str, input: &[String]) -> Telling {
    let pass = mark(line, place, INTERRUPTED);
    if script::is_prompt(text) {
        // It has none of its own, and clients know one.
        return Telling {
            ahead: None,
            run: pass.clone(),
            pass,
        };
    }
    let mut run = text.to_owned();
    for given in input {
        run.push('\n');
        run.push_str(given);
    }
    if !run.ends_with('\n') {
        run.push('\n');
    }
    run.push_str(&mark(line, place, 0));
    Telling {
        ahead: None,
        run,
        pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_has_options_of_its_own() {
        let words =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(
            python_options(&words("-iIq -X dev -q")),
            Ok(words("-u -I -X dev"))
        );
        for bad in ["-c", "-m", "script.py", "-", "--help", "-X"] {
            assert!(python_options(&words(bad)).is_err(), "{bad}");
        }
        assert!(is_python("python") && is_python("python3.13") && !is_python("pythonista"));
    }

    #[test]
    fn commands_end_in_a_mark() {
        let telling = command("echo {marker}", ("w", 3), "a", &["b".to_owned()]);
        assert_eq!(telling.run, "a\nb\necho w;3;0\n");
        assert_eq!(telling.pass, "echo w;3;130\n");
        let python = python_command(1, "x = 'a\nb'", &["c".to_owned()]);
        assert_eq!(python.run, "[1,\"x = 'a\\nb'\",[\"c\"]]\n");
        assert_eq!(python.pass, "[1,null,[]]\n");
    }
}
