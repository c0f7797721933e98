//! CLIXML into values.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::escape::unescape;

use super::error::{ClixmlError, ClixmlErrorKind, Limits};
use super::pull::{Pull, Start, beginning};
use super::tag::Tag;
use super::{
    Base, Object, ProgressRecord, Properties, Property, SecureString, Sequence, Text, TypeNames,
    Value, escape, float,
};

/// Reads the document that holds one value, in UTF-8 with or without a byte order mark.
pub fn decode(document: &[u8], limits: &Limits) -> Result<Value, ClixmlError> {
    let fault = |kind| ClixmlError { offset: 0, kind };
    if document.len() > limits.bytes {
        return Err(fault(ClixmlErrorKind::TooLong {
            length: document.len(),
            limit: limits.bytes,
        }));
    }
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let text = str::from_utf8(document).map_err(|_| fault(ClixmlErrorKind::NotUtf8))?;
    let mut decoder = Decoder {
        pull: Pull::new(text),
        limits,
        values: 0,
        depth: 0,
        deepest: 0,
        objects: HashMap::new(),
        types: HashMap::new(),
        around: Vec::new(),
    };
    let root = decoder.pull.root()?;
    let value = decoder.value(&root)?;
    decoder.pull.end()?;
    Ok(value)
}

/// The text of a document that holds nothing else and is written in the usual way; `None` asks
/// for [`decode`].
pub(crate) fn text_of_document(document: &[u8]) -> Option<Text> {
    let content = document.strip_prefix(b"<S>")?.strip_suffix(b"</S>")?;
    if memchr::memchr(b'<', content).is_some() {
        return None;
    }
    let content = unescape(str::from_utf8(content).ok()?).ok()?;
    Some(escape::read(&content))
}

/// An object that a reference may repeat.
struct Known {
    object: Arc<Object>,
    /// Values in it.
    values: usize,
    /// How deep they are inside of it.
    height: usize,
}

struct Decoder<'x> {
    pull: Pull<'x>,
    limits: &'x Limits,
    values: usize,
    depth: usize,
    /// The greatest depth since the present object began.
    deepest: usize,
    objects: HashMap<u64, Known>,
    types: HashMap<u64, TypeNames>,
    /// Numbers of the objects that are being read, the innermost last.
    around: Vec<Option<u64>>,
}

impl Decoder<'_> {
    fn value(&mut self, start: &Start) -> Result<Value, ClixmlError> {
        self.count(1, 1)?;
        self.depth += 1;
        let value = self.value_of(start);
        self.depth -= 1;
        value
    }

    /// Counts values that are about to be held, `height` deep below the present depth.
    fn count(&mut self, values: usize, height: usize) -> Result<(), ClixmlError> {
        self.values = self.values.saturating_add(values);
        self.deepest = self.deepest.max(self.depth + height);
        let (values, depth) = (self.limits.values, self.limits.depth);
        if self.values > values {
            return Err(self.pull.error(ClixmlErrorKind::TooMany { limit: values }));
        }
        if self.depth + height > depth {
            return Err(self.pull.error(ClixmlErrorKind::TooDeep { limit: depth }));
        }
        Ok(())
    }

    fn value_of(&mut self, start: &Start) -> Result<Value, ClixmlError> {
        Ok(match start.tag {
            Tag::Object => self.object(start)?,
            Tag::Ref => self.reference(start)?,
            Tag::Nil => {
                self.pull.content(start)?;
                Value::Null
            }
            Tag::Text => Value::Text(self.text(start)?),
            Tag::Uri => Value::Uri(self.text(start)?),
            Tag::Xml => Value::Xml(self.text(start)?),
            Tag::Script => Value::Script(self.text(start)?),
            Tag::Bool => self.with(start, |text| match text {
                "true" | "True" => Some(Value::Bool(true)),
                "false" | "False" => Some(Value::Bool(false)),
                _ => None,
            })?,
            Tag::Char => self.parsed(start, Value::Char)?,
            Tag::U8 => self.parsed(start, Value::U8)?,
            Tag::I8 => self.parsed(start, Value::I8)?,
            Tag::U16 => self.parsed(start, Value::U16)?,
            Tag::I16 => self.parsed(start, Value::I16)?,
            Tag::U32 => self.parsed(start, Value::U32)?,
            Tag::I32 => self.parsed(start, Value::I32)?,
            Tag::U64 => self.parsed(start, Value::U64)?,
            Tag::I64 => self.parsed(start, Value::I64)?,
            Tag::F32 => self.with(start, |text| float::read(text).map(Value::F32))?,
            Tag::F64 => self.with(start, |text| float::read(text).map(Value::F64))?,
            Tag::Decimal => self.parsed(start, Value::Decimal)?,
            Tag::DateTime => self.parsed(start, Value::DateTime)?,
            Tag::Duration => self.parsed(start, Value::Duration)?,
            Tag::Guid => self.parsed(start, Value::Guid)?,
            Tag::Version => self.parsed(start, Value::Version)?,
            Tag::Bytes => self.with(start, |text| base64(text).map(Value::Bytes))?,
            Tag::Secure => self.with(start, |text| {
                base64(text).map(SecureString).map(Value::Secure)
            })?,
            Tag::Progress => Value::Progress(Box::new(self.progress(start)?)),
            Tag::Extended => Value::Members(self.properties(start)?),
            _ => return Err(self.pull.unexpected(start.tag.name())),
        })
    }

    fn text(&mut self, start: &Start) -> Result<Text, ClixmlError> {
        Ok(escape::read(&self.pull.content(start)?))
    }

    fn parsed<T: FromStr>(
        &mut self,
        start: &Start,
        wrap: impl Fn(T) -> Value,
    ) -> Result<Value, ClixmlError> {
        self.with(start, |text| text.parse().ok().map(wrap))
    }

    fn with<T>(
        &mut self,
        start: &Start,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ClixmlError> {
        let content = self.pull.content(start)?;
        read(content.trim_ascii()).ok_or_else(|| {
            self.pull.error(ClixmlErrorKind::Content {
                tag: start.tag.name(),
                text: beginning(&content),
            })
        })
    }

    fn reference(&mut self, start: &Start) -> Result<Value, ClixmlError> {
        self.pull.content(start)?;
        let number = self.number(start)?;
        let inside_of = |around: &Option<u64>| *around == Some(number);
        if let Some(out) = self.around.iter().rev().position(inside_of) {
            // Nothing is deeper than its limit, which is far below that.
            return Ok(Value::Enclosing(u32::try_from(out).unwrap_or(u32::MAX)));
        }
        let Some(known) = self.objects.get(&number) else {
            return Err(self.pull.error(ClixmlErrorKind::Reference(number)));
        };
        let (object, values, height) = (known.object.clone(), known.values, known.height);
        self.count(values, height)?;
        Ok(Value::Object(object))
    }

    fn number(&self, start: &Start) -> Result<u64, ClixmlError> {
        let missing = || self.pull.structure("a reference has no number");
        start.number.ok_or_else(missing)
    }

    fn object(&mut self, start: &Start) -> Result<Value, ClixmlError> {
        let values = self.values;
        let deepest = std::mem::replace(&mut self.deepest, self.depth);
        self.around.push(start.number);
        let object = self.members(start)?;
        self.around.pop();
        let height = self.deepest - self.depth;
        self.deepest = self.deepest.max(deepest);
        let object = Arc::new(object);
        if let Some(number) = start.number {
            let known = Known {
                object: object.clone(),
                values: self.values - values,
                height,
            };
            self.objects.insert(number, known);
        }
        Ok(Value::Object(object))
    }

    fn members(&mut self, start: &Start) -> Result<Object, ClixmlError> {
        let mut object = Object::default();
        if start.empty {
            return Ok(object);
        }
        while let Some(child) = self.pull.child()? {
            match child.tag {
                Tag::TypeNames => object.types = Some(self.type_names(&child)?),
                Tag::TypeNamesRef => {
                    self.pull.content(&child)?;
                    let number = self.number(&child)?;
                    let Some(types) = self.types.get(&number) else {
                        return Err(self.pull.error(ClixmlErrorKind::Reference(number)));
                    };
                    object.types = Some(types.clone());
                }
                Tag::ToString => object.to_string = Some(self.text(&child)?),
                Tag::Adapted => object.adapted = self.properties(&child)?,
                Tag::Extended => object.extended = self.properties(&child)?,
                _ if object.base != Base::None => {
                    return Err(self.pull.structure("an object is two things at once"));
                }
                _ => object.base = self.base(&child)?,
            }
        }
        Ok(object)
    }

    fn base(&mut self, start: &Start) -> Result<Base, ClixmlError> {
        let kind = match start.tag {
            Tag::List => Sequence::List,
            Tag::Enumerable => Sequence::Enumerable,
            Tag::Stack => Sequence::Stack,
            Tag::Queue => Sequence::Queue,
            Tag::Dictionary => return self.entries(start).map(Base::Dictionary),
            _ => return self.value(start).map(Base::Value),
        };
        let mut items = Vec::new();
        self.children(start, |decoder, child| {
            items.push(decoder.value(child)?);
            Ok(())
        })?;
        Ok(Base::Sequence(kind, items))
    }

    fn entries(&mut self, start: &Start) -> Result<Vec<(Value, Value)>, ClixmlError> {
        let mut entries = Vec::new();
        self.children(start, |decoder, entry| {
            if entry.tag != Tag::Entry {
                return Err(decoder.pull.unexpected(entry.tag.name()));
            }
            let mut key = None;
            let mut value = None;
            decoder.children(entry, |decoder, child| {
                let slot = match child.name.as_deref() {
                    Some("Key") => &mut key,
                    Some("Value") => &mut value,
                    _ => return Err(decoder.pull.structure("an entry has a third part")),
                };
                *slot = Some(decoder.value(child)?);
                Ok(())
            })?;
            let (Some(key), Some(value)) = (key, value) else {
                return Err(decoder.pull.structure("an entry has no key or no value"));
            };
            entries.push((key, value));
            Ok(())
        })?;
        Ok(entries)
    }

    fn type_names(&mut self, start: &Start) -> Result<TypeNames, ClixmlError> {
        let mut names = Vec::new();
        self.children(start, |decoder, child| {
            if child.tag != Tag::TypeName {
                return Err(decoder.pull.unexpected(child.tag.name()));
            }
            decoder.count(1, 0)?;
            names.push(decoder.text(child)?.into_string_lossy());
            Ok(())
        })?;
        let names = TypeNames(names.into());
        if let Some(number) = start.number {
            self.types.insert(number, names.clone());
        }
        Ok(names)
    }

    fn properties(&mut self, start: &Start) -> Result<Properties, ClixmlError> {
        let mut properties = Properties::default();
        self.children(start, |decoder, child| {
            let value = decoder.value(child)?;
            let Some(name) = child.name.clone() else {
                return Err(decoder.pull.structure("a property has no name"));
            };
            properties.0.push(Property { name, value });
            Ok(())
        })?;
        Ok(properties)
    }

    fn progress(&mut self, start: &Start) -> Result<ProgressRecord, ClixmlError> {
        let mut record = ProgressRecord::default();
        self.children(start, |decoder, child| {
            let number = |text: &str| text.parse().ok();
            match child.tag {
                Tag::Activity => record.activity = decoder.text(child)?,
                Tag::ActivityId => record.activity_id = decoder.with(child, number)?,
                Tag::Text => record.current_operation = Some(decoder.text(child)?),
                Tag::Nil => drop(decoder.pull.content(child)?),
                Tag::ParentActivity => record.parent_activity_id = decoder.with(child, number)?,
                Tag::Percent => record.percent_complete = decoder.with(child, number)?,
                Tag::TypeName => record.record_type = decoder.text(child)?,
                Tag::Seconds => record.seconds_remaining = decoder.with(child, number)?,
                Tag::Status => record.status = decoder.text(child)?,
                _ => return Err(decoder.pull.unexpected(child.tag.name())),
            }
            Ok(())
        })?;
        Ok(record)
    }

    /// Does something with each element inside of another.
    fn children(
        &mut self,
        start: &Start,
        mut with: impl FnMut(&mut Self, &Start) -> Result<(), ClixmlError>,
    ) -> Result<(), ClixmlError> {
        if start.empty {
            return Ok(());
        }
        while let Some(child) = self.pull.child()? {
            with(self, &child)?;
        }
        Ok(())
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    // Long ones are broken into lines.
    let line: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(line).ok()
}
