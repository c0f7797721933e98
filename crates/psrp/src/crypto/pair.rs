//! The client's keys, good for one exchange.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeyPair as RsaKeyPair, KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey, PublicKeyComponents,
};
use aws_lc_rs::signature::KeyPair as _;

use super::blob::{self, KeyError};
use super::key::SessionKey;

/// A pair of RSA keys.
pub struct KeyPair {
    private: Pkcs1PrivateDecryptingKey,
    public: Vec<u8>,
}

impl KeyPair {
    /// Makes a pair; that takes a moment.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Make)?;
        let exponent = pair.public_key().exponent();
        let exponent = exponent.big_endian_without_leading_zero();
        let exponent = exponent
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte));
        let modulus = pair.public_key().modulus();
        let public = blob::write_public(exponent, modulus.big_endian_without_leading_zero());
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Make)?;
        let private = PrivateDecryptingKey::from_pkcs8(der.as_ref());
        let private = private.map_err(|_| KeyError::Make)?;
        let private = Pkcs1PrivateDecryptingKey::new(private).map_err(|_| KeyError::Make)?;
        Ok(Self { private, public })
    }

    /// The public key, as `PUBLIC_KEY` carries it.
    pub fn public_blob(&self) -> &[u8] {
        &self.public
    }

    /// The session's key, out of what `ENCRYPTED_SESSION_KEY` carries.
    pub fn decrypt(&self, blob: &[u8]) -> Result<SessionKey, KeyError> {
        let encrypted = blob::read_simple(blob)?;
        let mut plain = [0; blob::MODULUS];
        let plain = self
            .private
            .decrypt(&encrypted, &mut plain)
            .map_err(|_| KeyError::Unusable)?;
        let key = (&*plain).try_into().map_err(|_| KeyError::Unusable)?;
        Ok(SessionKey::from_bytes(key))
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(..)")
    }
}

impl SessionKey {
    /// The key for the client whose public key is in `public`, as `PUBLIC_KEY` carries it: what
    /// `ENCRYPTED_SESSION_KEY` is to carry.
    pub fn encrypt_for(&self, public: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (e, n) = blob::read_public(public)?;
        let public: PublicEncryptingKey = PublicKeyComponents {
            n: &n[..],
            e: &e[..],
        }
        .try_into()
        .map_err(|_| KeyError::Unusable)?;
        let public = Pkcs1PublicEncryptingKey::new(public).map_err(|_| KeyError::Unusable)?;
        let mut encrypted = [0; blob::MODULUS];
        let encrypted = public
            .encrypt(self.as_bytes(), &mut encrypted)
            .map_err(|_| KeyError::Unusable)?;
        Ok(blob::write_simple(encrypted))
    }
}
