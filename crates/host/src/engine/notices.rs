//! Messages, warnings and questions that are under way.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tokio::sync::oneshot;
use winsta_api::Warning;
use winsta_domain::{SessionId, Timestamp};
use winsta_wire::{Notice, NoticeAnswer};

use crate::meta::Countdown;

/// Most messages that wait for a session's next client.
const MAX_KEPT: usize = 32;

/// Everything that is shown, or waits to be shown, to users.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    last: u32,
    kept: HashMap<SessionId, VecDeque<Kept>>,
    asked: HashMap<u32, Question>,
    warnings: BTreeMap<u32, Counting>,
}

/// A message for a session's next client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) notice: Notice,
    /// When it is no longer of interest; `None`: never.
    pub(crate) until: Option<Timestamp>,
}

#[derive(Debug)]
struct Question {
    session: SessionId,
    reply: oneshot::Sender<String>,
}

/// A warning that counts down for a session.
#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) session: SessionId,
    pub(crate) countdown: Countdown,
    cancel: oneshot::Sender<String>,
}

impl Counting {
    /// As it is listed.
    pub(crate) fn listed(&self) -> Warning {
        let countdown = &self.countdown;
        Warning {
            id: countdown.id,
            session: self.session.0,
            how: countdown.how,
            due: countdown.due.rfc3339().to_string(),
            by: countdown.by.clone(),
            message: countdown.text.clone(),
        }
    }

    /// Tells whoever waits for its end that `by` cancelled it.
    pub(crate) fn cancelled(self, by: &str) {
        // They may have given up; then it is cancelled all the same.
        let _ = self.cancel.send(by.to_owned());
    }
}

impl Countdown {
    /// As the session's clients show it.
    pub(crate) fn notice(&self) -> Notice {
        Notice::Countdown {
            id: self.id,
            text: self.text.clone(),
            due_ms: self.due.0,
            may_cancel: self.user_may_cancel,
        }
    }
}

/// What an answer came to.
#[derive(Debug)]
pub(crate) enum Answered {
    /// Somebody waited for it, or nobody: either way it is done with.
    Taken,
    /// The user wants this warning cancelled, and may.
    Cancels(u32),
}

impl Notices {
    /// The session that a warning is about.
    pub(crate) fn session_of(&self, warning: u32) -> Option<SessionId> {
        self.warnings.get(&warning).map(|counting| counting.session)
    }

    /// A number for a new notice.
    pub(crate) fn number(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    /// Keeps a message for the session's next client.
    pub(crate) fn keep(&mut self, session: SessionId, kept: Kept) {
        let queue = self.kept.entry(session).or_default();
        if queue.len() >= MAX_KEPT {
            queue.pop_front();
        }
        queue.push_back(kept);
    }

    /// What the session's new client is to be shown.
    pub(crate) fn for_newcomer(&mut self, session: SessionId, now: Timestamp) -> Vec<Notice> {
        let kept = self.kept.remove(&session).unwrap_or_default();
        let fresh = kept
            .into_iter()
            .filter(|kept| kept.until.is_none_or(|until| now < until));
        let warnings = self.countdowns_of(session).map(Countdown::notice);
        fresh.map(|kept| kept.notice).chain(warnings).collect()
    }

    /// Awaits the answer to notice `id`.
    pub(crate) fn ask(&mut self, id: u32, session: SessionId) -> oneshot::Receiver<String> {
        let (reply, answer) = oneshot::channel();
        self.asked.insert(id, Question { session, reply });
        answer
    }

    /// Nobody waits for the answer to notice `id` any more.
    pub(crate) fn forget(&mut self, id: u32) {
        self.asked.remove(&id);
    }

    /// A user of `session` answered.
    pub(crate) fn answered(&mut self, session: SessionId, answer: NoticeAnswer) -> Answered {
        let of_session = |question: &mut Question| question.session == session;
        if let Some(question) = self
            .asked
            .extract_if(|id, q| *id == answer.id && of_session(q))
            .next()
        {
            // Whoever waited may have given up.
            let _ = question.1.reply.send(answer.answer);
            return Answered::Taken;
        }
        let may_cancel =
            |counting: &Counting| counting.session == session && counting.countdown.user_may_cancel;
        let wanted = answer.answer == "cancel";
        if wanted && self.warnings.get(&answer.id).is_some_and(may_cancel) {
            return Answered::Cancels(answer.id);
        }
        Answered::Taken
    }

    /// A warning begins to count down, or goes on with its number; gives word of who cancels it.
    pub(crate) fn begin_countdown(
        &mut self,
        session: SessionId,
        countdown: Countdown,
    ) -> oneshot::Receiver<String> {
        let (cancel, cancelled) = oneshot::channel();
        self.last = self.last.max(countdown.id);
        let counting = Counting {
            session,
            countdown,
            cancel,
        };
        self.warnings.insert(counting.countdown.id, counting);
        cancelled
    }

    /// A warning is over, whichever way.
    pub(crate) fn end_countdown(&mut self, id: u32) -> Option<Counting> {
        self.warnings.remove(&id)
    }

    /// All warnings that count down.
    pub(crate) fn countdowns(&self) -> impl Iterator<Item = &Counting> {
        self.warnings.values()
    }

    /// The warnings that count down for a session.
    pub(crate) fn countdowns_of(&self, session: SessionId) -> impl Iterator<Item = &Countdown> {
        let counting = self.warnings.values();
        let counting = counting.filter(move |counting| counting.session == session);
        counting.map(|counting| &counting.countdown)
    }

    /// The session is gone: nobody is left to be told or to answer.
    pub(crate) fn session_ended(&mut self, session: SessionId) {
        self.kept.remove(&session);
        self.asked.retain(|_, question| question.session != session);
        // Dropping the sender ends the countdown.
        self.warnings
            .retain(|_, counting| counting.session != session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: SessionId = SessionId(3);

    fn message(id: u32) -> Notice {
        Notice::Message {
            id,
            from: "ann".to_owned(),
            text: "tea".to_owned(),
            seconds: 60,
            wait: false,
        }
    }

    fn answer(id: u32, answer: &str) -> NoticeAnswer {
        NoticeAnswer {
            id,
            answer: answer.to_owned(),
        }
    }

    #[test]
    fn kept_messages_are_shown_once_and_not_too_late() {
        let mut notices = Notices::default();
        let until = |ms| Some(Timestamp(ms));
        for (id, until) in [(1, until(10)), (2, until(20)), (3, None)] {
            let notice = message(id);
            notices.keep(S, Kept { notice, until });
        }
        let shown = notices.for_newcomer(S, Timestamp(10));
        assert_eq!(shown, [message(2), message(3)]);
        assert_eq!(notices.for_newcomer(S, Timestamp(10)), []);
    }

    #[test]
    fn only_the_asked_session_answers() {
        let mut notices = Notices::default();
        let mut reply = notices.ask(5, S);
        assert!(matches!(
            notices.answered(SessionId(4), answer(5, "yes")),
            Answered::Taken
        ));
        assert!(reply.try_recv().is_err());
        assert!(matches!(
            notices.answered(S, answer(5, "yes")),
            Answered::Taken
        ));
        assert_eq!(reply.try_recv().unwrap(), "yes");
    }

    #[test]
    fn a_user_cancels_only_what_may_be_cancelled() {
        let mut notices = Notices::default();
        for (id, user_may_cancel) in [(1, true), (2, false)] {
            let countdown = Countdown {
                id,
                how: winsta_api::How::Logoff,
                due: Timestamp(9),
                by: "root".to_owned(),
                uid: 0,
                text: String::new(),
                user_may_cancel,
            };
            let _cancelled = notices.begin_countdown(S, countdown);
        }
        let cancels = |answered| matches!(answered, Answered::Cancels(1));
        assert!(cancels(notices.answered(S, answer(1, "cancel"))));
        assert!(!cancels(notices.answered(S, answer(1, "ok"))));
        assert!(!cancels(
            notices.answered(SessionId(4), answer(1, "cancel"))
        ));
        assert!(matches!(
            notices.answered(S, answer(2, "cancel")),
            Answered::Taken
        ));
        assert_eq!(notices.for_newcomer(S, Timestamp(0)).len(), 2);
        assert_eq!(
            notices.number(),
            3,
            "one that an earlier host gave is taken"
        );
        notices.session_ended(S);
        assert_eq!(notices.countdowns().count(), 0);
    }
}
