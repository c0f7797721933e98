//! CLIXML's elements, one after the other: what is left of XML without entities and types.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::error::{ClixmlError, ClixmlErrorKind};
use super::escape;
use super::tag::Tag;

/// The begin of an element.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) tag: Tag,
    /// The attribute `N`.
    pub(super) name: Option<String>,
    /// The attribute `RefId`.
    pub(super) number: Option<u64>,
    /// Whether the element ends where it begins.
    pub(super) empty: bool,
}

/// Attributes that an element may have; CLIXML's have two.
const ATTRIBUTES: usize = 8;

/// Takes a document apart.
pub(super) struct Pull<'x> {
    reader: Reader<&'x [u8]>,
}

impl<'x> Pull<'x> {
    pub(super) fn new(document: &'x str) -> Self {
        Self {
            reader: Reader::from_str(document),
        }
    }

    /// The next element inside of the present one, `None` at its end.
    pub(super) fn child(&mut self) -> Result<Option<Start>, ClixmlError> {
        loop {
            match self.event()? {
                Event::Start(start) => return self.start(&start, false).map(Some),
                Event::Empty(start) => return self.start(&start, true).map(Some),
                Event::End(_) => return Ok(None),
                Event::Text(text) if blank(&text) => {}
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(self.structure("text stands between elements"));
                }
                Event::DocType(_) => return Err(self.error(ClixmlErrorKind::Entity)),
                Event::Eof => return Err(self.structure("the document ends in the middle")),
            }
        }
    }

    /// The element that is the document.
    pub(super) fn root(&mut self) -> Result<Start, ClixmlError> {
        let root = self.child()?;
        root.ok_or_else(|| self.structure("an element ends that did not begin"))
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<(), ClixmlError> {
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if blank(&text) => {}
                Event::Comment(_) | Event::PI(_) => {}
                _ => return Err(self.structure("something follows behind the value")),
            }
        }
    }

    /// The text in the element that began with `start`, up to its end.
    pub(super) fn content(&mut self, start: &Start) -> Result<Cow<'x, str>, ClixmlError> {
        let mut content = Cow::Borrowed("");
        if start.empty {
            return Ok(content);
        }
        loop {
            let part = match self.event()? {
                Event::Text(text) => text.into_inner(),
                Event::CData(text) => text.into_inner(),
                Event::GeneralRef(reference) => self.resolve(&reference)?.into(),
                Event::End(_) => return Ok(content),
                Event::Comment(_) | Event::PI(_) => continue,
                Event::Start(inner) | Event::Empty(inner) => {
                    return Err(self.unexpected(inner.name().into_inner()));
                }
                Event::Eof => return Err(self.structure("the document ends in the middle")),
                Event::Decl(_) | Event::DocType(_) => {
                    return Err(self.error(ClixmlErrorKind::Entity));
                }
            };
            if content.is_empty() {
                content = part;
            } else {
                content.to_mut().push_str(&part);
            }
        }
    }

    pub(super) fn error(&self, kind: ClixmlErrorKind) -> ClixmlError {
        ClixmlError {
            offset: self.reader.buffer_position(),
            kind,
        }
    }

    pub(super) fn structure(&self, what: &'static str) -> ClixmlError {
        self.error(ClixmlErrorKind::Structure(what))
    }

    pub(super) fn unexpected(&self, name: &str) -> ClixmlError {
        self.error(ClixmlErrorKind::Element(beginning(name)))
    }

    fn event(&mut self) -> Result<Event<'x>, ClixmlError> {
        self.reader
            .read_event()
            .map_err(|error| self.error(ClixmlErrorKind::Xml(error.to_string())))
    }

    fn start(&self, start: &BytesStart<'x>, empty: bool) -> Result<Start, ClixmlError> {
        let tag = start.name().into_inner();
        let tag = Tag::of(tag).ok_or_else(|| self.unexpected(tag))?;
        let mut name = None;
        let mut number = None;
        // Comparing each with all others would take a hostile document's time squared.
        let mut attributes = start.attributes();
        for (index, attribute) in attributes.with_checks(false).enumerate() {
            if index == ATTRIBUTES {
                return Err(self.structure("an element has too many attributes"));
            }
            let xml =
                |error: &dyn std::fmt::Display| self.error(ClixmlErrorKind::Xml(error.to_string()));
            let attribute = attribute.map_err(|error| xml(&error))?;
            let value = unescape(&attribute.value).map_err(|error| xml(&error))?;
            match attribute.key.into_inner() {
                "N" => name = Some(escape::read(&value).into_string_lossy()),
                "RefId" => {
                    let text = || beginning(&value);
                    let bad = |_| {
                        let (tag, text) = (tag.name(), text());
                        self.error(ClixmlErrorKind::Content { tag, text })
                    };
                    number = Some(value.parse().map_err(bad)?);
                }
                _ => {}
            }
        }
        Ok(Start {
            tag,
            name,
            number,
            empty,
        })
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<String, ClixmlError> {
        if let Some(text) = resolve_predefined_entity(reference) {
            return Ok(text.to_owned());
        }
        match reference.resolve_char_ref() {
            Ok(Some(c)) => Ok(c.into()),
            Ok(None) => Err(self.error(ClixmlErrorKind::Entity)),
            Err(error) => Err(self.error(ClixmlErrorKind::Xml(error.to_string()))),
        }
    }
}

fn blank(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_whitespace())
}

/// Enough of a peer's text to recognise it in a message.
pub(super) fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}
