//! Text of bodies: UTF-8, or UTF-16 with a mark or as the content type says.

use std::borrow::Cow;
use std::fmt;

use crate::Malformed;

/// How a body's text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// UTF-16, the low byte first unless a mark says otherwise.
    Utf16,
}

impl Charset {
    /// What a `Content-Type` says (`application/soap+xml;charset=UTF-16`); UTF-8 if it says
    /// nothing, nothing if it says something else.
    pub fn from_content_type(value: &str) -> Option<Self> {
        let mut parameters = value.split(';').skip(1);
        let charset = parameters.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let is_charset = name.trim().eq_ignore_ascii_case("charset");
            is_charset.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        match charset.as_deref() {
            None | Some("utf-8" | "utf8") => Some(Self::Utf8),
            Some("utf-16" | "utf16" | "utf-16le") => Some(Self::Utf16),
            Some(_) => None,
        }
    }

    /// The text of `bytes`. A byte order mark counts more than the content type.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, Malformed> {
        let malformed = |charset| move || Malformed::Text(charset);
        match bytes {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
            rest if self == Self::Utf16 => utf16(rest, u16::from_le_bytes),
            rest => utf8(rest),
        }
        .ok_or_else(malformed(self))
    }

    /// The bytes of `text`, as [`decode`](Self::decode) reads them.
    pub fn encode(self, text: String) -> Vec<u8> {
        match self {
            Self::Utf8 => text.into_bytes(),
            Self::Utf16 => {
                let units = std::iter::once(0xfeff).chain(text.encode_utf16());
                units.flat_map(u16::to_le_bytes).collect()
            }
        }
    }

    /// The content type of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Utf8 => "application/soap+xml;charset=UTF-8",
            Self::Utf16 => "application/soap+xml;charset=UTF-16",
        }
    }
}

fn utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'_, str>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()?;
    rest.is_empty().then_some(Cow::Owned(text))
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_say_the_charset() {
        for (value, charset) in [
            ("application/soap+xml", Some(Charset::Utf8)),
            ("application/soap+xml;charset=UTF-8", Some(Charset::Utf8)),
            (
                "application/soap+xml; Charset=\"utf-16\"",
                Some(Charset::Utf16),
            ),
            ("text/xml; charset=latin1", None),
        ] {
            assert_eq!(Charset::from_content_type(value), charset, "{value}");
        }
    }

    #[test]
    fn text_comes_back_from_bytes() {
        let text = "a\u{e9}\u{1F600}";
        for charset in [Charset::Utf8, Charset::Utf16] {
            let bytes = charset.encode(text.to_owned());
            assert_eq!(charset.decode(&bytes).unwrap(), text);
        }
        let big: Vec<u8> = std::iter::once(0xfeff)
            .chain(text.encode_utf16())
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(Charset::Utf8.decode(&big).unwrap(), text);
        for bad in [&b"\xff"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8"] {
            assert!(Charset::Utf8.decode(bad).is_err(), "{bad:?}");
        }
    }
}
