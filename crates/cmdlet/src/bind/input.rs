//! Objects that come through a pipe.

use serde_json::Value as Json;

use super::convert::{convert, is_exact};
use super::words::Argument;
use super::{BindError, Bound, Partial, Value};
use crate::object::{Object, Properties};
use crate::table::{Kind, Parameter};

/// What came through the pipe.
enum Input {
    Object(Object),
    Text(String),
}

impl Partial {
    /// Whether an object from a pipe would find a parameter that takes it.
    pub(super) fn takes_input(&self) -> bool {
        self.open().next().is_some()
    }

    /// Binds an object from a pipe: a line of JSON as these cmdlets print it, or a plain text.
    /// It becomes the value of a parameter that takes such objects, or its properties become the
    /// values of the parameters that have their names.
    ///
    /// # Errors
    ///
    /// [`BindError::Input`] if no parameter takes it; what is still missing otherwise.
    pub fn bind_input(&self, line: &str) -> Result<Bound, BindError> {
        let input = read(line);
        let mut partial = self.clone();
        let mut taken = partial.by_value(&input, true);
        taken |= partial.by_property(&input, true);
        if !taken {
            taken = partial.by_value(&input, false) || partial.by_property(&input, false);
        }
        if !taken {
            return Err(BindError::Input);
        }
        // Other properties may still say more about the same set.
        partial.by_property(&input, false);
        let set = partial.sets.choose(&partial.values)?;
        Ok(Bound::new(partial, set))
    }

    /// Parameters without a value that objects from a pipe may have, those of the default set
    /// first.
    fn open(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        let mut open: Vec<&'static Parameter> = self
            .cmdlet
            .parameters
            .iter()
            .filter(|parameter| parameter.by_value || parameter.by_property)
            .filter(|parameter| !self.values.contains_key(parameter.name))
            .filter(|parameter| !self.sets().with(parameter).is_empty())
            .collect();
        open.sort_by_key(|parameter| self.sets().with(parameter).default().is_none());
        open.into_iter()
    }

    fn by_value(&mut self, input: &Input, exact: bool) -> bool {
        for parameter in self.open().filter(|parameter| parameter.by_value) {
            if let Some(value) = whole(input, parameter, exact) {
                self.put(parameter, value);
                return true;
            }
        }
        false
    }

    fn by_property(&mut self, input: &Input, exact: bool) -> bool {
        let Input::Object(object) = input else {
            return false;
        };
        let properties = object.properties();
        let mut taken = false;
        for parameter in self.open().filter(|parameter| parameter.by_property) {
            if let Some(value) = property(&properties, parameter, exact)
                && !self.sets().with(parameter).is_empty()
            {
                self.put(parameter, value);
                taken = true;
            }
        }
        taken
    }

    fn put(&mut self, parameter: &'static Parameter, value: Value) {
        self.sets = self.sets.with(parameter);
        self.values.insert(parameter.name, value);
    }
}

fn read(line: &str) -> Input {
    let line = line.trim();
    match serde_json::from_str(line) {
        Ok(Json::Object(properties)) => Object::from_properties(properties)
            .map_or_else(|_| Input::Text(line.to_owned()), Input::Object),
        Ok(Json::String(text)) => Input::Text(text),
        _ => Input::Text(line.to_owned()),
    }
}

/// The object itself as a value.
fn whole(input: &Input, parameter: &Parameter, exact: bool) -> Option<Value> {
    let argument = match input {
        Input::Object(object) if parameter.kind == Kind::Object => {
            return Some(Value::Object(object.clone()));
        }
        Input::Object(object) => Argument::Objects(vec![object.clone()]),
        Input::Text(text) => one(text),
    };
    take(&argument, parameter, exact)
}

/// A property as a value.
fn property(properties: &Properties, parameter: &Parameter, exact: bool) -> Option<Value> {
    let mut entries = properties.iter();
    let (_, json) = entries.find(|(key, _)| parameter.is_called(key))?;
    let argument = match json {
        Json::String(text) => one(text),
        Json::Number(number) => one(&number.to_string()),
        Json::Bool(truth) => one(&truth.to_string()),
        Json::Object(inner) => {
            Argument::Objects(vec![Object::from_properties(inner.clone()).ok()?])
        }
        Json::Null | Json::Array(_) => return None,
    };
    take(&argument, parameter, exact)
}

/// A text is one value, commas or not.
fn one(text: &str) -> Argument {
    Argument::Text {
        raw: text.to_owned(),
        items: vec![text.to_owned()],
    }
}

fn take(argument: &Argument, parameter: &Parameter, exact: bool) -> Option<Value> {
    if is_exact(argument, parameter.kind) != exact {
        return None;
    }
    let text = matches!(argument, Argument::Text { .. });
    (exact || text)
        .then(|| convert(argument, parameter).ok())
        .flatten()
}
