//! One line of cells.

use std::ops::Range;

use crate::cell::{Cell, Glyph, StyleId};

/// One line: the cells written so far, and the style of the blanks after them, so that blank
/// and short lines cost next to nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    cells: Vec<Cell>,
    fill: StyleId,
    /// The text goes on in the next row, where it wrapped.
    pub(crate) wrapped: bool,
    /// There may be wide characters; without, no half of one has to be looked for.
    wide: bool,
}

impl Row {
    /// The cell at `col`; beyond what was written, a blank.
    pub(crate) fn get(&self, col: usize) -> Cell {
        self.cells
            .get(col)
            .copied()
            .unwrap_or(Cell::blank(self.fill))
    }

    /// Columns up to the last one that is not a default blank.
    pub(crate) fn used(&self, cols: usize) -> usize {
        if self.fill != 0 && self.cells.len() < cols {
            return cols;
        }
        self.cells
            .iter()
            .rposition(|cell| *cell != Cell::blank(0))
            .map_or(0, |col| col + 1)
    }

    /// Blanks all of it and keeps its memory.
    pub(crate) fn clear(&mut self, style: StyleId) {
        self.cells.clear();
        self.fill = style;
        self.wrapped = false;
        self.wide = false;
    }

    /// Blanks all of it and gives its memory back.
    pub(crate) fn drop_cells(&mut self) {
        *self = Self::default();
    }

    /// Makes the cells up to `end` explicit.
    fn reach(&mut self, end: usize) {
        if self.cells.len() < end {
            self.cells.resize(end, Cell::blank(self.fill));
        }
    }

    /// Turns into blanks the other halves of wide characters cut at the edges of `range`.
    fn heal(&mut self, range: &Range<usize>) {
        if !self.wide {
            return;
        }
        for edge in [range.start, range.end] {
            self.split(edge);
        }
    }

    /// Blanks both halves of a wide character that lies across `col`.
    fn split(&mut self, col: usize) {
        if !self.get(col).glyph.is_tail() {
            return;
        }
        for half in [col.checked_sub(1), Some(col)].into_iter().flatten() {
            if let Some(cell) = self.cells.get_mut(half) {
                cell.glyph = Glyph::BLANK;
            }
        }
    }

    /// Writes printable ASCII from `col` on.
    pub(crate) fn put_ascii(&mut self, col: usize, text: &[u8], style: StyleId) {
        let end = col + text.len();
        self.heal(&(col..end));
        let cell = |byte: &u8| Cell {
            glyph: Glyph::ascii(*byte),
            style,
        };
        self.reach(col);
        let over = text.len().min(self.cells.len() - col);
        let (first, rest) = text.split_at(over);
        if let Some(cells) = self.cells.get_mut(col..col + over) {
            for (target, byte) in cells.iter_mut().zip(first) {
                *target = cell(byte);
            }
        }
        self.cells.extend(rest.iter().map(cell));
    }

    /// Writes a character of one or two columns.
    pub(crate) fn put(&mut self, col: usize, glyph: Glyph, style: StyleId) {
        let end = col + if glyph.is_wide() { 2 } else { 1 };
        self.heal(&(col..end));
        self.reach(end);
        if let Some(cell) = self.cells.get_mut(col) {
            *cell = Cell { glyph, style };
        }
        if glyph.is_wide() {
            self.wide = true;
            if let Some(cell) = self.cells.get_mut(col + 1) {
                *cell = Cell {
                    glyph: Glyph::TAIL,
                    style,
                };
            }
        }
    }

    /// Changes what a written cell shows, in place.
    pub(crate) fn replace_glyph(&mut self, col: usize, glyph: Glyph) {
        self.reach(col + 1);
        if let Some(cell) = self.cells.get_mut(col) {
            cell.glyph = glyph;
        }
    }

    /// Blanks `range` of a row of `cols` columns.
    pub(crate) fn erase(&mut self, range: Range<usize>, style: StyleId, cols: usize) {
        if range.is_empty() {
            return;
        }
        self.heal(&range);
        if range.end < cols {
            self.reach(range.end);
            if let Some(cells) = self.cells.get_mut(range) {
                cells.fill(Cell::blank(style));
            }
            return;
        }
        self.wrapped = false;
        if style != self.fill {
            self.reach(range.start);
            self.fill = style;
        }
        self.cells.truncate(range.start);
    }

    /// Shifts the cells from `col` on to the right by `count` and blanks the gap.
    pub(crate) fn insert(&mut self, col: usize, count: usize, style: StyleId, cols: usize) {
        let count = count.min(cols - col);
        self.split(col);
        self.reach(col);
        if style != self.fill || self.cells.len() > col {
            self.reach(cols);
            if let Some(cells) = self.cells.get_mut(col..) {
                cells.rotate_right(count);
                if let Some(gap) = cells.get_mut(..count) {
                    gap.fill(Cell::blank(style));
                }
            }
        }
        self.trim_last_half(cols);
    }

    /// Takes `count` cells at `col` out and blanks what comes in at the end.
    pub(crate) fn delete(&mut self, col: usize, count: usize, style: StyleId, cols: usize) {
        let count = count.min(cols - col);
        self.heal(&(col..col + count));
        self.reach(cols);
        if let Some(cells) = self.cells.get_mut(col..) {
            cells.rotate_left(count);
        }
        let wrapped = self.wrapped;
        self.erase(cols - count..cols, style, cols);
        // Only erasing the end says that the line ends here.
        self.wrapped = wrapped;
    }

    /// Blanks a wide character of which only the first half fits.
    fn trim_last_half(&mut self, cols: usize) {
        if let Some(cell) = self.cells.get_mut(cols - 1)
            && cell.glyph.is_wide()
        {
            cell.glyph = Glyph::BLANK;
        }
    }

    /// Cuts or extends a row of `old` columns to `new`.
    pub(crate) fn set_width(&mut self, old: usize, new: usize) {
        if new < old {
            self.cells.truncate(new);
            self.trim_last_half(new);
        } else if self.fill != 0 {
            self.reach(old);
            self.fill = 0;
        }
    }

    /// The explicit cells, for reflowing.
    pub(crate) fn into_cells(mut self, len: usize) -> Vec<Cell> {
        self.reach(len);
        self.cells.truncate(len);
        self.cells
    }

    /// A row of these cells.
    pub(crate) fn from_cells(cells: Vec<Cell>, wrapped: bool) -> Self {
        let wide = cells.iter().any(|cell| cell.glyph.is_wide());
        Self {
            cells,
            fill: 0,
            wrapped,
            wide,
        }
    }

    /// Number of explicit cells.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Calls `visit` with every explicit cell.
    pub(crate) fn visit(&mut self, mut visit: impl FnMut(&mut Cell)) {
        self.cells.iter_mut().for_each(&mut visit);
        let mut fill = Cell::blank(self.fill);
        visit(&mut fill);
        self.fill = fill.style;
    }
}
