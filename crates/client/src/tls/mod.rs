//! Hosts that are reached over TLS, with certificates that are known by their fingerprints.
//!
//! [`Dial`] makes a connection to any place, whatever is spoken there; [`TlsConnector`] is the
//! way to a host of Winsta's, as this user knows it.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use winsta_client::http::{Request, Response};
//! use winsta_client::tls::{Dial, Keys, Trust};
//! use winsta_client::{Connection, Deadline, Dirs};
//!
//! let keys = Keys::of(&Dirs::from_env()?);
//! let dial = Dial {
//!     place: "web01:5986".parse()?,
//!     trust: Trust::Known(keys.known()),
//!     identity: keys.identity()?.map(Arc::new),
//!     patience: Duration::from_secs(10),
//!     deadline: Deadline::NEVER,
//! };
//! let mut stream = dial.connect()?;
//! println!("it shows {:?}", stream.peer());
//! // For the whole exchange, whatever trickles in.
//! stream.set_timeout(Some(Duration::from_secs(30)))?;
//! let request = Request {
//!     method: "POST",
//!     target: "/wsman",
//!     fields: &[("authorization", "Basic YW5uOnNlY3JldA==")],
//!     content_type: "application/soap+xml;charset=UTF-8",
//!     body: b"<s:Envelope/>",
//! };
//! let answer = Response::ask(Box::new(stream), &request)?;
//! let whole = answer.into_bytes()?;
//! // `whole.connection` is good for the next one.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod connector;
mod dial;
mod end_point;
mod enrol;
mod failure;
pub mod files;
mod fingerprint;
mod identity;
mod known;
mod passage;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod verify;

pub use connector::{Keys, TlsConnector};
pub use dial::{Dial, Trust, keep_alive, provider};
pub use enrol::{enrol, pin};
pub use failure::TlsFailure;
pub use fingerprint::{Fingerprint, NoFingerprint};
pub use identity::{Identity, IdentityError};
pub use known::KnownHosts;
pub use stream::TlsStream;
pub use token::{NoToken, Secret, Token};
