//! Asks before something is done.

use std::io::{BufRead, Write};

use crate::report::Failure;

/// What somebody said to a list of questions.
pub(crate) struct Asker<I, O> {
    input: I,
    output: O,
    all: bool,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Do it.
    Yes,
    /// Do not.
    No,
    /// Do not, and ask no more.
    Quit,
}

impl<I: BufRead, O: Write> Asker<I, O> {
    pub(crate) fn new(input: I, output: O) -> Self {
        Self {
            input,
            output,
            all: false,
        }
    }

    /// Asks one question. No answer, and the end of the input, mean no.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Answer, Failure> {
        if self.all {
            return Ok(Answer::Yes);
        }
        loop {
            let prompt = format!("{question}? [y]es, yes to [a]ll, [N]o, [q]uit: ");
            let line = self.read(&prompt);
            let line = line.map_err(|error| Failure::local("cannot ask", &error))?;
            let Some(line) = line else {
                return Ok(Answer::Quit);
            };
            match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(Answer::Yes),
                "a" | "all" => {
                    self.all = true;
                    return Ok(Answer::Yes);
                }
                "" | "n" | "no" => return Ok(Answer::No),
                "q" | "quit" => return Ok(Answer::Quit),
                _ => {}
            }
        }
    }

    fn read(&mut self, prompt: &str) -> std::io::Result<Option<String>> {
        self.output.write_all(prompt.as_bytes())?;
        self.output.flush()?;
        let mut line = String::new();
        let count = self.input.read_line(&mut line)?;
        Ok((count > 0).then_some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_in_any_case_and_asked_for_again() {
        let cases: [(&str, &[Answer]); 6] = [
            ("y\nn\n", &[Answer::Yes, Answer::No]),
            ("YES\n\n", &[Answer::Yes, Answer::No]),
            ("what\ny\nq\n", &[Answer::Yes, Answer::Quit]),
            ("a\n", &[Answer::Yes, Answer::Yes, Answer::Yes]),
            ("", &[Answer::Quit]),
            ("n\n", &[Answer::No, Answer::Quit]),
        ];
        for (input, expected) in cases {
            let mut asker = Asker::new(input.as_bytes(), Vec::new());
            for answer in expected {
                assert_eq!(asker.ask("Go").unwrap(), *answer, "{input:?}");
            }
        }
    }
}
