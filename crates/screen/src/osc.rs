//! Operating system commands: titles, folder, colours, hyperlinks.

use crate::model::Model;
use crate::names::{Link, MAX_TEXT, clean, number};

impl Model {
    /// Obeys one command, given without its introducer and terminator. What is no state of the
    /// terminal (the clipboard, notifications, marks of shells) and what is unknown does nothing.
    pub(crate) fn command(&mut self, payload: &[u8]) {
        self.last = None;
        let at = memchr::memchr(b';', payload).unwrap_or(payload.len());
        let (code, rest) = payload.split_at_checked(at).unwrap_or_default();
        let rest = rest.get(1..).unwrap_or_default();
        let Some(code) = number(code).and_then(|code| u8::try_from(code).ok()) else {
            return;
        };
        match code {
            0 => {
                self.names.title = clean(rest, MAX_TEXT);
                self.names.icon.clone_from(&self.names.title);
            }
            1 => self.names.icon = clean(rest, MAX_TEXT),
            2 => self.names.title = clean(rest, MAX_TEXT),
            4 => self.palette.set_indexed(rest),
            7 => self.names.folder = clean(rest, MAX_TEXT),
            8 => self.set_link(Link::parse(rest).as_ref()),
            10..=19 => self.palette.set_dynamic(code, rest),
            104 => self.palette.reset_indexed(rest),
            110..=119 => self.palette.reset_dynamic(code - 100),
            _ => {}
        }
    }
}
