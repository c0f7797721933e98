//! Pipelines that are to stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winsta_domain::{ExitStatus, SessionId};
use winsta_wsman::Fault;
use winsta_wsman::fault::Kind;

use super::powershell::{INTERRUPT, pool};
use super::receive::code;
use super::shell::Shell;
use crate::engine::Engine;
use crate::workers::Workers;

/// How long an interrupt may take to be heeded. A shell that takes it for one of its prompt runs its
/// command all the same, and so does one whose program has just ended by itself.
const SECOND_THOUGHTS: Duration = Duration::from_millis(300);
/// How long a shell may take to read a command that it was given.
const READING: Duration = Duration::from_secs(2);
/// How often such a one is looked at.
const LOOK: Duration = Duration::from_millis(5);

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
            let runs = runs.filter(|_| pipeline.is_told());
            let may_be_early = pipeline.is_fresh() && !terminate;
            if runs.is_some() {
                pipeline.interrupted();
            }
            if terminate {
                pool.give_up(id);
            }
            runs.map(|(worker, number)| (worker, number, may_be_early))
        };
        if let (Some((worker, number, may_be_early)), Some(workers)) = (runs, workers) {
            let interrupt = Interrupt::new(&workers, shell, worker, number);
            tokio::spawn(interrupt.send(may_be_early));
        }
        self.keep_shell(shell);
        shell.tell();
        Ok(())
    }
}

/// An interrupt on its way.
pub(super) struct Interrupt {
    workers: Arc<Workers>,
    shell: Arc<Shell>,
    worker: SessionId,
    number: u32,
}

impl Interrupt {
    /// An interrupt of a runspace's command of this number.
    pub(super) fn new(
        workers: &Arc<Workers>,
        shell: &Arc<Shell>,
        worker: SessionId,
        number: u32,
    ) -> Self {
        Self {
            workers: Arc::clone(workers),
            shell: Arc::clone(shell),
            worker,
            number,
        }
    }

    /// Sends it when the runspace has read what it is to run, as far as that can be known; where it
    /// `may_be_early`, twice.
    pub(super) async fn send(self, may_be_early: bool) {
        let until = Instant::now() + READING;
        while Instant::now() < until && self.is_ignored() && self.is_wanted() {
            tokio::time::sleep(LOOK).await;
        }
        if self.is_wanted() {
            self.workers.signal(self.worker, INTERRUPT);
        }
        if may_be_early {
            tokio::time::sleep(SECOND_THOUGHTS).await;
            if self.is_wanted() {
                self.workers.signal(self.worker, INTERRUPT);
            }
        }
    }

    /// Whether the runspace's shell ignores it, as bash does until it has read a command.
    fn is_ignored(&self) -> bool {
        let Some(pid) = self.workers.leader(self.worker) else {
            return false;
        };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        ignored.is_some_and(|mask| mask & (1 << (INTERRUPT - 1)) != 0)
    }

    /// Whether the runspace still runs it.
    fn is_wanted(&self) -> bool {
        let mut state = self.shell.state();
        pool(&mut state).is_ok_and(|pool| pool.is_at(self.worker, self.number))
    }
}
