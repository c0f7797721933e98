//! Which number which session has that Winsta does not host: on file, so that it keeps its number
//! when the host is started again.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use winsta_domain::{Incarnation, SessionId};
use winsta_sources::{Found, Key};

use crate::numbering::Numbering;

/// Most sessions that are remembered.
const MAX_ENTRIES: usize = 4_096;
/// Most bytes that are read of the file.
const MAX_BYTES: u64 = 4 << 20;

/// Numbers by the sessions' own names.
#[derive(Debug, Default)]
pub(crate) struct Register {
    /// `None`: kept in memory only.
    path: Option<PathBuf>,
    incarnation: Option<Incarnation>,
    numbers: HashMap<Key, SessionId>,
    changed: bool,
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    incarnation: String,
    numbers: BTreeMap<u32, Vec<Key>>,
}

impl Register {
    /// Reads the file in the runtime folder, if it is of this life of the numbering: in another the
    /// same numbers may be of other sessions.
    pub(crate) fn open(folder: &std::path::Path, numbering: &Numbering) -> Self {
        let path = folder.join("sessions-elsewhere");
        let incarnation = numbering.incarnation().clone();
        let kept = read(&path).unwrap_or_default();
        let valid = kept.incarnation == incarnation.0;
        let pairs = kept.numbers.into_iter().filter(|_| valid);
        let numbers = pairs
            .flat_map(|(id, keys)| keys.into_iter().map(move |key| (key, SessionId(id))))
            .take(MAX_ENTRIES * 2)
            .collect();
        Self {
            path: Some(path),
            incarnation: Some(incarnation),
            numbers,
            changed: false,
        }
    }

    /// The sessions' numbers, in their order; new ones for those that have none. `None` once all
    /// are used up.
    pub(crate) fn numbers(
        &mut self,
        found: &[&Found],
        numbering: &mut Numbering,
    ) -> Vec<Option<SessionId>> {
        let numbers = found
            .iter()
            .map(|found| self.number(found, numbering))
            .collect();
        self.write_or_warn();
        numbers
    }

    fn number(&mut self, found: &Found, numbering: &mut Numbering) -> Option<SessionId> {
        let keys = || std::iter::once(&found.key).chain(&found.leader_key);
        let known = keys().find_map(|key| self.numbers.get(key).copied());
        let id = match known {
            Some(id) => id,
            None if self.numbers.len() >= MAX_ENTRIES * 2 => return None,
            None => match numbering.give() {
                Ok(id) => id,
                Err(error) => {
                    tracing::error!(%error, "a session cannot be listed");
                    return None;
                }
            },
        };
        for key in keys() {
            self.changed |= self.numbers.insert(key.clone(), id) != Some(id);
        }
        Some(id)
    }

    /// Forgets all but these.
    pub(crate) fn forget_others(&mut self, present: &BTreeMap<SessionId, Found>) {
        let before = self.numbers.len();
        self.numbers.retain(|_, id| present.contains_key(id));
        self.changed |= self.numbers.len() != before;
        self.write_or_warn();
    }

    fn write_or_warn(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        if let Err(error) = self.write() {
            tracing::warn!(%error, "numbers of sessions elsewhere are not on file");
        }
    }

    fn write(&self) -> io::Result<()> {
        let (Some(path), Some(incarnation)) = (&self.path, &self.incarnation) else {
            return Ok(());
        };
        let mut kept = Kept {
            incarnation: incarnation.0.clone(),
            numbers: BTreeMap::new(),
        };
        for (key, id) in &self.numbers {
            kept.numbers.entry(id.0).or_default().push(key.clone());
        }
        let fresh = path.with_extension("new");
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        std::fs::rename(&fresh, path)
    }
}

fn read(path: &std::path::Path) -> Option<Kept> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}
