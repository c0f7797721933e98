//! XML as far as SOAP needs it: elements with text or with children.

mod element;
mod name;
mod parse;
mod plain;
mod write;

pub use element::Element;
pub use name::{Name, Ns};
pub use parse::{Limits, XmlError, parse};
pub use write::{DECLARED, write};
