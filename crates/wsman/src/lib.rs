//! WS-Management with Microsoft's shells: SOAP messages as values, both ways.
//!
//! Bytes come in and messages go out, or the other way round; this crate opens no socket, reads no
//! clock and keeps no shell. A [`Request`] is what a client asks, a [`Reply`] what a server says;
//! each reads and writes the other side's text. References are to DSP0226 (WS-Management) and
//! \[MS-WSMV\].
//!
//! Everything is bounded: a document by the caller's limit, its depth and its number of elements
//! by [`xml::Limits`]. There are no entities but XML's own five, and no document types.

pub mod charset;
pub mod duration;
pub mod fault;
pub mod header;
pub mod names;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
pub mod reply;
pub mod request;
pub mod shell;
pub mod xml;
pub mod xpress;

mod fields;

pub use charset::Charset;
pub use fault::{Fault, Subcode};
pub use header::{CommandOption, Header, ReplyHeader};
pub use reply::{Answer, CommandState, Created, Found, Reply};
pub use request::{Operation, Request, Unreadable};
pub use shell::{BufferMode, Shell};

/// Why a text is not the message that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes are no text in their charset.
    #[error("the body is not valid {0}")]
    Text(Charset),
    /// It is no XML document, or one beyond the limits.
    #[error("the body is not an XML document that can be read: {0}")]
    Xml(#[from] xml::XmlError),
    /// Something is missing.
    #[error("{parent} has no {child}")]
    Missing {
        /// The element that lacks something.
        parent: &'static str,
        /// What it lacks.
        child: &'static str,
    },
    /// Something is there that has no meaning.
    #[error("{what} cannot be {value:?}")]
    Value {
        /// The element or attribute.
        what: &'static str,
        /// The beginning of its text.
        value: String,
    },
    /// It is well formed, and nothing that this crate knows.
    #[error("{0:?} is no message of WS-Management")]
    Unknown(String),
}

impl Malformed {
    /// Longest piece of a peer's text in an error, in characters.
    const QUOTED: usize = 100;

    pub(crate) fn value(what: &'static str, value: &str) -> Self {
        Self::Value {
            what,
            value: value.chars().take(Self::QUOTED).collect(),
        }
    }
}
