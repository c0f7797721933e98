//! Messages that quote what others wrote, at a length that people read.

use std::borrow::Cow;

/// Longest word that is shown whole, in characters: most paths are shorter.
const WORD: usize = 120;
/// Of a longer word, this many of the first characters are shown.
const WORD_HEAD: usize = 60;
/// Longest line that is shown whole, in characters.
const LINE: usize = 600;
/// Of a longer line, this many of the first characters are shown, and as many of the last.
const LINE_END: usize = 200;
/// Of a longer word, this many of the last characters are shown: what follows a quoted text (a
/// quotation mark, a colon) belongs to the message.
const WORD_TAIL: usize = 12;

/// `text` with an ellipsis for the middle of each word and each line that is too long to be read.
///
/// A refusal quotes what it refuses, and that may be a name of ten thousand bytes.
pub fn brief(text: &str) -> Cow<'_, str> {
    // Bytes are no fewer than characters.
    if text.len() <= WORD {
        return text.into();
    }
    let mut out = String::with_capacity(text.len().min(2 * LINE));
    for line in text.split_inclusive('\n') {
        let mut short = String::with_capacity(line.len().min(2 * LINE));
        for word in line.split_inclusive(char::is_whitespace) {
            short.push_str(&cut(word, WORD, WORD_HEAD, WORD_TAIL));
        }
        out.push_str(&cut(&short, LINE, LINE_END, LINE_END));
    }
    out.into()
}

/// `text` with an ellipsis between its first and last characters, if it has more than `most`.
fn cut(text: &str, most: usize, head: usize, tail: usize) -> Cow<'_, str> {
    let count = text.chars().count();
    if count <= most {
        return text.into();
    }
    let first = text.chars().take(head);
    let last = text.chars().skip(count.saturating_sub(tail));
    first.chain(['…']).chain(last).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_and_what_is_said_of_it_stays() {
        let name = "x".repeat(10_000);
        let path = format!("/{}", "folder/".repeat(16));
        let line = "word ".repeat(2_000);
        let head = "x".repeat(53);
        for (text, expected) in [
            ("short".to_owned(), "short".to_owned()),
            (
                format!("cannot use the folder {path}: no"),
                format!("cannot use the folder {path}: no"),
            ),
            (
                format!("no\n'{name}' for SIZE: a size is written 80x24\n"),
                format!(
                    "no\n'{}…{}' for SIZE: a size is written 80x24\n",
                    "x".repeat(59),
                    "x".repeat(10)
                ),
            ),
            (
                format!("a:{}", "語".repeat(200)),
                format!("a:{}…{}", "語".repeat(58), "語".repeat(12)),
            ),
            (
                format!("said: {line}: which is wrong"),
                format!(
                    "said: {}word…ord {}: which is wrong",
                    "word ".repeat(38),
                    "word ".repeat(36)
                ),
            ),
            (
                format!("{head}\n{head}\n{head}"),
                format!("{head}\n{head}\n{head}"),
            ),
        ] {
            let found = brief(&text);
            assert!(found.chars().count() <= LINE + 200, "{found}");
            assert_eq!(found, expected);
        }
    }
}
