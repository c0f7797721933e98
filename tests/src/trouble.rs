//! Users who go on working while their host is killed under them: they attach, type, list and
//! read, and note what was certainly done and what perhaps was.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use winsta_api::{Attachment, Session};
use winsta_client::{Cause, ClientError, OutputQuery};
use winsta_domain::SessionId;

use crate::chance::Chance;
use crate::desk::Desk;
use crate::numbered::Lines;
use crate::patience::LONG;
use crate::watcher::{Seen, Watcher};

/// Whether something that was asked for happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was answered.
    Surely,
    /// The host died before it answered.
    Perhaps,
}

/// How often users did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lists that came.
    pub lists: u32,
    /// Clients that were attached.
    pub attached: u32,
    /// Streams of output that were read.
    pub reads: u32,
    /// Words that were surely typed.
    pub typed: u32,
    /// Streams of output that ended with the host that passed them on.
    pub cut: u32,
    /// Requests that died with their host.
    pub failed: u32,
}

impl Tally {
    /// Whether each thing was done once more at least, but for failing.
    pub fn is_beyond(&self, earlier: &Self) -> bool {
        self.lists > earlier.lists
            && self.attached > earlier.attached
            && self.reads > earlier.reads
            && self.typed > earlier.typed
    }
}

/// The time that users work.
pub struct Shift<'a>(&'a AtomicBool);

impl Drop for Shift<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What users of one desk do to its sessions.
pub struct Trouble<'a> {
    desk: &'a Desk,
    sessions: &'a [Session],
    over: AtomicBool,
    words: Mutex<HashMap<(u32, String), Done>>,
    tally: Mutex<Tally>,
}

impl<'a> Trouble<'a> {
    /// For these sessions.
    pub fn new(desk: &'a Desk, sessions: &'a [Session]) -> Self {
        Self {
            desk,
            sessions,
            over: AtomicBool::new(false),
            words: Mutex::default(),
            tally: Mutex::default(),
        }
    }

    /// Everybody goes home when what this gives is dropped, also by a test that fails.
    pub fn while_kept(&self) -> Shift<'_> {
        Shift(&self.over)
    }

    /// Whether everybody has gone home.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// How often was done what.
    pub fn tally(&self) -> Tally {
        *self.tally.lock().expect("no user has panicked")
    }

    /// One user's work, until it is over; `who` makes their words their own.
    pub fn work(&self, who: usize, mut chance: Chance) {
        for step in 0.. {
            if self.is_over() {
                return;
            }
            let session = chance.pick(self.sessions);
            let word = format!("w{who}-{step}");
            let outcome = match chance.below(6) {
                0 => self.list(),
                1 => self.send(session, &word),
                2 => self.attach(session, &word),
                3 => self.follow(session),
                4 => self.list_by_command(),
                _ => self.send_by_command(session, &word),
            };
            if outcome.is_none() {
                self.count(|tally| tally.failed += 1);
            }
        }
    }

    /// Checks that a session heard what it had to hear, and nothing twice or from nowhere.
    pub fn check_heard(&self, session: &Session, lines: &Lines) {
        let words = self.words.lock().expect("no user has panicked");
        for (word, times) in &lines.heard {
            let known = words.contains_key(&(session.id, word.clone()));
            assert!(known && *times == 1, "{word:?} was heard {times} times");
        }
        for ((id, word), done) in words.iter() {
            let heard = *id != session.id || lines.heard.contains_key(word);
            assert!(
                heard || *done == Done::Perhaps,
                "session {id} never heard {word:?}"
            );
        }
    }

    fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock().expect("no user has panicked"));
    }

    fn note(&self, session: &Session, word: &str, done: Done) {
        let mut words = self.words.lock().expect("no user has panicked");
        words.insert((session.id, word.to_owned()), done);
        drop(words);
        if done == Done::Surely {
            self.count(|tally| tally.typed += 1);
        }
    }

    fn check_list(&self, ids: &[u64]) {
        for session in self.sessions {
            assert!(
                ids.contains(&session.id.into()),
                "session {} is not listed among {ids:?}",
                session.id
            );
        }
        self.count(|tally| tally.lists += 1);
    }

    fn list(&self) -> Option<()> {
        let listing = survived(self.desk.try_host())?.sessions();
        let listing = survived(listing)?;
        let ids: Vec<u64> = listing.sessions.iter().map(|s| s.id.into()).collect();
        self.check_list(&ids);
        Some(())
    }

    fn list_by_command(&self) -> Option<()> {
        let ran = self.desk.run(&["query", "session", "-o", "json"]);
        if ran.status != 0 {
            return None;
        }
        let list: Vec<serde_json::Value> = serde_json::from_str(&ran.out).expect("JSON");
        let ids: Vec<u64> = list.iter().filter_map(|s| s["id"].as_u64()).collect();
        self.check_list(&ids);
        Some(())
    }

    fn send(&self, session: &Session, word: &str) -> Option<()> {
        let host = survived(self.desk.try_host())?;
        self.note(session, word, Done::Perhaps);
        let typed = host.input(SessionId(session.id), format!("{word}\n").as_bytes());
        survived(typed)?;
        self.note(session, word, Done::Surely);
        Some(())
    }

    fn send_by_command(&self, session: &Session, word: &str) -> Option<()> {
        self.note(session, word, Done::Perhaps);
        let id = session.id.to_string();
        let ran = self.desk.run(&["send", &id, "--enter", word]);
        if ran.status != 0 {
            return None;
        }
        self.note(session, word, Done::Surely);
        Some(())
    }

    /// Attaches and types; the connection leads to the keeper, so that no host's death cuts it.
    fn attach(&self, session: &Session, word: &str) -> Option<()> {
        let host = survived(self.desk.try_host())?;
        let watcher = Watcher::attach(&host, SessionId(session.id), Attachment::Share);
        let mut watcher = survived(watcher)?;
        self.note(session, word, Done::Perhaps);
        watcher.type_in(&format!("{word}\n")).expect("it is open");
        let begun = Instant::now();
        while !watcher.lines.heard.contains_key(word) {
            assert_eq!(watcher.look(Duration::from_millis(100)), Seen::Open);
            assert!(begun.elapsed() < LONG, "{word:?} is not heard");
        }
        self.note(session, word, Done::Surely);
        self.count(|tally| tally.attached += 1);
        Some(())
    }

    /// Reads output as it comes, for some lines or until the host that passes it on is killed.
    fn follow(&self, session: &Session) -> Option<()> {
        let host = survived(self.desk.try_host())?;
        let query = OutputQuery {
            follow: true,
            ..OutputQuery::default()
        };
        let mut reader = survived(host.output(SessionId(session.id), query))?;
        assert_eq!(reader.offset(), 0);
        let mut lines = Lines::default();
        let mut part = [0; 4_096];
        let mut wanted = None;
        while wanted.is_none_or(|wanted| lines.count() < wanted) {
            let count = reader.read(&mut part).unwrap_or(0);
            if count == 0 {
                self.count(|tally| tally.cut += 1);
                return Some(());
            }
            lines.push(&part[..count]);
            wanted.get_or_insert(lines.count() + 3);
        }
        self.count(|tally| tally.reads += 1);
        Some(())
    }
}

/// The answer, or `None` if the host died under the request. A refusal is neither: no host may
/// say no to what its predecessor would have done.
fn survived<T>(outcome: Result<T, ClientError>) -> Option<T> {
    let error = match outcome {
        Ok(answer) => return Some(answer),
        Err(error) => error,
    };
    match error.cause {
        Cause::Connection(_)
        | Cause::Http(_)
        | Cause::Unreachable { .. }
        | Cause::StartFailed { .. } => None,
        _ => panic!("{error}: {}", error.reasons()),
    }
}
