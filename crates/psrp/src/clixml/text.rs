//! Text as .NET has it.

use std::borrow::Cow;
use std::fmt;

/// A string of .NET: UTF-16 in which surrogates may stand alone.
///
/// Nearly all text has none of these and is held as UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Units);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Units {
    Utf8(String),
    // INVARIANT: at least one surrogate stands alone, else it would be `Utf8`: so that equal
    // texts are equal values.
    Utf16(Vec<u16>),
}

impl Text {
    /// The text of UTF-16 code units.
    pub fn from_utf16(units: &[u16]) -> Self {
        Self(match String::from_utf16(units) {
            Ok(text) => Units::Utf8(text),
            Err(_) => Units::Utf16(units.to_vec()),
        })
    }

    /// The text as a string, `None` if a surrogate stands alone in it.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Units::Utf8(text) => Some(text),
            Units::Utf16(_) => None,
        }
    }

    /// The text, with U+FFFD for each surrogate that stands alone.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Units::Utf8(text) => Cow::Borrowed(text),
            Units::Utf16(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The text, with U+FFFD for each surrogate that stands alone.
    pub fn into_string_lossy(self) -> String {
        match self.0 {
            Units::Utf8(text) => text,
            Units::Utf16(units) => String::from_utf16_lossy(&units),
        }
    }

    /// The UTF-16 code units.
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Units::Utf8(text) => text.encode_utf16().collect(),
            Units::Utf16(units) => units.clone(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Units::Utf8(text) => text.is_empty(),
            Units::Utf16(units) => units.is_empty(),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Units::Utf8(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string_lossy())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string_lossy(), f)
    }
}

/// Collects a text from pieces and single code units.
#[derive(Debug, Default)]
pub(super) struct Builder {
    text: String,
    /// The first half of a pair whose second half may follow.
    high: Option<u16>,
    /// All that came so far, once a surrogate stood alone.
    units: Option<Vec<u16>>,
}

impl Builder {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ..Self::default()
        }
    }

    pub(super) fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.settle();
        match &mut self.units {
            Some(units) => units.extend(text.encode_utf16()),
            None => self.text.push_str(text),
        }
    }

    pub(super) fn push_unit(&mut self, unit: u16) {
        if let Some(high) = self.high
            && let Some(Ok(pair)) = char::decode_utf16([high, unit]).next()
        {
            self.high = None;
            return self.push_str(pair.encode_utf8(&mut [0; 4]));
        }
        match char::from_u32(unit.into()) {
            Some(c) => self.push_str(c.encode_utf8(&mut [0; 4])),
            None if (0xd800..0xdc00).contains(&unit) => {
                self.settle();
                self.high = Some(unit);
            }
            None => {
                self.settle();
                self.lone(unit);
            }
        }
    }

    pub(super) fn finish(mut self) -> Text {
        self.settle();
        match self.units {
            Some(units) => Text::from_utf16(&units),
            None => self.text.into(),
        }
    }

    /// No second half can follow any more.
    fn settle(&mut self) {
        if let Some(high) = self.high.take() {
            self.lone(high);
        }
    }

    fn lone(&mut self, unit: u16) {
        let text = &self.text;
        let units = self
            .units
            .get_or_insert_with(|| text.encode_utf16().collect());
        units.push(unit);
    }
}
