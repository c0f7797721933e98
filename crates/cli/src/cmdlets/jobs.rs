//! Jobs: what runs while nobody waits for it.

use winsta_cmdlet::{Bound, Wildcard};
use winsta_pssession::agent::{Agent, Ask, Job, Tell};

use super::listen::{listen, show as show_heard};
use super::select::say;
use super::{agent, show};
use crate::report::{Exit, Failure, Outcome};

/// The jobs that are meant; all if none is named.
fn select(agent: &mut Agent, bounds: &[Bound]) -> Result<(Vec<Job>, Exit), Failure> {
    let mut all = Vec::new();
    agent::ask(agent, &Ask::Jobs, |tell| {
        if let Tell::Job(job) = tell {
            all.push(job);
        }
        Ok(())
    })?;
    let mut exit = Exit::Done;
    for id in bounds
        .iter()
        .flat_map(|bound| bound.ints("Id").iter().map(move |id| (bound, *id)))
    {
        let (bound, id) = id;
        if !all.iter().any(|job| i64::from(job.id) == i64::from(id)) {
            say(
                bound,
                &format!("There is no job with the Id {id}; Get-Job lists those that there are."),
            );
            exit = Exit::Nothing;
        }
    }
    all.retain(|job| bounds.iter().any(|bound| is_meant(bound, job)));
    Ok((all, exit))
}

fn is_meant(bound: &Bound, job: &Job) -> bool {
    let (ids, names, objects) = (bound.ints("Id"), bound.texts("Name"), bound.jobs());
    let is_id = ids.is_empty() || ids.iter().any(|id| i64::from(*id) == i64::from(job.id));
    let is_name = names.is_empty()
        || names
            .iter()
            .any(|name| Wildcard::new(name).matches(&job.name));
    let is_object = objects.is_empty() || objects.iter().any(|object| object.id == job.id);
    let state = bound.text("State");
    let is_state = state.is_none_or(|state| state == format!("{:?}", job.state));
    is_id && is_name && is_object && is_state
}

fn ids(jobs: &[Job]) -> Vec<u32> {
    jobs.iter().map(|job| job.id).collect()
}

/// `Get-Job`.
pub(super) fn get(bounds: &[Bound]) -> Outcome {
    let (jobs, exit) = select(&mut agent::connect()?, bounds)?;
    show::jobs(&jobs)?;
    Ok(exit)
}

/// `Receive-Job`.
pub(super) fn receive(bounds: &[Bound]) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let mut agent = agent::connect()?;
    let (jobs, mut exit) = select(&mut agent, bounds)?;
    for job in &jobs {
        let ask = Ask::ReceiveJob {
            job: job.id,
            keep: bound.switch("Keep"),
            wait: bound.switch("Wait") || bound.switch("AutoRemoveJob"),
        };
        let names = job.location.contains(',');
        let heard = listen(&mut agent, bound, &ask, names)?;
        show_heard(&heard)?;
        exit = exit.max(heard.exit);
    }
    if bound.switch("AutoRemoveJob") {
        told(
            &mut agent,
            bound,
            &Ask::RemoveJobs {
                jobs: ids(&jobs),
                force: false,
            },
            &mut exit,
        )?;
    }
    Ok(exit)
}

/// `Wait-Job`.
pub(super) fn wait(bounds: &[Bound]) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let mut agent = agent::connect()?;
    let (jobs, exit) = select(&mut agent, bounds)?;
    let seconds = bound
        .int("Timeout")
        .and_then(|seconds| u64::try_from(seconds).ok());
    let ask = Ask::WaitJobs {
        jobs: ids(&jobs),
        any: bound.switch("Any"),
        seconds,
    };
    let heard = listen(&mut agent, bound, &ask, false)?;
    show_heard(&heard)?;
    Ok(exit.max(heard.exit))
}

/// `Stop-Job`.
pub(super) fn stop(bounds: &[Bound]) -> Outcome {
    with(bounds, |_, jobs| Ask::StopJobs { jobs })
}

/// `Remove-Job`.
pub(super) fn remove(bounds: &[Bound]) -> Outcome {
    with(bounds, |bound, jobs| Ask::RemoveJobs {
        jobs,
        force: bound.switch("Force"),
    })
}

fn with(bounds: &[Bound], ask: impl Fn(&Bound, Vec<u32>) -> Ask) -> Outcome {
    let Some(bound) = bounds.first() else {
        return Ok(Exit::Done);
    };
    let mut agent = agent::connect()?;
    let (mut jobs, mut exit) = select(&mut agent, bounds)?;
    if bound.common().what_if {
        let operation = bound.cmdlet().operation();
        for job in jobs.drain(..) {
            crate::output::text(&format!(
                "{}\n",
                winsta_cmdlet::confirm::what_if(operation, &job.name)
            ))?;
        }
    }
    if !jobs.is_empty() {
        told(&mut agent, bound, &ask(bound, ids(&jobs)), &mut exit)?;
    }
    Ok(exit)
}

fn told(agent: &mut Agent, bound: &Bound, ask: &Ask, exit: &mut Exit) -> Result<(), Failure> {
    agent::ask(agent, ask, |tell| {
        if let Tell::Failed(failed) = tell {
            say(bound, &failed.why);
            *exit = (*exit).max(agent::status(&failed));
        }
        Ok(())
    })
}
