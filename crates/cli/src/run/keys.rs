//! Names of keys, and what a terminal sends for them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Keys that have names, in lower case; what they send is xterm's.
const NAMED: [(&str, &[u8]); 28] = [
    ("enter", b"\r"),
    ("tab", b"\t"),
    ("btab", b"\x1b[Z"),
    ("space", b" "),
    ("escape", b"\x1b"),
    ("backspace", b"\x7f"),
    ("delete", b"\x1b[3~"),
    ("insert", b"\x1b[2~"),
    ("up", b"\x1b[A"),
    ("down", b"\x1b[B"),
    ("right", b"\x1b[C"),
    ("left", b"\x1b[D"),
    ("home", b"\x1b[H"),
    ("end", b"\x1b[F"),
    ("pageup", b"\x1b[5~"),
    ("pagedown", b"\x1b[6~"),
    ("f1", b"\x1bOP"),
    ("f2", b"\x1bOQ"),
    ("f3", b"\x1bOR"),
    ("f4", b"\x1bOS"),
    ("f5", b"\x1b[15~"),
    ("f6", b"\x1b[17~"),
    ("f7", b"\x1b[18~"),
    ("f8", b"\x1b[19~"),
    ("f9", b"\x1b[20~"),
    ("f10", b"\x1b[21~"),
    ("f11", b"\x1b[23~"),
    ("f12", b"\x1b[24~"),
];

/// What the key `word` sends: a name, `C-x`, `M-x`, or else the word itself.
pub(crate) fn bytes(word: &OsStr) -> Vec<u8> {
    let Some(text) = word.to_str() else {
        return word.as_bytes().to_vec();
    };
    if let Some(rest) = after(text, "M-") {
        return [b"\x1b".as_slice(), &bytes(OsStr::new(rest))].concat();
    }
    if let Some(control) = after(text, "C-").and_then(control) {
        return vec![control];
    }
    let lower = text.to_ascii_lowercase();
    match NAMED.iter().find(|(name, _)| *name == lower) {
        Some((_, bytes)) => bytes.to_vec(),
        None => text.as_bytes().to_vec(),
    }
}

/// The rest of `C-x` and the like, if there is one.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix).filter(|rest| !rest.is_empty())
}

/// What Ctrl with a key sends.
fn control(key: &str) -> Option<u8> {
    if key.eq_ignore_ascii_case("space") {
        return Some(0);
    }
    match key.as_bytes() {
        [b'?'] => Some(0x7f),
        [key] if matches!(key.to_ascii_uppercase(), b'@'..=b'_') => Some(key & 0x1f),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_send_what_a_terminal_sends() {
        let cases: [(&str, &[u8]); 17] = [
            ("Enter", b"\r"),
            ("UP", b"\x1b[A"),
            ("f12", b"\x1b[24~"),
            ("C-c", b"\x03"),
            ("C-C", b"\x03"),
            ("C-Space", b"\0"),
            ("C-[", b"\x1b"),
            ("C-?", b"\x7f"),
            ("C-1", b"C-1"),
            ("C-", b"C-"),
            ("M-x", b"\x1bx"),
            ("M-Enter", b"\x1b\r"),
            ("M-C-a", b"\x1b\x01"),
            ("M-", b"M-"),
            ("ls", b"ls"),
            ("\u{65e5}", "\u{65e5}".as_bytes()),
            ("", b""),
        ];
        for (word, expected) in cases {
            assert_eq!(bytes(OsStr::new(word)), expected, "{word:?}");
        }
    }
}
