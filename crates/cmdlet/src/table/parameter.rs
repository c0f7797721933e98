//! A parameter, written in the table by what differs from a named optional one of all sets.

use super::Kind;

/// How sets have a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The sets; none means all.
    pub sets: &'static [&'static str],
    /// Whether the set needs it.
    pub mandatory: bool,
    /// Its place among values without a name, from 0.
    pub position: Option<u8>,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of its own in PowerShell"
)]
pub struct Parameter {
    /// Its name, without the dash.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: Kind,
    /// How sets have it; a second one for sets that differ.
    pub uses: (Use, Option<Use>),
    /// Whether an object from a pipe can be its value.
    pub by_value: bool,
    /// Whether a property of its name can be its value.
    pub by_property: bool,
    /// Whether `*`, `?` and `[a-c]` stand for other characters.
    pub wildcards: bool,
    /// Whether an empty text is a value of it.
    pub may_be_empty: bool,
    /// What it does, for help.
    pub about: &'static str,
}

const ALL: Use = Use {
    sets: &[],
    mandatory: false,
    position: None,
};

impl Parameter {
    pub(super) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            uses: (ALL, None),
            by_value: false,
            by_property: false,
            wildcards: false,
            may_be_empty: false,
            about,
        }
    }

    pub(super) const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Some sets have it.
    pub(super) const fn of(mut self, sets: &'static [&'static str]) -> Self {
        self.uses.0.sets = sets;
        self.uses.0.mandatory = false;
        self
    }

    /// Some sets need it.
    pub(super) const fn needed(mut self, sets: &'static [&'static str]) -> Self {
        self.uses.0.sets = sets;
        self.uses.0.mandatory = true;
        self
    }

    /// Other sets need it.
    pub(super) const fn or_needed(mut self, sets: &'static [&'static str]) -> Self {
        self.uses.1 = Some(Use {
            sets,
            mandatory: true,
            position: None,
        });
        self
    }

    /// Its place in the sets that were named last.
    pub(super) const fn at(mut self, position: u8) -> Self {
        match self.uses.1 {
            Some(last) => {
                self.uses.1 = Some(Use {
                    position: Some(position),
                    ..last
                });
            }
            None => self.uses.0.position = Some(position),
        }
        self
    }

    pub(super) const fn by_value(mut self) -> Self {
        self.by_value = true;
        self
    }

    pub(super) const fn by_property(mut self) -> Self {
        self.by_property = true;
        self
    }

    pub(super) const fn wildcards(mut self) -> Self {
        self.wildcards = true;
        self
    }

    /// An empty text takes something away.
    pub(super) const fn or_empty(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    /// How a set has it, if it does.
    pub fn in_set(&self, set: &str) -> Option<Use> {
        let (first, second) = self.uses;
        let uses = std::iter::once(first).chain(second);
        uses.into_iter()
            .find(|entry| entry.sets.is_empty() || entry.sets.contains(&set))
    }

    /// Whether this is one of its names, in any case.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether one of its names begins like this, in any case.
    pub(crate) fn begins(&self, start: &str) -> bool {
        self.names().any(|own| {
            let head = own.get(..start.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(start))
        })
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}
