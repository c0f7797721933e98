//! Terminals: device numbers and names.

use std::fmt;

/// A terminal that somebody can sit at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tty {
    /// A pseudo-terminal: `pts/3`.
    Pts(u32),
    /// A virtual console: `tty2`.
    Virtual(u32),
    /// A serial line: `ttyS0`.
    Serial(u32),
}

impl Tty {
    /// The terminal that `/proc/PID/stat` numbers so (`tty_nr`); `None` for none, and for kinds
    /// that nobody logs in at.
    pub fn from_number(number: u32) -> Option<Self> {
        let major = (number >> 8) & 0xfff;
        let minor = (number & 0xff) | ((number >> 12) & 0xf_ff00);
        match major {
            136..=143 => Some(Self::Pts((major - 136) * 256 + minor)),
            4 if (1..64).contains(&minor) => Some(Self::Virtual(minor)),
            4 if minor >= 64 => Some(Self::Serial(minor - 64)),
            _ => None,
        }
    }

    /// The terminal of this name below `/dev`.
    pub fn from_name(name: &str) -> Option<Self> {
        let number = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        };
        if let Some(rest) = name.strip_prefix("pts/") {
            return number(rest).map(Self::Pts);
        }
        if let Some(rest) = name.strip_prefix("ttyS") {
            return number(rest).map(Self::Serial);
        }
        let rest = name.strip_prefix("tty")?;
        number(rest).filter(|number| *number > 0).map(Self::Virtual)
    }
}

impl fmt::Display for Tty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pts(number) => write!(f, "pts/{number}"),
            Self::Virtual(number) => write!(f, "tty{number}"),
            Self::Serial(number) => write!(f, "ttyS{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_terminals() {
        for (what, number, tty) in [
            ("none", 0, None),
            ("pts/0", 34_816, Some(Tty::Pts(0))),
            ("pts/255", 34_816 + 255, Some(Tty::Pts(255))),
            ("pts/256", 34_816 + (1 << 20), Some(Tty::Pts(256))),
            ("tty1", 1_025, Some(Tty::Virtual(1))),
            ("tty0, whichever is in front", 1_024, None),
            ("ttyS0", 1_024 + 64, Some(Tty::Serial(0))),
            ("/dev/console", (5 << 8) | 1, None),
        ] {
            assert_eq!(Tty::from_number(number), tty, "{what}");
        }
    }

    #[test]
    fn names_are_terminals() {
        for tty in [Tty::Pts(7), Tty::Virtual(2), Tty::Serial(0)] {
            assert_eq!(Tty::from_name(&tty.to_string()), Some(tty));
        }
        for name in [
            "",
            "pts/",
            "pts/+1",
            "pts/1/../2",
            "tty",
            "tty0",
            "notty",
            ":10",
        ] {
            assert_eq!(Tty::from_name(name), None, "{name}");
        }
    }
}
