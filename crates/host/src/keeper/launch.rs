//! Finds the keeper, or starts one.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::io::FdFlags;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;
use winsta_client::Dirs;

use super::conn::{Conn, ConnError, Greeting, Passing};
use super::units::{Unit, UnitError};
use crate::process;

/// How long a keeper may take to answer on its socket.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a keeper is found and how it is started.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The host's own user's, in the host's folder, started as a program.
    Own {
        /// The folder.
        dirs: Dirs,
        /// The program.
        program: PathBuf,
    },
    /// Another user's, started by systemd.
    Unit {
        /// What systemd knows it as.
        unit: Unit,
        /// Its socket, in a folder of root's.
        socket: PathBuf,
    },
}

/// Why there is no keeper.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    /// One answers, but not as it should.
    #[error("cannot talk to the keeper at {}", path.display())]
    Talk {
        /// Its socket.
        path: PathBuf,
        /// Why.
        source: ConnError,
    },
    /// None answers, and the program cannot be run.
    #[error("cannot start a keeper with {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// It was started and did not begin to answer.
    #[error("the keeper that was started did not answer; see {log}")]
    Silent {
        /// Its log.
        log: String,
    },
    /// systemd does not start it.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

impl Place {
    /// Connects to the keeper that runs, if one does. systemd starts one whenever somebody
    /// connects, so that this finds one that may have come a moment ago.
    pub(crate) async fn find(&self) -> Result<Option<(Conn, Greeting)>, LaunchError> {
        let (path, passing) = match self {
            Self::Own { dirs, .. } => (
                dirs.keeper_socket(rustix::process::geteuid().as_raw()),
                Passing::Anything,
            ),
            Self::Unit { socket, .. } => (socket.clone(), Passing::LedgerOnly),
        };
        let opened = timeout(PATIENCE, Conn::open(&path, passing)).await;
        match opened.unwrap_or_else(|_| Err(ConnError::Io(io::ErrorKind::TimedOut.into()))) {
            Ok((conn, greeting)) => Ok(Some((conn, self.proven(greeting).await?))),
            Err(ConnError::Io(error)) if nobody(&error) => Ok(None),
            Err(source) => Err(LaunchError::Talk { path, source }),
        }
    }

    /// Connects to the keeper, which is started if none runs.
    pub(crate) async fn find_or_start(&self) -> Result<(Conn, Greeting), LaunchError> {
        if let Some(found) = self.find().await? {
            return Ok(found);
        }
        let log = match self {
            Self::Own { dirs, program } => {
                start(dirs, program).await?;
                dirs.runtime().join("keeper.log").display().to_string()
            }
            Self::Unit { unit, .. } => {
                unit.listen().await?;
                "the journal".to_owned()
            }
        };
        self.find().await?.ok_or(LaunchError::Silent { log })
    }

    /// Whether a keeper that was found may have been started just to be found.
    pub(crate) fn may_be_new(&self) -> bool {
        matches!(self, Self::Unit { .. })
    }

    /// The greeting with what others say of the keeper, where its own word does not count.
    async fn proven(&self, mut greeting: Greeting) -> Result<Greeting, LaunchError> {
        if let Self::Unit { unit, .. } = self {
            greeting.pid = unit.pid().await?;
        }
        Ok(greeting)
    }
}

/// Starts a keeper and waits until it answers, or ends: both close the pipe.
async fn start(dirs: &Dirs, program: &Path) -> Result<(), LaunchError> {
    let failed = |source| LaunchError::Start {
        program: program.to_owned(),
        source,
    };
    let log = dirs.runtime().join("keeper.log");
    let (ours, theirs) = io::pipe().map_err(failed)?;
    // The keeper is the only program that this process starts, so nobody else inherits it.
    rustix::io::fcntl_setfd(&theirs, FdFlags::empty()).map_err(|error| failed(error.into()))?;
    let spawned = {
        let mut command = Command::new(program);
        command
            .arg("keeper")
            .arg("--dir")
            .arg(dirs.runtime())
            .arg("--ready-fd")
            .arg(theirs.as_raw_fd().to_string())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(append_to(&log).map_err(failed)?);
        process::with_first_file_limit(|| command.spawn())
    };
    // Its own end is taken in with those of all orphans; ours of the pipe is the keeper's now.
    drop(theirs);
    drop(spawned.map_err(failed)?);
    let mut ready = pipe::Receiver::from_owned_fd(ours.into()).map_err(failed)?;
    let mut word = [0; 64];
    match timeout(PATIENCE, ready.read(&mut word)).await {
        Ok(_) => Ok(()),
        Err(_) => Err(LaunchError::Silent {
            log: log.display().to_string(),
        }),
    }
}

fn append_to(path: &Path) -> io::Result<Stdio> {
    let file = File::options().append(true).create(true).open(path)?;
    Ok(Stdio::from(file))
}

/// Whether no keeper answers: there is none, or it is about to be gone.
fn nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}
