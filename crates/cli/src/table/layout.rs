//! Tables whose columns stand where Windows' tools put them.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A column of a table; places are counted in terminal columns from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) title: &'static str,
    /// Where its cells stand.
    pub(crate) place: Place,
}

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// From `start` on, cut after `width` columns.
    Left {
        /// Column of the first character.
        start: usize,
        /// Most columns; [`usize::MAX`] for a last column that is never cut.
        width: usize,
    },
    /// Up to and including column `last`.
    Right {
        /// Column of the last character.
        last: usize,
    },
}

impl Column {
    pub(crate) const fn left(title: &'static str, start: usize, width: usize) -> Self {
        let place = Place::Left { start, width };
        Self { title, place }
    }

    pub(crate) const fn right(title: &'static str, last: usize) -> Self {
        let place = Place::Right { last };
        Self { title, place }
    }

    /// The column `by` further to the right.
    pub(crate) fn moved(self, by: usize) -> Self {
        let place = match self.place {
            Place::Left { start, width } => Place::Left {
                start: start + by,
                width,
            },
            Place::Right { last } => Place::Right { last: last + by },
        };
        Self { place, ..self }
    }
}

/// The line of titles, with its line break.
pub(crate) fn header(columns: &[Column], out: &mut String) {
    let titles: Vec<Cow<'_, str>> = columns.iter().map(|c| c.title.into()).collect();
    line(columns, ' ', &titles, out);
}

/// One line with its line break: `marker` in column 0, then the cells.
///
/// A cell is cut rather than touch the next one; a number is never cut but moves to the right,
/// because half a number is a wrong number.
pub(crate) fn line(columns: &[Column], marker: char, cells: &[Cow<'_, str>], out: &mut String) {
    let begin = out.len();
    out.push(marker);
    let mut at = 1;
    for (index, (column, cell)) in columns.iter().zip(cells).enumerate() {
        let cell = visible(cell);
        let (start, most) = match column.place {
            Place::Left { start, width } => (start, width),
            Place::Right { last } => ((last + 1).saturating_sub(width(&cell)), usize::MAX),
        };
        // The first cell touches the marker's column, the others keep a blank before them.
        let start = start.max(if index == 0 {
            1
        } else {
            at + usize::from(at > 1)
        });
        let room = match (column.place, columns.get(index + 1), cells.get(index + 1)) {
            (Place::Left { .. }, Some(next), Some(next_cell)) => {
                let next_start = match next.place {
                    Place::Left { start, .. } => start,
                    Place::Right { last } => (last + 1).saturating_sub(width(&visible(next_cell))),
                };
                most.min(next_start.saturating_sub(start + 1))
            }
            _ => most,
        };
        let cell = cut(&cell, room);
        if cell.is_empty() {
            continue;
        }
        out.extend(std::iter::repeat_n(' ', start - at));
        out.push_str(cell);
        at = start + width(cell);
    }
    let used = out.trim_end_matches(' ').len();
    // A marker of an empty line stays.
    out.truncate(used.max(begin + usize::from(marker != ' ')));
    out.push('\n');
}

/// Columns that a text takes up on a terminal.
fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.width()
    }
}

/// The longest beginning of `text` that fits into `most` columns.
fn cut(text: &str, most: usize) -> &str {
    if width(text) <= most {
        return text;
    }
    let mut taken = 0;
    let end = text.char_indices().find_map(|(index, c)| {
        taken += c.width().unwrap_or(0);
        (taken > most).then_some(index)
    });
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The text with control characters, and those that change the direction or hide text, spelled
/// out: what others choose as names must not reach the terminal of whoever lists them.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..0x7f).contains(&b)) || !text.chars().any(is_unsafe) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match u32::from(c) {
            code @ 0..=0x1f => {
                shown.push('^');
                shown.extend(char::from_u32(code + 0x40));
            }
            0x7f => shown.push_str("^?"),
            code if is_unsafe(c) => {
                let _infallible = write!(shown, "<U+{code:04X}>");
            }
            _ => shown.push(c),
        }
    }
    shown.into()
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
