//! A private place for one peer: a folder, an environment, and the processes that grew in it.

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::processes::{self, Process};

/// A command line.
pub(crate) type Argv = Vec<OsString>;

/// Builds a command line.
pub(crate) fn argv<S: Into<OsString>>(words: impl IntoIterator<Item = S>) -> Argv {
    words.into_iter().map(Into::into).collect()
}

/// What the names of places begin with; the benchmark's process id and a number follow.
const PREFIX: &str = "winsta-bench-";

/// The variable that marks every process of a place: servers inherit it too.
const MARK: &str = "WINSTA_BENCH_PLACE";

/// A folder of its own and an environment that leads every peer into it. When it is dropped,
/// every process that was started in it is killed and the folder removed.
#[derive(Debug)]
pub(crate) struct Place {
    folder: PathBuf,
    mark: String,
}

static PLACES: AtomicU32 = AtomicU32::new(0);

impl Place {
    /// A new place. Its path is short, since socket paths must be.
    pub(crate) fn new() -> Result<Self> {
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{PREFIX}{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(&mark);
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o700);
        builder
            .create(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let place = Self { folder, mark };
        for name in ["run", "home", "screen", "state"] {
            builder
                .create(place.path(name))
                .context("cannot create a folder")?;
        }
        // Present and empty: nobody's own configuration is read instead.
        place.write("winsta.toml", "")?;
        Ok(place)
    }

    /// Clears away what benchmarks that were interrupted left behind.
    pub(crate) fn sweep() -> Result<()> {
        for entry in std::fs::read_dir(std::env::temp_dir()).context("cannot read a folder")? {
            let entry = entry?;
            let Ok(mark) = entry.file_name().into_string() else {
                continue;
            };
            let owner = mark
                .strip_prefix(PREFIX)
                .and_then(|rest| rest.split('-').next());
            if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let folder = entry.path();
                drop(Self { folder, mark });
            }
        }
        Ok(())
    }

    /// The path of `name` in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts `text` into the file `name`.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// The whole environment of what runs here.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let user = std::env::var_os("USER").unwrap_or_else(|| "root".into());
        vec![
            ("PATH", path),
            ("USER", user),
            ("HOME", self.path("home").into()),
            ("SHELL", "/bin/sh".into()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("XDG_RUNTIME_DIR", self.path("run").into()),
            ("XDG_CONFIG_HOME", self.path("home").into()),
            ("XDG_CONFIG_DIR", self.path("home").into()),
            ("SCREENDIR", self.path("screen").into()),
            ("WINSTA_RUNTIME_DIR", self.path("run").join("winsta").into()),
            ("WINSTA_STATE_DIR", self.path("state").into()),
            ("WINSTA_CONFIG", self.path("winsta.toml").into()),
            (MARK, OsString::from(&self.mark)),
        ]
    }

    /// A command in this environment, its input empty.
    pub(crate) fn command(&self, argv: &Argv) -> Result<Command> {
        let [program, arguments @ ..] = argv.as_slice() else {
            bail!("an empty command line");
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command)
    }

    /// Runs a command to its end and gives its standard output. Output goes to files, since a
    /// daemon that the command leaves behind may keep a pipe open.
    pub(crate) fn output(&self, argv: &Argv) -> Result<String> {
        let name = argv.first().cloned().unwrap_or_default();
        let name = name.to_string_lossy();
        let (out, err) = (self.path("out"), self.path("err"));
        let status = self
            .command(argv)?
            .stdout(std::fs::File::create(&out)?)
            .stderr(std::fs::File::create(&err)?)
            .status()
            .with_context(|| format!("cannot run {name}"))?;
        let read = |path: &Path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        if !status.success() {
            bail!("{name}: {status}: {}", read(&err).trim());
        }
        Ok(read(&out))
    }

    /// Every process that was started here and lives.
    pub(crate) fn processes(&self) -> Result<Vec<Process>> {
        processes::of_mark(&format!("{MARK}={}", self.mark))
    }

    /// Those of [`processes`](Self::processes) that run one of these programs.
    pub(crate) fn own(&self, programs: &[&str]) -> Result<Vec<Process>> {
        let mut all = self.processes()?;
        all.retain(|process| programs.contains(&process.program.as_str()));
        Ok(all)
    }

    /// Kills every process that was started here.
    pub(crate) fn kill(&self) -> Result<()> {
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit {
            let left = self.processes()?;
            if left.is_empty() {
                return Ok(());
            }
            for process in left {
                process.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("processes of {} cannot be killed", self.folder.display())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("warning: {error:#}");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("warning: cannot remove {}: {error}", self.folder.display());
        }
    }
}
