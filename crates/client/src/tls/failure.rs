//! Why there is no connection within TLS.

use winsta_domain::Endpoint;

use super::files::FileError;
use super::fingerprint::Fingerprint;

/// What stands between a client and a host.
#[derive(Debug, thiserror::Error)]
pub enum TlsFailure {
    /// Nothing is known of the host.
    #[error("{place} is not known here; its certificate is {shown}")]
    Unknown {
        /// The host.
        place: Endpoint,
        /// What it shows.
        shown: Fingerprint,
    },
    /// The host is not who it was.
    #[error(
        "{place} HAS ANOTHER CERTIFICATE THAN BEFORE, so somebody may be between you and it; it shows \
         {shown}, known is {known}"
    )]
    Changed {
        /// The host.
        place: Endpoint,
        /// What it showed before.
        known: Fingerprint,
        /// What it shows now.
        shown: Fingerprint,
    },
    /// The host is not the one that was meant.
    #[error("{place} IS NOT THE HOST THAT IS MEANT: it shows {shown}, not {known}")]
    Other {
        /// The host.
        place: Endpoint,
        /// What it should show.
        known: Fingerprint,
        /// What it shows.
        shown: Fingerprint,
    },
    /// The other side does not speak as it should, or does not want to.
    #[error("no agreement on TLS was reached")]
    Protocol(#[source] rustls::Error),
    /// What is known of hosts cannot be read or written.
    #[error(transparent)]
    File(FileError),
    /// There is no certificate to show.
    #[error(transparent)]
    Identity(super::identity::IdentityError),
}

impl TlsFailure {
    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { place, shown } => Some(format!(
                "'winsta host token' there prints a token for 'winsta trust TOKEN' here; or, once you \
                 have compared what it shows: winsta trust {place} --fingerprint {shown}"
            )),
            Self::Changed { place, .. } => Some(format!(
                "only if you know why: winsta trust {place} --fingerprint, with what 'winsta host \
                 trusted' there says"
            )),
            Self::Other { .. } => Some("nothing was sent to it".to_owned()),
            Self::Protocol(_) | Self::File(_) | Self::Identity(_) => None,
        }
    }
}
