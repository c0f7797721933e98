//! Figures as they come, one for each run, row and peer.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    cells: BTreeMap<(String, String), Cell>,
}

/// What was measured of one peer in one row.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    /// One value a run.
    pub(crate) values: Vec<f64>,
    /// Why a run gave none, each reason once.
    pub(crate) failures: BTreeSet<String>,
    /// What else is to be said.
    pub(crate) notes: BTreeSet<String>,
}

impl Figures {
    /// Adds the value of a run.
    pub(crate) fn add(&mut self, row: &str, peer: &str, value: f64) {
        self.cell(row, peer).values.push(value);
    }

    /// Says that a run gave no value, and why.
    pub(crate) fn fail(&mut self, row: &str, peer: &str, why: impl Into<String>) {
        self.cell(row, peer).failures.insert(why.into());
    }

    /// Says something about a cell.
    pub(crate) fn note(&mut self, row: &str, peer: &str, text: impl Into<String>) {
        self.cell(row, peer).notes.insert(text.into());
    }

    fn cell(&mut self, row: &str, peer: &str) -> &mut Cell {
        let key = (row.to_owned(), peer.to_owned());
        self.cells.entry(key).or_default()
    }

    /// What was measured, if anything was.
    pub(crate) fn get(&self, row: &str, peer: &str) -> Option<&Cell> {
        self.cells.get(&(row.to_owned(), peer.to_owned()))
    }

    /// The median of a cell in which no run failed.
    pub(crate) fn median(&self, row: &str, peer: &str) -> Option<f64> {
        let cell = self.get(row, peer)?;
        if !cell.failures.is_empty() {
            return None;
        }
        quantile(&cell.values, 50)
    }
}

/// The value below which `percent` of the values lie.
pub(crate) fn quantile(values: &[f64], percent: usize) -> Option<f64> {
    let mut sorted = values.to_owned();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = (last * percent).div_ceil(100);
    if percent == 50 && sorted.len().is_multiple_of(2) {
        let (low, high) = (sorted.get(at - 1)?, sorted.get(at)?);
        return Some(f64::midpoint(*low, *high));
    }
    sorted.get(at).copied()
}

/// A count as a number to calculate with; counts here stay far below 2^52.
#[expect(
    clippy::cast_precision_loss,
    reason = "bytes and switches, below 2^52 in any run"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_few_values() {
        assert_eq!(quantile(&[], 50), None);
        assert_eq!(quantile(&[3.0], 50), Some(3.0));
        assert_eq!(quantile(&[3.0, 1.0], 50), Some(2.0));
        assert_eq!(quantile(&[5.0, 1.0, 3.0], 50), Some(3.0));
        assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 50), Some(2.5));
        assert_eq!(quantile(&[5.0, 1.0, 3.0], 99), Some(5.0));
    }

    #[test]
    fn a_failed_run_leaves_no_median() {
        let mut figures = Figures::default();
        figures.add("row", "peer", 1.0);
        assert_eq!(figures.median("row", "peer"), Some(1.0));
        figures.fail("row", "peer", "it hung");
        assert_eq!(figures.median("row", "peer"), None);
    }
}
