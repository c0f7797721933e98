//! Keys as Windows' cryptography writes them: PUBLICKEYBLOB and SIMPLEBLOB.

/// Keys cannot be exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// What the peer sent is no key of the kind that is wanted.
    #[error("what came is no key of that kind")]
    Format,
    /// What the peer sent cannot be decrypted, or not encrypted with.
    #[error("what came is no usable key")]
    Unusable,
    /// A key could not be made.
    #[error("the machine has no random numbers to make a key of")]
    Make,
    /// There is no pair of keys that the answer belongs to.
    #[error("no public key was sent before")]
    NotAsked,
}

/// A PUBLICKEYBLOB for RSA with 2048 bits, up to the exponent.
const PUBLIC: [u8; 16] = [
    0x06, 0x02, 0x00, 0x00, 0x00, 0xa4, 0x00, 0x00, b'R', b'S', b'A', b'1', 0x00, 0x08, 0x00, 0x00,
];
/// A SIMPLEBLOB with a key for AES-256, encrypted with RSA.
const SIMPLE: [u8; 12] = [
    0x01, 0x02, 0x00, 0x00, 0x10, 0x66, 0x00, 0x00, 0x00, 0xa4, 0x00, 0x00,
];
/// Bytes of the modulus, and of what is encrypted.
pub(super) const MODULUS: usize = 256;

/// Writes a public key; the modulus has its highest byte first.
pub(super) fn write_public(exponent: u32, modulus: &[u8]) -> Vec<u8> {
    let mut blob = PUBLIC.to_vec();
    blob.extend_from_slice(&exponent.to_le_bytes());
    blob.extend(modulus.iter().rev());
    blob
}

/// Exponent and modulus of a public key, the highest byte first and no zeros before it.
pub(super) fn read_public(blob: &[u8]) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
    let rest = blob.strip_prefix(&PUBLIC).ok_or(KeyError::Format)?;
    let (exponent, modulus) = rest.split_first_chunk::<4>().ok_or(KeyError::Format)?;
    if modulus.len() != MODULUS {
        return Err(KeyError::Format);
    }
    let number = |bytes: &[u8]| {
        let bytes = bytes.iter().rev().skip_while(|byte| **byte == 0);
        bytes.copied().collect()
    };
    Ok((number(exponent), number(modulus)))
}

/// Writes an encrypted key, which has its highest byte first.
pub(super) fn write_simple(encrypted: &[u8]) -> Vec<u8> {
    let mut blob = SIMPLE.to_vec();
    blob.extend(encrypted.iter().rev());
    blob
}

/// The encrypted key, the highest byte first.
pub(super) fn read_simple(blob: &[u8]) -> Result<Vec<u8>, KeyError> {
    let rest = blob.strip_prefix(&SIMPLE).ok_or(KeyError::Format)?;
    if rest.len() != MODULUS {
        return Err(KeyError::Format);
    }
    Ok(rest.iter().rev().copied().collect())
}
