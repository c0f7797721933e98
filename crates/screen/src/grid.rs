//! The rows of one buffer, and those that scrolled off its top.

use std::collections::VecDeque;

use crate::cell::{Cell, StyleId};
use crate::row::Row;

/// The rows of one buffer.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// INVARIANT: as many as the screen has rows; the last is never `wrapped`.
    rows: VecDeque<Row>,
    /// What scrolled off the top, oldest first; at most `keep` rows.
    history: VecDeque<Row>,
    keep: usize,
    cols: usize,
}

impl Grid {
    pub(crate) fn new(rows: usize, cols: usize, keep: usize) -> Self {
        Self {
            rows: (0..rows).map(|_| Row::default()).collect(),
            history: VecDeque::new(),
            keep,
            cols,
        }
    }

    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    pub(crate) fn height(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn keep(&self) -> usize {
        self.keep
    }

    pub(crate) fn row(&self, row: usize) -> Option<&Row> {
        self.rows.get(row)
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> Option<&mut Row> {
        self.rows.get_mut(row)
    }

    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.iter()
    }

    pub(crate) fn history(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.history.iter()
    }

    pub(crate) fn cell(&self, row: usize, col: usize) -> Cell {
        self.rows
            .get(row)
            .map_or(Cell::blank(0), |row| row.get(col))
    }

    /// Forgets what scrolled off.
    pub(crate) fn clear_history(&mut self) {
        self.history = VecDeque::new();
    }

    /// Blanks the whole rows of `range`.
    pub(crate) fn clear_rows(&mut self, range: std::ops::Range<usize>, style: StyleId) {
        for row in self.rows.range_mut(range) {
            row.clear(style);
        }
    }

    /// Blanks everything and gives the memory back.
    pub(crate) fn reset(&mut self) {
        self.rows.iter_mut().for_each(Row::drop_cells);
        self.clear_history();
    }

    /// Moves the rows of a region up by one line: its first leaves, a blank one comes in at its
    /// end. At the top of the screen the leaving row is kept, as far as rows are kept at all.
    pub(crate) fn scroll_up(&mut self, top: usize, bottom: usize, style: StyleId) {
        let spare = if top == 0 {
            self.rows.pop_front().map(|row| self.retire(row))
        } else {
            self.unlink(Some(top - 1));
            self.rows.remove(top)
        };
        self.come_in(bottom, spare, style);
    }

    /// As [`Grid::scroll_up`] by `count`, but nothing is kept (deleted lines).
    pub(crate) fn delete_rows(&mut self, top: usize, bottom: usize, count: usize, style: StyleId) {
        for _ in 0..count.min(bottom + 1 - top) {
            let spare = self.rows.remove(top);
            self.come_in(bottom, spare, style);
        }
        self.unlink(top.checked_sub(1));
    }

    /// Puts a blank row at the end of a region; what was there before it no longer goes on.
    fn come_in(&mut self, bottom: usize, spare: Option<Row>, style: StyleId) {
        let mut row = spare.unwrap_or_default();
        row.clear(style);
        if bottom >= self.rows.len() {
            self.rows.push_back(row);
        } else {
            self.rows.insert(bottom, row);
            self.unlink(bottom.checked_sub(1));
        }
    }

    /// Moves the rows of a region down by `count`: blank ones come in at its start.
    pub(crate) fn scroll_down(&mut self, top: usize, bottom: usize, count: usize, style: StyleId) {
        for _ in 0..count.min(bottom + 1 - top) {
            let mut row = self.rows.remove(bottom).unwrap_or_default();
            row.clear(style);
            self.rows.insert(top, row);
        }
        self.unlink(top.checked_sub(1));
        self.unlink(Some(bottom));
    }

    /// The text of this row (`None`: the last one kept) does not go on in the next row.
    fn unlink(&mut self, row: Option<usize>) {
        let row = match row {
            Some(row) => self.rows.get_mut(row),
            None => self.history.back_mut(),
        };
        if let Some(row) = row {
            row.wrapped = false;
        }
    }

    /// The text above `row` goes on in `row`.
    pub(crate) fn link_above(&mut self, row: usize) {
        let above = match row.checked_sub(1) {
            Some(above) => self.rows.get_mut(above),
            None => self.history.back_mut(),
        };
        if let Some(above) = above {
            above.wrapped = true;
        }
    }

    /// Keeps a row that left at the top; returns one whose memory can be used again.
    fn retire(&mut self, row: Row) -> Row {
        if self.keep == 0 {
            return row;
        }
        let spare = if self.history.len() >= self.keep {
            self.history.pop_front()
        } else {
            None
        };
        self.history.push_back(row);
        spare.unwrap_or_default()
    }

    /// Cuts or extends every row and the number of rows, in place.
    pub(crate) fn crop(&mut self, rows: usize, cols: usize) {
        for row in &mut self.rows {
            row.set_width(self.cols, cols);
            row.wrapped = false;
        }
        self.cols = cols;
        self.rows.resize_with(rows, Row::default);
    }

    /// Takes all rows out, those kept first.
    pub(crate) fn take_all(&mut self) -> Vec<Row> {
        self.history.drain(..).chain(self.rows.drain(..)).collect()
    }

    /// Puts rows back: the last `rows` of them are the screen, those before are kept.
    pub(crate) fn put_all(&mut self, all: Vec<Row>, rows: usize, cols: usize) {
        self.cols = cols;
        self.rows = VecDeque::from(all);
        self.rows
            .resize_with(self.rows.len().max(rows), Row::default);
        while self.rows.len() > rows {
            if let Some(row) = self.rows.pop_front() {
                self.retire(row);
            }
        }
        if let Some(row) = self.rows.back_mut() {
            row.wrapped = false;
        }
    }

    /// Calls `visit` with every explicit cell, those of kept rows too.
    pub(crate) fn visit(&mut self, mut visit: impl FnMut(&mut Cell)) {
        for row in self.history.iter_mut().chain(&mut self.rows) {
            row.visit(&mut visit);
        }
    }

    /// Number of explicit cells.
    pub(crate) fn weight(&self) -> usize {
        self.history.iter().chain(&self.rows).map(Row::len).sum()
    }
}
