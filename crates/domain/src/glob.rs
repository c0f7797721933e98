//! Patterns of names: `*` stands for any text, `?` for one character.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A pattern that names match as a whole, in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    written: String,
    folded: Vec<char>,
}

impl Glob {
    /// Whether `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        fits(
            &self.folded,
            &text,
            |item| *item == '*',
            |item, c| *item == '?' || *item == c,
        )
    }
}

/// Whether a pattern's items fit a whole text: `is_any` says which item stands for any text, and
/// `takes` whether another one stands for a character. Takes at most as many steps as the product
/// of both lengths.
pub fn fits<I>(
    pattern: &[I],
    text: &[char],
    is_any: impl Fn(&I) -> bool,
    takes: impl Fn(&I, char) -> bool,
) -> bool {
    let (mut items, mut rest) = (pattern, text);
    // Where to go on when a later character does not fit: the last "any text" takes one more.
    let mut retry: Option<(&[I], &[char])> = None;
    loop {
        match (items, rest) {
            ([], []) => return true,
            ([item, after @ ..], _) if is_any(item) => {
                retry = Some((after, rest));
                items = after;
                continue;
            }
            ([item, after @ ..], [c, others @ ..]) if takes(item, *c) => {
                items = after;
                rest = others;
                continue;
            }
            _ => {}
        }
        let Some((after, [_, others @ ..])) = retry else {
            return false;
        };
        retry = Some((after, others));
        items = after;
        rest = others;
    }
}

impl FromStr for Glob {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self {
            written: text.to_owned(),
            folded: text.to_lowercase().chars().collect(),
        })
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        let cases = [
            ("build", "build", true),
            ("build", "builds", false),
            ("Build", "bUILD", true),
            ("b*d", "build", true),
            ("b*d", "bd", true),
            ("*ui*", "build", true),
            ("?uild", "build", true),
            ("?build", "build", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("日*", "日本語", true),
            ("a*b*c", "aXbXbYc", true),
            ("a*b*c", "aXbXbY", false),
        ];
        for (pattern, text, expected) in cases {
            let Ok(glob) = pattern.parse::<Glob>();
            assert_eq!(glob.matches(text), expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_exponential_time() {
        let Ok(glob) = "*a".repeat(200).parse::<Glob>();
        assert!(!glob.matches(&"a".repeat(150)));
    }
}
