//! The session's key.

use std::fmt;

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::KeyError;
use crate::clixml::{SecureString, Text};

/// The key that secure strings of a session are encrypted with: AES with 256 bits in CBC.
///
/// The protocol has all begin with the same block of zeros, so that equal texts look equal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SessionKey([u8; SessionKey::SIZE]);

/// A secure string cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secure string is not encrypted with this session's key")]
pub struct SecureStringError;

impl SessionKey {
    /// Bytes of a key.
    pub const SIZE: usize = 32;

    /// Makes a key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = [0; Self::SIZE];
        rand::fill(&mut key).map_err(|_| KeyError::Make)?;
        Ok(Self(key))
    }

    /// A key that was made before.
    pub const fn from_bytes(key: [u8; Self::SIZE]) -> Self {
        Self(key)
    }

    /// The key itself.
    pub const fn as_bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    /// Encrypts a text.
    pub fn encrypt(&self, text: &Text) -> Result<SecureString, SecureStringError> {
        let units = text.to_utf16().into_iter();
        let mut bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        let key = UnboundCipherKey::new(&AES_256, &self.0).map_err(|_| SecureStringError)?;
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(|_| SecureStringError)?;
        let start = EncryptionContext::Iv128(FixedLength::from(&[0; 16]));
        key.less_safe_encrypt(&mut bytes, start)
            .map_err(|_| SecureStringError)?;
        Ok(SecureString(bytes))
    }

    /// The text of a secure string.
    pub fn decrypt(&self, secure: &SecureString) -> Result<Text, SecureStringError> {
        let mut bytes = secure.0.clone();
        let key = UnboundCipherKey::new(&AES_256, &self.0).map_err(|_| SecureStringError)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| SecureStringError)?;
        let start = DecryptionContext::Iv128(FixedLength::from(&[0; 16]));
        let plain = key.decrypt(&mut bytes, start);
        let plain = plain.map_err(|_| SecureStringError)?;
        let (units, odd) = plain.as_chunks::<2>();
        if !odd.is_empty() {
            return Err(SecureStringError);
        }
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        Ok(Text::from_utf16(&units))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl From<SessionKey> for String {
    fn from(key: SessionKey) -> Self {
        STANDARD.encode(key.0)
    }
}

impl TryFrom<String> for SessionKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let key = STANDARD.decode(text).map_err(|_| KeyError::Format)?;
        let key = key.try_into().map_err(|_| KeyError::Format)?;
        Ok(Self(key))
    }
}
