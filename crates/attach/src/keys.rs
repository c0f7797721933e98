//! The detach key: which one it is, and finding it in what the user types.

use std::str::FromStr;
use std::time::{Duration, Instant};

use crate::token::{Key, Token, first_token};

/// How long the first keys of the detach key wait for the rest.
const PREFIX_PATIENCE: Duration = Duration::from_millis(600);
/// How long the front of a control sequence waits for its rest, which comes with it or not at all.
const SEQUENCE_PATIENCE: Duration = Duration::from_millis(50);
/// Most keys in a detach key.
const MOST_KEYS: usize = 4;
/// Most bytes held back; a detach key is never as long.
const MOST_HELD: usize = 512;
/// What a terminal puts behind pasted text.
const PASTE_END: &[u8] = b"\x1b[201~";

/// The keys that detach, pressed one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachKey {
    keys: Vec<Key>,
}

/// Why a text names no detach key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is empty.
    #[error("a detach key is written as keys with blanks between, for example `C-\\ d`, or `none`")]
    Empty,
    /// More keys than allowed.
    #[error("a detach key has at most {MOST_KEYS} keys")]
    Long,
    /// The first key is not a Control key, so that typing would be held back.
    #[error("a detach key begins with a Control key, for example `C-b`, not `{0}`")]
    Plain(String),
    /// Not a key.
    #[error("`{0}` is no key: write `C-x` for Control and x, a single character, or Space")]
    Unknown(String),
    /// A Control key that sends the same byte as another key.
    #[error("`{0}` cannot be told from {1}")]
    Ambiguous(String, &'static str),
}

impl DetachKey {
    /// No key detaches.
    pub fn none() -> Self {
        Self { keys: Vec::new() }
    }
}

impl Default for DetachKey {
    /// `C-\ d`.
    fn default() -> Self {
        Self {
            keys: vec![Key::control('\\'), Key::plain('d')],
        }
    }
}

impl FromStr for DetachKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "none" {
            return Ok(Self::none());
        }
        let keys = text
            .split_whitespace()
            .map(parse_key)
            .collect::<Result<Vec<_>, _>>()?;
        match keys.first() {
            None => Err(KeyError::Empty),
            Some(_) if keys.len() > MOST_KEYS => Err(KeyError::Long),
            Some(&Key { code, modifiers }) if modifiers == Key::control(code).modifiers => {
                Ok(Self { keys })
            }
            Some(_) => Err(KeyError::Plain(text.trim().to_owned())),
        }
    }
}

impl std::fmt::Display for DetachKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.keys.is_empty() {
            return f.write_str("none");
        }
        for (at, key) in self.keys.iter().enumerate() {
            let blank = if at == 0 { "" } else { " " };
            match (*key == Key::control(key.code), key.code) {
                (true, code) => write!(f, "{blank}C-{code}")?,
                (false, ' ') => write!(f, "{blank}Space")?,
                (false, code) => write!(f, "{blank}{code}")?,
            }
        }
        Ok(())
    }
}

fn parse_key(text: &str) -> Result<Key, KeyError> {
    let unknown = || KeyError::Unknown(text.to_owned());
    let mut characters = text.chars();
    let (first, second) = (characters.next(), characters.next());
    let rest = characters.as_str();
    match (first, second) {
        (Some(code), None) => Ok(Key::plain(code)),
        (Some('^'), Some(code)) if rest.is_empty() => control(text, code),
        (Some('C' | 'c'), Some('-')) => {
            let mut code = rest.chars();
            match (code.next(), code.next()) {
                (Some(code), None) => control(text, code),
                _ => Err(unknown()),
            }
        }
        _ if text.eq_ignore_ascii_case("space") => Ok(Key::plain(' ')),
        _ => Err(unknown()),
    }
}

fn control(text: &str, code: char) -> Result<Key, KeyError> {
    let same = |key| Err(KeyError::Ambiguous(text.to_owned(), key));
    match code.to_ascii_lowercase() {
        'i' => same("Tab"),
        'm' => same("Enter"),
        '[' => same("Escape"),
        code @ ('a'..='z' | '@' | '\\' | ']' | '^' | '_') => Ok(Key::control(code)),
        _ => Err(KeyError::Unknown(text.to_owned())),
    }
}

/// What the user asked for with a key that is not the program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Action {
    /// Nothing: all that was typed is for the program.
    Deliver,
    /// The detach key was pressed.
    Detach,
}

/// Finds the detach key in what the user types and lets everything else through.
///
/// Order of calls: [`feed`](Self::feed) with what was typed; when [`deadline`](Self::deadline) has
/// come before more is typed, [`expire`](Self::expire). Every byte that was fed comes out again,
/// in order, but those of a detach key and the second of a prefix pressed twice.
#[derive(Debug)]
pub(crate) struct KeyFilter {
    detach: DetachKey,
    /// How many keys of the detach key were pressed.
    pressed: usize,
    /// Their bytes, not delivered yet.
    held: Vec<u8>,
    held_until: Option<Instant>,
    /// A token that has not come whole.
    partial: Vec<u8>,
    /// How many of its bytes were delivered already.
    delivered: usize,
    partial_until: Option<Instant>,
    paste: Option<PasteEnd>,
}

/// Bytes of [`PASTE_END`] seen so far.
#[derive(Debug, Default)]
struct PasteEnd(usize);

impl KeyFilter {
    /// A filter in which nothing was typed yet.
    pub(crate) fn new(detach: DetachKey) -> Self {
        Self {
            detach,
            pressed: 0,
            held: Vec::new(),
            held_until: None,
            partial: Vec::new(),
            delivered: 0,
            partial_until: None,
            paste: None,
        }
    }

    /// Takes what was typed and appends to `out` what the program shall get. What follows a detach
    /// key is dropped.
    pub(crate) fn feed(&mut self, now: Instant, typed: &[u8], out: &mut Vec<u8>) -> Action {
        if self.idle() && !typed.iter().any(|&byte| self.may_begin(byte)) {
            out.extend_from_slice(typed);
            return Action::Deliver;
        }
        self.expire(now, out);
        let mut whole = std::mem::take(&mut self.partial);
        self.partial_until = None;
        whole.extend_from_slice(typed);
        let mut rest = whole.as_slice();
        let mut delivered = std::mem::take(&mut self.delivered);
        while !rest.is_empty() {
            if let Some(end) = &mut self.paste {
                let taken = end.find(rest);
                out.extend_from_slice(rest.get(..taken.0).unwrap_or_default());
                rest = rest.get(taken.0..).unwrap_or_default();
                if taken.1 {
                    self.paste = None;
                }
                continue;
            }
            let Some((token, length)) = first_token(rest) else {
                self.keep_partial(now, rest, delivered, out);
                break;
            };
            let (bytes, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = behind;
            let bytes = bytes.get(delivered..).unwrap_or_default();
            delivered = delivered.saturating_sub(length);
            if self.token(now, token, bytes, out) == Action::Detach {
                return Action::Detach;
            }
        }
        Action::Deliver
    }

    /// When [`expire`](Self::expire) is due, if anything is held back.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let partial = self
            .partial_until
            .filter(|_| self.delivered < self.partial.len());
        [self.held_until, partial].into_iter().flatten().min()
    }

    /// Appends to `out` what was held back for too long.
    pub(crate) fn expire(&mut self, now: Instant, out: &mut Vec<u8>) {
        let due = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        if due(self.held_until) || due(self.partial_until) {
            self.release(out);
        }
        if due(self.partial_until) {
            out.extend_from_slice(self.partial.get(self.delivered..).unwrap_or_default());
            self.partial.clear();
            self.delivered = 0;
            self.partial_until = None;
        }
    }

    fn idle(&self) -> bool {
        self.pressed == 0 && self.partial.is_empty() && self.paste.is_none()
    }

    /// Whether a byte may begin something that has to be looked at.
    fn may_begin(&self, byte: u8) -> bool {
        match self.detach.keys.first() {
            None => false,
            Some(_) => byte == 0x1b || byte < 0x20,
        }
    }

    /// Keeps the front of a token. An Escape or half a character goes on at once, since most of
    /// them are all that comes; only the front of what may be a detach key waits.
    fn keep_partial(&mut self, now: Instant, rest: &[u8], delivered: usize, out: &mut Vec<u8>) {
        let may_be_key = matches!(rest, [0x1b, b'[', fields @ ..]
            if fields.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')));
        self.partial = rest.to_vec();
        self.delivered = delivered;
        if self.pressed == 0 && !may_be_key {
            out.extend_from_slice(rest.get(delivered..).unwrap_or_default());
            self.delivered = rest.len();
        }
        self.partial_until = Some(now + SEQUENCE_PATIENCE);
    }

    fn token(&mut self, now: Instant, token: Token, bytes: &[u8], out: &mut Vec<u8>) -> Action {
        match token {
            Token::Key(key) => return self.key(now, key, bytes, out),
            // between the keys of a detach key these come without the user's doing
            Token::Quiet if self.pressed > 0 && self.held.len() + bytes.len() < MOST_HELD => {
                self.held.extend_from_slice(bytes);
            }
            Token::PasteStart => {
                self.release(out);
                out.extend_from_slice(bytes);
                self.paste = Some(PasteEnd::default());
            }
            Token::Quiet | Token::PasteEnd | Token::Reply | Token::Other => {
                self.release(out);
                out.extend_from_slice(bytes);
            }
        }
        Action::Deliver
    }

    fn key(&mut self, now: Instant, key: Key, bytes: &[u8], out: &mut Vec<u8>) -> Action {
        let keys = &self.detach.keys;
        if keys.get(self.pressed) == Some(&key) {
            self.pressed += 1;
            if self.pressed == keys.len() {
                self.forget();
                return Action::Detach;
            }
            self.held.extend_from_slice(bytes);
            self.held_until = Some(now + PREFIX_PATIENCE);
        } else if self.pressed == 1 && keys.first() == Some(&key) {
            // the first one goes on, whose Escape may have been delivered already
            self.release(out);
        } else if self.pressed > 0 {
            self.release(out);
            return self.key(now, key, bytes, out);
        } else {
            out.extend_from_slice(bytes);
        }
        Action::Deliver
    }

    /// Delivers the keys of a detach key that did not come to its end.
    fn release(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.held);
        self.forget();
    }

    fn forget(&mut self) {
        self.held.clear();
        self.held_until = None;
        self.pressed = 0;
    }
}

impl PasteEnd {
    /// How many of `bytes` belong to the paste, and whether it ends behind them.
    fn find(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            // only the first byte of the end is an Escape, so that a mismatch begins anew with it
            self.0 = match PASTE_END.get(self.0) {
                Some(wanted) if wanted == byte => self.0 + 1,
                _ => usize::from(*byte == 0x1b),
            };
            if self.0 == PASTE_END.len() {
                return (at + 1, true);
            }
        }
        (bytes.len(), false)
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
