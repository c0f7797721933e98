//! Pipelines that are to stop.

use std::sync::Arc;
use std::time::Duration;

use winsta_domain::{ExitStatus, SessionId};
use winsta_wsman::Fault;
use winsta_wsman::fault::Kind;

use super::powershell::{INTERRUPT, pool};
use super::receive::code;
use super::shell::Shell;
use crate::engine::Engine;
use crate::workers::Workers;

/// How long a bash may take to read a command.
const SECOND_THOUGHTS: Duration = Duration::from_millis(300);

impl Engine {
    /// Has a pipeline stop, or forgets it.
    pub(super) async fn signal_pipeline(
        &self,
        shell: &Arc<Shell>,
        id: &str,
        terminate: bool,
    ) -> Result<(), Fault> {
        let workers = self.workers_of(shell.uid());
        if let Some(workers) = &workers {
            // Whether it runs by now.
            self.look_everywhere(shell, workers).await?;
        }
        let runs = {
            let mut state = shell.state();
            let pool = pool(&mut state)?;
            let runs = pool.runs(id);
            let pipeline = pool.pipelines.get_mut(id);
            let pipeline = pipeline.ok_or_else(|| Kind::NoCommand.fault())?;
            if pipeline.exit.is_none() {
                pipeline.stopping = true;
                if pipeline.at.is_none() {
                    pipeline.end(code(Some(ExitStatus::Signal(INTERRUPT))));
                }
            }
            let is_fresh = pipeline.is_fresh();
            if runs.is_some() {
                pipeline.interrupted();
            }
            if terminate {
                pool.pipelines.remove(id);
            }
            runs.map(|worker| (worker, is_fresh))
        };
        if let (Some((worker, is_fresh)), Some(workers)) = (runs, workers) {
            workers.signal(worker, INTERRUPT);
            if is_fresh && !terminate {
                let (shell, id) = (Arc::clone(shell), id.to_owned());
                tokio::spawn(interrupt_again(shell, id, worker, workers));
            }
        }
        self.keep_shell(shell);
        shell.tell();
        Ok(())
    }
}

/// A bash that has not read its command yet takes an interrupt for one of its prompt, and runs the
/// command then: it is interrupted once more.
async fn interrupt_again(shell: Arc<Shell>, id: String, worker: SessionId, workers: Arc<Workers>) {
    tokio::time::sleep(SECOND_THOUGHTS).await;
    let still = pool(&mut shell.state()).is_ok_and(|pool| pool.runs(&id) == Some(worker));
    if still {
        workers.signal(worker, INTERRUPT);
    }
}
