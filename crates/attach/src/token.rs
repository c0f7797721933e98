//! What a terminal sends, cut into keys and the rest.
//!
//! Keys come in three encodings: plain bytes, the kitty keyboard's `ESC [ code ; modifiers u`, and
//! xterm's modifyOtherKeys, `ESC [ 27 ; modifiers ; code ~`. Beside keys a terminal sends mouse and
//! focus reports, replies to queries, and the brackets around pasted text.

/// Longest reply (a string such as `ESC ] 11 ; … BEL`) that is recognised as one, in bytes.
const LONGEST_STRING: usize = 4096;
/// Longest control sequence that is waited for, in bytes.
const LONGEST_CONTROL: usize = 64;

/// The modifier keys held down with a key, as the kitty keyboard counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modifiers(pub(crate) u8);

impl Modifiers {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const SHIFT: Self = Self(1);
    pub(crate) const ALT: Self = Self(2);
    pub(crate) const CONTROL: Self = Self(4);
    /// Caps lock and num lock are states, not keys held down.
    const LOCKS: u8 = 64 | 128;

    /// From a sequence's parameter, which is one more than the mask.
    fn from_parameter(parameter: Option<u32>) -> Self {
        let mask = parameter.unwrap_or(1).saturating_sub(1);
        Self(u8::try_from(mask & 0xff).unwrap_or(0) & !Self::LOCKS)
    }
}

/// A key that was pressed: the character it is known by, and what was held down with it.
///
/// Enter is `\r`, Tab `\t`, Escape `\x1b`, Backspace `\x7f`. A letter typed with Shift alone is
/// the capital without a modifier, as it is in plain bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) code: char,
    pub(crate) modifiers: Modifiers,
}

impl Key {
    pub(crate) const ENTER: Self = Self::plain('\r');
    pub(crate) const ESCAPE: Self = Self::plain('\x1b');
    pub(crate) const BACKSPACE: Self = Self::plain('\x7f');

    pub(crate) const fn plain(code: char) -> Self {
        Self {
            code,
            modifiers: Modifiers::NONE,
        }
    }

    pub(crate) const fn control(code: char) -> Self {
        Self {
            code,
            modifiers: Modifiers::CONTROL,
        }
    }

    /// The character that this key types, if it types one.
    pub(crate) fn text(self) -> Option<char> {
        (self.modifiers == Modifiers::NONE && !self.code.is_control()).then_some(self.code)
    }
}

/// One thing that a terminal sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A key went down, or repeats.
    Key(Key),
    /// What no key press made: a release, a modifier by itself, mouse and focus reports.
    Quiet,
    /// Pasted text begins.
    PasteStart,
    /// Pasted text ends.
    PasteEnd,
    /// The terminal answers a query.
    Reply,
    /// Arrows, function keys, and what is not known.
    Other,
}

/// The first token of `bytes` and its length; `None` if more bytes are needed to tell.
pub(crate) fn first_token(bytes: &[u8]) -> Option<(Token, usize)> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0x1b => escape(rest).map(|(token, length)| (token, length + 1)),
        0x09 | 0x0d | 0x7f | 0x20 => Some((Token::Key(Key::plain(char::from(first))), 1)),
        0x00..=0x1f => Some((Token::Key(Key::control(control_letter(first))), 1)),
        _ => character(bytes),
    }
}

/// The character whose Control key sends this byte: 0x01 is Control-a, 0x1c Control-\.
fn control_letter(byte: u8) -> char {
    char::from(byte | 0x40).to_ascii_lowercase()
}

/// A character in UTF-8; a byte that begins none is a token of its own.
fn character(bytes: &[u8]) -> Option<(Token, usize)> {
    let window = bytes.get(..4).unwrap_or(bytes);
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(window.get(..error.valid_up_to())?).ok()?
        }
        Err(error) => return error.error_len().map(|_| (Token::Other, 1)),
    };
    let character = valid.chars().next()?;
    Some((Token::Key(Key::plain(character)), character.len_utf8()))
}

/// What follows an Escape.
fn escape(rest: &[u8]) -> Option<(Token, usize)> {
    let (&kind, rest) = rest.split_first()?;
    match kind {
        b'[' => control_sequence(rest).map(|(token, length)| (token, length + 1)),
        b']' | b'P' | b'_' | b'^' => Some(string(kind, rest)?).map(|(t, n)| (t, n + 1)),
        b'O' => rest.first().map(|_| (Token::Other, 2)),
        // a second Escape begins anew: the first was a key by itself
        0x1b => Some((Token::Key(Key::ESCAPE), 0)),
        byte if byte.is_ascii() => {
            let (token, length) = first_token(&[byte])?;
            let token = match token {
                Token::Key(key) => Token::Key(Key {
                    modifiers: Modifiers(key.modifiers.0 | Modifiers::ALT.0),
                    ..key
                }),
                other => other,
            };
            Some((token, length))
        }
        _ => Some((Token::Key(Key::ESCAPE), 0)),
    }
}

/// A string up to BEL or `ESC \`, after its introducer.
fn string(introducer: u8, rest: &[u8]) -> Option<(Token, usize)> {
    for (at, &byte) in rest.iter().enumerate().take(LONGEST_STRING) {
        match byte {
            0x07 => return Some((Token::Reply, at + 1)),
            0x1b => {
                return match rest.get(at + 1) {
                    Some(b'\\') => Some((Token::Reply, at + 2)),
                    // not a reply after all: Alt and the introducer's key
                    Some(_) => Some((alt(introducer), 0)),
                    None => None,
                };
            }
            0x20.. => {}
            // no reply holds another control character: Alt and the introducer's key
            _ => return Some((alt(introducer), 0)),
        }
    }
    (rest.len() >= LONGEST_STRING).then(|| (alt(introducer), 0))
}

fn alt(byte: u8) -> Token {
    Token::Key(Key {
        code: char::from(byte),
        modifiers: Modifiers::ALT,
    })
}

/// A control sequence, after `ESC [`.
fn control_sequence(rest: &[u8]) -> Option<(Token, usize)> {
    let end = rest
        .iter()
        .take(LONGEST_CONTROL)
        .position(|byte| !(0x20..=0x3f).contains(byte));
    let Some(end) = end else {
        return (rest.len() >= LONGEST_CONTROL).then_some((Token::Other, LONGEST_CONTROL));
    };
    let (parameters, last) = (rest.get(..end)?, *rest.get(end)?);
    match (last, parameters) {
        // the old mouse report: three bytes follow
        (b'M', b"") => (rest.len() >= 4).then_some((Token::Quiet, 4)),
        (0x40..=0x7e, _) => Some((meaning(parameters, last), end + 1)),
        // broken off: what broke it is looked at next
        _ => Some((Token::Other, end)),
    }
}

fn meaning(parameters: &[u8], last: u8) -> Token {
    let private = parameters
        .first()
        .is_some_and(|byte| (0x3c..=0x3f).contains(byte));
    match (last, private) {
        (b'M' | b'm', true) | (b'I' | b'O', false) => Token::Quiet,
        (b'~', false) if parameters == b"200" => Token::PasteStart,
        (b'~', false) if parameters == b"201" => Token::PasteEnd,
        (b'u' | b'~', false) => encoded_key(parameters, last),
        (_, true) | (b'R' | b'c' | b'n' | b't', _) => Token::Reply,
        _ => Token::Other,
    }
}

/// A key in the encodings of the kitty keyboard (`u`) and of modifyOtherKeys (`~`).
fn encoded_key(parameters: &[u8], last: u8) -> Token {
    let Ok(text) = std::str::from_utf8(parameters) else {
        return Token::Other;
    };
    let mut fields = text.split(';').map(|field| {
        let mut parts = field.split(':').map(|part| part.parse::<u32>().ok());
        (parts.next().flatten(), parts.next().flatten())
    });
    let (first, second, third) = (fields.next(), fields.next(), fields.next());
    let (code, modifiers, event, typed) = match (last, first) {
        (b'u', Some((code, _))) => {
            let (modifiers, event) = second.unwrap_or_default();
            (code, modifiers, event, third.and_then(|(typed, _)| typed))
        }
        (b'~', Some((Some(27), _))) => {
            let (modifiers, _) = second.unwrap_or_default();
            (third.and_then(|(code, _)| code), modifiers, None, None)
        }
        _ => return Token::Other,
    };
    // 57441 to 57454 are the modifiers themselves, 57358 to 57360 the locks; event 3 is a release
    match code {
        Some(57441..=57454 | 57358..=57360) => return Token::Quiet,
        _ if event == Some(3) => return Token::Quiet,
        _ => {}
    }
    let code = code.map(|code| if code == 57414 { 13 } else { code });
    match code.and_then(char::from_u32) {
        Some(code) => Token::Key(normal(code, Modifiers::from_parameter(modifiers), typed)),
        None => Token::Other,
    }
}

/// The key as plain bytes would give it, where they can.
fn normal(code: char, modifiers: Modifiers, typed: Option<u32>) -> Key {
    if modifiers == Modifiers::SHIFT && !code.is_control() {
        let typed = typed.and_then(char::from_u32);
        return Key::plain(typed.unwrap_or(code.to_ascii_uppercase()));
    }
    Key { code, modifiers }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(code: char, modifiers: u8) -> Token {
        Token::Key(Key {
            code,
            modifiers: Modifiers(modifiers),
        })
    }

    /// What it is, the bytes, and the first token with its length.
    type Case<'a> = (&'a str, &'a [u8], Option<(Token, usize)>);

    #[test]
    fn tokens_are_told_apart() {
        let cases: &[Case<'_>] = &[
            ("nothing", b"", None),
            ("letter", b"d", Some((key('d', 0), 1))),
            ("enter", b"\r", Some((key('\r', 0), 1))),
            ("control-backslash", b"\x1c", Some((key('\\', 4), 1))),
            ("control-b", b"\x02x", Some((key('b', 4), 1))),
            ("two bytes of UTF-8", "é".as_bytes(), Some((key('é', 0), 2))),
            ("half a character", b"\xc3", None),
            ("no character", b"\xff\xff", Some((Token::Other, 1))),
            ("character, then none", b"a\xff", Some((key('a', 0), 1))),
            ("escape, maybe more", b"\x1b", None),
            (
                "escape twice",
                b"\x1b\x1b",
                Some((Token::Key(Key::ESCAPE), 1)),
            ),
            ("alt-x", b"\x1bx", Some((key('x', 2), 2))),
            ("up", b"\x1b[A", Some((Token::Other, 3))),
            ("F1", b"\x1bOP", Some((Token::Other, 3))),
            ("kitty", b"\x1b[92;5u", Some((key('\\', 4), 7))),
            (
                "kitty with num lock",
                b"\x1b[92;133u",
                Some((key('\\', 4), 9)),
            ),
            (
                "kitty, alternates",
                b"\x1b[92:124:92;5:1u",
                Some((key('\\', 4), 16)),
            ),
            ("kitty repeat", b"\x1b[92;5:2u", Some((key('\\', 4), 9))),
            ("kitty release", b"\x1b[92;5:3u", Some((Token::Quiet, 9))),
            ("kitty plain", b"\x1b[100u", Some((key('d', 0), 6))),
            ("kitty capital", b"\x1b[100;2u", Some((key('D', 0), 8))),
            ("kitty text", b"\x1b[50;2;64u", Some((key('@', 0), 10))),
            (
                "kitty control key alone",
                b"\x1b[57442;5u",
                Some((Token::Quiet, 10)),
            ),
            ("keypad enter", b"\x1b[57414u", Some((key('\r', 0), 8))),
            (
                "modifyOtherKeys",
                b"\x1b[27;5;92~",
                Some((key('\\', 4), 10)),
            ),
            ("with shift too", b"\x1b[27;6;92~", Some((key('\\', 5), 10))),
            ("delete", b"\x1b[3~", Some((Token::Other, 4))),
            ("half a sequence", b"\x1b[92;5", None),
            ("broken sequence", b"\x1b[92\x1c", Some((Token::Other, 4))),
            ("paste starts", b"\x1b[200~a", Some((Token::PasteStart, 6))),
            ("paste ends", b"\x1b[201~", Some((Token::PasteEnd, 6))),
            ("mouse", b"\x1b[<0;1;2M", Some((Token::Quiet, 9))),
            ("old mouse", b"\x1b[M !!x", Some((Token::Quiet, 6))),
            ("old mouse, half", b"\x1b[M !", None),
            ("focus", b"\x1b[I", Some((Token::Quiet, 3))),
            ("device attributes", b"\x1b[?62;4c", Some((Token::Reply, 8))),
            ("cursor position", b"\x1b[2;5R", Some((Token::Reply, 6))),
            (
                "colour",
                b"\x1b]11;rgb:0/0/0\x1b\\z",
                Some((Token::Reply, 16)),
            ),
            (
                "colour with bell",
                b"\x1b]11;rgb:0/0/0\x07",
                Some((Token::Reply, 15)),
            ),
            ("colour, half", b"\x1b]11;rgb:0/0/0\x1b", None),
            ("no reply", b"\x1bP\x1c", Some((key('P', 2), 2))),
        ];
        for (label, bytes, wanted) in cases {
            assert_eq!(first_token(bytes), *wanted, "{label}");
        }
    }

    proptest! {
        #[test]
        fn every_token_moves_on(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            let mut rest = &bytes[..];
            while let Some((_, length)) = first_token(rest) {
                prop_assert!(length > 0 && length <= rest.len());
                rest = &rest[length..];
            }
        }

        #[test]
        fn whatever_is_long_is_told(byte in any::<u8>(), fill in any::<u8>()) {
            let mut bytes = vec![fill; LONGEST_STRING + 8];
            bytes[0] = 0x1b;
            bytes[1] = byte;
            prop_assert!(first_token(&bytes).is_some());
        }
    }
}
