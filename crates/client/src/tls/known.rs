//! The hosts that this user knows, and what they show.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use winsta_domain::Endpoint;

use super::files::{self, FileError};
use super::fingerprint::Fingerprint;

/// A file with a line `PLACE FINGERPRINT` for each host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHosts {
    path: PathBuf,
}

impl KnownHosts {
    /// The file at `path`; it need not be there.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the host at `place` shows, if it is known.
    pub fn get(&self, place: &Endpoint) -> Result<Option<Fingerprint>, FileError> {
        let found = self.lines()?.into_iter().find(|(known, _)| known == place);
        Ok(found.map(|(_, fingerprint)| fingerprint))
    }

    /// Knows the host at `place` by this, whatever it was known by before.
    pub fn put(&self, place: &Endpoint, fingerprint: Fingerprint) -> Result<(), FileError> {
        let _alone = files::lock(&self.path)?;
        let mut lines = self.lines()?;
        lines.retain(|(known, _)| known != place);
        lines.push((place.clone(), fingerprint));
        let mut text = String::new();
        for (place, fingerprint) in &lines {
            let _infallible = writeln!(text, "{place} {fingerprint}");
        }
        files::replace(&self.path, &text)
    }

    fn lines(&self) -> Result<Vec<(Endpoint, Fingerprint)>, FileError> {
        let text = files::read(&self.path)?.unwrap_or_default();
        let lines = text.lines().enumerate();
        // A line that cannot be read could be the one that keeps an impostor out.
        lines
            .map(|(at, line)| {
                entry(line).ok_or_else(|| {
                    let what = format!("line {} is not PLACE FINGERPRINT", at + 1);
                    FileError::at(&self.path)(std::io::Error::other(what))
                })
            })
            .collect()
    }
}

fn entry(line: &str) -> Option<(Endpoint, Fingerprint)> {
    let (place, fingerprint) = line.split_once(' ')?;
    Some((place.parse().ok()?, fingerprint.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_remembered_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownHosts::at(folder.path().join("known"));
        let place = |text: &str| text.parse::<Endpoint>().unwrap();
        let (one, other) = (Fingerprint::of(b"one"), Fingerprint::of(b"other"));
        assert_eq!(known.get(&place("web01:1")).unwrap(), None);
        known.put(&place("web01:1"), one).unwrap();
        known.put(&place("[::1]:1"), other).unwrap();
        known.put(&place("web01:2"), other).unwrap();
        known.put(&place("WEB01:1"), other).unwrap();
        for text in ["web01:1", "web01:2", "[::1]:1"] {
            assert_eq!(known.get(&place(text)).unwrap(), Some(other), "{text}");
        }
        std::fs::write(known.path(), "web01:1 nonsense\n").unwrap();
        assert!(known.get(&place("web01:2")).is_err());
    }
}
