//! What runs in sessions, until somebody has heard all of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winsta_wsman::fault::Kind;

use super::act::Act;
use super::entry::{Left, State};
use super::protocol::{Options, Run, Target, Tell, Told};
use super::verbs::{Known, Shared, Sink};
use crate::problem::Problem;
use crate::running::{Running, Script};
use crate::saying::Saying;

/// How long one waits at once for a pipeline that somebody else was waiting for.
const HANDING_OVER: Duration = Duration::from_secs(1);

impl Shared {
    /// Runs something in a session that is there.
    pub(super) fn run_in(&self, instance_id: &str, run: &Run, act: &Arc<Act>, sink: &dyn Sink) {
        match self.known(instance_id) {
            Ok(known) => self.run_known(&known, run, act, sink),
            Err(failed) => {
                sink.tell(&Tell::Failed(failed));
            }
        }
    }

    fn run_known(&self, known: &Known, run: &Run, act: &Arc<Act>, sink: &dyn Sink) {
        let Some(session) = known.session.clone() else {
            let why = format!(
                "The session {} is not open; Connect-PSSession opens one that is disconnected.",
                known.name
            );
            sink.tell(&Tell::Failed(known.failed(why, "SessionNotOpen")));
            return;
        };
        let taken = self.book.change(known.id, |entry| {
            let is_free = !entry.is_busy();
            entry.busy += usize::from(is_free);
            is_free
        });
        if taken != Some(true) {
            let why = format!(
                "The session {} is busy; Receive-PSSession gives what runs in it.",
                known.name
            );
            sink.tell(&Tell::Failed(known.failed(why, "SessionBusy")));
            return;
        }
        let script = Script {
            text: run.script.clone(),
            arguments: run.arguments.clone(),
            input: run.input.clone(),
        };
        let tell = waiting(known, sink);
        let started = Running::start(&session, script, &Self::patience(known, act, &tell));
        match started {
            Ok(running) => self.follow(known, running, Vec::new(), act, sink),
            Err(problem) => {
                self.free(known.id);
                self.lost(known.id, &problem);
                let why = format!(
                    "The command cannot be started: {}.",
                    problem.in_words().trim_end_matches('.')
                );
                sink.tell(&Tell::Failed(known.failed(why, "CommandNotStarted")));
            }
        }
    }

    /// Runs something in a session of its own.
    pub(super) fn run_at(&self, target: &Target, run: &Run, act: &Arc<Act>, sink: &dyn Sink) {
        let configuration = configuration(run);
        let made = self.make(target, None, configuration, &run.options);
        let known = made.and_then(|id| self.known_by(id));
        match known {
            Ok(known) => {
                self.run_known(&known, run, act, sink);
                self.end_own(&known, act);
            }
            Err(failed) => {
                sink.tell(&Tell::Failed(failed));
            }
        }
    }

    /// A session that was made for one command ends with it, unless it still runs.
    fn end_own(&self, known: &Known, act: &Act) {
        let is_over = self.book.change(known.id, |entry| match entry.state {
            State::Opened => entry.left.is_empty() && !act.is_left(),
            // Its service may not know.
            State::Broken => true,
            State::Disconnected | State::Elsewhere => false,
        });
        if is_over == Some(true) {
            // What is left behind is found by Get-PSSession.
            let _ = self.remove(known);
        }
    }

    /// Starts something in a session of its own, and lets go of that.
    pub(super) fn run_disconnected(
        &self,
        target: &Target,
        name: Option<String>,
        run: &Run,
        sink: &dyn Sink,
    ) {
        let done = self.start_disconnected(target, name, run);
        let told = done.map(|id| self.book.view(id));
        match told {
            Ok(Some(view)) => sink.tell(&Tell::Session(Box::new(view))),
            Ok(None) => true,
            Err(failed) => sink.tell(&Tell::Failed(failed)),
        };
    }

    fn start_disconnected(
        &self,
        target: &Target,
        name: Option<String>,
        run: &Run,
    ) -> Result<u32, super::Failed> {
        let id = self.make(target, name, configuration(run), &run.options)?;
        let known = self.known_by(id)?;
        let script = Script {
            text: run.script.clone(),
            arguments: run.arguments.clone(),
            input: run.input.clone(),
        };
        let started = match &known.session {
            Some(session) => {
                let patience = crate::Patience::silent(known.retry);
                Running::start(session, script, &patience).map(|_| ())
            }
            None => Err(Problem::Broken(String::new())),
        };
        started.map_err(|problem| {
            let why = format!(
                "The command cannot be started: {}.",
                problem.in_words().trim_end_matches('.')
            );
            known.failed(why, "CommandNotStarted")
        })?;
        self.disconnect(&known, None, None)?;
        Ok(id)
    }

    fn known_by(&self, id: u32) -> Result<Known, super::Failed> {
        let instance = self.book.view(id).map(|view| view.instance_id);
        self.known(&instance.unwrap_or_default())
    }

    /// Takes a session and gives what runs in it.
    pub(super) fn receive(&self, instance_id: &str, act: &Arc<Act>, sink: &dyn Sink) {
        let done = self.known(instance_id).and_then(|known| {
            if known.state != State::Opened {
                self.connect(&known)?;
            }
            self.known(instance_id)
        });
        let known = match done {
            Ok(known) => known,
            Err(failed) => {
                sink.tell(&Tell::Failed(failed));
                return;
            }
        };
        let left = self.take_left(known.id, act);
        for Left { running, said } in left {
            self.follow(&known, running, said, act, sink);
        }
        self.adopt(&known, act, sink);
    }

    /// What was left in a session. Somebody who waits for it may be about to leave it.
    fn take_left(&self, id: u32, act: &Act) -> Vec<Left> {
        let mut pages = self.book.open();
        loop {
            let Some(entry) = pages.sessions.get_mut(&id) else {
                return Vec::new();
            };
            if entry.busy == 0 || !entry.left.is_empty() || act.is_stopped() || act.is_left() {
                let left = std::mem::take(&mut entry.left);
                entry.busy += left.len();
                return left;
            }
            pages = self.book.wait(pages, HANDING_OVER);
        }
    }

    /// Gives what other clients started.
    fn adopt(&self, known: &Known, act: &Arc<Act>, sink: &dyn Sink) {
        let Some(session) = &known.session else {
            return;
        };
        let tell = waiting(known, sink);
        let patience = Self::patience(known, act, &tell);
        let mut all = session.pipelines(&patience);
        let mut rest = all.as_mut().map(std::mem::take).unwrap_or_default();
        let mut problem = all.err();
        while problem.is_none() && !rest.is_empty() {
            match Running::adopt(session, &rest.remove(0), &patience) {
                Ok(running) => {
                    self.book.change(known.id, |entry| entry.busy += 1);
                    self.follow(known, running, Vec::new(), act, sink);
                }
                // It has ended meanwhile.
                Err(error) if error.is(Kind::NoCommand) => {}
                Err(error) => problem = Some(error),
            }
        }
        if let Some(problem) = problem {
            self.lost(known.id, &problem);
            let why = format!(
                "The session's commands are not known: {}.",
                problem.in_words()
            );
            sink.tell(&Tell::Failed(known.failed(why, "CannotReceive")));
        }
    }

    /// Gives what a pipeline says until it has ended, or nobody listens. The session is busy with
    /// it.
    fn follow(
        &self,
        known: &Known,
        mut running: Running,
        mut said: Vec<Saying>,
        act: &Arc<Act>,
        sink: &dyn Sink,
    ) {
        act.begins(known.id, running.stopper());
        let tell = waiting(known, sink);
        let patience = Self::patience(known, act, &tell);
        loop {
            if let Some(rest) = give(known, said, sink) {
                self.leave(
                    known.id,
                    Left {
                        running,
                        said: rest,
                    },
                );
                break;
            }
            if running.is_over() {
                self.free(known.id);
                sink.tell(&ended(known, &running));
                break;
            }
            if act.is_left() {
                let said = Vec::new();
                self.leave(known.id, Left { running, said });
                break;
            }
            said = match running.hear(&patience) {
                Ok(said) => {
                    self.book
                        .change(known.id, |entry| entry.heard = Instant::now());
                    said
                }
                Err(problem) => {
                    self.broke_off(known, running, &problem, sink);
                    break;
                }
            };
        }
        act.ends(known.id);
    }

    /// Keeps a pipeline for whoever asks next.
    fn leave(&self, id: u32, left: Left) {
        self.book.change(id, |entry| {
            entry.busy = entry.busy.saturating_sub(1);
            entry.leave(left);
        });
    }

    fn free(&self, id: u32) {
        self.book
            .change(id, |entry| entry.busy = entry.busy.saturating_sub(1));
    }

    /// A pipeline cannot be heard any more.
    fn broke_off(&self, known: &Known, running: Running, problem: &Problem, sink: &dyn Sink) {
        self.lost(known.id, problem);
        if problem.is_passing() {
            let said = Vec::new();
            self.leave(known.id, Left { running, said });
        } else {
            self.free(known.id);
        }
        let is_let_go = problem.is(Kind::Disconnected);
        if !is_let_go {
            let why = format!(
                "The session {} on {} is lost: {}.",
                known.name,
                known.target.computer_name,
                problem.in_words().trim_end_matches('.')
            );
            sink.tell(&Tell::Failed(known.failed(why, "SessionLost")));
        }
        let view = self.book.view(known.id);
        if let Some(view) = view.filter(|view| view.state == "Disconnected") {
            sink.tell(&Tell::LetGo(Box::new(view)));
        }
    }
}

fn configuration(run: &Run) -> &str {
    run.configuration
        .as_deref()
        .unwrap_or(Options::CONFIGURATION)
}

/// Tells of a broken network.
fn waiting<'a>(known: &'a Known, sink: &'a dyn Sink) -> impl Fn(Option<Duration>) + Sync + 'a {
    |left| {
        sink.tell(&Tell::Waiting {
            computer_name: known.target.computer_name.clone(),
            left: left.map(|left| left.as_secs()),
        });
    }
}

/// Gives what was said; what nobody heard of it, if nobody listens.
fn give(known: &Known, said: Vec<Saying>, sink: &dyn Sink) -> Option<Vec<Saying>> {
    let mut said = said.into_iter();
    while let Some(saying) = said.next() {
        let tell = Tell::Said(Told {
            session: known.id,
            computer_name: known.target.computer_name.clone(),
            saying,
        });
        if !sink.tell(&tell) {
            let unheard = match tell {
                Tell::Said(told) => Some(told.saying),
                _ => None,
            };
            return Some(unheard.into_iter().chain(said).collect());
        }
    }
    sink.pause();
    None
}

fn ended(known: &Known, running: &Running) -> Tell {
    Tell::Ended {
        session: known.id,
        computer_name: known.target.computer_name.clone(),
        exit: running.exit(),
        why: running.why().map(str::to_owned),
    }
}
