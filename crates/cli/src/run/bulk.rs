//! Does something to several sessions: first says or asks what, then does it to many at once.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use winsta_api::Session;
use winsta_client::Host;

use super::answers::{Answer, Asker};
use super::reach::{host, own_session, pass_on_problems};
use super::targets::describe;
use crate::output;
use crate::report::{Exit, Failure, Outcome, say};
use crate::table::idle::idle;

/// Most sessions that are dealt with at the same time.
const AT_ONCE: usize = 32;

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
        server: Option<&str>,
        first: &Host,
        sessions: Vec<&Session>,
        act: impl Fn(&Host, &Session) -> Result<String, Failure> + Sync,
    ) -> Outcome {
        if self.what_if {
            let lines: Vec<String> = sessions.iter().map(|s| self.what_if(s)).collect();
            return output::text(&lines.concat()).map(|()| Exit::Done);
        }
        let sessions = if self.confirm {
            self.confirmed(sessions)?
        } else {
            sessions
        };
        // Nothing may follow the end of the caller's own session.
        let own = own_session().map(|id| id.0);
        let (others, own): (Vec<_>, Vec<_>) = sessions.into_iter().partition(|s| Some(s.id) != own);
        let results = Results::new(self.verbose, others.len() + own.len());
        if let [only] = others.as_slice() {
            results.take(act(first, only));
        } else {
            many(server, &others, &act, &results);
        }
        for session in own {
            results.take(act(first, session));
        }
        pass_on_problems(first);
        Ok(results.worst.get())
    }

    fn what_if(self, session: &Session) -> String {
        let (verb, session_words) = (self.verb, describe(session));
        match session.idle_seconds {
            Some(seconds) => format!(
                "What if: would {verb} {session_words}, idle {}\n",
                idle(Some(seconds))
            ),
            None => format!("What if: would {verb} {session_words}\n"),
        }
    }

    fn confirmed(self, sessions: Vec<&Session>) -> Result<Vec<&Session>, Failure> {
        let mut asker = Asker::new(io::stdin().lock(), io::stderr());
        let mut kept = Vec::new();
        for session in sessions {
            let mut question = format!("{} {}", self.verb, describe(session));
            if let Some(first) = question.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            match asker.ask(&question)? {
                Answer::Yes => kept.push(session),
                Answer::No => {}
                Answer::Quit => break,
            }
        }
        Ok(kept)
    }
}

/// Several sessions at once, each worker with a connection of its own.
fn many(
    server: Option<&str>,
    sessions: &[&Session],
    act: &(impl Fn(&Host, &Session) -> Result<String, Failure> + Sync),
    results: &Results,
) {
    let queue = Mutex::new(sessions.iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let (report, reports) = channel();
    std::thread::scope(|scope| {
        for _ in 0..sessions.len().min(AT_ONCE) {
            let report = report.clone();
            scope.spawn(move || {
                let mut host_kept = None;
                while let Some(session) = next() {
                    let result = with_host(server, &mut host_kept, |host| act(host, session));
                    // The receiver lives until all workers are done.
                    let _sent = report.send(result);
                }
            });
        }
        drop(report);
        for result in reports {
            results.take(result);
        }
    });
}

/// Connects on first use.
fn with_host(
    server: Option<&str>,
    kept: &mut Option<Host>,
    act: impl FnOnce(&Host) -> Result<String, Failure>,
) -> Result<String, Failure> {
    if kept.is_none() {
        *kept = Some(host(server)?);
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
