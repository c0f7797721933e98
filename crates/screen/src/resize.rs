//! Changing the size.

use winsta_domain::TerminalSize;

use crate::cell::{Cell, Glyph};
use crate::cursor::Cursor;
use crate::model::Model;
use crate::row::Row;
use crate::screen::Screen;

impl Screen {
    /// Gives the terminal another size.
    ///
    /// The alternate screen is cut or extended at its right and bottom edges. On the primary
    /// one lines that wrapped are joined and wrapped anew, as tmux does: when rows are taken
    /// away, those below the cursor go first, then the top ones scroll off; what does not fit
    /// after wrapping anew scrolls off too, and what has room again comes back. The scroll
    /// region becomes the whole screen, and new columns have the usual tab stops.
    pub fn resize(&mut self, size: TerminalSize) {
        self.model.resize(size.rows().into(), size.cols().into());
    }
}

impl Model {
    fn resize(&mut self, rows: usize, cols: usize) {
        let (old_rows, old_cols) = (self.rows(), self.cols());
        if (rows, cols) == (old_rows, old_cols) {
            return;
        }
        // The cursor that belongs to the primary screen: while the alternate one is shown, it
        // is the saved one.
        let [saved, saved_alternate] = self.saved;
        let at = if self.alternate.is_some() {
            saved.at
        } else {
            self.cursor
        };
        let moved = self.reflow(at, rows, cols);
        if let Some(alternate) = &mut self.alternate {
            alternate.crop(rows, cols);
            let [saved, _] = &mut self.saved;
            saved.at = moved;
            self.cursor = self.cursor.clamped(rows, cols);
        } else {
            let [saved, _] = &mut self.saved;
            saved.at = saved.at.clamped(rows, cols);
            self.cursor = moved;
        }
        let [_, saved] = &mut self.saved;
        saved.at = saved_alternate.at.clamped(rows, cols);
        self.last = None;
        self.margins = (0, rows - 1);
        self.tabs.restore_from(old_cols.min(cols));
    }

    /// Gives the primary screen its new size and says where its cursor came to be.
    fn reflow(&mut self, at: Cursor, rows: usize, cols: usize) -> Cursor {
        let (old_rows, old_cols) = (self.rows(), self.cols());
        let mut all = self.primary.take_all();
        let mut line = all.len() - old_rows + at.row;
        // Rows below the cursor make room first.
        let excess = old_rows.saturating_sub(rows).min(old_rows - 1 - at.row);
        all.truncate(all.len() - excess);
        let mut col = at.col;
        if cols != old_cols {
            let mut flow = Flow::new(old_cols, cols, (line, col));
            for (number, row) in all.into_iter().enumerate() {
                flow.take(number, row);
            }
            (all, (line, col)) = flow.finish();
        }
        let top = all.len().saturating_sub(rows);
        self.primary.put_all(all, rows, cols);
        match line.checked_sub(top) {
            Some(row) => Cursor {
                row,
                col,
                wrap: at.wrap,
            }
            .clamped(rows, cols),
            None => Cursor::default(),
        }
    }
}

/// Joins rows that wrapped and cuts them to another width.
struct Flow {
    old: usize,
    new: usize,
    done: Vec<Row>,
    /// The logical line being joined.
    line: Vec<Cell>,
    /// Row and column of the cursor before.
    cursor: (usize, usize),
    /// Where in `line` the cursor is.
    within: Option<usize>,
    /// Row and column of the cursor after.
    moved: (usize, usize),
}

impl Flow {
    fn new(old: usize, new: usize, cursor: (usize, usize)) -> Self {
        Self {
            old,
            new,
            done: Vec::new(),
            line: Vec::new(),
            cursor,
            within: None,
            moved: (0, 0),
        }
    }

    fn take(&mut self, number: usize, row: Row) {
        // The blank that was left because a wide character did not fit is none of the text.
        if row.get(0).glyph.is_wide() && self.line.last() == Some(&Cell::blank(0)) {
            self.line.pop();
        }
        if number == self.cursor.0 {
            self.within = Some(self.line.len() + self.cursor.1);
        }
        let wrapped = row.wrapped;
        let len = if wrapped {
            self.old
        } else {
            row.used(self.old)
        };
        self.line.extend(row.into_cells(len));
        if !wrapped {
            self.end_line();
        }
    }

    /// Cuts the joined line into rows.
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let first = self.done.len();
        let mut row = Vec::new();
        let mut starts = vec![0];
        for (at, cell) in line.iter().enumerate() {
            let width = if cell.glyph.is_wide() { 2 } else { 1 };
            let after_wide = row.last().is_some_and(|cell: &Cell| cell.glyph.is_wide());
            if cell.glyph.is_tail() && !after_wide {
                // Its first half was blanked for want of room.
                continue;
            }
            if row.len() + width > self.new && !row.is_empty() {
                row.resize(self.new, Cell::blank(0));
                self.done
                    .push(Row::from_cells(std::mem::take(&mut row), true));
                starts.push(at);
            }
            if width > self.new {
                row.push(Cell {
                    glyph: Glyph::BLANK,
                    ..*cell
                });
            } else {
                row.push(*cell);
            }
        }
        self.done.push(Row::from_cells(row, false));
        if let Some(within) = self.within.take() {
            let row = starts.partition_point(|start| *start <= within) - 1;
            let start = starts.get(row).copied().unwrap_or(0);
            // Right of the text the cursor stays in the line's last row.
            self.moved = (first + row, (within - start).min(self.new - 1));
        }
    }

    fn finish(mut self) -> (Vec<Row>, (usize, usize)) {
        if !self.line.is_empty() || self.within.is_some() {
            self.end_line();
        }
        (self.done, self.moved)
    }
}
