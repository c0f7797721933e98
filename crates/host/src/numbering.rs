//! Numbers that are never given twice, whatever becomes of the host.
//!
//! Two small files in the runtime folder: `incarnation` names this life of the numbering,
//! `last-id` holds the highest number given and the totals. Both lie in memory (tmpfs), so that a
//! write costs microseconds; both are gone when the machine boots again, and so are all sessions.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use winsta_api::Counters;
use winsta_domain::{Incarnation, SessionId};

/// Why there can be no numbers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NumberingError {
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// There are no numbers left.
    #[error("all session numbers of this host are used up; it must be stopped and started")]
    UsedUp,
}

/// The numbers of this host.
#[derive(Debug)]
pub(crate) struct Numbering {
    incarnation: Incarnation,
    path: PathBuf,
    file: File,
    last: SessionId,
    counters: Counters,
}

impl Numbering {
    /// Reads the files in `folder`, or begins a new life.
    pub(crate) fn open(folder: &Path) -> Result<Self, NumberingError> {
        let boot = boot_id();
        let path = folder.join("last-id");
        let failed = |source| NumberingError::Io {
            path: path.clone(),
            source,
        };
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let mut text = [0; Totals::LENGTH];
        let known = file.read_exact_at(&mut text, 0).ok();
        let totals = known.and_then(|()| Totals::parse(&text));
        let incarnation = folder.join("incarnation");
        let kept = std::fs::read_to_string(&incarnation).ok();
        let kept = kept.and_then(|text| still_valid(&text, &boot));
        let (incarnation, totals) = match (kept, totals) {
            (Some(incarnation), Some(totals)) => (incarnation, totals),
            // Without the last number, an old guard could name a new session.
            (Some(_) | None, Some(_) | None) => (begin(&incarnation, &boot)?, Totals::default()),
        };
        let numbering = Self {
            incarnation,
            path,
            file,
            last: SessionId(totals.last),
            counters: totals.counters,
        };
        numbering.write()?;
        Ok(numbering)
    }

    /// The name of this life of the numbering.
    pub(crate) fn incarnation(&self) -> &Incarnation {
        &self.incarnation
    }

    /// Takes note that `id` is in use, whatever the file said.
    pub(crate) fn seen(&mut self, id: SessionId) {
        if id.0 > self.last.0 {
            self.last = id;
            self.write_or_warn();
        }
    }

    /// A number that was never given before; it is on file when this returns.
    pub(crate) fn give(&mut self) -> Result<SessionId, NumberingError> {
        let next = self.last.next().ok_or(NumberingError::UsedUp)?;
        self.last = next;
        self.write()?;
        Ok(next)
    }

    /// The totals since this life began.
    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    /// Changes the totals.
    pub(crate) fn count(&mut self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.counters);
        self.write_or_warn();
    }

    fn write_or_warn(&self) {
        if let Err(error) = self.write() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "numbers are not on file"
            );
        }
    }

    fn write(&self) -> Result<(), NumberingError> {
        let totals = Totals {
            last: self.last.0,
            counters: self.counters,
        };
        self.file
            .write_all_at(totals.text().as_bytes(), 0)
            .map_err(|source| NumberingError::Io {
                path: self.path.clone(),
                source,
            })
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    last: u32,
    counters: Counters,
}

impl Totals {
    /// Always the same length, so that one write replaces all.
    const LENGTH: usize = 10 + 3 * 21 + 1;

    fn text(&self) -> String {
        let Counters {
            created,
            disconnected,
            reconnected,
        } = self.counters;
        format!(
            "{:010} {created:020} {disconnected:020} {reconnected:020}\n",
            self.last
        )
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
        let last = words.next()?.parse().ok()?;
        let mut number = || words.next()?.parse().ok();
        let counters = Counters {
            created: number()?,
            disconnected: number()?,
            reconnected: number()?,
        };
        Some(Self { last, counters })
    }
}

/// The incarnation in the file's text, if it is of this boot of the machine.
fn still_valid(text: &str, boot: &str) -> Option<Incarnation> {
    let (name, of_boot) = text.trim_end().split_once('\n')?;
    let whole = name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit());
    (whole && of_boot == boot).then(|| Incarnation(name.to_owned()))
}

fn begin(path: &Path, boot: &str) -> Result<Incarnation, NumberingError> {
    let failed = |source| NumberingError::Io {
        path: path.to_owned(),
        source,
    };
    let name = random_hex().map_err(failed)?;
    let fresh = path.with_extension("new");
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(failed)?;
    file.write_all(format!("{name}\n{boot}\n").as_bytes())
        .map_err(failed)?;
    std::fs::rename(&fresh, path).map_err(failed)?;
    Ok(Incarnation(name))
}

fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    text.unwrap_or_default().trim().to_owned()
}

/// 128 random bits in hexadecimal.
pub(crate) fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    let count = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if count < bytes.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_totals_survive_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Numbering::open(folder.path()).unwrap();
        assert_eq!(first.give().unwrap(), SessionId(1));
        assert_eq!(first.give().unwrap(), SessionId(2));
        first.count(|counters| counters.created += 2);
        let mut second = Numbering::open(folder.path()).unwrap();
        assert_eq!(second.incarnation(), first.incarnation());
        assert_eq!(second.counters().created, 2);
        second.seen(SessionId(40));
        second.seen(SessionId(7));
        assert_eq!(second.give().unwrap(), SessionId(41));
    }

    #[test]
    fn a_lost_file_begins_a_new_life() {
        for lost in ["last-id", "incarnation"] {
            let folder = tempfile::tempdir().unwrap();
            let before = Numbering::open(folder.path()).unwrap();
            std::fs::write(folder.path().join(lost), "garbage").unwrap();
            let after = Numbering::open(folder.path()).unwrap();
            assert_ne!(before.incarnation(), after.incarnation(), "{lost}");
        }
    }

    #[test]
    fn another_boot_is_another_life() {
        let name = "0123456789abcdef0123456789abcdef";
        let text = format!("{name}\nboot-a\n");
        let incarnation = Incarnation(name.to_owned());
        assert_eq!(still_valid(&text, "boot-a"), Some(incarnation));
        assert_eq!(still_valid(&text, "boot-b"), None);
        assert_eq!(still_valid("short\nboot-a\n", "boot-a"), None);
    }
}
