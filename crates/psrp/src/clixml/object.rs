//! Objects: a base, properties and names of types.

use std::sync::Arc;

use super::{Text, Value};

/// What CLIXML writes as `Obj` ([MS-PSRP] 2.2.5.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// `TN`: the object's type and those that it descends from.
    pub types: Option<TypeNames>,
    /// `ToString`: what it shows as.
    pub to_string: Option<Text>,
    /// What properties are added to.
    pub base: Base,
    /// `Props`: properties of its type.
    pub adapted: Properties,
    /// `MS`: properties that were added to it.
    pub extended: Properties,
}

/// What an object is, but for its properties.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Base {
    /// Nothing.
    #[default]
    None,
    /// A value, such as the number of an enumeration.
    Value(Value),
    /// Elements in an order.
    Sequence(Sequence, Vec<Value>),
    /// `DCT`: keys and values.
    Dictionary(Vec<(Value, Value)>),
}

/// Kinds of sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sequence {
    /// `LST`: a list or an array.
    List,
    /// `IE`: whatever can be enumerated.
    Enumerable,
    /// `STK`: a stack, the top first.
    Stack,
    /// `QUE`: a queue, the oldest first.
    Queue,
}

/// Names of a type and of those that it descends from, the most special first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeNames(pub Arc<[String]>);

impl TypeNames {
    /// From names, the most special first.
    pub fn new(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The most special name.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }
}

/// Properties in their order. Names are looked up in any case and written as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(pub Vec<Property>);

/// A property.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its name. A surrogate that stands alone in it is read as U+FFFD.
    pub name: String,
    /// Its value.
    pub value: Value,
}

impl Properties {
    /// Adds a property behind the others.
    pub fn push(&mut self, name: &str, value: impl Into<Value>) {
        self.0.push(Property {
            name: name.to_owned(),
            value: value.into(),
        });
    }

    /// The properties in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Properties {
    type Item = &'a Property;
    type IntoIter = std::slice::Iter<'a, Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Object {
    /// An object with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A list, `System.Collections.ArrayList` unless `types` say something else.
    pub fn list(items: Vec<Value>) -> Self {
        Self {
            types: Some(TypeNames::new(&[
                "System.Collections.ArrayList",
                "System.Object",
            ])),
            base: Base::Sequence(Sequence::List, items),
            ..Self::default()
        }
    }

    /// A dictionary, `System.Collections.Hashtable`.
    pub fn dictionary(entries: Vec<(Value, Value)>) -> Self {
        Self {
            types: Some(TypeNames::new(&[
                "System.Collections.Hashtable",
                "System.Object",
            ])),
            base: Base::Dictionary(entries),
            ..Self::default()
        }
    }

    /// A value of an enumeration: its type, its name and its number ([MS-PSRP] 2.2.5.2.8).
    pub fn enumeration(type_name: &str, name: &str, number: i32) -> Self {
        Self {
            types: Some(TypeNames::new(&[
                type_name,
                "System.Enum",
                "System.ValueType",
                "System.Object",
            ])),
            to_string: Some(name.into()),
            base: Base::Value(Value::I32(number)),
            ..Self::default()
        }
    }

    /// The object with one more extended property.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extended.push(name, value);
        self
    }

    /// The object with one more property of its type.
    #[must_use]
    pub fn with_adapted(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.adapted.push(name, value);
        self
    }

    /// The object as one of the type that `names` name, the most special first.
    #[must_use]
    pub fn of_type(mut self, names: &[&str]) -> Self {
        self.types = Some(TypeNames::new(names));
        self
    }

    /// The object, showing as `text`.
    #[must_use]
    pub fn shown_as(mut self, text: impl Into<Text>) -> Self {
        self.to_string = Some(text.into());
        self
    }
}
