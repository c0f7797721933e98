//! Messages to the terminals of a session.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};

use super::ActError;
use crate::found::Found;
use crate::parse::tty::Tty;

/// Longest message that is written, in characters.
const MAX_TEXT: usize = 8 << 10;

/// Writes a message to all terminals of a session; gives how many show it.
///
/// This needs no utmp: what `wall` and `write` look there for, the session knows itself.
pub fn tell(found: &Found, from: &str, text: &str) -> Result<u32, ActError> {
    if found.ttys.is_empty() {
        return Err(ActError::Impossible("it has no terminal to write to"));
    }
    let message = framed(from, text);
    let mut shown = 0;
    let mut last = None;
    for tty in &found.ttys {
        match write(*tty, found.uid, message.as_bytes()) {
            Ok(()) => shown += 1,
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) if shown == 0 => Err(error),
        Some(_) | None => Ok(shown),
    }
}

/// The message between blank lines, with a bell.
fn framed(from: &str, text: &str) -> String {
    let mut out = format!("\r\n\x07Message from {}:\r\n\r\n", sanitised(from));
    for line in text.lines() {
        out.push_str("  ");
        out.push_str(&sanitised(line));
        out.push_str("\r\n");
    }
    out.push_str("\r\n");
    out
}

/// The text with everything that a terminal would obey, or that would show it in another order
/// than it has, made visible.
pub fn sanitised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(MAX_TEXT) {
        match c {
            '\t' => out.push('\t'),
            '\u{7f}' => out.push_str("^?"),
            '\0'..='\u{1f}' => {
                out.push('^');
                // A control character is its letter without the seventh bit.
                out.push(char::from_u32(u32::from(c) + 0x40).unwrap_or('?'));
            }
            '\u{80}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => out.extend(c.escape_unicode()),
            other => out.push(other),
        }
    }
    out
}

/// Writes all of it or says why not. A terminal whose reader has stopped takes nothing, and is not
/// waited for.
fn write(tty: Tty, uid: u32, message: &[u8]) -> Result<(), ActError> {
    let file = File::options()
        .write(true)
        .custom_flags(nonblocking())
        .open(format!("/dev/{tty}"));
    let mut file = file.map_err(super::denied)?;
    let found = file.metadata()?;
    // A terminal that was closed may be somebody else's by now.
    if !found.file_type().is_char_device() || found.uid() != uid {
        return Err(ActError::Impossible("its terminal is gone"));
    }
    match file.write_all(message) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ActError::Impossible(
            "its terminal takes nothing: output is stopped, or its client hangs",
        )),
        Err(error) => Err(error.into()),
    }
}

fn nonblocking() -> i32 {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    i32::try_from(flags.bits()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_is_obeyed() {
        for (text, shown) in [
            ("plain, Üml\taut", "plain, Üml\taut"),
            ("\x1b[2Jgone", "^[[2Jgone"),
            ("a\rb\x07\x00", "a^Mb^G^@"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m^?"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(sanitised(text), shown);
        }
        let message = framed("eve\x1b]0;x\x07", "one\ntwo\x1bc");
        let obeyed: Vec<char> = message.chars().filter(|c| c.is_control()).collect();
        assert_eq!(obeyed.iter().filter(|c| **c == '\x07').count(), 1);
        assert!(obeyed.iter().all(|c| matches!(c, '\r' | '\n' | '\x07')));
        assert!(message.contains("Message from eve^[]0;x^G:") && message.contains("  two^[c\r\n"));
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(sanitised(&"x".repeat(100_000)).len(), MAX_TEXT);
    }
}
