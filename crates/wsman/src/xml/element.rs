//! Elements.

use std::borrow::Cow;

use super::name::{Name, Ns};

/// An element with its attributes, and its text or its children. Text between children is not
/// kept: messages here have none but white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes, declarations of namespaces left out.
    pub attributes: Vec<(Name, String)>,
    /// Its text; empty if it has children.
    pub text: String,
    /// Its children.
    pub children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub fn new(ns: Ns, local: &'static str) -> Self {
        Self {
            name: Name::new(ns, local),
            attributes: Vec::new(),
            text: String::new(),
            children: Vec::new(),
        }
    }

    /// An element with a text.
    pub fn with_text(ns: Ns, local: &'static str, text: impl Into<String>) -> Self {
        let mut element = Self::new(ns, local);
        element.text = text.into();
        element
    }

    /// The element with one more attribute, of no namespace.
    #[must_use]
    pub fn attribute(self, local: &'static str, value: impl Into<String>) -> Self {
        self.qualified(Ns::None, local, value)
    }

    /// The element with one more attribute.
    #[must_use]
    pub fn qualified(mut self, ns: Ns, local: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((Name::new(ns, local), value.into()));
        self
    }

    /// The element with one more child.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The element with one more child, if there is one.
    #[must_use]
    pub fn maybe(mut self, child: Option<Self>) -> Self {
        self.children.extend(child);
        self
    }

    /// The element with more children.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Whether it has this name.
    pub fn is(&self, ns: &Ns, local: &str) -> bool {
        self.name.is(ns, local)
    }

    /// The first child of this name.
    pub fn find(&self, ns: &Ns, local: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(ns, local))
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, ns: &'a Ns, local: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children
            .iter()
            .filter(move |child| child.is(ns, local))
    }

    /// Text of the first child of this name.
    pub fn text_of(&self, ns: &Ns, local: &str) -> Option<&str> {
        self.find(ns, local).map(|child| child.text.as_str())
    }

    /// An attribute of no namespace.
    pub fn get(&self, local: &str) -> Option<&str> {
        self.get_qualified(&Ns::None, local)
    }

    /// An attribute.
    pub fn get_qualified(&self, ns: &Ns, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name.is(ns, local));
        found.map(|(_, value)| value.as_str())
    }

    /// Its name as people read it.
    pub fn label(&self) -> Cow<'static, str> {
        self.name.local.clone()
    }
}
