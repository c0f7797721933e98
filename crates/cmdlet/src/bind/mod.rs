//! From words to what they mean: PowerShell's way of binding parameters.

mod bound;
mod convert;
mod error;
mod input;
mod sets;
mod value;
mod words;

pub use bound::{Bound, Common, Preference};
pub use error::{BindError, ValueError};
pub use value::Value;

use self::convert::{advised, convert, is_exact};
use self::sets::{Sets, Values};
use self::words::{Argument, Item, Words};
use crate::table::{Cmdlet, Kind, Parameter};

/// What a command line came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All is there.
    Ready(Bound),
    /// Something is missing that objects from a pipe may bring.
    NeedsInput(Partial),
    /// The user asks for help (`-?`).
    Help,
}

/// A command line that is not whole without objects from a pipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    cmdlet: &'static Cmdlet,
    sets: Sets,
    values: Values,
}

/// Binds the words that follow a cmdlet's name, as a Unix shell has split them.
pub fn bind(cmdlet: &'static Cmdlet, words: &[String]) -> Result<Outcome, BindError> {
    let mut partial = Partial {
        cmdlet,
        sets: Sets::all(cmdlet),
        values: Values::new(),
    };
    let mut words = Words::new(words);
    let mut places = Vec::new();
    while let Some(item) = words.next()? {
        match item {
            Item::Help => return Ok(Outcome::Help),
            Item::Value(argument) => places.push(argument),
            Item::Name { name, colon } => partial.named(&name, colon, &mut words)?,
        }
    }
    partial.sets = partial.narrowed()?;
    partial.positional(&places)?;
    partial.finish()
}

/// The parameter that a name means: its whole name, or the beginning of no other's.
fn resolve(cmdlet: &'static Cmdlet, name: &str) -> Result<&'static Parameter, BindError> {
    if let Some(parameter) = cmdlet.all_parameters().find(|p| p.is_called(name)) {
        return Ok(parameter);
    }
    let begin: Vec<_> = cmdlet.all_parameters().filter(|p| p.begins(name)).collect();
    let is_own =
        |parameter: &&&Parameter| cmdlet.parameters.iter().any(|p| p.name == parameter.name);
    let own: Vec<_> = begin.iter().filter(is_own).copied().collect();
    match (begin.as_slice(), own.as_slice()) {
        ([], _) => Err(BindError::Unknown(name.to_owned())),
        // A cmdlet's own parameters come before those that all have.
        ([one], _) | (_, [one]) => Ok(one),
        _ => Err(BindError::Ambiguous {
            name: name.to_owned(),
            candidates: begin.iter().map(|parameter| parameter.name).collect(),
        }),
    }
}

impl Partial {
    fn named(&mut self, name: &str, colon: bool, words: &mut Words) -> Result<(), BindError> {
        let parameter = resolve(self.cmdlet, name)?;
        if self.values.contains_key(parameter.name) {
            return Err(BindError::Twice(parameter.name));
        }
        let value = if parameter.kind == Kind::Switch && !colon {
            Value::Switch(true)
        } else {
            let argument = words.value()?.ok_or(BindError::NoValue {
                name: parameter.name,
                kind: parameter.kind.type_name(),
                colon,
            })?;
            convert(&argument, parameter).map_err(|error| advised(error, self.cmdlet))?
        };
        self.values.insert(parameter.name, value);
        Ok(())
    }

    /// The sets that have all parameters with a value.
    fn narrowed(&self) -> Result<Sets, BindError> {
        let all = Sets::all(self.cmdlet);
        let given: Vec<&Parameter> = self
            .cmdlet
            .parameters
            .iter()
            .filter(|parameter| self.values.contains_key(parameter.name))
            .collect();
        let sets = given
            .iter()
            .fold(all, |sets, parameter| sets.with(parameter));
        if !sets.is_empty() {
            return Ok(sets);
        }
        let pairs = given
            .iter()
            .enumerate()
            .flat_map(|(index, one)| given.iter().skip(index + 1).map(move |other| (one, other)));
        let mut apart = pairs.filter(|(one, other)| all.with(one).with(other).is_empty());
        Err(BindError::Conflict(match apart.next() {
            Some((one, other)) => vec![one.name, other.name],
            // No two of them, but some restrict the sets together.
            None => given
                .iter()
                .filter(|parameter| all.with(parameter) != all)
                .map(|parameter| parameter.name)
                .collect(),
        }))
    }

    fn positional(&mut self, places: &[Argument]) -> Result<(), BindError> {
        let mut next = 0;
        for argument in places {
            next = self.place(argument, next)? + 1;
        }
        Ok(())
    }

    /// Gives an argument to the parameter at a position. Returns the position. Positions that no
    /// set has any more are passed over, and by blocks and objects also those that want texts.
    fn place(&mut self, argument: &Argument, from: u8) -> Result<u8, BindError> {
        let last = self.positions().max().unwrap_or_default();
        let mut first = None;
        for position in from..=last {
            let candidates = self.candidates(position);
            if let Some(open) = unclosed(argument, &candidates) {
                return Err(open);
            }
            for exact in [true, false] {
                for candidate in &candidates {
                    if let Some(value) = suits(argument, candidate, exact) {
                        self.sets = self.sets.with_position(candidate, position);
                        self.values.insert(candidate.name, value);
                        return Ok(position);
                    }
                }
            }
            first = first.or(candidates.first().copied());
            if first.is_some() && matches!(argument, Argument::Text { .. }) {
                break;
            }
        }
        match first.map(|candidate| convert(argument, candidate)) {
            Some(Err(error)) => Err(advised(error, self.cmdlet)),
            _ => Err(BindError::Positional(shown(argument))),
        }
    }

    fn positions(&self) -> impl Iterator<Item = u8> {
        let own = self.cmdlet.parameters.iter();
        own.flat_map(|parameter| {
            let (first, second) = parameter.uses;
            let second = second.and_then(|second| second.position);
            first.position.into_iter().chain(second)
        })
    }

    /// The parameters at a position that have no value yet, those of the default set first.
    fn candidates(&self, position: u8) -> Vec<&'static Parameter> {
        let mut candidates: Vec<&Parameter> = self
            .cmdlet
            .parameters
            .iter()
            .filter(|parameter| !self.values.contains_key(parameter.name))
            .filter(|parameter| !self.sets.with_position(parameter, position).is_empty())
            .collect();
        candidates.sort_by_key(|parameter| {
            let sets = self.sets.with_position(parameter, position);
            sets.default().is_none()
        });
        candidates
    }

    fn finish(self) -> Result<Outcome, BindError> {
        match self.sets.choose(&self.values) {
            Ok(set) => Ok(Outcome::Ready(Bound::new(self, set))),
            Err(_) if self.takes_more() => Ok(Outcome::NeedsInput(self)),
            Err(error) => Err(error),
        }
    }

    /// Whether objects from a pipe may bring what some set lacks.
    fn takes_more(&self) -> bool {
        self.sets.names().any(|set| {
            let missing = self.sets.missing(set, &self.values);
            let brings = |parameter: &&Parameter| parameter.by_value || parameter.by_property;
            !missing.is_empty() && missing.iter().all(brings)
        })
    }

    /// The cmdlet.
    pub fn cmdlet(&self) -> &'static Cmdlet {
        self.cmdlet
    }

    /// The error that it is if no object comes.
    pub fn without_input(&self) -> BindError {
        match self.sets.choose(&self.values) {
            Err(error) => error,
            Ok(_) => BindError::Input,
        }
    }
}

/// The value that a parameter takes from an argument without a name. What is typed as an object
/// or in braces does not become a text.
fn suits(argument: &Argument, parameter: &Parameter, exact: bool) -> Option<Value> {
    let fits = is_exact(argument, parameter.kind);
    let text = matches!(argument, Argument::Text { .. });
    let loose = text || parameter.kind == Kind::Objects;
    if fits != exact || !(fits || loose) {
        return None;
    }
    convert(argument, parameter).ok()
}

/// A block that is never closed is no name of a file.
fn unclosed(argument: &Argument, candidates: &[&Parameter]) -> Option<BindError> {
    let Argument::Text { raw, .. } = argument else {
        return None;
    };
    let takes = |parameter: &&&Parameter| parameter.kind == Kind::Script;
    let parameter = candidates.iter().find(takes)?;
    raw.starts_with('{').then_some(BindError::Value {
        name: parameter.name,
        fault: ValueError::Unclosed,
    })
}

fn shown(argument: &Argument) -> String {
    match argument {
        Argument::Text { raw, .. } | Argument::Block { raw, .. } => raw.clone(),
        Argument::Objects(objects) => objects
            .first()
            .map(|object| object.type_name().to_owned())
            .unwrap_or_default(),
    }
}
