//! Jobs: commands that nobody waits for at the moment.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::act::Act;
use super::protocol::{AsJob, Ask, Failed, Job, JobState, Tell};
use super::verbs::{Shared, Sink};

/// Most things that a job keeps; older ones are let go.
const MOST: usize = 1_000_000;

/// A job.
#[derive(Debug)]
pub(super) struct JobEntry {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) state: JobState,
    pub(super) location: String,
    pub(super) command: String,
    /// What it gave.
    pub(super) told: VecDeque<Tell>,
    /// Whether something of it failed.
    pub(super) failed: bool,
    pub(super) act: Arc<Act>,
}

impl JobEntry {
    /// Keeps what it gives.
    pub(super) fn keep(&mut self, tell: Tell) {
        match &tell {
            Tell::Failed(_) => self.failed = true,
            Tell::Ended { exit, why, .. } => {
                self.failed |= why.is_some() || exit.is_some_and(|exit| exit != 0);
            }
            Tell::LetGo(_) => self.state = JobState::Disconnected,
            Tell::Waiting { .. } | Tell::Done => return,
            _ => {}
        }
        if self.told.len() >= MOST {
            self.told.pop_front();
        }
        self.told.push_back(tell);
    }

    /// It has ended.
    pub(super) fn end(&mut self) {
        if self.state == JobState::Running {
            self.state = if self.act.is_stopped() {
                JobState::Stopped
            } else if self.failed {
                JobState::Failed
            } else {
                JobState::Completed
            };
        }
    }

    /// What a command sees of it.
    pub(super) fn view(&self) -> Job {
        Job {
            id: self.id,
            name: self.name.clone(),
            state: self.state,
            has_more_data: !self.told.is_empty(),
            location: self.location.clone(),
            command: self.command.clone(),
        }
    }
}

/// What a job gives goes into its entry.
struct Kept {
    shared: Arc<Shared>,
    id: u32,
}

impl Sink for Kept {
    fn tell(&self, tell: &Tell) -> bool {
        let mut pages = self.shared.book.open();
        if let Some(job) = pages.jobs.get_mut(&self.id) {
            job.keep(tell.clone());
        }
        drop(pages);
        self.shared.book.tell();
        true
    }
}

impl Shared {
    /// Starts something that nobody waits for.
    pub(super) fn start_job(
        self: &Arc<Self>,
        job: AsJob,
        location: String,
        command: String,
        sink: &dyn Sink,
        work: impl FnOnce(&Arc<Self>, &Arc<Act>, &dyn Sink) + Send + 'static,
    ) {
        let act = Arc::new(Act::default());
        let (id, view) = {
            let mut pages = self.book.open();
            let id = pages.next_job();
            let job = JobEntry {
                id,
                name: job.name.unwrap_or_else(|| format!("Job{id}")),
                state: JobState::Running,
                location,
                command,
                told: VecDeque::new(),
                failed: false,
                act: Arc::clone(&act),
            };
            let view = job.view();
            pages.jobs.insert(id, job);
            (id, view)
        };
        let shared = Arc::clone(self);
        thread::spawn(move || {
            let kept = Kept {
                shared: Arc::clone(&shared),
                id,
            };
            work(&shared, &act, &kept);
            if let Some(job) = shared.book.open().jobs.get_mut(&id) {
                job.end();
            }
            shared.book.tell();
        });
        sink.tell(&Tell::Job(view));
    }

    /// What is asked about jobs.
    pub(super) fn with_jobs(&self, ask: Ask, act: &Act, sink: &dyn Sink) {
        match ask {
            Ask::ReceiveJob { job, keep, wait } => self.give_job(job, keep, wait, act, sink),
            Ask::WaitJobs { jobs, any, seconds } => {
                let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
                self.wait_jobs(&jobs, any, until, act);
                self.tell_jobs(Some(&jobs), sink, |job| job.state != JobState::Running);
            }
            Ask::StopJobs { jobs } => {
                for running in self.acts(&jobs) {
                    running.interrupt();
                }
                let until = Some(Instant::now() + Duration::from_secs(30));
                self.wait_jobs(&jobs, false, until, act);
            }
            Ask::RemoveJobs { jobs, force } => self.remove_jobs(&jobs, force, sink),
            _ => self.tell_jobs(None, sink, |_| true),
        }
    }

    fn acts(&self, jobs: &[u32]) -> Vec<Arc<Act>> {
        let pages = self.book.open();
        let of = |id| pages.jobs.get(id).map(|job| Arc::clone(&job.act));
        jobs.iter().filter_map(of).collect()
    }

    fn tell_jobs(&self, ids: Option<&[u32]>, sink: &dyn Sink, which: impl Fn(&JobEntry) -> bool) {
        let views: Vec<Job> = {
            let pages = self.book.open();
            let jobs = pages.jobs.values();
            let jobs = jobs.filter(|job| ids.is_none_or(|ids| ids.contains(&job.id)) && which(job));
            jobs.map(JobEntry::view).collect()
        };
        for view in views {
            sink.tell(&Tell::Job(view));
        }
    }

    fn give_job(&self, id: u32, keep: bool, wait: bool, act: &Act, sink: &dyn Sink) {
        loop {
            let (told, runs) = {
                let mut pages = self.book.open();
                let Some(job) = pages.jobs.get_mut(&id) else {
                    drop(pages);
                    sink.tell(&Tell::Failed(no_job(id)));
                    return;
                };
                let runs = job.state == JobState::Running;
                let told = if keep && !(wait && runs) {
                    job.told.clone()
                } else if keep {
                    VecDeque::new()
                } else {
                    std::mem::take(&mut job.told)
                };
                (told, runs)
            };
            for tell in &told {
                sink.tell(tell);
            }
            sink.pause();
            if !wait || !runs || act.is_stopped() || act.is_left() {
                return;
            }
            let pages = self.book.open();
            drop(self.book.wait(pages, Duration::from_secs(1)));
        }
    }

    fn wait_jobs(&self, ids: &[u32], any: bool, until: Option<Instant>, act: &Act) {
        let mut pages = self.book.open();
        loop {
            let runs = |id: &u32| {
                let job = pages.jobs.get(id);
                job.is_some_and(|job| job.state == JobState::Running)
            };
            let running = ids.iter().filter(|id| runs(id)).count();
            let is_over = running == 0 || (any && running < ids.len());
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if is_over
                || left.is_some_and(|left| left.is_zero())
                || act.is_stopped()
                || act.is_left()
            {
                return;
            }
            let most = Duration::from_secs(1);
            pages = self
                .book
                .wait(pages, left.map_or(most, |left| left.min(most)));
        }
    }

    fn remove_jobs(&self, ids: &[u32], force: bool, sink: &dyn Sink) {
        if force {
            for act in self.acts(ids) {
                act.interrupt();
            }
        }
        for id in ids {
            let mut pages = self.book.open();
            let runs = pages.jobs.get(id).map(|job| job.state == JobState::Running);
            let failed = match runs {
                None => Some(no_job(*id)),
                Some(true) if !force => {
                    let mut failed = no_job(*id);
                    failed.why = format!("The job {id} runs; -Force stops it and removes it.");
                    "JobIsRunning".clone_into(&mut failed.error_id);
                    Some(failed)
                }
                Some(_) => {
                    pages.jobs.remove(id);
                    None
                }
            };
            drop(pages);
            if let Some(failed) = failed {
                sink.tell(&Tell::Failed(failed));
            }
        }
        self.book.tell();
    }
}

fn no_job(id: u32) -> Failed {
    Failed {
        computer_name: String::new(),
        session: None,
        why: format!("There is no job with the number {id}."),
        error_id: "JobNotFound".to_owned(),
    }
}
