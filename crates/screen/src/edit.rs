//! Moving the cursor, erasing, inserting, deleting, and switching screens.

use crate::cell::Glyph;
use crate::cursor::{Charsets, Cursor, Saved};
use crate::grid::Grid;
use crate::keys::{KeyOptions, KittyKeys};
use crate::model::Model;
use crate::modes::Modes;
use crate::names::Palette;
use crate::style::Style;
use crate::tabs::Tabs;

impl Model {
    /// Puts the cursor at a position of the screen.
    pub(crate) fn go(&mut self, row: usize, col: usize) {
        self.cursor = Cursor {
            row,
            col,
            wrap: false,
        }
        .clamped(self.rows(), self.cols());
    }

    /// Puts the cursor at a row counted from the top, or in origin mode from the region's top.
    pub(crate) fn go_origin(&mut self, row: usize, col: usize) {
        if self.modes.origin {
            let (top, bottom) = self.margins;
            self.go((top + row).min(bottom), col);
        } else {
            self.go(row, col);
        }
    }

    /// Moves up, not out of the scroll region if the cursor is in it.
    pub(crate) fn up(&mut self, count: usize) {
        let Cursor { row, col, .. } = self.cursor;
        let top = if row >= self.margins.0 {
            self.margins.0
        } else {
            0
        };
        self.go(row.saturating_sub(count).max(top), col);
    }

    /// Moves down, not out of the scroll region if the cursor is in it.
    pub(crate) fn down(&mut self, count: usize) {
        let Cursor { row, col, .. } = self.cursor;
        let bottom = if row <= self.margins.1 {
            self.margins.1
        } else {
            self.rows() - 1
        };
        self.go((row + count).min(bottom), col);
    }

    /// ED: 0 from the cursor on, 1 up to it, 2 everything, 3 what scrolled off.
    pub(crate) fn erase_display(&mut self, what: u16) {
        let (row, rows, style) = (self.cursor.row, self.rows(), self.erase_id());
        match what {
            0 => {
                self.erase_line(0);
                self.grid_mut().clear_rows(row + 1..rows, style);
            }
            1 => {
                self.grid_mut().clear_rows(0..row, style);
                self.erase_line(1);
            }
            2 => self.grid_mut().clear_rows(0..rows, style),
            3 => self.grid_mut().clear_history(),
            _ => return,
        }
        self.cursor.wrap &= what == 3;
    }

    /// EL: 0 from the cursor on, 1 up to it, 2 the line.
    pub(crate) fn erase_line(&mut self, what: u16) {
        let (col, cols) = (self.cursor.col, self.cols());
        match what {
            0 => self.erase(col, cols - col),
            1 => self.erase(0, col + 1),
            2 => self.erase(0, cols),
            _ => {}
        }
    }

    /// Blanks `count` cells of the cursor's row.
    pub(crate) fn erase(&mut self, col: usize, count: usize) {
        let (style, cols, at) = (self.erase_id(), self.cols(), self.cursor.row);
        self.cursor.wrap = false;
        if let Some(row) = self.grid_mut().row_mut(at) {
            row.erase(col..(col + count).min(cols), style, cols);
        }
    }

    /// ICH
    pub(crate) fn insert_blanks(&mut self, count: usize) {
        let (style, cols, at) = (self.erase_id(), self.cols(), self.cursor);
        self.cursor.wrap = false;
        if let Some(row) = self.grid_mut().row_mut(at.row) {
            row.insert(at.col, count, style, cols);
        }
    }

    /// DCH
    pub(crate) fn delete_chars(&mut self, count: usize) {
        let (style, cols, at) = (self.erase_id(), self.cols(), self.cursor);
        self.cursor.wrap = false;
        if let Some(row) = self.grid_mut().row_mut(at.row) {
            row.delete(at.col, count, style, cols);
        }
    }

    /// IL (`down`) and DL; nothing outside the scroll region. As in xterm the column stays.
    pub(crate) fn shift_lines(&mut self, count: usize, down: bool) {
        let ((top, bottom), row, style) = (self.margins, self.cursor.row, self.erase_id());
        if !(top..=bottom).contains(&row) {
            return;
        }
        self.cursor.wrap = false;
        let grid = self.grid_mut();
        if down {
            grid.scroll_down(row, bottom, count, style);
        } else {
            grid.delete_rows(row, bottom, count, style);
        }
    }

    /// SU
    pub(crate) fn scroll_up(&mut self, count: usize) {
        let ((top, bottom), style) = (self.margins, self.erase_id());
        self.cursor.wrap = false;
        for _ in 0..count.min(bottom + 1 - top) {
            self.grid_mut().scroll_up(top, bottom, style);
        }
    }

    /// SD
    pub(crate) fn scroll_down(&mut self, count: usize) {
        let ((top, bottom), style) = (self.margins, self.erase_id());
        self.cursor.wrap = false;
        self.grid_mut().scroll_down(top, bottom, count, style);
    }

    /// DECSTBM
    pub(crate) fn set_margins(&mut self, top: usize, bottom: usize) {
        let bottom = match bottom {
            0 => self.rows(),
            bottom => bottom.min(self.rows()),
        };
        let top = top.max(1);
        if top < bottom {
            self.margins = (top - 1, bottom - 1);
            self.go_origin(0, 0);
        }
    }

    /// DECALN: a screen full of `E`.
    pub(crate) fn align(&mut self) {
        let (rows, cols) = (self.rows(), self.cols());
        self.margins = (0, rows - 1);
        self.modes.origin = false;
        self.go(0, 0);
        let line = vec![b'E'; cols];
        for at in 0..rows {
            if let Some(row) = self.grid_mut().row_mut(at) {
                row.clear(0);
                row.put_ascii(0, &line, 0);
            }
        }
    }

    /// REP: the last character again, `count` times.
    pub(crate) fn repeat(&mut self, count: usize) {
        let Some(char) = self.last else { return };
        // Once everything is full of it, only the column where it ends can still differ, and
        // that comes again with every full row.
        let row = self.previous().map_or(1, |col| {
            let wide = self.grid().cell(self.cursor.row, col).glyph.is_wide();
            if wide { self.cols() / 2 } else { self.cols() }
        });
        let full = row * (self.rows() + self.grid().keep() + 2);
        let count = match count.checked_sub(full) {
            Some(more) => full + more % row,
            None => count,
        };
        for _ in 0..count {
            self.print(char);
        }
    }

    /// DECSC
    pub(crate) fn save_cursor(&mut self) {
        *self.saved_mut() = Saved {
            at: self.cursor,
            pen: self.pen,
            charsets: self.charsets,
            origin: self.modes.origin,
        };
    }

    /// DECRC
    pub(crate) fn restore_cursor(&mut self) {
        let Saved {
            at,
            pen,
            charsets,
            origin,
        } = *self.saved_mut();
        self.pen = pen;
        self.pen_changed();
        self.charsets = charsets;
        self.modes.origin = origin;
        self.cursor = at.clamped(self.rows(), self.cols());
        if origin {
            let (top, bottom) = self.margins;
            self.cursor.row = self.cursor.row.clamp(top, bottom);
        }
    }

    /// Shows the alternate screen, blank. Unlike in xterm it is blank also when entered by
    /// mode 47, as in tmux: nothing of it is kept while it is not shown.
    pub(crate) fn enter_alternate(&mut self) {
        if self.alternate.is_none() {
            self.alternate = Some(Grid::new(self.rows(), self.cols(), 0));
            self.modes.alternate_screen = true;
        }
    }

    /// Shows the primary screen; the alternate one and what belongs to it alone are gone.
    pub(crate) fn leave_alternate(&mut self) {
        self.alternate = None;
        self.modes.alternate_screen = false;
        let ([_, saved], [_, kitty]) = (&mut self.saved, &mut self.kitty);
        *saved = Saved::default();
        *kitty = KittyKeys::default();
    }

    /// DECSTR
    pub(crate) fn soft_reset(&mut self) {
        self.margins = (0, self.rows() - 1);
        self.pen = Style::default();
        self.pen_changed();
        self.charsets = Charsets::default();
        self.single_shift = None;
        *self.saved_mut() = Saved::default();
        let modes = &mut self.modes;
        modes.insert = false;
        modes.origin = false;
        modes.autowrap = true;
        modes.cursor_visible = true;
        modes.application_cursor = false;
        modes.application_keypad = false;
    }

    /// RIS; titles and the folder stay, as in xterm.
    pub(crate) fn reset(&mut self) {
        self.leave_alternate();
        self.primary.reset();
        self.soft_reset();
        self.modes = Modes::default();
        self.cursor = Cursor::default();
        self.tabs = Tabs::default();
        self.kitty = [KittyKeys::default(), KittyKeys::default()];
        self.key_options = KeyOptions::default();
        self.cursor_style = 0;
        self.palette = Palette::default();
    }

    /// What the cursor is on or would be put on by REP, for painting: the column where the last
    /// character begins, if it is still there.
    pub(crate) fn last_at(&self) -> Option<(char, usize, Glyph)> {
        let (char, col) = (self.last?, self.previous()?);
        Some((char, col, self.grid().cell(self.cursor.row, col).glyph))
    }
}
