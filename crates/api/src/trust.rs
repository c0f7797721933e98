//! Certificates that a host knows, and how it comes to know them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ask for a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// Name or address, perhaps with a port, by which clients reach the host; its own unless
    /// given.
    #[serde(default)]
    pub address: Option<String>,
    /// The user of remote shells that the certificate shall stand for; the host's owner unless
    /// given.
    #[serde(default)]
    pub user: Option<String>,
}

/// A token: good once, and for some minutes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenGiven {
    /// What `winsta trust` takes.
    pub token: String,
    /// Until when it is good: RFC 3339, UTC.
    pub expires: String,
}

impl std::fmt::Debug for TokenGiven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenGiven")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Enrol the certificate of the connection that this comes on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    /// The token's secret.
    pub secret: String,
    /// What the certificate shall be called.
    pub name: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A certificate that is enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trusted {
    /// SHA-256 of it, in 64 hexadecimal digits.
    pub fingerprint: String,
    /// What it is called.
    pub name: String,
    /// The user of remote shells that it stands for; `null`: the host's owner, who may do
    /// everything.
    pub user: Option<String>,
    /// Since when: RFC 3339, UTC.
    pub since: String,
    /// Where it came from.
    pub from: String,
}

/// What a host shows, and whom it knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrustReport {
    /// The host's own certificate.
    pub fingerprint: String,
    /// The addresses at which it listens.
    pub addresses: Vec<String>,
    /// The certificates that are enrolled, oldest first.
    pub trusted: Vec<Trusted>,
}
