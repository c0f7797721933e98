//! From text to elements, within limits.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::reader::NsReader;

use super::element::Element;
use super::name::{Name, Ns};
use super::plain::split_plain;

/// How much a document may hold. Its length is its caller's matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Elements within elements.
    pub depth: usize,
    /// Elements altogether.
    pub elements: usize,
    /// Attributes of one element, declarations included.
    pub attributes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 32,
            elements: 65_536,
            attributes: 64,
        }
    }
}

/// Why a text is no document that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// It is not well formed.
    #[error("{0}")]
    Syntax(String),
    /// It defines a document type; nobody here needs one, and entities come with it.
    #[error("document types are not allowed")]
    DocumentType,
    /// It refers to an entity that XML itself does not have.
    #[error("there is no entity {0:?}")]
    Entity(String),
    /// It uses a prefix that it does not declare.
    #[error("the prefix {0:?} is not declared")]
    Prefix(String),
    /// It holds more than is allowed.
    #[error("it has too many {0}")]
    Limit(&'static str),
    /// It ends early, or goes on behind its end.
    #[error("it is not one whole element")]
    NotWhole,
}

impl From<quick_xml::Error> for XmlError {
    fn from(error: quick_xml::Error) -> Self {
        Self::Syntax(error.to_string())
    }
}

/// Reads a document.
pub fn parse(text: &str, limits: Limits) -> Result<Element, XmlError> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut left = limits.elements;
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                let element = begin(&start, reader.resolver(), limits, &mut left)?;
                if open.len() >= limits.depth {
                    return Err(XmlError::Limit("elements within elements"));
                }
                open.push(element);
            }
            Event::Empty(start) => {
                let element = begin(&start, reader.resolver(), limits, &mut left)?;
                close(&mut open, &mut root, element)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or(XmlError::NotWhole)?;
                close(&mut open, &mut root, element)?;
            }
            Event::Text(text) => add(&mut open, &text.xml10_content())?,
            Event::CData(text) => add(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref()? {
                    Some(character) if is_allowed(character) => character.to_string(),
                    Some(_) => return Err(XmlError::Entity(reference.to_string())),
                    None => match &*reference {
                        "lt" => "<".to_owned(),
                        "gt" => ">".to_owned(),
                        "amp" => "&".to_owned(),
                        "apos" => "'".to_owned(),
                        "quot" => "\"".to_owned(),
                        other => return Err(XmlError::Entity(other.chars().take(40).collect())),
                    },
                };
                add(&mut open, &text)?;
            }
            Event::DocType(_) => return Err(XmlError::DocumentType),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    match (open.is_empty(), root) {
        (true, Some(root)) => Ok(root),
        _ => Err(XmlError::NotWhole),
    }
}

/// What XML 1.0 allows in a document.
pub(super) fn is_allowed(character: char) -> bool {
    !matches!(character, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

fn begin(
    start: &BytesStart<'_>,
    resolver: &NamespaceResolver,
    limits: Limits,
    left: &mut usize,
) -> Result<Element, XmlError> {
    *left = left.checked_sub(1).ok_or(XmlError::Limit("elements"))?;
    let (ns, local) = resolver.resolve_element(start.name());
    let mut element = Element {
        name: named(ns, local.as_ref())?,
        attributes: Vec::new(),
        text: String::new(),
        children: Vec::new(),
    };
    for (count, attribute) in start.attributes().enumerate() {
        if count >= limits.attributes {
            return Err(XmlError::Limit("attributes"));
        }
        let attribute = attribute.map_err(|error| XmlError::Syntax(error.to_string()))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (ns, local) = resolver.resolve_attribute(attribute.key);
        let name = named(ns, local.as_ref())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
        if !value.chars().all(is_allowed) {
            return Err(XmlError::Syntax(
                "an attribute holds a control character".into(),
            ));
        }
        element.attributes.push((name, value.into_owned()));
    }
    Ok(element)
}

/// The namespace of declarations, in which nothing can be named.
const DECLARATIONS: &str = "http://www.w3.org/2000/xmlns/";

/// Namespaces are compared as they are written, so what could be written in two ways is none.
fn named(ns: ResolveResult<'_>, local: &str) -> Result<Name, XmlError> {
    let can_be = |character| is_allowed(character) && !" \t\r\n<>&\"'".contains(character);
    let check = |is_good| {
        let wrong = || XmlError::Syntax("a name is none".into());
        if is_good { Ok(()) } else { Err(wrong()) }
    };
    let ns = match ns {
        ResolveResult::Unbound => Ns::None,
        ResolveResult::Bound(ns) => {
            let uri = ns.as_ref();
            check(uri != DECLARATIONS && uri.chars().all(can_be))?;
            Ns::from_uri(uri)
        }
        ResolveResult::Unknown(prefix) => return Err(XmlError::Prefix(prefix)),
    };
    check(
        local
            .chars()
            .all(|character| character != ':' && can_be(character)),
    )?;
    Ok(Name {
        ns,
        local: local.to_owned().into(),
    })
}

fn add(open: &mut [Element], text: &str) -> Result<(), XmlError> {
    match open.last_mut() {
        Some(element) => {
            if !split_plain(text).1.chars().all(is_allowed) {
                return Err(XmlError::Syntax("it holds a control character".into()));
            }
            element.text.push_str(text);
            Ok(())
        }
        // White space around the document.
        None if text.trim_ascii().is_empty() || text == "\u{feff}" => Ok(()),
        None => Err(XmlError::NotWhole),
    }
}

fn close(
    open: &mut [Element],
    root: &mut Option<Element>,
    mut element: Element,
) -> Result<(), XmlError> {
    if !element.children.is_empty() {
        element.text = String::new();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(XmlError::NotWhole),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Element, XmlError> {
        parse(text, Limits::default())
    }

    #[test]
    fn names_are_known_by_namespace_and_not_by_prefix() {
        let soap = "http://www.w3.org/2003/05/soap-envelope";
        for text in [
            format!("<s:Body xmlns:s='{soap}' s:x='1' y=\"2\"/>"),
            format!("<Body xmlns='{soap}' xmlns:q='{soap}' q:x='1' y='2'></Body>"),
        ] {
            let element = read(&text).unwrap();
            assert!(element.is(&Ns::Soap, "Body"), "{text}");
            assert_eq!(element.get_qualified(&Ns::Soap, "x"), Some("1"));
            assert_eq!(element.get("y"), Some("2"));
            assert_eq!(element.get("x"), None);
        }
    }

    #[test]
    fn text_is_put_together() {
        let element = read("<a>1 &lt; <![CDATA[<&]]>&#x41;<!-- no -->&#66;</a>").unwrap();
        assert_eq!(element.text, "1 < <&AB");
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(40) + &"</a>".repeat(40);
        let many = format!("<a>{}</a>", "<b/>".repeat(70_000));
        for text in [
            "",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>more",
            "<q:a/>",
            "<a>&unknown;</a>",
            "<a>&#0;</a>",
            "<a>&#1;</a>",
            "<a\u{10}/>",
            "<a b&c='1'/>",
            "<xmlns:a/>",
            "<a xmlns:b='urn:b'><b:c:d/></a>",
            "<a xmlns='urn:b\u{10}c'/>",
            "<a xmlns='urn:b&amp;c'/>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            deep.as_str(),
            many.as_str(),
        ] {
            assert!(read(text).is_err(), "{}", &text[..text.len().min(50)]);
        }
    }
}
