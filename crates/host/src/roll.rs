//! Which sessions there are and whose: what root wrote, root believes.
//!
//! A keeper runs as its user, who can make it say anything. So the machine's host takes nothing
//! about a session from its keeper that decides who may do what: each session's description is a
//! file of its own in the host's private folder, in memory (tmpfs) like the sessions themselves.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use winsta_domain::SessionId;

use crate::meta::Meta;

/// Most sessions that are read.
const MOST: usize = 65_536;
/// Most bytes of a description.
const MAX_BYTES: u64 = 256 << 10;

/// The descriptions of all sessions.
#[derive(Debug)]
pub(crate) struct Roll {
    folder: PathBuf,
}

impl Roll {
    /// The roll in the host's folder.
    pub(crate) fn open(private: &Path) -> io::Result<Self> {
        let folder = private.join("sessions");
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        Ok(Self { folder })
    }

    /// All sessions that an earlier host left.
    pub(crate) fn read(&self) -> io::Result<HashMap<SessionId, Meta>> {
        let mut found = HashMap::new();
        for entry in std::fs::read_dir(&self.folder)?.take(MOST) {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| name.parse().ok()) else {
                continue;
            };
            match describe(&path) {
                Ok(meta) => {
                    found.insert(SessionId(id), meta);
                }
                Err(error) => tracing::warn!(session = id, %error, "a description is lost"),
            }
        }
        Ok(found)
    }

    /// Writes a session's description, in place of the one before.
    pub(crate) fn write(&self, id: SessionId, meta: &Meta) {
        let written = serde_json::to_vec(meta)
            .map_err(io::Error::from)
            .and_then(|text| self.replace(id, &text));
        if let Err(error) = written {
            tracing::error!(session = %id, %error, "the next host will not know of this change");
        }
    }

    /// Strikes a session off.
    pub(crate) fn strike(&self, id: SessionId) {
        if let Err(error) = std::fs::remove_file(self.folder.join(id.to_string())) {
            tracing::warn!(session = %id, %error, "a session stays on the roll");
        }
    }

    fn replace(&self, id: SessionId, text: &[u8]) -> io::Result<()> {
        let fresh = self.folder.join(format!("{id}.new"));
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text)?;
        std::fs::rename(&fresh, self.folder.join(id.to_string()))
    }
}

fn describe(path: &Path) -> io::Result<Meta> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: &str) -> Meta {
        Meta {
            user: user.to_owned(),
            uid: 7,
            ..Meta::default()
        }
    }

    #[test]
    fn the_next_host_reads_what_stands_on_the_roll() {
        let folder = tempfile::tempdir().unwrap();
        let roll = Roll::open(folder.path()).unwrap();
        roll.write(SessionId(1), &of("ann"));
        roll.write(SessionId(2), &of("bob"));
        roll.write(SessionId(1), &of("eve"));
        roll.strike(SessionId(2));
        std::fs::write(folder.path().join("sessions/3"), "half a descr").unwrap();
        let next = Roll::open(folder.path()).unwrap().read().unwrap();
        assert_eq!(next, HashMap::from([(SessionId(1), of("eve"))]));
    }
}
