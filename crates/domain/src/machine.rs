//! Names of machines that people type, and that reach other programs' command lines.

use std::fmt;
use std::str::FromStr;

/// Why a text cannot name a machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// The text is empty.
    #[error("a host's name must not be empty")]
    Empty,
    /// The text is longer than [`MachineName::MAX_BYTES`].
    #[error("a host's name has at most {} bytes", MachineName::MAX_BYTES)]
    TooLong,
    /// The text would be taken for an option of the program that gets it.
    #[error("a host's name must not begin with '-'")]
    Option,
    /// The text has a character that is none of a name or an address.
    #[error("a host's name must not contain {0:?}")]
    Character(char),
}

/// Name or address of a machine: letters, digits and `.` `-` `_` `:` `%`, not beginning with `-`.
///
/// It goes to ssh as an argument and from there perhaps into a `ProxyCommand`, which a shell
/// reads: so nothing that means something to either can be in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineName(String);

impl MachineName {
    /// The longest name, as DNS has it.
    pub const MAX_BYTES: usize = 255;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineName {
    type Err = MachineError;

    fn from_str(text: &str) -> Result<Self, MachineError> {
        if text.is_empty() {
            return Err(MachineError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(MachineError::TooLong);
        }
        if text.starts_with('-') {
            return Err(MachineError::Option);
        }
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        match text.chars().find(|c| !fits(*c)) {
            Some(character) => Err(MachineError::Character(character)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_before_a_program_gets_them() {
        for name in [
            "web01",
            "web-1.example.org",
            "10.0.0.1",
            "fe80::1%eth0",
            "münchen",
        ] {
            assert!(name.parse::<MachineName>().is_ok(), "{name}");
        }
        let cases = [
            ("", MachineError::Empty),
            ("-oProxyCommand=true", MachineError::Option),
            ("a b", MachineError::Character(' ')),
            ("a;b", MachineError::Character(';')),
            ("a`b", MachineError::Character('`')),
            ("$(b)", MachineError::Character('$')),
            ("a\nb", MachineError::Character('\n')),
            ("bob@a", MachineError::Character('@')),
            ("a/b", MachineError::Character('/')),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<MachineName>(), Err(expected), "{text:?}");
        }
        let long = "a".repeat(256);
        assert_eq!(long.parse::<MachineName>(), Err(MachineError::TooLong));
    }
}
