//! The ids that name a session or a job on every machine.

use std::fmt;
use std::str::FromStr;

/// 128 bits, written as 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub u128);

/// The text is no [`Guid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a GUID has 32 hexadecimal digits in groups of 8-4-4-4-12")]
pub struct NoGuid;

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        let group = |shift: u32, digits: u32| (bits >> shift) & ((1 << (4 * digits)) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            group(96, 8),
            group(80, 4),
            group(64, 4),
            group(48, 4),
            group(0, 12)
        )
    }
}

impl FromStr for Guid {
    type Err = NoGuid;

    /// Takes the digits with or without dashes, also in braces or parentheses.
    fn from_str(text: &str) -> Result<Self, NoGuid> {
        let text = text.trim();
        let inner = [('{', '}'), ('(', ')')]
            .iter()
            .find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
        let inner = inner.unwrap_or(text);
        let groups: Vec<&str> = inner.split('-').collect();
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        if lengths != [8, 4, 4, 4, 12] && lengths != [32] {
            return Err(NoGuid);
        }
        let digits = groups.concat();
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoGuid);
        }
        u128::from_str_radix(&digits, 16)
            .map(Self)
            .map_err(|_| NoGuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_guid() {
        let text = "aea84310-6dbf-4c21-90ac-13980039925a";
        let guid: Guid = text.parse().unwrap();
        assert_eq!(guid.to_string(), text);
        for other in [
            "{AEA84310-6DBF-4C21-90AC-13980039925A}",
            "aea843106dbf4c2190ac13980039925a",
            "(aea84310-6dbf-4c21-90ac-13980039925a)",
        ] {
            assert_eq!(other.parse(), Ok(guid), "{other}");
        }
        for wrong in [
            "",
            "1",
            "aea84310-6dbf-4c21-90ac-13980039925",
            "+ea84310-6dbf-4c21-90ac-13980039925a",
            "{aea84310-6dbf-4c21-90ac-13980039925a)",
            "aea84310_6dbf-4c21-90ac-13980039925a",
        ] {
            assert_eq!(wrong.parse::<Guid>(), Err(NoGuid), "{wrong}");
        }
        assert_eq!(Guid(1).to_string(), "00000000-0000-0000-0000-000000000001");
    }
}
