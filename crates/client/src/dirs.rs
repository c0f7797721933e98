//! Where a host's files are.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Runtime folder of the machine's own host, which serves all users.
const SYSTEM_RUNTIME: &str = "/run/winsta";
/// Its state folder.
const SYSTEM_STATE: &str = "/var/lib/winsta";
/// State folder of the gateway, which is another user's.
const GATEWAY_STATE: &str = "/var/lib/winsta-gateway";

/// Names another runtime folder; for tests, and to have several hosts.
pub const RUNTIME_VAR: &str = "WINSTA_RUNTIME_DIR";
/// Names another state folder.
pub const STATE_VAR: &str = "WINSTA_STATE_DIR";
/// Names another configuration file.
pub const CONFIG_VAR: &str = "WINSTA_CONFIG";

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// It cannot be made or looked at.
    #[error("cannot use the folder {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Something else stands in its place; following a symlink could lead anywhere.
    #[error("{} is not a folder (symbolic links are not followed)", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// It belongs to somebody else, who could put a socket of their own there.
    #[error("{} belongs to user {owner}, not to user {user}", path.display())]
    Owner {
        /// The path.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who should.
        user: u32,
    },
    /// Others may enter it.
    #[error(
        "{} is open to other users (mode {mode:04o}); run: chmod 700 {}",
        path.display(), path.display()
    )]
    Open {
        /// The path.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Others may put files there.
    #[error(
        "{} can be written by other users (mode {mode:04o}); run: chmod 755 {}",
        path.display(), path.display()
    )]
    Writable {
        /// The path.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// No home folder is known to put it in.
    #[error("neither {var} nor HOME is set, so there is no place for {what}")]
    NoHome {
        /// The variable that would say.
        var: &'static str,
        /// What has no place.
        what: &'static str,
    },
}

/// Whose host it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// One user's.
    User,
    /// The machine's.
    System,
}

/// The folders of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    runtime: PathBuf,
    state: PathBuf,
    whose: Whose,
}

impl Dirs {
    /// The user's own folders, as the environment names them.
    pub fn from_env() -> Result<Self, DirError> {
        Ok(Self {
            runtime: runtime_from_env(),
            state: state_from_env()?,
            whose: Whose::User,
        })
    }

    /// The folders of the host that serves all users of this machine.
    pub fn system() -> Self {
        Self {
            runtime: SYSTEM_RUNTIME.into(),
            state: SYSTEM_STATE.into(),
            whose: Whose::System,
        }
    }

    /// The folders of the gateway to hosts of all users, which has nothing of its own but its keys.
    pub fn gateway() -> Self {
        Self {
            runtime: SYSTEM_RUNTIME.into(),
            state: GATEWAY_STATE.into(),
            whose: Whose::System,
        }
    }

    /// The folders of the host that serves this process's user: the machine's where it is
    /// installed, so that there is one place to look for everybody's sessions; else the user's
    /// own. `WINSTA_RUNTIME_DIR` names the user's own in any case.
    pub fn of_host() -> Result<Self, DirError> {
        let system = Self::system();
        let overruled = absolute_var(RUNTIME_VAR).is_some();
        if !overruled && system.host_socket().exists() {
            return Ok(system);
        }
        Self::from_env()
    }

    /// These folders.
    pub fn at(runtime: impl Into<PathBuf>, state: impl Into<PathBuf>) -> Self {
        Self {
            runtime: runtime.into(),
            state: state.into(),
            whose: Whose::User,
        }
    }

    /// Whether this is the host that serves all users.
    pub fn is_system(&self) -> bool {
        self.whose == Whose::System
    }

    /// The runtime folder: sockets, locks, logs.
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// The folder of what only the host itself reads and writes.
    pub fn private(&self) -> PathBuf {
        match self.whose {
            Whose::User => self.runtime.clone(),
            Whose::System => self.runtime.join("host"),
        }
    }

    /// The state folder: audit trail and history.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Keys and certificates, and what is known of those of others.
    pub fn tls(&self) -> PathBuf {
        self.state.join("tls")
    }

    /// The host's HTTP socket.
    pub fn host_socket(&self) -> PathBuf {
        self.runtime.join("host.sock")
    }

    /// Locked by the host for as long as it lives.
    pub fn host_lock(&self) -> PathBuf {
        self.private().join("host.lock")
    }

    /// Locked by whoever starts a host, until it answers.
    pub fn start_lock(&self) -> PathBuf {
        self.runtime.join("start.lock")
    }

    /// The socket of the keeper of user `uid`.
    pub fn keeper_socket(&self, uid: u32) -> PathBuf {
        match self.whose {
            Whose::User => self.runtime.join("keeper.sock"),
            Whose::System => self.runtime.join(format!("users/{uid}/keeper.sock")),
        }
    }

    /// The socket of root's helper that checks passwords.
    pub fn authenticate_socket(&self) -> PathBuf {
        self.runtime.join("authenticate.sock")
    }

    /// The socket at which root's helper is led to the host of user `uid`'s own.
    pub fn remote_socket(&self, uid: u32) -> PathBuf {
        self.runtime.join(format!("users/{uid}/remote.sock"))
    }

    /// What the host has to say.
    pub fn host_log(&self) -> PathBuf {
        self.private().join("host.log")
    }

    /// Makes the runtime folder if need be, and checks that it is this user's alone.
    pub fn prepare_runtime(&self) -> Result<(), DirError> {
        match self.whose {
            Whose::User => private_folder(&self.runtime),
            Whose::System => {
                self.check_runtime()?;
                private_folder(&self.private())
            }
        }
    }

    /// Checks that nobody else can have put a socket into the runtime folder.
    pub fn check_runtime(&self) -> Result<(), DirError> {
        match self.whose {
            Whose::User => private_folder(&self.runtime),
            Whose::System => roots_folder(&self.runtime),
        }
    }

    /// Makes the state folder if need be, and checks that it is this user's alone.
    pub fn prepare_state(&self) -> Result<(), DirError> {
        if let Some(parent) = self.state.parent() {
            let made = std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent);
            made.map_err(|source| DirError::Io {
                path: parent.to_owned(),
                source,
            })?;
        }
        private_folder(&self.state)
    }

    /// Makes the folder for keys if need be, and checks that it is this user's alone.
    pub fn prepare_tls(&self) -> Result<(), DirError> {
        self.prepare_state()?;
        private_folder(&self.tls())
    }
}

fn runtime_from_env() -> PathBuf {
    if let Some(path) = absolute_var(RUNTIME_VAR) {
        return path;
    }
    // `su` and cron keep or name a folder that may not exist for this user.
    if let Some(base) = absolute_var("XDG_RUNTIME_DIR").filter(|base| base.is_dir()) {
        return base.join("winsta");
    }
    let uid = rustix::process::geteuid().as_raw();
    PathBuf::from(format!("/tmp/winsta-{uid}"))
}

fn state_from_env() -> Result<PathBuf, DirError> {
    if let Some(path) = absolute_var(STATE_VAR) {
        return Ok(path);
    }
    if let Some(base) = absolute_var("XDG_STATE_HOME") {
        return Ok(base.join("winsta"));
    }
    let home = absolute_var("HOME").ok_or(DirError::NoHome {
        var: "XDG_STATE_HOME",
        what: "the audit trail",
    })?;
    Ok(home.join(".local/state/winsta"))
}

/// The value of `name` if it is an absolute path; others are to be ignored, as the XDG base
/// directory specification has it.
fn absolute_var(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os(name)?);
    path.is_absolute().then_some(path)
}

fn private_folder(path: &Path) -> Result<(), DirError> {
    let io = |source| DirError::Io {
        path: path.to_owned(),
        source,
    };
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match std::fs::DirBuilder::new().mode(0o700).create(path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io(error)),
            }
            std::fs::symlink_metadata(path).map_err(io)?
        }
        Err(error) => return Err(io(error)),
    };
    check_private(path, &found)
}

fn check_private(path: &Path, found: &std::fs::Metadata) -> Result<(), DirError> {
    let path = path.to_owned();
    if !found.is_dir() {
        return Err(DirError::NotAFolder { path });
    }
    let user = rustix::process::geteuid().as_raw();
    if found.uid() != user {
        let owner = found.uid();
        return Err(DirError::Owner { path, owner, user });
    }
    let mode = found.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(DirError::Open { path, mode });
    }
    Ok(())
}

/// A folder of root's that everybody may look into and nobody else may change.
fn roots_folder(path: &Path) -> Result<(), DirError> {
    let found = std::fs::symlink_metadata(path).map_err(|source| DirError::Io {
        path: path.to_owned(),
        source,
    })?;
    let path = path.to_owned();
    if !found.is_dir() {
        return Err(DirError::NotAFolder { path });
    }
    if found.uid() != 0 {
        let owner = found.uid();
        return Err(DirError::Owner {
            path,
            owner,
            user: 0,
        });
    }
    let mode = found.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(DirError::Writable { path, mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_is_made_for_its_user_alone() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::at(base.path().join("run"), base.path().join("a/b/state"));
        dirs.prepare_runtime().unwrap();
        dirs.prepare_runtime().unwrap();
        dirs.prepare_state().unwrap();
        let mode = std::fs::metadata(dirs.runtime()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn what_is_not_private_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let open = base.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o750)).unwrap();
        let refused = Dirs::at(&open, &open).prepare_runtime();
        assert!(matches!(refused, Err(DirError::Open { mode: 0o750, .. })));

        let link = base.path().join("link");
        std::os::unix::fs::symlink(base.path(), &link).unwrap();
        let refused = Dirs::at(&link, &link).prepare_runtime();
        assert!(matches!(refused, Err(DirError::NotAFolder { .. })));

        let deep = base.path().join("no/such");
        let refused = Dirs::at(&deep, &deep).prepare_runtime();
        assert!(matches!(refused, Err(DirError::Io { .. })));
    }
}
