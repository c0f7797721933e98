//! Users: who calls, and what the machine knows of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nix::unistd::{Uid, User};

/// Most names that are remembered.
const MOST: usize = 1_024;

/// Whoever made a request, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Numeric id of the user.
    pub(crate) uid: u32,
    /// Process that connected.
    pub(crate) pid: Option<i32>,
}

impl Caller {
    /// From where the request came, for the audit trail.
    pub(crate) fn origin(&self) -> String {
        match self.pid {
            Some(pid) => format!("unix pid {pid}"),
            None => "unix".to_owned(),
        }
    }
}

/// The user whose host this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) name: String,
    pub(crate) home: String,
    pub(crate) shell: String,
}

impl Owner {
    /// The user that this process runs as.
    pub(crate) fn of_this_process() -> Self {
        let uid = Uid::effective();
        let known = User::from_uid(uid).ok().flatten();
        let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
        match known {
            Some(user) => Self {
                uid: uid.as_raw(),
                name: user.name,
                home: text(user.dir),
                shell: Some(text(user.shell))
                    .filter(|shell| !shell.is_empty())
                    .unwrap_or_else(|| "/bin/sh".to_owned()),
            },
            // In a container the user may have no entry.
            None => Self {
                uid: uid.as_raw(),
                name: uid.to_string(),
                home: std::env::var("HOME").unwrap_or_else(|_| "/".to_owned()),
                shell: std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned()),
            },
        }
    }
}

/// Names of users, looked up once: the machine's directory may be far away.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: Mutex<HashMap<u32, String>>,
}

impl Names {
    /// The name of user `uid`, or the number where there is none.
    pub(crate) fn of(&self, uid: u32) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(&uid) {
            return name.clone();
        }
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        let name = user.map_or_else(|| uid.to_string(), |user| user.name);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(uid, name.clone());
        name
    }
}
