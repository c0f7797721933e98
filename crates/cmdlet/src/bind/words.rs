//! From the words that a Unix shell gives to parameters and their values.

use super::error::BindError;
use crate::object::{self, Object};

/// A value as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    /// A text, with its parts between commas.
    Text { raw: String, items: Vec<String> },
    /// What stands between braces. `raw` has them.
    Block { raw: String, inner: String },
    /// Objects.
    Objects(Vec<Object>),
}

/// What comes next on a command line.
pub(super) enum Item {
    /// A parameter; `colon` if its value stands behind a colon and comes next.
    Name { name: String, colon: bool },
    /// A value.
    Value(Argument),
    /// A question for help.
    Help,
}

/// The words that are left.
pub(super) struct Words<'a> {
    /// What stands behind a colon, to be read first.
    attached: Option<&'a str>,
    rest: &'a [String],
    /// Whether `--` has come: all that follows are values.
    values_only: bool,
}

impl<'a> Words<'a> {
    pub(super) fn new(rest: &'a [String]) -> Self {
        Self {
            attached: None,
            rest,
            values_only: false,
        }
    }

    /// The next parameter or value.
    pub(super) fn next(&mut self) -> Result<Option<Item>, BindError> {
        let Some(word) = self.peek() else {
            return Ok(None);
        };
        if !self.values_only {
            if word == "--" {
                self.take();
                self.values_only = true;
                return self.next();
            }
            if matches!(word, "-?" | "--help") {
                self.take();
                return Ok(Some(Item::Help));
            }
            if let Some(name) = parameter(word) {
                self.take();
                let (name, value) = name
                    .split_once(':')
                    .map_or((name, None), |(name, value)| (name, Some(value)));
                self.attached = value.filter(|value| !value.is_empty());
                return Ok(Some(Item::Name {
                    name: name.to_owned(),
                    colon: value.is_some(),
                }));
            }
        }
        self.value().map(|value| value.map(Item::Value))
    }

    /// The next value; none if a parameter or nothing follows.
    pub(super) fn value(&mut self) -> Result<Option<Argument>, BindError> {
        let Some(word) = self.peek() else {
            return Ok(None);
        };
        let attached = self.attached.is_some();
        if !attached && !self.values_only && (word == "--" || parameter(word).is_some()) {
            return Ok(None);
        }
        if let Some(objects) = self.objects() {
            return Ok(Some(Argument::Objects(objects)));
        }
        if let Some(block) = self.block() {
            return Ok(Some(block));
        }
        self.text().map(Some)
    }

    fn peek(&self) -> Option<&'a str> {
        self.attached
            .or_else(|| self.rest.first().map(String::as_str))
    }

    fn take(&mut self) -> Option<&'a str> {
        if let Some(word) = self.attached.take() {
            return Some(word);
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Objects in a word, and those of the same kind in words that follow it.
    fn objects(&mut self) -> Option<Vec<Object>> {
        let mut objects = Vec::new();
        while let Some(word) = self.peek() {
            if let Some(more) = objects_in(word) {
                let kinds = [objects.last(), more.first()].map(|object| object.map(kind));
                if !objects.is_empty() && kinds.first() != kinds.last() {
                    break;
                }
                objects.extend(more);
            } else if objects.is_empty() || word != "," {
                break;
            }
            self.take();
        }
        (!objects.is_empty()).then_some(objects)
    }

    /// Words from one that begins with a brace to the one that closes it.
    fn block(&mut self) -> Option<Argument> {
        let first = self.peek().filter(|word| word.starts_with('{'))?;
        let skipped = usize::from(self.attached.is_none());
        let others = self.rest.iter().skip(skipped).map(String::as_str);
        let mut braces = Braces::default();
        let mut used = 0;
        let closed = std::iter::once(first).chain(others).any(|word| {
            used += 1;
            braces.read(word);
            word.ends_with('}') && braces.are_closed()
        });
        if !closed {
            return None;
        }
        let words: Vec<&str> = std::iter::from_fn(|| self.take()).take(used).collect();
        let raw = words.join(" ");
        let inner = raw.strip_prefix('{')?.strip_suffix('}')?.trim().to_owned();
        Some(Argument::Block { raw, inner })
    }

    /// A word, and those that a comma joins to it.
    fn text(&mut self) -> Result<Argument, BindError> {
        let mut raw = self.take().unwrap_or_default().to_owned();
        while let Some(next) = self.peek() {
            let joins = raw.ends_with(',') || next.starts_with(',');
            if !joins || (!self.values_only && parameter(next).is_some()) {
                break;
            }
            raw.push_str(next);
            self.take();
        }
        let items = split(&raw);
        if items.len() > 1 && items.iter().any(String::is_empty) {
            return Err(BindError::EmptyElement(raw));
        }
        Ok(Argument::Text { raw, items })
    }
}

/// The name behind a dash, with what a colon joins to it. Office programs write longer dashes.
fn parameter(word: &str) -> Option<&str> {
    let name = word.strip_prefix(['-', '\u{2013}', '\u{2014}', '\u{2015}'])?;
    let first = name.chars().next()?;
    (first.is_alphabetic() || first == '_').then_some(name)
}

fn objects_in(word: &str) -> Option<Vec<Object>> {
    let begins = word.trim_start_matches([' ', '\t', '\n', '\r', ',']);
    begins.starts_with('{').then(|| object::all_in(word))?
}

fn kind(object: &Object) -> String {
    object.type_name().to_owned()
}

/// Splits at commas that do not stand in PowerShell's quotes. A quote counts where a part begins.
fn split(raw: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let mut quote = None;
    let in_pairs = ['\'', '"'].map(|c| raw.matches(c).count() % 2 == 0);
    for c in raw.chars() {
        match (quote, c, in_pairs) {
            (None, '\'', [true, _]) | (None, '"', [_, true]) if item.is_empty() => quote = Some(c),
            (Some(open), ..) if open == c => quote = None,
            (None, ',', _) => {
                items.push(std::mem::take(&mut item));
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    items.push(item);
    items
}

/// Counts braces, those in quotes apart. Quotes tell nothing if one of them stays open: then the
/// shell has taken others away.
#[derive(Default)]
struct Braces {
    all: i64,
    unquoted: i64,
    quote: Option<char>,
}

impl Braces {
    fn read(&mut self, word: &str) {
        let mut escaped = false;
        for c in word.chars() {
            let step = match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            self.all += step;
            match (self.quote, c) {
                _ if escaped => escaped = false,
                (None | Some('"'), '\\') => escaped = true,
                (None, '\'' | '"') => self.quote = Some(c),
                (Some(open), _) if open == c => self.quote = None,
                (None, _) => self.unquoted += step,
                (Some(_), _) => {}
            }
        }
    }

    fn are_closed(&self) -> bool {
        match self.quote {
            None => self.unquoted <= 0,
            Some(_) => self.all <= 0,
        }
    }
}
