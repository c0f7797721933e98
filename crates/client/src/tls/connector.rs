//! The way to a host that this user knows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use winsta_domain::Endpoint;

use super::dial::{Dial, Trust};
use super::failure::TlsFailure;
use super::identity::{Identity, IdentityError};
use super::known::KnownHosts;
use super::passage;
use super::stream::TlsStream;
use crate::dirs::{DirError, Dirs};
use crate::error::Cause;
use crate::ssh::Deadline;
use crate::transport::{Connection, Connector, Dialled};

/// What this user has: a certificate with its key, and hosts that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// Those in the state folder.
    pub fn of(dirs: &Dirs) -> Self {
        Self { folder: dirs.tls() }
    }

    /// Makes the folder if need be, and checks that it is this user's alone.
    pub(super) fn prepare(dirs: &Dirs) -> Result<Self, DirError> {
        dirs.prepare_tls()?;
        Ok(Self::of(dirs))
    }

    /// This user's certificate, if they have one; [`enrol`](super::enrol()) makes one.
    pub fn identity(&self) -> Result<Option<Identity>, IdentityError> {
        Identity::find(&self.file())
    }

    /// Certificate and key, in one file.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("client.pem")
    }

    /// The hosts that are known.
    pub fn known(&self) -> KnownHosts {
        KnownHosts::at(self.folder.join("known_hosts"))
    }
}

/// Connects to a host over TLS, as the user whose keys these are.
#[derive(Clone, Debug)]
pub struct TlsConnector {
    keys: Keys,
    place: Endpoint,
    patience: Duration,
    deadline: Deadline,
}

impl TlsConnector {
    /// To the host at `place`, which has `patience` to agree on a connection, and until
    /// `deadline` for all that it is asked.
    pub fn new(keys: Keys, place: Endpoint, patience: Duration, deadline: Deadline) -> Self {
        Self {
            keys,
            place,
            patience,
            deadline,
        }
    }
}

impl TlsConnector {
    fn stream(&self) -> Result<TlsStream, Cause> {
        // Without a certificate the host says itself that one is needed.
        let identity = self.keys.identity();
        let identity = identity.map_err(|error| Cause::from(TlsFailure::Identity(error)))?;
        let dial = Dial {
            place: self.place.clone(),
            trust: Trust::Known(self.keys.known()),
            identity: identity.map(Arc::new),
            patience: self.patience,
            deadline: self.deadline,
        };
        dial.connect()
    }
}

impl Connector for TlsConnector {
    fn connect(&self) -> Result<Box<dyn Connection>, Cause> {
        Ok(Box::new(self.stream()?))
    }

    fn place(&self) -> String {
        self.place.to_string()
    }

    fn is_remote(&self) -> bool {
        true
    }

    /// The host leads to its keeper itself, which has no other socket.
    fn dial(&self, _socket: &Path) -> Result<Dialled, Cause> {
        passage::open(self.stream()?)
    }
}
