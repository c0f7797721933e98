//! Does something to several sessions: first says or asks what, then does it to many at once.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use winsta_client::{Deadline, Host};

use super::answers::{Answer, Asker};
use super::reach::{Place, pass_on_problems};
use super::survey::{Meant, Survey};
use crate::output;
use crate::report::{Exit, Failure, Outcome, say};
use crate::table::idle::idle;

/// Most sessions that are dealt with at the same time.
const AT_ONCE: usize = 32;
/// The same through one ssh connection: servers have a limit of 10 by default.
const THROUGH_SSH: usize = 8;

/// What is done, and how carefully.
#[derive(Clone, Copy)]
pub(crate) struct Bulk {
    /// What is done, as one says it: `log off`.
    pub(crate) verb: &'static str,
    /// Only say what would be done.
    pub(crate) what_if: bool,
    /// Ask before each session.
    pub(crate) confirm: bool,
    /// Say what was done on standard output.
    pub(crate) verbose: bool,
}

impl Bulk {
    /// Does `act`, which says what it did, to each of the sessions.
    pub(crate) fn run(
        self,
        survey: &Survey,
        sessions: Vec<Meant<'_>>,
        act: impl Fn(&Host, &Meant<'_>) -> Result<String, Failure> + Sync,
    ) -> Outcome {
        if self.what_if {
            let lines: Vec<String> = sessions.iter().map(|s| self.what_if(s)).collect();
            output::text(&lines.concat())?;
            return Ok(survey.finish(Exit::Done));
        }
        let sessions = if self.confirm {
            self.confirmed(sessions)?
        } else {
            sessions
        };
        // Nothing may follow the end of the caller's own session.
        let (own, others): (Vec<_>, Vec<_>) = sessions
            .into_iter()
            .partition(|meant| meant.place.is_own(meant.session.id));
        let results = Results::new(self.verbose, others.len() + own.len());
        let once = |meant: &Meant<'_>| {
            if let Some(host) = survey.host(meant.part) {
                results.take(act(host, meant).map_err(|why| why.on(meant.place)));
            }
        };
        if let [only] = others.as_slice() {
            once(only);
        } else {
            many(survey, &others, &act, &results);
        }
        own.iter().for_each(once);
        survey.hosts().iter().for_each(pass_on_problems);
        Ok(survey.finish(results.worst.get()))
    }

    fn what_if(self, meant: &Meant<'_>) -> String {
        let (verb, words) = (self.verb, meant.words());
        match meant.session.idle_seconds {
            Some(seconds) => format!(
                "What if: would {verb} {words}, idle {}\n",
                idle(Some(seconds))
            ),
            None => format!("What if: would {verb} {words}\n"),
        }
    }

    fn confirmed(self, sessions: Vec<Meant<'_>>) -> Result<Vec<Meant<'_>>, Failure> {
        let mut asker = Asker::new(io::stdin().lock(), io::stderr());
        let mut kept = Vec::new();
        for meant in sessions {
            let mut question = format!("{} {}", self.verb, meant.words());
            if let Some(first) = question.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            match asker.ask(&question)? {
                Answer::Yes => kept.push(meant),
                Answer::No => {}
                Answer::Quit => break,
            }
        }
        Ok(kept)
    }
}

/// Several sessions at once, each worker with a connection of its own.
fn many(
    survey: &Survey,
    sessions: &[Meant<'_>],
    act: &(impl Fn(&Host, &Meant<'_>) -> Result<String, Failure> + Sync),
    results: &Results,
) {
    let lanes = lanes(sessions);
    let workers = lanes.len().min(AT_ONCE);
    let queue = Mutex::new(lanes.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let network = survey.network();
    let connect = move |place: &Place| place.host(network.time(), Deadline::NEVER);
    let (report, reports) = channel();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let report = report.clone();
            scope.spawn(move || {
                while let Some(lane) = next() {
                    let mut host = None;
                    for meant in lane {
                        let result =
                            with_host(&connect, meant.place, &mut host, |host| act(host, meant));
                        // The receiver lives until all workers are done.
                        let _sent = report.send(result.map_err(|why| why.on(meant.place)));
                    }
                }
            });
        }
        drop(report);
        for result in reports {
            results.take(result);
        }
    });
}

/// The sessions of each host in so many parts as may be dealt with there at the same time.
fn lanes<'a, 'b>(sessions: &'a [Meant<'b>]) -> Vec<Vec<&'a Meant<'b>>> {
    let mut lanes: Vec<Vec<&Meant<'_>>> = Vec::new();
    for of_host in sessions.chunk_by(|one, next| one.part == next.part) {
        let most = match of_host.first() {
            Some(first) if !first.place.is_here() => THROUGH_SSH,
            _ => AT_ONCE,
        };
        let count = of_host.len().min(most);
        let begin = lanes.len();
        lanes.resize_with(begin + count, Vec::new);
        for (index, meant) in of_host.iter().enumerate() {
            if let Some(lane) = lanes.get_mut(begin + index % count) {
                lane.push(meant);
            }
        }
    }
    lanes
}

/// Connects on first use.
fn with_host(
    connect: &dyn Fn(&Place) -> Result<Host, Failure>,
    place: &Place,
    kept: &mut Option<Host>,
    act: impl FnOnce(&Host) -> Result<String, Failure>,
) -> Result<String, Failure> {
    if kept.is_none() {
        *kept = Some(connect(place)?);
    }
    match kept {
        Some(host) => act(host),
        None => Err(Failure::silent(Exit::HostFailed)),
    }
}

/// What came of it all.
struct Results {
    verbose: bool,
    progress: bool,
    worst: Cell<Exit>,
    unread: Cell<bool>,
}

impl Results {
    fn new(verbose: bool, count: usize) -> Self {
        Self {
            verbose,
            progress: count > 1 && io::stderr().is_terminal(),
            worst: Cell::new(Exit::Done),
            unread: Cell::new(false),
        }
    }

    fn take(&self, result: Result<String, Failure>) {
        match result {
            Ok(done) if self.verbose => self.print(&done),
            Ok(done) if self.progress => say(&done),
            Ok(_) => {}
            Err(failure) => {
                failure.print();
                self.worst.set(self.worst.get().max(failure.exit));
            }
        }
    }

    /// A reader that has gone away stops the lines, not the work.
    fn print(&self, line: &str) {
        if !self.unread.get() {
            self.unread.set(output::text(&format!("{line}\n")).is_err());
        }
    }
}
