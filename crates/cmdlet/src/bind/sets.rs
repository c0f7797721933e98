//! Which parameter sets a command line may mean.

use std::collections::BTreeMap;

use super::error::BindError;
use super::value::Value;
use crate::table::{Cmdlet, Parameter, Use};

/// Values under the names of their parameters.
pub(super) type Values = BTreeMap<&'static str, Value>;

/// The sets that are still possible, a bit each, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sets {
    cmdlet: &'static Cmdlet,
    bits: u32,
}

impl PartialEq for Cmdlet {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Cmdlet {}

impl Sets {
    pub(super) fn all(cmdlet: &'static Cmdlet) -> Self {
        let bits = u32::MAX;
        Self { cmdlet, bits }.filter(|_| true)
    }

    /// Those of them that have this parameter.
    pub(super) fn with(self, parameter: &Parameter) -> Self {
        self.filter(|set| parameter.in_set(set).is_some())
    }

    /// Those of them that have this parameter at a position.
    pub(super) fn with_position(self, parameter: &Parameter, position: u8) -> Self {
        self.filter(|set| has_position(parameter.in_set(set), position))
    }

    fn filter(self, keep: impl Fn(&'static str) -> bool) -> Self {
        let sets = self.cmdlet.sets.iter().enumerate();
        let bits = sets
            .filter(|(index, set)| self.bits & (1 << index) != 0 && keep(set))
            .fold(0, |bits, (index, _)| bits | 1 << index);
        Self { bits, ..self }
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let sets = self.cmdlet.sets.iter().enumerate();
        sets.filter(move |(index, _)| self.bits & (1 << index) != 0)
            .map(|(_, set)| *set)
    }

    pub(super) fn is_empty(self) -> bool {
        self.names().next().is_none()
    }

    /// Whether the set that is taken by itself is one of them.
    pub(super) fn default(self) -> Option<&'static str> {
        let default = self.cmdlet.sets.first().copied();
        default.filter(|set| self.names().any(|name| name == *set))
    }

    /// The parameters that a set needs and that have no value.
    pub(super) fn missing(self, set: &str, values: &Values) -> Vec<&'static Parameter> {
        let own = self.cmdlet.parameters.iter();
        own.filter(|parameter| !values.contains_key(parameter.name))
            .filter(|parameter| parameter.in_set(set).is_some_and(|entry| entry.mandatory))
            .collect()
    }

    /// The set that these values mean.
    pub(super) fn choose(self, values: &Values) -> Result<&'static str, BindError> {
        let names = |missing: &[&'static Parameter]| missing.iter().map(|p| p.name).collect();
        let mut sets = self.names();
        let only = match (sets.next(), sets.next()) {
            (Some(only), None) => Some(only),
            _ => self.default(),
        };
        if let Some(set) = only {
            let missing = self.missing(set, values);
            return match missing.as_slice() {
                [] => Ok(set),
                _ => Err(BindError::Missing(names(&missing))),
            };
        }
        let whole: Vec<&str> = self
            .names()
            .filter(|set| self.missing(set, values).is_empty())
            .collect();
        match whole.as_slice() {
            [one] => Ok(one),
            [] => Err(BindError::Undecided(self.would_decide(values, |_| true))),
            several => Err(BindError::Undecided(
                self.would_decide(values, |set| several.contains(&set)),
            )),
        }
    }

    /// What would say which set is meant: for each set what it needs, or has at the first place.
    fn would_decide(
        self,
        values: &Values,
        among: impl Fn(&'static str) -> bool,
    ) -> Vec<&'static str> {
        let mut deciding = Vec::new();
        for set in self.names().filter(|set| among(set)) {
            let mut own = self.cmdlet.parameters.iter();
            let missing = self.missing(set, values);
            let decides = missing.first().copied().or_else(|| {
                own.find(|parameter| {
                    has_position(parameter.in_set(set), 0) && !values.contains_key(parameter.name)
                })
            });
            let name = decides.map(|parameter| parameter.name);
            deciding.extend(name.filter(|name| !deciding.contains(name)));
        }
        deciding
    }
}

fn has_position(entry: Option<Use>, position: u8) -> bool {
    entry.is_some_and(|entry| entry.position == Some(position))
}
