//! Looking into values, however they are wrapped.

use std::borrow::Cow;

use super::{Base, DateTime, Object, Properties, Text, Value, Version};

impl Value {
    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The value itself, or what it wraps to give it properties.
    pub fn unwrapped(&self) -> &Self {
        let mut value = self;
        while let Self::Object(object) = value
            && let Base::Value(inner) = &object.base
        {
            value = inner;
        }
        value
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.unwrapped(), Self::Null)
    }

    /// The text of text, a URI, a script block or an XML document.
    pub fn as_text(&self) -> Option<&Text> {
        match self.unwrapped() {
            Self::Text(text) | Self::Uri(text) | Self::Script(text) | Self::Xml(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is true, if it is true or false.
    pub fn as_bool(&self) -> Option<bool> {
        match self.unwrapped() {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number of any kind of integer, or of an enumeration.
    pub fn as_i64(&self) -> Option<i64> {
        match self.unwrapped() {
            Self::U8(number) => Some((*number).into()),
            Self::I8(number) => Some((*number).into()),
            Self::U16(number) | Self::Char(number) => Some((*number).into()),
            Self::I16(number) => Some((*number).into()),
            Self::U32(number) => Some((*number).into()),
            Self::I32(number) => Some((*number).into()),
            Self::U64(number) => i64::try_from(*number).ok(),
            Self::I64(number) => Some(*number),
            _ => None,
        }
    }

    /// The number of any kind of integer, or of an enumeration, that 32 bits hold.
    pub fn as_i32(&self) -> Option<i32> {
        i32::try_from(self.as_i64()?).ok()
    }

    /// The version, also when it is written as text.
    pub fn as_version(&self) -> Option<Version> {
        match self.unwrapped() {
            Self::Version(version) => Some(*version),
            Self::Text(text) => text.as_str()?.parse().ok(),
            _ => None,
        }
    }

    /// The point in time.
    pub fn as_date_time(&self) -> Option<DateTime> {
        match self.unwrapped() {
            Self::DateTime(time) => Some(*time),
            _ => None,
        }
    }

    /// The elements of a list, stack, queue or enumeration.
    pub fn items(&self) -> Option<&[Self]> {
        match self {
            Self::Object(object) => match &object.base {
                Base::Sequence(_, items) => Some(items),
                Base::Value(inner) => inner.items(),
                Base::None | Base::Dictionary(_) => None,
            },
            _ => None,
        }
    }

    /// Keys and values of a dictionary.
    pub fn entries(&self) -> Option<&[(Self, Self)]> {
        match self {
            Self::Object(object) => match &object.base {
                Base::Dictionary(entries) => Some(entries),
                Base::Value(inner) => inner.entries(),
                Base::None | Base::Sequence(..) => None,
            },
            _ => None,
        }
    }

    /// The property of that name, in any case: extended ones come before adapted ones.
    pub fn property(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.property(name),
            Self::Members(members) => members.get(name),
            _ => None,
        }
    }

    /// What PowerShell shows when the value is turned into a string; `None` for what has no text
    /// of its own, which are lists and objects without one.
    pub fn display(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Null => Cow::Borrowed(""),
            Self::Text(text) | Self::Uri(text) | Self::Xml(text) | Self::Script(text) => {
                text.to_string_lossy()
            }
            Self::Char(unit) => String::from_utf16_lossy(&[*unit]).into(),
            Self::Bool(true) => Cow::Borrowed("True"),
            Self::Bool(false) => Cow::Borrowed("False"),
            Self::DateTime(time) => time.to_string().into(),
            Self::Duration(span) => span.to_string().into(),
            Self::U8(number) => number.to_string().into(),
            Self::I8(number) => number.to_string().into(),
            Self::U16(number) => number.to_string().into(),
            Self::I16(number) => number.to_string().into(),
            Self::U32(number) => number.to_string().into(),
            Self::I32(number) => number.to_string().into(),
            Self::U64(number) => number.to_string().into(),
            Self::I64(number) => number.to_string().into(),
            Self::F32(number) => number.to_string().into(),
            Self::F64(number) => number.to_string().into(),
            Self::Decimal(number) => Cow::Borrowed(number.as_str()),
            Self::Guid(guid) => guid.to_string().into(),
            Self::Version(version) => version.to_string().into(),
            Self::Secure(_) => Cow::Borrowed("System.Security.SecureString"),
            Self::Object(object) => match (&object.to_string, &object.base) {
                (Some(text), _) => text.to_string_lossy(),
                (None, Base::Value(inner)) => inner.display()?,
                (None, Base::None | Base::Sequence(..) | Base::Dictionary(_)) => return None,
            },
            Self::Bytes(_) | Self::Progress(_) | Self::Enclosing(_) | Self::Members(_) => {
                return None;
            }
        })
    }
}

impl Object {
    /// The property of that name, in any case: extended ones come before adapted ones.
    pub fn property(&self, name: &str) -> Option<&Value> {
        let wrapped = || match &self.base {
            Base::Value(inner) => inner.property(name),
            Base::None | Base::Sequence(..) | Base::Dictionary(_) => None,
        };
        let own = || self.adapted.get(name);
        self.extended.get(name).or_else(own).or_else(wrapped)
    }
}

impl Properties {
    /// The property of that name, in any case.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let fits = |property: &&super::Property| property.name.eq_ignore_ascii_case(name);
        self.0.iter().find(fits).map(|property| &property.value)
    }
}
