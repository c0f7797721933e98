//! The host's log: a file that does not grow without end.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// Most bytes of the log; there is one older file of the same size beside it.
const MAX_BYTES: u64 = 1 << 20;

/// Sends everything that is said with `tracing` to the file at `path`.
pub(crate) fn start(path: &Path) -> io::Result<()> {
    let log = Log::open(path)?;
    let subscriber = tracing_subscriber::fmt()
        .with_writer(Shared(Arc::new(Mutex::new(log))))
        .with_ansi(false)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .finish();
    // A second host in one process (in tests) keeps the first one's log.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Sends everything that is said with `tracing` to standard error, which is the journal's.
pub(crate) fn start_in_journal() {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .without_time()
        .with_ansi(false)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    written: u64,
}

impl Log {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let written = file.metadata()?.len();
        Ok(Self {
            path: path.to_owned(),
            file,
            written,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.written + bytes.len() as u64 > MAX_BYTES {
            std::fs::rename(&self.path, self.path.with_extension("log.old"))?;
            *self = Self::open(&self.path)?;
        }
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Log>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.write(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Shared {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.log");
        let mut log = Log::open(&path).unwrap();
        let line = [b'x'; 1_000];
        for _ in 0..1_500 {
            log.write(&line).unwrap();
        }
        let size = |path: &Path| std::fs::metadata(path).unwrap().len();
        assert!(size(&path) <= MAX_BYTES);
        assert!(size(&path.with_extension("log.old")) <= MAX_BYTES);
        assert_eq!(
            size(&path) + size(&path.with_extension("log.old")),
            1_500_000
        );
    }
}
