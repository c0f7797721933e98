//! Who a client is, and how it says so.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::negotiate::Logon;

/// How a client says who it is.
#[derive(Clone)]
pub enum Login {
    /// The connection knows.
    Connection,
    /// The connection's certificate says it (MS-WSMV 2.2.9.1).
    Certificate,
    /// A name and a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// As Windows' clients do, once for each connection.
    Windows(Logon),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the password.
        f.write_str(match self {
            Self::Connection => "Connection",
            Self::Certificate => "Certificate",
            Self::Basic { .. } => "Basic",
            Self::Windows(_) => "Windows",
        })
    }
}

impl Login {
    /// What stands in the header `Authorization` of each request, if anything does.
    pub(crate) fn field(&self) -> Option<String> {
        match self {
            Self::Connection | Self::Windows(_) => None,
            Self::Certificate => Some(
                "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual".to_owned(),
            ),
            Self::Basic { user, password } => {
                let pair = STANDARD.encode(format!("{user}:{password}"));
                Some(format!("Basic {pair}"))
            }
        }
    }
}
