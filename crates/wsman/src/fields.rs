//! Reading and writing of single elements that several messages have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Malformed;
use crate::xml::{Element, Ns};

/// The bytes of an element's base64 text, in which white space counts for nothing.
pub(crate) fn bytes(what: &'static str, element: &Element) -> Result<Vec<u8>, Malformed> {
    let text = element.text.trim_ascii();
    let decoded = STANDARD.decode(text).or_else(|_| {
        let dense: String = text.split_ascii_whitespace().collect();
        STANDARD.decode(dense)
    });
    decoded.map_err(|_| Malformed::value(what, text))
}

/// An element whose text is `bytes` in base64.
pub(crate) fn base64(ns: Ns, local: &'static str, bytes: &[u8]) -> Element {
    Element::with_text(ns, local, STANDARD.encode(bytes))
}

/// Names of streams in an element's text: `stdin pr`.
pub(crate) fn words(text: Option<&str>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// An element of the shells' namespace with a text.
pub(crate) fn shell(local: &'static str, text: impl Into<String>) -> Element {
    Element::with_text(Ns::Shell, local, text)
}

/// An element of the shells' namespace, if there is a text for it.
pub(crate) fn shell_maybe(local: &'static str, text: Option<impl Into<String>>) -> Option<Element> {
    text.map(|text| shell(local, text))
}

/// A truth as XML Schema has it, or Windows.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "1")
}

/// Selectors: what names a resource (DSP0226 5.4.2.2).
pub(crate) fn selectors(set: &Element) -> Vec<(String, String)> {
    let all = set.all(&Ns::Wsman, "Selector");
    let pairs = all.map(|selector| {
        let name = selector.get("Name").unwrap_or_default();
        (name.to_owned(), selector.text.clone())
    });
    pairs.collect()
}

/// The element of selectors.
pub(crate) fn selector_set(selectors: &[(String, String)]) -> Element {
    let all = selectors.iter().map(|(name, value)| {
        Element::with_text(Ns::Wsman, "Selector", value).attribute("Name", name)
    });
    Element::new(Ns::Wsman, "SelectorSet").children(all)
}
