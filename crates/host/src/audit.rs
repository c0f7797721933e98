//! The audit trail and the history of sessions, in a database of their own.
//!
//! A thread of its own writes; callers never wait for it. A broken database or a full disk costs
//! entries, which are counted and reported, never a request.

mod store;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use winsta_api::AuditEntry;
use winsta_domain::{ExitStatus, Incarnation, SessionId};

use self::store::Store;
use crate::problems::{Problems, Topic};

/// Most entries that wait to be written.
const MAX_WAITING: usize = 4_096;
/// Most entries that are written at once.
const BATCH: usize = 256;
/// How long the first of them waits for others: many requests in a row then cost one transaction,
/// not one each.
const GATHERING: Duration = Duration::from_millis(20);
/// Most bytes of a detail.
const MAX_DETAIL: usize = 4 << 10;

/// How a session began or ended.
#[derive(Clone, Debug)]
pub(crate) enum Milestone {
    /// It was started.
    Started {
        incarnation: Incarnation,
        begun: Begun,
    },
    /// It ended.
    Ended {
        incarnation: Incarnation,
        session: SessionId,
        status: ExitStatus,
        time: String,
    },
    /// A host began and found these. What had begun before and is not among them is lost, with
    /// its keeper; an entry like `entry` says so of each.
    Found {
        incarnation: Incarnation,
        sessions: Vec<Begun>,
        entry: Box<AuditEntry>,
    },
}

/// A session's beginning.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) session: SessionId,
    pub(crate) user: String,
    pub(crate) command: String,
    pub(crate) time: String,
}

enum Work {
    Entry(Box<AuditEntry>),
    Milestone(Milestone),
    Read {
        limit: u32,
        session: Option<SessionId>,
        reply: oneshot::Sender<Result<Vec<AuditEntry>, String>>,
    },
    Ending {
        incarnation: Incarnation,
        session: SessionId,
        reply: oneshot::Sender<Option<ExitStatus>>,
    },
}

impl Work {
    /// Whether it is something to be written, and not a question.
    fn is_written(&self) -> bool {
        match self {
            Self::Entry(_) | Self::Milestone(_) => true,
            Self::Read { .. } | Self::Ending { .. } => false,
        }
    }
}

/// Takes entries for the trail.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    work: SyncSender<Work>,
    dropped: Arc<AtomicU64>,
    problems: Problems,
}

impl Audit {
    /// Starts the thread that writes to the database at `path`; the file is opened when there is
    /// something to write.
    pub(crate) fn start(path: PathBuf, problems: Problems) -> std::io::Result<Self> {
        let (work, waiting) = sync_channel(MAX_WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut writer = Writer {
            store: Store::new(path),
            dropped: Arc::clone(&dropped),
            problems: problems.clone(),
        };
        std::thread::Builder::new()
            .name("audit".to_owned())
            .stack_size(256 << 10)
            .spawn(move || writer.run(&waiting))?;
        Ok(Self {
            work,
            dropped,
            problems,
        })
    }

    /// Adds an entry.
    pub(crate) fn entry(&self, mut entry: AuditEntry) {
        if entry.detail.len() > MAX_DETAIL {
            let mut end = MAX_DETAIL;
            while !entry.detail.is_char_boundary(end) {
                end -= 1;
            }
            entry.detail.truncate(end);
        }
        self.hand_over(Work::Entry(Box::new(entry)));
    }

    /// Adds to the history of sessions.
    pub(crate) fn milestone(&self, milestone: Milestone) {
        self.hand_over(Work::Milestone(milestone));
    }

    /// The newest entries, newest last; what the database says if it cannot be read.
    pub(crate) async fn read(
        &self,
        limit: u32,
        session: Option<SessionId>,
    ) -> Result<Vec<AuditEntry>, String> {
        let (reply, entries) = oneshot::channel();
        let work = Work::Read {
            limit,
            session,
            reply,
        };
        if self.work.try_send(work).is_err() {
            return Err("the audit trail is too far behind".to_owned());
        }
        let gone = |_| Err("the audit trail is not kept any more".to_owned());
        entries.await.unwrap_or_else(gone)
    }

    /// How a session of the past ended, if the history says.
    pub(crate) async fn ending(
        &self,
        incarnation: Incarnation,
        session: SessionId,
    ) -> Option<ExitStatus> {
        let (reply, status) = oneshot::channel();
        let work = Work::Ending {
            incarnation,
            session,
            reply,
        };
        self.work.try_send(work).ok()?;
        status.await.ok().flatten()
    }

    /// Waits until everything up to now is written, or cannot be.
    pub(crate) async fn settle(&self) {
        // An answer comes behind the entries.
        let _ = self.read(0, None).await;
    }

    fn hand_over(&self, work: Work) {
        match self.work.try_send(work) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                let problem = format!("the audit trail is too far behind: {dropped} entries lost");
                self.problems.set(Topic::Audit, Some(problem));
            }
        }
    }
}

struct Writer {
    store: Store,
    dropped: Arc<AtomicU64>,
    problems: Problems,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Work>) {
        while let Ok(first) = waiting.recv() {
            let begun = Instant::now();
            let mut batch = vec![first];
            // Whoever has a question does not wait.
            while batch.len() < BATCH && batch.last().is_some_and(Work::is_written) {
                match waiting.recv_timeout(GATHERING.saturating_sub(begun.elapsed())) {
                    Ok(work) => batch.push(work),
                    Err(_) => break,
                }
            }
            self.work_off(batch);
        }
    }

    /// Writes all that is to be written in one transaction, then answers questions.
    fn work_off(&mut self, batch: Vec<Work>) {
        let (writes, reads): (Vec<_>, Vec<_>) = batch.into_iter().partition(Work::is_written);
        if !writes.is_empty() {
            let written = self.store.write(|batch| {
                for work in &writes {
                    match work {
                        Work::Entry(entry) => batch.entry(entry)?,
                        Work::Milestone(milestone) => batch.milestone(milestone)?,
                        Work::Read { .. } | Work::Ending { .. } => {}
                    }
                }
                Ok(())
            });
            self.report(written, writes.len());
        }
        for work in reads {
            match work {
                // Whoever asked may have given up: no answer is lost that somebody wants.
                Work::Read {
                    limit,
                    session,
                    reply,
                } => {
                    let entries = self.store.read(limit, session);
                    let _ = reply.send(entries.map_err(|error| error.to_string()));
                }
                Work::Ending {
                    incarnation,
                    session,
                    reply,
                } => {
                    let status = self.store.ending(&incarnation, session);
                    let _ = reply.send(status.ok().flatten());
                }
                Work::Entry(_) | Work::Milestone(_) => {}
            }
        }
    }

    fn report(&self, written: Result<(), store::StoreError>, count: usize) {
        match written {
            Ok(()) => {
                // What was lost stays lost, and stays said until the host is started again.
                let dropped = self.dropped.load(Ordering::Relaxed);
                let lost = format!("{dropped} entries of the audit trail were lost");
                self.problems
                    .set(Topic::Audit, (dropped > 0).then_some(lost));
            }
            Err(error) => {
                let count = count as u64;
                let dropped = self.dropped.fetch_add(count, Ordering::Relaxed) + count;
                let problem =
                    format!("the audit trail cannot be written ({error}): {dropped} entries lost");
                tracing::error!("{problem}");
                self.problems.set(Topic::Audit, Some(problem));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(action: &str) -> AuditEntry {
        AuditEntry {
            time: "2026-11-21T08:00:00.000Z".to_owned(),
            host: "h".to_owned(),
            user: "ann".to_owned(),
            uid: 7,
            origin: "unix pid 1".to_owned(),
            action: action.to_owned(),
            session: Some(3),
            owner: Some("bea".to_owned()),
            outcome: "done".to_owned(),
            detail: String::new(),
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    }

    #[test]
    fn what_was_done_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let problems = Problems::default();
        let audit = Audit::start(folder.path().join("audit.db"), problems.clone()).unwrap();
        for action in ["create", "connect", "reset"] {
            audit.entry(entry(action));
        }
        audit.milestone(Milestone::Ended {
            incarnation: Incarnation("i".to_owned()),
            session: SessionId(3),
            status: ExitStatus::Signal(9),
            time: "t".to_owned(),
        });
        runtime().block_on(async {
            let entries = audit.read(2, None).await.unwrap();
            assert_eq!(entries, [entry("connect"), entry("reset")]);
            assert_eq!(audit.read(9, Some(SessionId(4))).await.unwrap(), []);
            let incarnation = Incarnation("i".to_owned());
            let ending = audit.ending(incarnation.clone(), SessionId(3)).await;
            assert_eq!(ending, Some(ExitStatus::Signal(9)));
            assert_eq!(audit.ending(incarnation, SessionId(4)).await, None);
        });
        assert_eq!(problems.list(), Vec::<String>::new());
    }

    #[test]
    fn what_a_later_host_does_not_find_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::start(folder.path().join("audit.db"), Problems::default()).unwrap();
        let incarnation = Incarnation("i".to_owned());
        let begun = |number| Begun {
            session: SessionId(number),
            user: "bea".to_owned(),
            command: "sh".to_owned(),
            time: "t".to_owned(),
        };
        let started = |number| Milestone::Started {
            incarnation: Incarnation("i".to_owned()),
            begun: begun(number),
        };
        let ended = Milestone::Ended {
            incarnation: Incarnation("i".to_owned()),
            session: SessionId(1),
            status: ExitStatus::Code(0),
            time: "t".to_owned(),
        };
        // An end may be told before the beginning.
        for milestone in [ended, started(1), started(2), started(3)] {
            audit.milestone(milestone);
        }
        for _ in 0..2 {
            audit.milestone(Milestone::Found {
                incarnation: incarnation.clone(),
                sessions: vec![begun(3)],
                entry: Box::new(entry("lost")),
            });
        }
        runtime().block_on(async {
            let entries = audit.read(9, None).await.unwrap();
            let lost = AuditEntry {
                session: Some(2),
                ..entry("lost")
            };
            assert_eq!(entries, [lost], "once");
            for (number, status) in [
                (1, Some(ExitStatus::Code(0))),
                (2, Some(ExitStatus::Unknown)),
                (3, None),
            ] {
                let ending = audit.ending(incarnation.clone(), SessionId(number)).await;
                assert_eq!(ending, status, "{number}");
            }
        });
    }

    #[test]
    fn a_database_that_cannot_be_is_a_problem_and_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let problems = Problems::default();
        let path = folder.path().join("audit.db");
        std::fs::write(
            &path,
            "this is no database, whatever its name says".repeat(100),
        )
        .unwrap();
        let audit = Audit::start(path, problems.clone()).unwrap();
        audit.entry(entry("reset"));
        audit.entry(entry("reset"));
        // The answer comes behind the entries.
        assert!(runtime().block_on(audit.read(5, None)).is_err());
        let problems = problems.list();
        assert!(problems[0].contains("2 entries lost"), "{problems:?}");
    }
}
