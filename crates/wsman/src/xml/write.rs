//! From elements to text.

use std::borrow::Cow;

use super::element::Element;
use super::name::{Name, Ns};
use super::plain::split_plain;

/// Namespaces that a document's root declares; others are declared where they are used.
pub const DECLARED: [Ns; 7] = [
    Ns::Soap,
    Ns::Addressing,
    Ns::Transfer,
    Ns::Enumeration,
    Ns::Wsman,
    Ns::Microsoft,
    Ns::Shell,
];

/// Writes a document. Characters that XML does not have are left out.
pub fn write(root: &Element) -> String {
    let mut out = String::with_capacity(size_hint(root));
    element(&mut out, root, Scope::Root);
    out
}

fn size_hint(element: &Element) -> usize {
    let own = 2 * element.name.local.len() + element.text.len() + 64;
    element.children.iter().map(size_hint).sum::<usize>() + own
}

/// Where an element stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// It is the document's.
    Root,
    /// Names without a prefix are of no namespace.
    Plain,
    /// Names without a prefix are PowerShell's.
    PowerShell,
}

fn element(out: &mut String, from: &Element, scope: Scope) {
    let bound = Bound::of(from);
    out.push('<');
    bound.element(out, &from.name);
    if scope == Scope::Root {
        for ns in &DECLARED {
            declare(out, ns.prefix().unwrap_or_default(), ns.uri());
        }
    }
    let inner = match from.name.ns {
        // Windows' client looks for these elements by their names without a prefix.
        Ns::PowerShell => {
            if scope != Scope::PowerShell {
                declare(out, "", from.name.ns.uri());
            }
            Scope::PowerShell
        }
        Ns::None if scope == Scope::PowerShell => {
            declare(out, "", "");
            Scope::Plain
        }
        _ if scope == Scope::PowerShell => Scope::PowerShell,
        _ => Scope::Plain,
    };
    for (prefix, ns) in bound.0.iter().zip(&bound.1) {
        declare(out, prefix, ns.uri());
    }
    for (key, value) in &from.attributes {
        out.push(' ');
        bound.attribute(out, key);
        out.push_str("=\"");
        escape(out, value, true);
        out.push('"');
    }
    // Windows writes streams without bytes in two tags, and some clients read them by their text.
    let is_paired = from.name.is(&Ns::Shell, "Stream");
    if from.text.is_empty() && from.children.is_empty() && !is_paired {
        out.push_str("/>");
        return;
    }
    out.push('>');
    if from.children.is_empty() {
        escape(out, &from.text, false);
    }
    for child in &from.children {
        element(out, child, inner);
    }
    out.push_str("</");
    bound.element(out, &from.name);
    out.push('>');
}

/// Prefixes and namespaces that an element declares itself.
struct Bound<'a>(Vec<Cow<'static, str>>, Vec<&'a Ns>);

impl<'a> Bound<'a> {
    fn of(element: &'a Element) -> Self {
        let mut bound = Self(Vec::new(), Vec::new());
        if element.name.ns != Ns::PowerShell {
            bound.bind(&element.name.ns);
        }
        for (name, _) in &element.attributes {
            bound.bind(&name.ns);
        }
        bound
    }

    fn bind(&mut self, ns: &'a Ns) {
        let known = matches!(ns, Ns::None | Ns::Xml) || DECLARED.contains(ns);
        if known || self.1.contains(&ns) {
            return;
        }
        let own = ns.prefix().map(Cow::Borrowed);
        let given = own.unwrap_or_else(|| format!("q{}", self.1.len()).into());
        self.0.push(given);
        self.1.push(ns);
    }

    fn element(&self, out: &mut String, name: &Name) {
        if name.ns == Ns::PowerShell {
            out.push_str(&name.local);
        } else {
            self.attribute(out, name);
        }
    }

    fn attribute(&self, out: &mut String, name: &Name) {
        let at = self.1.iter().position(|ns| **ns == name.ns);
        let own = at.and_then(|at| self.0.get(at)).map(|prefix| &**prefix);
        if let Some(prefix) = own.or_else(|| name.ns.prefix()) {
            out.push_str(prefix);
            out.push(':');
        }
        out.push_str(&name.local);
    }
}

fn declare(out: &mut String, prefix: &str, uri: &str) {
    out.push_str(" xmlns");
    if !prefix.is_empty() {
        out.push(':');
        out.push_str(prefix);
    }
    out.push_str("=\"");
    escape(out, uri, true);
    out.push('"');
}

fn escape(out: &mut String, text: &str, quoted: bool) {
    // Output comes as base64, megabytes of it.
    let (plain, mut rest) = split_plain(text);
    out.push_str(plain);
    while let Some(at) = rest.find(|c| needs_care(c, quoted)) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('&') => out.push_str("&amp;"),
            Some('"') => out.push_str("&quot;"),
            // Bare ones would be read as line ends and spaces.
            Some('\r') => out.push_str("&#13;"),
            Some('\n') => out.push_str("&#10;"),
            Some('\t') => out.push_str("&#9;"),
            Some(_) | None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

fn needs_care(character: char, quoted: bool) -> bool {
    match character {
        '<' | '>' | '&' | '\r' => true,
        '"' | '\n' | '\t' => quoted,
        other => !super::parse::is_allowed(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, parse};
    use super::*;

    #[test]
    fn streams_have_two_tags_as_windows_writes_them() {
        let text = write(&Element::new(Ns::Shell, "Stream"));
        assert!(text.ends_with("></rsp:Stream>"), "{text}");
        let text = write(&Element::new(Ns::Shell, "SendResponse"));
        assert!(text.ends_with("/>"), "{text}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let element = Element::new(Ns::Soap, "Envelope")
            .qualified(Ns::Xml, "lang", "en-US")
            .child(
                Element::new(Ns::PowerShell, "creationXml")
                    .attribute("a", "1 < \"2\" & '3'\r\n\t")
                    .child(Element::with_text(
                        Ns::PowerShell,
                        "b",
                        "x\r\ny < ]]> & \u{1F600}",
                    ))
                    .child(
                        Element::new(Ns::None, "e")
                            .qualified(Ns::PowerShell, "f", "1")
                            .child(Element::new(Ns::PowerShell, "g"))
                            .child(Element::new(Ns::None, "h")),
                    ),
            )
            .child(
                Element::new(Ns::Other("urn:x".into()), "c")
                    .qualified(Ns::Other("urn:y".into()), "c", "2")
                    .qualified(Ns::Other("urn:x".into()), "d", "3"),
            )
            .child(Element::with_text(Ns::None, "d", " "));
        let text = write(&element);
        assert_eq!(parse(&text, Limits::default()).unwrap(), element, "{text}");
    }

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        let text = write(&Element::with_text(Ns::None, "a", "x\0y\u{1b}z\u{ffff}"));
        assert!(text.ends_with(">xyz</a>"), "{text}");
    }
}
