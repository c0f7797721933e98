//! The notices that wait for the user, and the one that is shown.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use winsta_wire::{Notice, NoticeAnswer};

use crate::token::Key;

/// Most notices kept; further ones are answered `timed_out` at once.
const MOST: usize = 16;
/// Keys typed so soon after a box appeared were meant for the program.
const STARTLED: Duration = Duration::from_millis(300);
/// Longest answer, in characters.
const LONGEST_ANSWER: usize = 200;
/// A countdown that was hidden shows again when this much is left.
const REMINDERS: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(10)];
/// How long a countdown stays after its end: the session may take a moment to go.
const OVERDUE: Duration = Duration::from_secs(5);

/// What a box says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Who says it.
    pub(crate) title: String,
    /// What.
    pub(crate) text: String,
    /// What the user has typed as an answer, where one can be typed.
    pub(crate) answer: Option<String>,
    /// Which keys there are.
    pub(crate) hint: &'static str,
}

/// The notices of an attached client.
///
/// Order of calls: [`arrive`](Self::arrive), [`key`](Self::key) and [`tick`](Self::tick) as things
/// happen; after each of them [`answers`](Self::answers), and what [`content`](Self::content)
/// gives is to be shown until it changes. [`deadline`](Self::deadline) says when to tick.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    waiting: VecDeque<Entry>,
    shown: Option<Shown>,
    answers: Vec<NoticeAnswer>,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    /// Not to be shown before.
    hidden_until: Option<Instant>,
}

#[derive(Debug)]
enum Kind {
    Message {
        /// `None`: the message is this client's own, and nobody wants to know.
        id: Option<u32>,
        from: String,
        text: String,
        seconds: u32,
        wait: bool,
    },
    Countdown {
        id: u32,
        text: String,
        due: Instant,
        half: Instant,
        may_cancel: bool,
    },
    Consent {
        id: u32,
        from: String,
    },
}

#[derive(Debug)]
struct Shown {
    kind: Kind,
    since: Instant,
    until: Option<Instant>,
    typed: String,
}

impl Kind {
    fn id(&self) -> Option<u32> {
        match self {
            Self::Message { id, .. } => *id,
            Self::Countdown { id, .. } | Self::Consent { id, .. } => Some(*id),
        }
    }
}

impl Notices {
    /// Takes a notice; `wall_ms` is the time of day, from which countdowns come.
    pub(crate) fn arrive(&mut self, now: Instant, wall_ms: u64, notice: Notice) {
        match notice {
            Notice::Message {
                id,
                from,
                text,
                seconds,
                wait,
            } => self.queue(Kind::Message {
                id: Some(id),
                from,
                text,
                seconds,
                wait,
            }),
            Notice::Countdown {
                id,
                text,
                due_ms,
                may_cancel,
            } => {
                let left = Duration::from_millis(due_ms.saturating_sub(wall_ms));
                // a date in another age is a broken one; a day is as long as any warning
                let left = left.min(Duration::from_secs(86_400));
                self.queue(Kind::Countdown {
                    id,
                    text,
                    due: now + left,
                    half: now + left / 2,
                    may_cancel,
                });
            }
            Notice::Cancelled { id, .. } => self.remove(id),
            Notice::Consent { id, from } => self.queue(Kind::Consent { id, from }),
            // these are not for the user's eyes
            Notice::Switch { .. } | Notice::Other => {}
        }
        self.tick(now);
    }

    /// Shows something of this client's own for some seconds.
    pub(crate) fn own(&mut self, now: Instant, text: String, seconds: u32) {
        self.queue(Kind::Message {
            id: None,
            from: "winsta".to_owned(),
            text,
            seconds,
            wait: false,
        });
        self.tick(now);
    }

    fn queue(&mut self, kind: Kind) {
        if self.waiting.len() >= MOST {
            self.answer(kind.id(), "timed_out");
            return;
        }
        self.waiting.push_back(Entry {
            kind,
            hidden_until: None,
        });
    }

    fn remove(&mut self, id: u32) {
        self.waiting.retain(|entry| entry.kind.id() != Some(id));
        if self.shown.as_ref().and_then(|shown| shown.kind.id()) == Some(id) {
            self.shown = None;
        }
    }

    fn answer(&mut self, id: Option<u32>, answer: &str) {
        if let Some(id) = id {
            self.answers.push(NoticeAnswer {
                id,
                answer: answer.to_owned(),
            });
        }
    }

    /// What has to be told to the host.
    pub(crate) fn answers(&mut self) -> Vec<NoticeAnswer> {
        std::mem::take(&mut self.answers)
    }

    /// Lets time pass: takes down what was shown for long enough, and shows what is next.
    pub(crate) fn tick(&mut self, now: Instant) {
        if let Some(shown) = self
            .shown
            .take_if(|shown| shown.until.is_some_and(|t| t <= now))
        {
            let id = match shown.kind {
                Kind::Message { id, .. } => id,
                Kind::Consent { id, .. } => Some(id),
                Kind::Countdown { .. } => None,
            };
            self.answer(id, "timed_out");
        }
        self.waiting.retain(|entry| match entry.kind {
            Kind::Countdown { due, .. } => now < due + OVERDUE,
            Kind::Message { .. } | Kind::Consent { .. } => true,
        });
        if self.shown.is_some() {
            return;
        }
        let next = self
            .waiting
            .iter()
            .position(|entry| entry.hidden_until.is_none_or(|until| until <= now));
        if let Some(entry) = next.and_then(|at| self.waiting.remove(at)) {
            self.show(now, entry.kind);
        }
    }

    fn show(&mut self, now: Instant, kind: Kind) {
        let until = match &kind {
            Kind::Message { seconds: 0, .. } | Kind::Consent { .. } => None,
            Kind::Message { seconds, .. } => Some(now + Duration::from_secs((*seconds).into())),
            Kind::Countdown { due, .. } => Some(*due + OVERDUE),
        };
        self.shown = Some(Shown {
            kind,
            since: now,
            until,
            typed: String::new(),
        });
    }

    /// When to tick next.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        match &self.shown {
            Some(Shown {
                kind: Kind::Countdown { due, .. },
                until,
                ..
            }) => {
                // when the next second is over
                let left = due.saturating_duration_since(now);
                let part = Duration::from_nanos(left.subsec_nanos().into());
                let second = if left.is_zero() {
                    None
                } else {
                    Some(now + part.max(STEP))
                };
                [second, *until].into_iter().flatten().min()
            }
            Some(shown) => shown.until,
            None => self
                .waiting
                .iter()
                .filter_map(|entry| entry.hidden_until)
                .min(),
        }
    }

    /// What is to be shown now.
    pub(crate) fn content(&self, now: Instant) -> Option<Content> {
        let shown = self.shown.as_ref()?;
        Some(match &shown.kind {
            Kind::Message {
                from, text, wait, ..
            } => Content {
                title: format!("Message from {from}"),
                text: text.clone(),
                answer: wait.then(|| shown.typed.clone()),
                hint: if *wait {
                    "type an answer, Enter"
                } else {
                    "Enter: ok"
                },
            },
            Kind::Countdown {
                text,
                due,
                may_cancel,
                ..
            } => Content {
                title: "This session will be ended".to_owned(),
                text: format!("{}\n{text}", remaining(due.saturating_duration_since(now))),
                answer: None,
                hint: if *may_cancel {
                    "c: cancel it, other key: hide"
                } else {
                    "any key: hide"
                },
            },
            Kind::Consent { from, .. } => Content {
                title: "May somebody control this session?".to_owned(),
                text: format!("{from} asks to control this session."),
                answer: None,
                hint: "y: yes, n: no",
            },
        })
    }

    /// Takes a key that was pressed while a box is shown.
    pub(crate) fn key(&mut self, now: Instant, key: Key) {
        let Some(shown) = &mut self.shown else {
            return;
        };
        if now < shown.since + STARTLED {
            return;
        }
        let answer = match &shown.kind {
            Kind::Message { wait, .. } => match key {
                Key::ENTER if *wait && !shown.typed.is_empty() => Some(shown.typed.clone()),
                Key::ENTER | Key::ESCAPE => Some("ok".to_owned()),
                key if key == Key::plain(' ') && shown.typed.is_empty() => Some("ok".to_owned()),
                key if *wait => {
                    edit(&mut shown.typed, key);
                    None
                }
                _ => None,
            },
            Kind::Countdown { may_cancel, .. } => {
                if *may_cancel && key == Key::plain('c') {
                    Some("cancel".to_owned())
                } else {
                    self.hide(now);
                    return;
                }
            }
            Kind::Consent { .. } => match key.text() {
                Some('y' | 'Y') => Some("yes".to_owned()),
                Some('n' | 'N') => Some("no".to_owned()),
                _ => None,
            },
        };
        if let Some(answer) = answer {
            let id = shown.kind.id();
            self.shown = None;
            self.answer(id, &answer);
            self.tick(now);
        }
    }

    /// Hides a countdown until its next reminder.
    fn hide(&mut self, now: Instant) {
        let Some(Shown {
            kind: kind @ Kind::Countdown { due, half, .. },
            ..
        }) = self.shown.take()
        else {
            return;
        };
        let reminders = REMINDERS
            .into_iter()
            .filter_map(|left| due.checked_sub(left));
        let next = reminders.chain([half]).filter(|time| *time > now).min();
        // with the last reminder seen, it is not shown again
        if let Some(next) = next {
            self.waiting.push_back(Entry {
                kind,
                hidden_until: Some(next),
            });
        }
        self.tick(now);
    }
}

/// Shortest time between two paintings of a countdown.
const STEP: Duration = Duration::from_millis(20);

fn edit(typed: &mut String, key: Key) {
    if key == Key::BACKSPACE || key == Key::control('h') {
        typed.pop();
    } else if let Some(character) = key.text()
        && typed.chars().count() < LONGEST_ANSWER
    {
        typed.push(character);
    }
}

/// Time left, in words: whole seconds, rounded up.
fn remaining(left: Duration) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    match (seconds / 60, seconds % 60) {
        (0, 0) => "now".to_owned(),
        (0, seconds) => format!("in {seconds} s"),
        (minutes, 0) => format!("in {minutes} min"),
        (minutes, seconds) => format!("in {minutes} min {seconds} s"),
    }
}

#[cfg(test)]
#[path = "notices_tests.rs"]
mod tests;
