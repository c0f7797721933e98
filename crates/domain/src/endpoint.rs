//! Places on a network: a machine and a port.

use core::net::Ipv6Addr;
use std::fmt;
use std::str::FromStr;

use crate::machine::{MachineError, MachineName};

/// Why a text is no place on a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The name cannot be a machine's.
    #[error(transparent)]
    Name(#[from] MachineError),
    /// What stands behind the last colon is no port.
    #[error("a port is a number from 1 to 65535")]
    Port,
    /// A bracket is missing, or something stands behind it that is no port.
    #[error("an address of IPv6 is written [::1]:PORT")]
    Brackets,
}

/// A machine and a port: `web01:5986`, `10.0.0.1:5986`, `[::1]:5986`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    name: MachineName,
    port: u16,
}

impl Endpoint {
    /// The port if none is said: that of WS-Management over TLS.
    pub const DEFAULT_PORT: u16 = 5986;
    /// What may stand before it, to tell it from the name of a machine.
    pub const SCHEME: &'static str = "tls://";

    /// This machine and port.
    pub fn new(name: MachineName, port: u16) -> Self {
        Self { name, port }
    }

    /// The machine, for a resolver of names.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Reads a place that may come without a port, which is this one then.
    pub fn with_port(text: &str, default: u16) -> Result<Self, EndpointError> {
        let text = text.strip_prefix(Self::SCHEME).unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        let (name, port) = if let Some(rest) = text.strip_prefix('[') {
            let (name, rest) = rest.split_once(']').ok_or(EndpointError::Brackets)?;
            match (rest, rest.strip_prefix(':')) {
                ("", _) => (name, None),
                (_, Some(port)) => (name, Some(port)),
                (_, None) => return Err(EndpointError::Brackets),
            }
        } else if text.parse::<Ipv6Addr>().is_ok() {
            (text, None)
        } else {
            match text.rsplit_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (text, None),
            }
        };
        let port = match port {
            None => default,
            Some(digits) => port_of(digits).ok_or(EndpointError::Port)?,
        };
        // Names of machines have no case, and what is known of one is known under one name.
        let name = name.to_lowercase().parse()?;
        Ok(Self { name, port })
    }

    /// What a list calls it: the place itself, without brackets.
    ///
    /// # Errors
    ///
    /// If it is longer than a name may be.
    pub fn machine(&self) -> Result<MachineName, MachineError> {
        format!("{}:{}", self.name, self.port).parse()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::with_port(text, Self::DEFAULT_PORT)
    }
}

fn port_of(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port != 0)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port } = self;
        if name.as_str().contains(':') {
            write!(f, "[{name}]:{port}")
        } else {
            write!(f, "{name}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_written() {
        for (text, shown) in [
            ("web01:7443", "web01:7443"),
            ("tls://WEB01:7443/", "web01:7443"),
            ("web01", "web01:5986"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("[::1]:7443", "[::1]:7443"),
            ("[fe80::1%eth0]", "[fe80::1%eth0]:5986"),
            ("::1", "[::1]:5986"),
        ] {
            let read: Endpoint = text.parse().unwrap();
            assert_eq!(read.to_string(), shown, "{text}");
            assert_eq!(shown.parse(), Ok(read), "{text}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in [
            "",
            ":1",
            "web01:",
            "web01:0",
            "web01:65536",
            "web01:+1",
            "-x:1",
            "a b:1",
            "[::1",
            "[::1]1",
            "a/b:1",
            "tls://",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
