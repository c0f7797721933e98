//! Virtual environments.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why there is no Python to test with.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// A command is not there or cannot be started.
    #[error("{command} cannot be started: install Python 3 with its venv module")]
    Start {
        /// The command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// A command has failed.
    #[error("{command} failed: is PyPI in reach?\n{said}")]
    Failed {
        /// The command.
        command: String,
        /// The end of what it wrote to standard error.
        said: String,
    },
    /// A file cannot be made or read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {why}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// A virtual environment.
#[derive(Clone, Debug)]
pub struct Python {
    folder: PathBuf,
}

impl Python {
    /// The environment that has `packages`, as pip takes them: `pypsrp==0.9.1`. It is made if it
    /// is not there; others who want the same wait for it.
    pub fn with(packages: &[&str]) -> Result<Self, Missing> {
        let folder = folder()?.join(packages.join("+"));
        let python = Self { folder };
        once(&python.folder, || {
            let mut make = Command::new("python3");
            make.args(["-m", "venv", "--clear"]).arg(&python.folder);
            run(make)?;
            let mut install = python.command();
            install.args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ]);
            install.args(packages);
            run(install)
        })?;
        Ok(python)
    }

    /// The environment's interpreter.
    pub fn command(&self) -> Command {
        Command::new(self.folder.join("bin/python"))
    }

    /// Runs a program that is given as text, with arguments; what it wrote to standard output.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<Vec<u8>, Missing> {
        let mut command = self.command();
        command.arg("-c").arg(program).args(arguments);
        let name = format!("{} -c …", self.folder.display());
        output(command, &name)
    }
}

/// Where all of this is kept.
pub(crate) fn folder() -> Result<PathBuf, Missing> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| workspace.join("target"), PathBuf::from);
    let path = target.join("python");
    fs::create_dir_all(&path).map_err(|source| file(&path, source))?;
    path.canonicalize().map_err(|source| file(&path, source))
}

/// Makes a folder unless it was made whole before; nobody else makes it at the same time.
pub(crate) fn once(
    folder: &Path,
    make: impl FnOnce() -> Result<(), Missing>,
) -> Result<(), Missing> {
    let beside = |extension: &str| {
        let mut name = folder.as_os_str().to_owned();
        name.push(extension);
        PathBuf::from(name)
    };
    let (lock, done) = (beside(".lock"), beside(".done"));
    let held = File::create(&lock).map_err(|source| file(&lock, source))?;
    held.lock().map_err(|source| file(&lock, source))?;
    if !done.exists() {
        make()?;
        File::create(&done).map_err(|source| file(&done, source))?;
    }
    Ok(())
}

pub(crate) fn file(path: &Path, source: io::Error) -> Missing {
    let path = path.to_owned();
    Missing::File { path, source }
}

pub(crate) fn run(command: Command) -> Result<(), Missing> {
    let name = format!("{command:?}");
    output(command, &name).map(drop)
}

fn output(mut command: Command, name: &str) -> Result<Vec<u8>, Missing> {
    let command_name = || name.to_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Missing::Start {
            command: command_name(),
            source,
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    let end = said.char_indices().rev().nth(2_000).map_or(0, |(at, _)| at);
    Err(Missing::Failed {
        command: command_name(),
        said: said.get(end..).unwrap_or_default().to_owned(),
    })
}
