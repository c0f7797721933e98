//! Hearing of changes.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::unix::AsyncFd;
use tokio_stream::StreamExt;
use zbus::MessageStream;

use crate::facts::XRDP_FOLDER;
use crate::readiness::registered;
use crate::sources::Shared;

/// Marks what is known as stale at each of logind's signals.
pub(crate) fn logind(mut signals: MessageStream, shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        while let Some(Ok(_signal)) = signals.next().await {
            shared.mark();
        }
        shared.lost.store(true, Ordering::Release);
        shared.mark();
    });
}

/// Marks what is known as stale when xrdp makes or removes sockets; whether there is such a folder
/// to watch.
pub(crate) fn xrdp(shared: &Arc<Shared>) -> bool {
    let Ok(folder) = begin() else {
        return false;
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        while let Ok(mut ready) = folder.readable().await {
            drain(folder.get_ref());
            // A user's first session comes with a folder of its own.
            watch_all(folder.get_ref());
            ready.clear_ready();
            shared.mark();
        }
    });
    true
}

fn begin() -> std::io::Result<AsyncFd<OwnedFd>> {
    let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    add(&fd, Path::new(XRDP_FOLDER))?;
    watch_all(&fd);
    registered(fd)
}

fn add(fd: &OwnedFd, folder: &Path) -> rustix::io::Result<()> {
    let what = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE | WatchFlags::ONLYDIR;
    inotify::add_watch(fd, folder, what).map(|_number| ())
}

fn watch_all(fd: &OwnedFd) {
    let entries = std::fs::read_dir(XRDP_FOLDER);
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // One that is gone again needs no watching.
            let _ = add(fd, &entry.path());
        }
    }
}

fn drain(fd: &OwnedFd) {
    let mut buffer = [0; 4_096];
    while matches!(rustix::io::read(fd, &mut buffer), Ok(1..)) {}
}
