//! Tab stops.

use winsta_domain::TerminalSize;

const WORDS: usize = TerminalSize::MAX_COLS as usize / 64 + 1;

/// Tab stops, every eight columns unless a program says otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tabs(Option<Box<[u64; WORDS]>>);

impl Tabs {
    pub(crate) fn is_set(&self, col: usize) -> bool {
        match &self.0 {
            None => col.is_multiple_of(8),
            Some(words) => words
                .get(col / 64)
                .is_some_and(|word| word >> (col % 64) & 1 == 1),
        }
    }

    pub(crate) fn set(&mut self, col: usize, on: bool) {
        if self.is_set(col) == on {
            return;
        }
        // Bit 0 of every byte: columns 0, 8, 16 and so on.
        let words = self
            .0
            .get_or_insert_with(|| Box::new([0x0101_0101_0101_0101; WORDS]));
        if let Some(word) = words.get_mut(col / 64) {
            *word ^= 1 << (col % 64);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0 = Some(Box::new([0; WORDS]));
    }

    /// Columns from `from` on have their usual stops, as after a terminal grew.
    pub(crate) fn restore_from(&mut self, from: usize) {
        if self.0.is_some() {
            for col in from..WORDS * 64 {
                self.set(col, col.is_multiple_of(8));
            }
        }
    }

    /// Whether the first `cols` columns have their usual stops.
    pub(crate) fn is_usual(&self, cols: usize) -> bool {
        self.0.is_none() || (0..cols).all(|col| self.is_set(col) == col.is_multiple_of(8))
    }

    /// The first stop after `col` in a terminal of `cols` columns, else the last column.
    pub(crate) fn after(&self, col: usize, cols: usize) -> usize {
        (col + 1..cols)
            .find(|col| self.is_set(*col))
            .unwrap_or(cols - 1)
    }

    /// The last stop before `col`, else the first column.
    pub(crate) fn before(&self, col: usize) -> usize {
        (0..col).rev().find(|col| self.is_set(*col)).unwrap_or(0)
    }
}
