//! CLIXML, the XML in which PowerShell writes objects ([MS-PSRP] 2.2.5).
//!
//! [`decode`] reads one value from bytes of a peer, within [`Limits`]; [`encode`] writes one as
//! Windows does, so that what was read is written the same, but for the numbers of references.
//!
//! Objects that a document refers to again (`Ref`) are shared, not copied: both places hold the
//! same [`Arc`](std::sync::Arc), and writing finds that again.

mod date_time;
mod decimal;
mod decode;
mod duration;
mod encode;
mod error;
mod escape;
mod float;
mod look;
mod object;
mod progress;
mod pull;
mod tag;
mod text;
mod value;
mod version;

pub use date_time::{DateTime, Zone};
pub use decimal::Decimal;
pub use decode::decode;
pub(crate) use decode::text_of_document;
pub use duration::Duration;
pub(crate) use encode::text_document;
pub use encode::{encode, encode_into};
pub use error::{ClixmlError, ClixmlErrorKind, Limits};
pub use object::{Base, Object, Properties, Property, Sequence, TypeNames};
pub use progress::ProgressRecord;
pub use text::Text;
pub use value::{SecureString, Value};
pub use version::Version;

#[cfg(test)]
pub(crate) mod tests;
