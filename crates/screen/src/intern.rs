//! Tables that give equal values one small number.

use std::collections::HashMap;
use std::hash::Hash;

/// Values numbered in order of first use; number 0 is the default value and always there.
#[derive(Clone, Debug)]
pub(crate) struct Interner<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: Clone + Default + Eq + Hash> Default for Interner<T> {
    fn default() -> Self {
        let mut table = Self {
            values: Vec::new(),
            numbers: HashMap::new(),
        };
        table.intern(&T::default());
        table
    }
}

impl<T: Clone + Default + Eq + Hash> Interner<T> {
    /// The number of `value`, a new one if it is not in the table yet.
    pub(crate) fn intern(&mut self, value: &T) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        // Tables are swept long before their numbers run out; 0 is the default value.
        let number = u32::try_from(self.values.len()).unwrap_or(0);
        self.values.push(value.clone());
        self.numbers.insert(value.clone(), number);
        number
    }

    /// The value of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.values.get(usize::try_from(number).ok()?)
    }

    /// How many values the table holds.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Drops all values but the default and those marked, and returns the new number of each
    /// old one (0 for those dropped).
    pub(crate) fn sweep(&mut self, live: &[bool]) -> Vec<u32> {
        let old = std::mem::take(self);
        old.values
            .iter()
            .enumerate()
            .map(|(number, value)| {
                if live.get(number).copied().unwrap_or(false) {
                    self.intern(value)
                } else {
                    0
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeping_keeps_what_is_live() {
        let mut table = Interner::<u8>::default();
        assert_eq!(
            [table.intern(&7), table.intern(&8), table.intern(&7)],
            [1, 2, 1]
        );
        let moved = table.sweep(&[false, false, true]);
        assert_eq!(moved, [0, 0, 1]);
        assert_eq!((table.len(), table.get(1)), (2, Some(&8)));
    }
}
