//! Pipelines that begin: each is given to a runspace, which is told to run it.

use std::sync::Arc;

use winsta_domain::SessionId;
use winsta_wsman::Fault;
use winsta_wsman::fault::Kind;

use super::engines;
use super::pipeline::Pipeline;
use super::pool::Place;
use super::powershell::{pipeline, pool};
use super::runspace::{Runspace, Telling};
use super::scan::write_all;
use super::shell::Shell;
use super::{new_guid, of_shell, worker_id};
use crate::engine::Engine;
use crate::keeper::port::KeeperError;
use crate::workers::Workers;

impl Engine {
    /// Gives a pipeline that has all it needs to a runspace.
    pub(super) async fn begin_if_ready(&self, shell: &Arc<Shell>, id: &str) -> Result<(), Fault> {
        let turn = Arc::clone(&shell.turn).lock_owned().await;
        {
            let mut state = shell.state();
            let pipeline = pool(&mut state)?.pipelines.get(id);
            if !pipeline.is_some_and(Pipeline::is_ready) {
                return Ok(());
            }
        }
        let lease = self.lease(shell.uid()).await;
        let _lease = lease.map_err(|failure| Kind::Internal.saying(failure.message.as_str()))?;
        let workers = of_shell(self, shell)?;
        self.look_everywhere(shell, &workers).await?;
        let place = pool(&mut shell.state())?.place();
        let place = match place {
            Place::Old(place) => place,
            Place::New(place) => {
                let job = self.job(shell, engines::program(&shell.facts.terms.engine))?;
                let worker = workers
                    .start(job)
                    .await
                    .map_err(|error| super::work::not_started(&error))?;
                let mut state = shell.state();
                let is_told = engines::is_told(&shell.facts.terms.engine);
                let word = new_guid().replace('-', "");
                let runspace = Runspace::new(worker.0, word, is_told);
                pool(&mut state)?.runspaces.insert(place, runspace);
                place
            }
        };
        let (worker, telling) = {
            let mut state = shell.state();
            let pool = pool(&mut state)?;
            let (Some(runspace), Some(pipeline)) =
                (pool.runspaces.get_mut(&place), pool.pipelines.get_mut(id))
            else {
                return Err(Kind::NoCommand.fault());
            };
            let is_new = runspace.last == 0;
            let opening = is_new.then(|| {
                let words = self.session_words();
                runspace.opening(&shell.facts.terms, &words)
            });
            let script = pipeline.script.take().unwrap_or_default();
            let terms = &shell.facts.terms;
            let input = std::mem::take(&mut pipeline.input);
            let mut telling = runspace.next(terms, &script, &input);
            if pipeline.is_completion() && !engines::is_shell(&terms.engine) {
                telling.run.clone_from(&telling.pass);
            }
            let ahead = [opening, telling.ahead.take()].into_iter().flatten();
            telling.ahead = Some(ahead.collect());
            pipeline.is_given(place, runspace.last);
            (worker_id(runspace.worker), telling)
        };
        // A host that takes over has to know the command's number before bash does.
        self.keep_shell(shell);
        let (shell, id) = (Arc::clone(shell), id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = tell(&shell, &id, &workers, worker, telling).await {
                tracing::warn!(%worker, %error, "a pipeline does not reach its runspace");
            }
            drop(turn);
        });
        Ok(())
    }
}

/// Tells a runspace to run a pipeline, or to pass it over if that is to stop by then.
async fn tell(
    shell: &Shell,
    id: &str,
    workers: &Workers,
    worker: SessionId,
    telling: Telling,
) -> Result<(), KeeperError> {
    let ahead = telling.ahead.unwrap_or_default();
    write_all(workers, worker, ahead.as_bytes()).await?;
    let is_wanted = {
        let mut state = shell.state();
        // One that is gone was ended by its client.
        pipeline(&mut state, id).is_ok_and(Pipeline::tell)
    };
    let line = if is_wanted { telling.run } else { telling.pass };
    write_all(workers, worker, line.as_bytes()).await
}
