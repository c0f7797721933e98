//! Hosts that are reached over TLS, with certificates that are known by their fingerprints.
//!
//! [`Dial`] makes a connection to any place, whatever is spoken there; [`TlsConnector`] is the
//! way to a host of Winsta's, as this user knows it.

mod connector;
mod dial;
mod enrol;
mod failure;
pub mod files;
mod fingerprint;
mod identity;
mod known;
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
