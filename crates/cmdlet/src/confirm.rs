//! What `-WhatIf` and `-Confirm` say, and what the answers mean.

/// What would be done: `-WhatIf`.
pub fn what_if(operation: &str, target: &str) -> String {
    format!("What if: Performing the operation \"{operation}\" on target \"{target}\".")
}

/// What is about to be done: `-Verbose`.
pub fn performing(operation: &str, target: &str) -> String {
    format!("VERBOSE: Performing the operation \"{operation}\" on target \"{target}\".")
}

/// The question before something is done, without a line's end: the answer stands behind it.
pub fn question(operation: &str, target: &str) -> String {
    format!(
        "\nConfirm\nAre you sure you want to perform this action?\nPerforming the operation \
         \"{operation}\" on target \"{target}\".\n{CHOICES}"
    )
}

/// The answers that there are, as the question ends and as it is asked again.
pub const CHOICES: &str =
    "[Y] Yes  [A] Yes to All  [N] No  [L] No to All  [S] Suspend  [?] Help (default is \"Y\"): ";

/// What `?` is answered with, before the question is asked again.
pub const HELP: &str = "\
Y - Do this one.
A - Do this one and all others without asking again.
N - Leave this one out and go on.
L - Leave this one and all others out.
S - Stop here for a shell of your own; when it exits, the question comes again.
";

/// An answer to [`question`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This one.
    Yes,
    /// This one and all others.
    YesToAll,
    /// Not this one.
    No,
    /// Neither this one nor any other.
    NoToAll,
    /// A shell first, then the question again.
    Suspend,
    /// What do the answers mean?
    Help,
}

impl Answer {
    /// Reads what was typed: a letter or the whole words, in any case; nothing is yes. Anything
    /// else is no answer, and the question is asked again.
    pub fn parse(line: &str) -> Option<Self> {
        let all: [(&[&str], Self); 6] = [
            (&["", "y", "yes"], Self::Yes),
            (&["a", "yes to all"], Self::YesToAll),
            (&["n", "no"], Self::No),
            (&["l", "no to all"], Self::NoToAll),
            (&["s", "suspend"], Self::Suspend),
            (&["?", "help"], Self::Help),
        ];
        let typed = line.trim().to_lowercase();
        all.into_iter()
            .find(|(words, _)| words.contains(&typed.as_str()))
            .map(|(_, answer)| answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_powershell() {
        assert_eq!(
            what_if("Disconnect", "ITTask"),
            "What if: Performing the operation \"Disconnect\" on target \"ITTask\"."
        );
        let question = question("Remove", "ITTask");
        let lines: Vec<&str> = question.lines().skip(1).collect();
        assert_eq!(lines.first(), Some(&"Confirm"));
        assert_eq!(lines.last(), Some(&CHOICES));
    }

    #[test]
    fn answers() {
        for (typed, answer) in [
            ("", Some(Answer::Yes)),
            ("\n", Some(Answer::Yes)),
            ("Y", Some(Answer::Yes)),
            ("yes", Some(Answer::Yes)),
            ("A", Some(Answer::YesToAll)),
            ("n", Some(Answer::No)),
            ("No to All", Some(Answer::NoToAll)),
            ("s", Some(Answer::Suspend)),
            ("?", Some(Answer::Help)),
            ("yep", None),
            ("0", None),
        ] {
            assert_eq!(Answer::parse(typed), answer, "{typed:?}");
        }
    }
}
