//! What commands ask, carried out.

use std::sync::Arc;
use std::time::Duration;

use winsta_wsman::BufferMode;

use super::act::Act;
use super::entry::State;
use super::protocol::{AsJob, Ask, Failed, Options, Run, RunIn, Target, Tell};
use super::throttle::each;
use super::verbs::{Known, Shared, Sink};

impl Shared {
    /// Carries out what is asked; `sink` hears of all that comes of it.
    pub(super) fn carry_out(self: &Arc<Self>, ask: Ask, act: &Arc<Act>, sink: &dyn Sink) {
        match ask {
            Ask::Known => {
                let views: Vec<_> = {
                    let mut pages = self.book.open();
                    pages.prune(std::time::Instant::now());
                    pages
                        .sessions
                        .values()
                        .map(super::entry::Entry::view)
                        .collect()
                };
                for view in views {
                    sink.tell(&Tell::Session(Box::new(view)));
                }
            }
            Ask::List { targets, throttle } => {
                each(targets, throttle, |target| match self.list(&target) {
                    Ok(views) => views.into_iter().for_each(|view| {
                        sink.tell(&Tell::Session(Box::new(view)));
                    }),
                    Err(failed) => failure(sink, failed),
                });
            }
            Ask::New {
                targets,
                names,
                configuration,
                options,
                throttle,
            } => self.make_all(targets, &names, &configuration, &options, throttle, sink),
            Ask::Disconnect {
                sessions,
                idle_timeout_ms,
                output_buffering_mode,
                throttle,
            } => {
                let idle = idle_timeout_ms.map(Duration::from_millis);
                let mode = output_buffering_mode.as_deref();
                let mode = mode.and_then(BufferMode::from_name);
                self.with_each(sessions, throttle, sink, |known| {
                    if known.entered {
                        return Err(entered(known));
                    }
                    self.disconnect(known, idle, mode)
                });
            }
            Ask::Connect { sessions, throttle } => {
                self.with_each(sessions, throttle, sink, |known| self.connect(known));
            }
            Ask::Remove { sessions, throttle } => {
                self.with_each(sessions, throttle, sink, |known| self.remove(known));
            }
            Ask::Receive { sessions, job } => self.receive_all(sessions, job, act, sink),
            Ask::Invoke(run) => self.invoke(*run, act, sink),
            Ask::Jobs
            | Ask::ReceiveJob { .. }
            | Ask::WaitJobs { .. }
            | Ask::StopJobs { .. }
            | Ask::RemoveJobs { .. } => self.with_jobs(ask, act, sink),
            // Heard elsewhere.
            Ask::Enter { .. } | Ask::Interrupt | Ask::LetGo => {}
        }
    }

    /// Somebody sits down in front of a session.
    pub(super) fn enter(&self, session: &str, entered: &mut Vec<u32>, sink: &dyn Sink) {
        let known = self.known(session).and_then(|known| {
            if known.state == State::Opened {
                return Ok(known);
            }
            let why = format!("The session {} is not open.", known.name);
            Err(known.failed(why, "SessionNotOpen"))
        });
        match known {
            Ok(known) => {
                self.book.change(known.id, |entry| entry.entered = true);
                entered.push(known.id);
            }
            Err(failed) => failure(sink, failed),
        }
    }

    fn make_all(
        &self,
        targets: Vec<Target>,
        names: &[String],
        configuration: &str,
        options: &Options,
        throttle: usize,
        sink: &dyn Sink,
    ) {
        each(named(targets, names), throttle, |(target, name)| {
            let made = self.make(&target, name, configuration, options);
            match made.map(|id| self.book.view(id)) {
                Ok(Some(view)) => {
                    sink.tell(&Tell::Session(Box::new(view)));
                }
                Ok(None) => {}
                Err(failed) => failure(sink, failed),
            }
        });
    }

    /// Does something with sessions, and tells how they stand then.
    fn with_each(
        &self,
        sessions: Vec<String>,
        throttle: usize,
        sink: &dyn Sink,
        what: impl Fn(&Known) -> Result<(), Failed> + Sync,
    ) {
        each(sessions, throttle, |instance| {
            let done = self.known(&instance).and_then(|known| {
                what(&known)?;
                Ok(known.id)
            });
            match done.map(|id| self.book.view(id)) {
                Ok(Some(view)) => {
                    sink.tell(&Tell::Session(Box::new(view)));
                }
                // It is no more, which was wanted.
                Ok(None) => {}
                Err(failed) => failure(sink, failed),
            }
        });
    }

    fn receive_all(
        self: &Arc<Self>,
        sessions: Vec<String>,
        job: Option<AsJob>,
        act: &Arc<Act>,
        sink: &dyn Sink,
    ) {
        let Some(job) = job else {
            return each(sessions, 0, |instance| {
                self.receive(&instance, act, sink);
                sink.pause();
            });
        };
        let location = self.location(&sessions);
        self.start_job(
            job,
            location,
            String::new(),
            sink,
            move |shared, act, sink| {
                each(sessions, 0, |instance| shared.receive(&instance, act, sink));
            },
        );
    }

    fn invoke(self: &Arc<Self>, mut run: Run, act: &Arc<Act>, sink: &dyn Sink) {
        let Some(job) = run.job.take() else {
            return self.run(run, act, sink);
        };
        let location = match &run.place {
            RunIn::Sessions(sessions) => self.location(sessions),
            RunIn::Targets(targets) | RunIn::Disconnected(targets) => {
                let names = targets.iter().map(|target| target.computer_name.as_str());
                names.collect::<Vec<_>>().join(",")
            }
        };
        let command = run.script.clone();
        self.start_job(job, location, command, sink, move |shared, act, sink| {
            shared.run(run, act, sink);
        });
    }

    fn run(&self, mut run: Run, act: &Arc<Act>, sink: &dyn Sink) {
        let place = std::mem::replace(&mut run.place, RunIn::Sessions(Vec::new()));
        let throttle = run.throttle;
        match place {
            RunIn::Sessions(sessions) => each(sessions, throttle, |instance| {
                self.run_in(&instance, &run, act, sink);
                sink.pause();
            }),
            RunIn::Targets(targets) => each(targets, throttle, |target| {
                self.run_at(&target, &run, act, sink);
                sink.pause();
            }),
            RunIn::Disconnected(targets) => {
                each(named(targets, &run.names), throttle, |(target, name)| {
                    self.run_disconnected(&target, name, &run, sink);
                    sink.pause();
                });
            }
        }
    }

    /// Machines of sessions, for people.
    fn location(&self, sessions: &[String]) -> String {
        let known = sessions
            .iter()
            .filter_map(|instance| self.known(instance).ok());
        let names: Vec<_> = known.map(|known| known.target.computer_name).collect();
        names.join(",")
    }
}

/// A session cannot be taken away under somebody's hands.
fn entered(known: &Known) -> Failed {
    let why = format!(
        "The session {} cannot be disconnected because somebody has entered it; Exit-PSSession \
         leaves it.",
        known.name
    );
    known.failed(why, "CannotDisconnectSession")
}

/// Tells at once of what was not done; what was, is shown when all is.
fn failure(sink: &dyn Sink, failed: Failed) {
    sink.tell(&Tell::Failed(failed));
    sink.pause();
}

/// Machines with names for their sessions: one name is for all, several are given out in order.
fn named(targets: Vec<Target>, names: &[String]) -> Vec<(Target, Option<String>)> {
    let name = |place: usize| match names {
        [only] => Some(only.clone()),
        names => names.get(place).cloned(),
    };
    let all = targets.into_iter().enumerate();
    all.map(|(place, target)| (target, name(place))).collect()
}
