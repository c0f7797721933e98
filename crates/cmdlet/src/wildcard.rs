//! Patterns of names as in PowerShell: `*` is any text, `?` one character, `[a-c]` one of some.

use winsta_domain::glob::fits;

/// A pattern that names match as a whole, in any case. Matching takes at most as many steps as
/// the product of both lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// Any text, also none.
    Any,
    /// Any character.
    One,
    /// This character, folded.
    Char(char),
    /// A character in one of these spans, folded.
    Among(Vec<(char, char)>),
}

impl Wildcard {
    /// Reads a pattern. Every text is one: a bracket that is never closed stands for itself, and
    /// a backtick takes the meaning from the character behind it.
    pub fn new(pattern: &str) -> Self {
        let chars: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
        let mut items = Vec::new();
        let mut rest = chars.as_slice();
        while let [first, after @ ..] = rest {
            let (item, left) = match (first, after) {
                ('*', _) => (Item::Any, after),
                ('?', _) => (Item::One, after),
                ('`', [escaped, left @ ..]) => (Item::Char(*escaped), left),
                ('[', _) => brackets(after).unwrap_or((Item::Char('['), after)),
                (other, _) => (Item::Char(*other), after),
            };
            items.push(item);
            rest = left;
        }
        Self { items }
    }

    /// Whether `text` has a character that makes it a pattern.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '['])
    }

    /// Whether `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        fits(&self.items, &text, |item| *item == Item::Any, Item::takes)
    }
}

impl Item {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Char(own) => *own == c,
            Self::Among(spans) => spans.iter().any(|(from, to)| (*from..=*to).contains(&c)),
        }
    }
}

/// The characters up to a closing bracket, which may be the first one of them, and what follows.
fn brackets(chars: &[char]) -> Option<(Item, &[char])> {
    let close = chars.iter().skip(1).position(|c| *c == ']')? + 1;
    let (inner, rest) = chars.split_at_checked(close)?;
    let mut spans = Vec::new();
    let mut left = inner;
    while let [from, after @ ..] = left {
        (spans, left) = match after {
            ['-', to, others @ ..] => (with(spans, *from, *to), others),
            _ => (with(spans, *from, *from), after),
        };
    }
    Some((Item::Among(spans), rest.get(1..)?))
}

fn with(mut spans: Vec<(char, char)>, from: char, to: char) -> Vec<(char, char)> {
    spans.push((from.min(to), from.max(to)));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        let cases = [
            ("ITTask", "ittask", true),
            ("ITTask", "ittask2", false),
            ("IT*", "ittask", true),
            ("*task", "ITTASK", true),
            ("IT?ask", "ittask", true),
            ("IT?ask", "itask", false),
            ("srv[1-3]", "SRV2", true),
            ("srv[1-3]", "srv4", false),
            ("srv[3-1]", "srv2", true),
            ("srv[ab]", "srvB", true),
            ("srv[ab", "srv[ab", true),
            ("srv[]]", "srv]", true),
            ("srv[]", "srv[]", true),
            ("a`*b", "a*b", true),
            ("a`*b", "axb", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("a*b*c", "aXbXbYc", true),
            ("a*b*c", "aXbXbY", false),
            ("`", "`", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                Wildcard::new(pattern).matches(text),
                expected,
                "{pattern:?} on {text:?}"
            );
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_exponential_time() {
        let pattern = Wildcard::new(&"*[a-z]".repeat(300));
        assert!(!pattern.matches(&"a".repeat(250)));
        assert!(!Wildcard::new(&"*a".repeat(200)).matches(&"b".repeat(5000)));
    }
}
