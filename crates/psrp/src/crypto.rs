//! The session's key and what is encrypted with it ([MS-PSRP] 2.2.3.23, 3.1.5.4.3 and following).
//!
//! The client makes a pair of RSA keys and sends the public one; the server makes a key for AES
//! and sends that encrypted. From then on both read and write secure strings.

mod blob;
mod key;
mod pair;

pub use blob::KeyError;
pub use key::{SecureStringError, SessionKey};
pub use pair::KeyPair;
