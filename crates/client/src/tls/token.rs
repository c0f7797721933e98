//! What a host gives to somebody who may bring it a certificate.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand;
use winsta_domain::Endpoint;

use super::fingerprint::{Fingerprint, hex, unhex};

/// What a token begins with.
const START: &str = "winsta1/";
/// Bytes of a secret.
const BYTES: usize = 16;

/// Good once: where the host is, what it shows, and a secret that it knows the hash of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where the host is.
    pub place: Endpoint,
    /// The host's certificate.
    pub fingerprint: Fingerprint,
    /// The secret.
    pub secret: Secret,
}

/// A text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no token that 'winsta host token' prints")]
pub struct NoToken;

/// A number that nobody guesses.
#[derive(Clone)]
pub struct Secret([u8; BYTES]);

impl Secret {
    /// A new one; `None` if the machine has no random numbers.
    pub fn random() -> Option<Self> {
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// What a host keeps of it.
    pub fn hash(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }

    /// It itself, for the one that it is for.
    pub fn reveal(&self) -> String {
        hex(&self.0)
    }

    /// It itself in bytes.
    pub fn bytes(&self) -> [u8; BYTES] {
        self.0
    }
}

impl From<[u8; BYTES]> for Secret {
    fn from(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Secret {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        unhex(text).map(Self).ok_or(NoToken)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.hash() == other.hash()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// With its secret: for the one that it is for.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = self.secret.reveal();
        write!(f, "{START}{}/{}/{secret}", self.place, self.fingerprint)
    }
}

impl FromStr for Token {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let rest = text.trim().strip_prefix(START).ok_or(NoToken)?;
        let mut parts = rest.split('/');
        let mut part = || parts.next().ok_or(NoToken);
        let token = Self {
            place: part()?.parse().map_err(|_| NoToken)?,
            fingerprint: part()?.parse().map_err(|_| NoToken)?,
            secret: part()?.parse()?,
        };
        match parts.next() {
            None => Ok(token),
            Some(_) => Err(NoToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_token_or_none(text in "(winsta1/)?[a-f0-9:/.\\[\\]x ]{0,200}") {
            if let Ok(token) = text.parse::<Token>() {
                prop_assert_eq!(token.to_string().parse(), Ok(token));
            }
        }
    }

    #[test]
    fn tokens_are_written_and_read() {
        for place in ["web01:7443", "[::1]:5986"] {
            let token = Token {
                place: place.parse().unwrap(),
                fingerprint: Fingerprint::of(b"certificate"),
                secret: Secret::random().unwrap(),
            };
            let text = token.to_string();
            assert_eq!(text.parse(), Ok(token.clone()), "{text}");
            assert_eq!(format!(" {text}\n").parse(), Ok(token.clone()));
            assert!(!format!("{token:?}").contains(&token.secret.reveal()));
            for wrong in [
                text.replace(START, "winsta2/"),
                format!("{text}/"),
                format!("{text}0"),
                text.replace(place, "a b:1"),
                text.rsplit_once('/').unwrap().0.to_owned(),
            ] {
                assert_eq!(wrong.parse::<Token>(), Err(NoToken), "{wrong}");
            }
        }
    }
}
