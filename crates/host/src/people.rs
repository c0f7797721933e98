//! Users: who calls, and what the machine knows of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use winsta_client::tls::Fingerprint;

/// The group whose members administer the machine's host.
const ADMINISTRATORS: &str = "winsta-admins";
/// Most names that are remembered.
const MOST: usize = 1_024;

/// Whoever made a request, as the kernel or their certificate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Numeric id of the user.
    pub(crate) uid: u32,
    /// Process that connected.
    pub(crate) pid: Option<i32>,
    /// From where they came, if not from this machine.
    pub(crate) remote: Option<Remote>,
}

/// Somebody on another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Their address.
    pub(crate) address: IpAddr,
    /// The certificate that they showed.
    pub(crate) certificate: Fingerprint,
}

impl Caller {
    /// From where the request came, for the audit trail.
    pub(crate) fn origin(&self) -> String {
        match (self.remote, self.pid) {
            (
                Some(Remote {
                    address,
                    certificate,
                }),
                _,
            ) => {
                format!("tls {address} certificate {}", certificate.brief())
            }
            (None, Some(pid)) => format!("unix pid {pid}"),
            (None, None) => "unix".to_owned(),
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
    /// User `uid`, if the machine knows them.
    pub(crate) fn of(uid: u32) -> Option<Self> {
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten()?;
        Some(Self::known(user))
    }

    fn known(user: User) -> Self {
        let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
        Self {
            uid: user.uid.as_raw(),
            name: user.name,
            home: text(user.dir),
            shell: Some(text(user.shell))
                .filter(|shell| !shell.is_empty())
                .unwrap_or_else(|| "/bin/sh".to_owned()),
        }
    }

    /// The user that this process runs as.
    pub(crate) fn of_this_process() -> Self {
        let uid = Uid::effective();
        let known = User::from_uid(uid).ok().flatten();
        match known {
            Some(user) => Self::known(user),
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

/// Whether user `uid` is in the administrators' group now: whoever leaves it loses its rights at
/// once.
pub(crate) fn is_administrator(uid: u32) -> bool {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.is_some_and(|user| is_in(user, ADMINISTRATORS))
}

/// Whether the machine knows a user of this name who is in `group` now.
pub(crate) fn is_member(name: &str, group: &str) -> bool {
    let user = User::from_name(name).ok().flatten();
    user.is_some_and(|user| is_in(user, group))
}

fn is_in(user: User, group: &str) -> bool {
    let Some(group) = Group::from_name(group).ok().flatten() else {
        return false;
    };
    let Ok(name) = std::ffi::CString::new(user.name) else {
        return false;
    };
    getgrouplist(&name, user.gid).is_ok_and(|groups: Vec<Gid>| groups.contains(&group.gid))
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
