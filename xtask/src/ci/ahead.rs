//! What a step can begin with while those before it run.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::workspace;

/// A command that runs beside the steps. What it has to say, the step says that repeats it.
pub(super) struct Ahead(Child);

impl Ahead {
    /// Begins.
    pub(super) fn command(command: &mut Command) -> Result<Self> {
        let child = command
            .current_dir(workspace::root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        child
            .map(Self)
            .with_context(|| format!("cannot run {command:?}"))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // It has ended, unless a step failed meanwhile and nobody waits for it any more.
        if let Ok(None) = self.0.try_wait() {
            let _ = kill_process_group(Pid::from_child(&self.0), Signal::TERM);
        }
        let _ = self.0.wait();
    }
}
