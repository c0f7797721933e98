//! Where a keeper lives: in a runtime folder of its user's, or as a unit of the service manager.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::socket;
use crate::start::Failure;
use crate::store::Store;

/// A keeper's home.
#[derive(Debug)]
pub(crate) enum Home {
    /// A folder of the user's own, which the keeper was started in by the user's host.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Held as long as this process is the folder's keeper.
        lock: File,
    },
    /// The service manager's: it made the socket, in a folder of root's, and started this process
    /// as the socket's user.
    Unit(Store),
}

impl Home {
    /// Takes `folder`, unless another keeper has it, and listens there.
    pub(crate) fn folder(path: PathBuf) -> Result<(Self, OwnedFd), Failure> {
        let lock = lock(&path)?;
        let listener =
            socket::listen(&path.join("keeper.sock")).map_err(Failure::step("starting"))?;
        Ok((Self::Folder { path, lock }, listener))
    }

    /// Takes over what the service manager hands to the process: the socket, and what an earlier
    /// keeper left there.
    pub(crate) fn unit() -> Result<(Self, OwnedFd), Failure> {
        let step = Failure::step("taking over from the service manager");
        let (store, listener) = Store::inherit().map_err(step)?;
        Ok((Self::Unit(store), listener))
    }

    /// The one that an earlier program lived in; `lock` is its lock's descriptor.
    pub(crate) fn restored(path: PathBuf, lock: Option<OwnedFd>) -> Self {
        match lock {
            Some(lock) => Self::Folder {
                path,
                lock: lock.into(),
            },
            None => Self::Unit(Store::empty()),
        }
    }

    /// Whether whoever the socket lets in may talk to this keeper, and only root is its host.
    pub(crate) fn is_unit(&self) -> bool {
        match self {
            Self::Folder { .. } => false,
            Self::Unit(_) => true,
        }
    }

    /// Where descriptors are kept against this process's death, if the service manager does.
    pub(crate) fn store(&mut self) -> Option<&mut Store> {
        match self {
            Self::Folder { .. } => None,
            Self::Unit(store) => Some(store),
        }
    }

    /// The folder, if it has one.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder { path, .. } => path,
            Self::Unit(_) => Path::new(""),
        }
    }

    /// The lock, if it has one.
    pub(crate) fn lock(&self) -> Option<&File> {
        match self {
            Self::Folder { lock, .. } => Some(lock),
            Self::Unit(_) => None,
        }
    }

    /// Number of the lock's descriptor.
    pub(crate) fn lock_number(&self) -> Option<RawFd> {
        self.lock().map(AsRawFd::as_raw_fd)
    }

    /// What the command line of the next program says of it.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        match self {
            Self::Folder { path, .. } => vec!["--dir".into(), path.into()],
            Self::Unit(_) => vec!["--unit".into()],
        }
    }
}

/// The lock that makes a keeper the folder's only one. The file stays; only the lock counts, and
/// the kernel gives it back when its holder dies.
fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("keeper.lock");
    let failed = |source: io::Error| Failure::System {
        what: format!("locking {}", path.display()),
        source,
    };
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path);
    let file = file.map_err(failed)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Failure::Taken),
        Err(error) => Err(failed(error.into())),
    }
}
