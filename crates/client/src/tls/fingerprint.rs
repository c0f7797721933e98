//! What certificates are known by.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

/// Bytes of a fingerprint.
const BYTES: usize = 32;

/// SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` has it.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; BYTES]);

/// A text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is SHA-256 in 64 hexadecimal digits")]
pub struct NoFingerprint;

impl Fingerprint {
    /// That of some bytes: a certificate's DER.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; BYTES];
        let made = digest(&SHA256, bytes);
        for (to, from) in hash.iter_mut().zip(made.as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// It in bytes.
    pub fn bytes(self) -> [u8; BYTES] {
        self.0
    }

    /// Its first eight digits: enough to tell one's own certificates apart.
    pub fn brief(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl From<[u8; BYTES]> for Fingerprint {
    fn from(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }
}

/// In a time that does not tell where they differ.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Fingerprint {}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.brief())
    }
}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    /// With colons or without, in either case.
    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let digits: String = text.chars().filter(|c| *c != ':').collect();
        unhex(&digits).map(Self).ok_or(NoFingerprint)
    }
}

/// Two digits for each byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _infallible = write!(out, "{byte:02x}");
    }
    out
}

/// The bytes that these digits stand for, if they are as many.
pub(super) fn unhex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(2 * at..2 * at + 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_written_and_read() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let made = Fingerprint::of(b"");
        assert_eq!(made.to_string(), empty);
        assert_eq!(made.brief(), "e3b0c442");
        assert_eq!(empty.parse(), Ok(made));
        assert_eq!(empty.to_uppercase().parse(), Ok(made));
        let pairs: Vec<&str> = (0..32).map(|at| &empty[2 * at..2 * at + 2]).collect();
        assert_eq!(pairs.join(":").parse(), Ok(made));
        assert_ne!(made, Fingerprint::of(b"a"));
        for wrong in [
            "",
            "e3",
            &empty[1..],
            &empty.replace('e', "g"),
            &format!("{empty}00"),
        ] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(NoFingerprint), "{wrong}");
        }
    }
}
