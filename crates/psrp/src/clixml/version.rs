//! Versions as .NET has them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Two to four numbers, as in `5.1.17763.1971`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number, if there is one.
    pub build: Option<u32>,
    /// The fourth number, if there is one; not without the third.
    pub revision: Option<u32>,
}

impl Version {
    /// A version of two numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self {
            major,
            minor,
            build: None,
            revision: None,
        }
    }
}

/// A text is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is two to four numbers with dots between")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let mut numbers = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let number = part.parse::<u32>().ok().filter(|_| digits);
            number.ok_or(NoVersion)
        });
        let version = Self {
            major: numbers.next().ok_or(NoVersion)??,
            minor: numbers.next().ok_or(NoVersion)??,
            build: numbers.next().transpose()?,
            revision: numbers.next().transpose()?,
        };
        match numbers.next() {
            None => Ok(version),
            Some(_) => Err(NoVersion),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        for number in [self.build, self.revision].into_iter().flatten() {
            write!(f, ".{number}")?;
        }
        Ok(())
    }
}
