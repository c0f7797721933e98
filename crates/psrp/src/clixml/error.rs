//! What may be wrong with CLIXML, and how much of it is taken.

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Values, counted again each time a reference repeats them: so nobody who walks through what
    /// was read walks further than that.
    pub values: usize,
    /// How deep values may be inside of each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 50 << 20,
            values: 1_000_000,
            depth: 100,
        }
    }
}

/// Bytes of a peer are no CLIXML that can be read.
#[derive(Debug, thiserror::Error)]
#[error("CLIXML at byte {offset}: {kind}")]
pub struct ClixmlError {
    /// Where it was noticed, in bytes from the document's begin.
    pub offset: u64,
    /// What is wrong.
    pub kind: ClixmlErrorKind,
}

/// What may be wrong with CLIXML.
#[derive(Debug, thiserror::Error)]
pub enum ClixmlErrorKind {
    /// The document is longer than [`Limits::bytes`].
    #[error("the document has {length} bytes, at most {limit} are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// There are more values than [`Limits::values`].
    #[error("there are more than {limit} values")]
    TooMany {
        /// What is allowed.
        limit: usize,
    },
    /// Values are deeper inside of each other than [`Limits::depth`].
    #[error("values are more than {limit} deep inside of each other")]
    TooDeep {
        /// What is allowed.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// It is not well-formed.
    #[error("not well-formed: {0}")]
    Xml(String),
    /// It has a document type or an entity of its own, which CLIXML never has.
    #[error("document types and entities are not allowed")]
    Entity,
    /// It ends too early, or goes on behind its value.
    #[error("{0}")]
    Structure(&'static str),
    /// An element that is not known, or not where it stands.
    #[error("element {0} is not expected here")]
    Element(String),
    /// The content of an element is not what its name says.
    #[error("element {tag} does not hold {text:?}")]
    Content {
        /// The element's name.
        tag: &'static str,
        /// The begin of what it holds.
        text: String,
    },
    /// A reference to an object, or to names of types, that did not come before.
    #[error("nothing before has the number {0}")]
    Reference(u64),
}
