//! Reading a screen.

use crate::cell::Cell;
use crate::names::Link;
use crate::paint::Painter;
use crate::row::Row;
use crate::screen::Screen;
use crate::style::Style;

/// One character position of a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellView<'a> {
    /// The character with what combines with it; empty for the second half of a wide one.
    pub text: String,
    /// Columns: 1, 2 for a wide character, 0 for the second half of one.
    pub width: u8,
    /// How it looks.
    pub style: Style,
    /// Where it leads.
    pub link: Option<&'a Link>,
}

/// The cursor of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorView {
    /// Row from 0 at the top.
    pub row: u16,
    /// Column from 0 at the left.
    pub col: u16,
    /// The last column was written; the next character goes to the next row.
    pub pending_wrap: bool,
    /// Whether it is shown.
    pub visible: bool,
    /// Its look, the parameter of DECSCUSR; 0 is the terminal's own.
    pub style: u16,
}

impl Screen {
    /// What it shows: a line for each row, ended by a newline, without trailing blanks.
    pub fn text(&self) -> String {
        self.lines(self.model.grid().rows(), false)
    }

    /// [`Screen::text`] with the sequences that give it its colours and attributes. Each line
    /// begins and ends in the default style.
    pub fn ansi(&self) -> String {
        self.lines(self.model.grid().rows(), true)
    }

    /// The last `lines` lines that scrolled off, as [`Screen::text`] writes them.
    pub fn scrollback_text(&self, lines: usize) -> String {
        self.lines(self.last_scrolled(lines), false)
    }

    /// The last `lines` lines that scrolled off, as [`Screen::ansi`] writes them.
    pub fn scrollback_ansi(&self, lines: usize) -> String {
        self.lines(self.last_scrolled(lines), true)
    }

    /// How many lines that scrolled off it has.
    pub fn scrollback_len(&self) -> usize {
        self.model.primary.history().len()
    }

    /// The character position at a row and a column from 0; `None` beyond the screen.
    pub fn cell(&self, row: u16, col: u16) -> Option<CellView<'_>> {
        let (model, row, col) = (&self.model, usize::from(row), usize::from(col));
        if row >= model.rows() || col >= model.cols() {
            return None;
        }
        let Cell { glyph, style } = model.grid().cell(row, col);
        let style = model.styles.get(style).copied().unwrap_or_default();
        let mut text = String::new();
        glyph.push_to(&mut text, &model.clusters);
        Some(CellView {
            text,
            width: match (glyph.is_tail(), glyph.is_wide()) {
                (true, _) => 0,
                (false, true) => 2,
                (false, false) => 1,
            },
            style,
            link: model.links.get(style.link).filter(|_| style.link != 0),
        })
    }

    /// The cursor.
    pub fn cursor(&self) -> CursorView {
        let at = self.model.cursor;
        let side = |side| u16::try_from(side).unwrap_or(u16::MAX);
        CursorView {
            row: side(at.row),
            col: side(at.col),
            pending_wrap: at.wrap,
            visible: self.model.modes.cursor_visible,
            style: self.model.cursor_style,
        }
    }

    /// First and last row of the scroll region, from 0.
    pub fn scroll_region(&self) -> (u16, u16) {
        let (top, bottom) = self.model.margins;
        let side = |side| u16::try_from(side).unwrap_or(u16::MAX);
        (side(top), side(bottom))
    }

    fn last_scrolled(&self, lines: usize) -> impl Iterator<Item = &Row> {
        let history = self.model.primary.history();
        let skipped = history.len().saturating_sub(lines);
        history.skip(skipped)
    }

    fn lines<'a>(&self, rows: impl Iterator<Item = &'a Row>, styled: bool) -> String {
        let (model, cols) = (&self.model, self.model.cols());
        let mut painter = Painter::new(model);
        for row in rows {
            if styled {
                painter.cells(Some(row), row.used(cols), cols);
                painter.set_pen(Style::default());
            } else {
                let start = painter.out.len();
                for col in 0..row.used(cols) {
                    row.get(col)
                        .glyph
                        .push_to(&mut painter.out, &model.clusters);
                }
                let end = painter.out.trim_end_matches(' ').len();
                painter.out.truncate(end.max(start));
            }
            painter.out.push('\n');
        }
        painter.out
    }
}
