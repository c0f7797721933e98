//! Shells on disk: a file for each in the runtime folder, which lasts as long as the boot does.

use std::fs;
use std::io;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::shell::{Saved, Shell};

/// Most bytes of a file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Store {
    folder: PathBuf,
}

impl Store {
    pub(super) fn new(runtime: &Path) -> Self {
        Self {
            folder: runtime.join("shells"),
        }
    }

    fn path(&self, id: &str) -> PathBuf {
        // Ids are checked to be GUIDs before there is a shell.
        self.folder.join(format!("{id}.json"))
    }

    /// Writes a shell down: the whole of it or nothing.
    pub(super) fn save(&self, shell: &Shell) -> io::Result<()> {
        let text = shell.to_json()?;
        let path = self.path(shell.id());
        let new = path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&new).or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            fs::DirBuilder::new()
                .mode(0o700)
                .recursive(true)
                .create(&self.folder)?;
            options.open(&new)
        });
        file?.write_all(&text)?;
        fs::rename(new, path)
    }

    /// Forgets a shell.
    pub(super) fn remove(&self, id: &str) {
        if let Err(error) = fs::remove_file(self.path(id))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::error!(shell = id, %error, "a shell's file cannot be removed");
        }
    }

    /// All shells that can be read.
    pub(super) fn load(&self) -> Vec<Shell> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let files = paths.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
        let shells = files.filter_map(|path| match read(&path) {
            Ok(saved) => Some(Shell::restore(saved)),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a shell cannot be read");
                None
            }
        });
        shells.collect()
    }
}

fn read(path: &Path) -> io::Result<Saved> {
    use std::io::Read;
    let mut text = Vec::new();
    fs::File::open(path)?
        .take(MAX_BYTES)
        .read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}
