//! Files that are written whole or not at all, and are nobody else's to read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// Most bytes of a file.
const MAX_BYTES: u64 = 1 << 20;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

impl FileError {
    /// `path` cannot be used because of this.
    pub fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self {
            path: path.clone(),
            source,
        }
    }
}

/// What the file holds; `None` if there is none.
pub fn read(path: &Path) -> Result<Option<String>, FileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::at(path)(error)),
    };
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    read.map_err(FileError::at(path))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(FileError::at(path)(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Some(text))
}

/// Puts a file in the place of the one that is there, if any; whoever reads meanwhile sees one
/// of them.
pub fn replace(path: &Path, text: &str) -> Result<(), FileError> {
    let new = beside(path, ".new");
    write(&new, text)
        .and_then(|()| fs::rename(&new, path))
        .map_err(FileError::at(path))
}

/// Puts a file where there is none; `false` if somebody else was first.
pub fn create(path: &Path, text: &str) -> Result<bool, FileError> {
    let new = beside(path, &format!(".{}", std::process::id()));
    let made = write(&new, text).and_then(|()| match fs::hard_link(&new, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    });
    let _gone = fs::remove_file(&new);
    made.map_err(FileError::at(path))
}

/// Waits until nobody else changes the file, and keeps others from it until this is dropped.
pub fn lock(path: &Path) -> Result<File, FileError> {
    let path = beside(path, ".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(FileError::at(&path))?;
    flock(&file, FlockOperation::LockExclusive)
        .map_err(|error| FileError::at(&path)(error.into()))?;
    Ok(file)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // One that was left there may have another mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(read(&path).unwrap(), None);
        assert!(create(&path, "one").unwrap());
        assert!(!create(&path, "two").unwrap());
        assert_eq!(read(&path).unwrap().unwrap(), "one");
        replace(&path, "three").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), "three");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no others are left"
        );
    }
}
