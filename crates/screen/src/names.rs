//! Texts that a program gives the terminal: titles, folder, colours.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Most bytes of a title, a folder or an address.
pub(crate) const MAX_TEXT: usize = 2_048;
/// Most entries of the title stack; pushing onto a full one drops the oldest.
const MAX_TITLES: usize = 10;
/// Most bytes of a colour's name.
const MAX_COLOR: usize = 64;

/// Text that can be put into an escape sequence again: no control characters, bounded.
pub(crate) fn clean(bytes: &[u8], max: usize) -> String {
    let mut text = String::new();
    for char in String::from_utf8_lossy(bytes).chars() {
        if text.len() + char.len_utf8() > max {
            break;
        }
        if !char.is_control() {
            text.push(char);
        }
    }
    text
}

/// Titles and the folder; empty means never set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) icon: String,
    pub(crate) title: String,
    pub(crate) folder: String,
    /// Icon and window titles pushed by XTWINOPS 22, either may be left out.
    stack: Vec<(Option<String>, Option<String>)>,
}

impl Names {
    /// `CSI 22 ; which t`: 0 both, 1 the icon's title, 2 the window's.
    pub(crate) fn push(&mut self, which: u16) {
        if self.stack.len() == MAX_TITLES {
            self.stack.remove(0);
        }
        self.stack.push((
            (which != 2).then(|| self.icon.clone()),
            (which != 1).then(|| self.title.clone()),
        ));
    }

    /// `CSI 23 ; which t`
    pub(crate) fn pop(&mut self, which: u16) {
        let Some((icon, title)) = self.stack.pop() else {
            return;
        };
        if let (0 | 1, Some(icon)) = (which, icon) {
            self.icon = icon;
        }
        if let (0 | 2, Some(title)) = (which, title) {
            self.title = title;
        }
    }

    /// Appends what sets this on a fresh terminal.
    pub(crate) fn write(&self, out: &mut String) {
        for entry in &self.stack {
            let which = match entry {
                (Some(icon), Some(title)) => {
                    write_osc(out, 1, icon);
                    write_osc(out, 2, title);
                    0
                }
                (Some(icon), None) => {
                    write_osc(out, 1, icon);
                    1
                }
                (None, title) => {
                    write_osc(out, 2, title.as_deref().unwrap_or_default());
                    2
                }
            };
            _ = write!(out, "\x1b[22;{which}t");
        }
        for (number, text) in [(1, &self.icon), (2, &self.title), (7, &self.folder)] {
            if !text.is_empty() || (number != 7 && !self.stack.is_empty()) {
                write_osc(out, number, text);
            }
        }
    }
}

fn write_osc(out: &mut String, number: u16, text: &str) {
    _ = write!(out, "\x1b]{number};{text}\x1b\\");
}

/// Colours that a program changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    indexed: BTreeMap<u8, String>,
    /// OSC 10 to 19: text, background, cursor and so on.
    dynamic: BTreeMap<u8, String>,
}

impl Palette {
    /// `OSC 4 ; index ; colour ; ...`
    pub(crate) fn set_indexed(&mut self, payload: &[u8]) {
        let mut fields = payload.split(|byte| *byte == b';');
        while let (Some(index), Some(color)) = (fields.next(), fields.next()) {
            if let Some(index) = number(index).and_then(|index| u8::try_from(index).ok())
                && let Some(color) = color_name(color)
            {
                self.indexed.insert(index, color);
            }
        }
    }

    /// `OSC 10 ; colour ; ...`: each further colour belongs to the next number.
    pub(crate) fn set_dynamic(&mut self, first: u8, payload: &[u8]) {
        for (slot, color) in (first..=19).zip(payload.split(|byte| *byte == b';')) {
            if let Some(color) = color_name(color) {
                self.dynamic.insert(slot, color);
            }
        }
    }

    /// `OSC 104 ; index ; ...`, without an index all.
    pub(crate) fn reset_indexed(&mut self, payload: &[u8]) {
        if payload.is_empty() {
            self.indexed.clear();
        }
        for index in payload.split(|byte| *byte == b';') {
            if let Some(index) = number(index).and_then(|index| u8::try_from(index).ok()) {
                self.indexed.remove(&index);
            }
        }
    }

    /// `OSC 110` to `OSC 119`
    pub(crate) fn reset_dynamic(&mut self, slot: u8) {
        self.dynamic.remove(&slot);
    }

    /// Appends what sets this on a fresh terminal.
    pub(crate) fn write(&self, out: &mut String) {
        for (index, color) in &self.indexed {
            _ = write!(out, "\x1b]4;{index};{color}\x1b\\");
        }
        for (slot, color) in &self.dynamic {
            _ = write!(out, "\x1b]{slot};{color}\x1b\\");
        }
    }
}

/// A colour's name, unless it is a query or longer than any.
fn color_name(bytes: &[u8]) -> Option<String> {
    let name = clean(bytes, MAX_COLOR + 1);
    (!name.is_empty() && name.len() <= MAX_COLOR && name != "?").then_some(name)
}

/// A decimal number.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A hyperlink.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Link {
    /// What parts of one link have in common; empty if the program gave none.
    pub id: String,
    /// Where it leads.
    pub uri: String,
}

impl Link {
    /// From `params ; uri`; `None` ends a link, as does an address beyond every bound.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let at = memchr::memchr(b';', payload)?;
        let (params, uri) = payload.split_at_checked(at)?;
        let uri = uri.get(1..)?;
        if uri.len() > MAX_TEXT {
            return None;
        }
        let uri = clean(uri, MAX_TEXT);
        let id = params
            .split(|byte| *byte == b':')
            .find_map(|param| param.strip_prefix(b"id="))
            .unwrap_or_default();
        (!uri.is_empty()).then(|| Self {
            id: clean(id, 256),
            uri,
        })
    }

    /// Appends the sequence that begins this link, or that ends one.
    pub(crate) fn write(link: Option<&Self>, out: &mut String) {
        match link {
            None => out.push_str("\x1b]8;;\x1b\\"),
            Some(Self { id, uri }) if id.is_empty() => _ = write!(out, "\x1b]8;;{uri}\x1b\\"),
            Some(Self { id, uri }) => _ = write!(out, "\x1b]8;id={id};{uri}\x1b\\"),
        }
    }
}
