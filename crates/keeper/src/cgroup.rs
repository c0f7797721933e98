//! A cgroup v2 for each session, where the keeper may make one.
//!
//! It does not decide which processes are of a session, marks do that everywhere; it only lets the
//! kernel kill all of them at one stroke.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use winsta_domain::SessionId;

use crate::ladder::Millis;

/// When to try again to remove a folder that the kernel still holds on to, in milliseconds after
/// the last try: it lets go a moment after the last process of it is gone.
const TRIES: [Millis; 6] = [5, 20, 100, 500, 2_000, 10_000];

/// Where the keeper makes its sessions' cgroups.
#[derive(Debug)]
pub(crate) struct Tree {
    folder: PathBuf,
    /// Folders that could not be removed yet.
    left: Vec<PathBuf>,
    tries: usize,
    due: Option<Millis>,
}

impl Tree {
    /// A folder in the keeper's own cgroup; `None` where the keeper may not make one.
    pub(crate) fn create() -> Option<Self> {
        if std::env::var_os("WINSTA_CGROUP").is_some_and(|value| value == "off") {
            return None;
        }
        let own = own_folder()?;
        sweep(&own);
        let tree = Self::at(own.join(format!("winsta-{}", std::process::id())));
        fs::create_dir(&tree.folder).ok()?;
        let whole = tree.folder.join("cgroup.kill").exists();
        whole.then_some(tree)
    }

    /// The folder of an earlier life of this keeper.
    pub(crate) fn reopen(folder: PathBuf) -> Option<Self> {
        folder.is_dir().then(|| Self::at(folder))
    }

    fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            left: Vec::new(),
            tries: 0,
            due: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// When [`clear`](Self::clear) is to be called.
    pub(crate) fn due(&self) -> Option<Millis> {
        self.due
    }

    /// Removes a session's folder, now or when the kernel lets it go.
    pub(crate) fn remove(&mut self, now: Millis, cgroup: &Cgroup) {
        self.left.push(cgroup.folder.clone());
        self.tries = 0;
        self.clear(now);
    }

    /// Removes what could not be removed before.
    pub(crate) fn clear(&mut self, now: Millis) {
        let busy = |folder: &PathBuf| {
            let removed = fs::remove_dir(folder);
            removed.is_err_and(|error| error.kind() == io::ErrorKind::ResourceBusy)
        };
        self.left.retain(busy);
        let pause = TRIES.get(self.tries).filter(|_| !self.left.is_empty());
        self.tries += 1;
        self.due = pause.map(|pause| now + pause);
    }

    /// A cgroup for a session.
    pub(crate) fn make(&self, session: SessionId) -> io::Result<Cgroup> {
        let folder = self.folder.join(session.to_string());
        fs::create_dir(&folder)?;
        Cgroup::open(folder)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // Fails while anything lives below, which then outlives the keeper.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// One session's cgroup.
#[derive(Debug)]
pub(crate) struct Cgroup {
    folder: PathBuf,
    descriptor: OwnedFd,
}

impl Cgroup {
    /// A cgroup that exists.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = rustix::fs::open(&folder, flags, Mode::empty())?;
        Ok(Self { folder, descriptor })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Kills everything in it; not if `spared` is in it, a host that was started from inside.
    pub(crate) fn kill(&self, spared: Option<i32>) {
        let members = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
        let has = |pid: i32| members.lines().any(|line| line.parse() == Ok(pid));
        if !spared.is_some_and(has) {
            // Should it fail, the marks still find every process.
            let _ = fs::write(self.folder.join("cgroup.kill"), "1");
        }
    }
}

/// Removes what keepers left behind that were killed, unless something still lives there.
fn sweep(own: &Path) {
    let keepers = fs::read_dir(own).into_iter().flatten().flatten();
    for keeper in keepers {
        let name = keeper.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("winsta-"));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            for session in fs::read_dir(keeper.path()).into_iter().flatten().flatten() {
                let _ = fs::remove_dir(session.path());
            }
            let _ = fs::remove_dir(keeper.path());
        }
    }
}

/// The keeper's own cgroup v2 folder.
fn own_folder() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mount = mounts.lines().find_map(|line| {
        let (fields, kind) = line.split_once(" - ")?;
        kind.starts_with("cgroup2 ")
            .then(|| fields.split(' ').nth(4))
            .flatten()
    })?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(mount).join(path))
}
