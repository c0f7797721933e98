//! Warnings that count down to the end of a session.
//!
//! A countdown is part of the session's description in the keeper, so it goes on in the next host;
//! one that came due between two hosts ends its session as soon as the next one begins.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use winsta_api::{AuditEntry, EndReport, ErrorCode, How, Warn, Warning};
use winsta_domain::SessionId;
use winsta_wire::{Notice, Verb};

use super::end::{self, MAX_TEXT};
use super::{Core, Engine};
use crate::clock;
use crate::failure::{Failure, failure};
use crate::keeper::port::answer;
use crate::meta::Countdown;
use crate::people::Caller;

/// Longest warning: a day.
const MAX_WARNING: u32 = 86_400;
/// Most warnings that count down for one session.
const MAX_COUNTDOWNS: usize = 8;

/// Tells who cancelled a countdown; an error means that its session is gone.
type Cancelled = oneshot::Receiver<String>;

impl Engine {
    /// Begins a countdown and shows it.
    pub(super) async fn warn(
        &self,
        id: SessionId,
        how: How,
        warn: Warn,
        caller: Caller,
    ) -> Result<(Countdown, Cancelled), Failure> {
        let by = self.names.of(caller.uid);
        let text = warning_text(&warn, how, &by)?;
        let (countdown, cancelled) = {
            let mut core = self.core();
            if core.notices.countdowns_of(id).count() >= MAX_COUNTDOWNS {
                return Err(failure(
                    ErrorCode::Conflict,
                    format!("{MAX_COUNTDOWNS} warnings count down for session {id} already"),
                ));
            }
            let countdown = Countdown {
                id: core.notices.number(),
                how,
                due: clock::now().plus_millis(u64::from(warn.seconds) * 1_000),
                by,
                uid: caller.uid,
                text,
                user_may_cancel: warn.user_may_cancel,
            };
            let cancelled = core.notices.begin_countdown(id, countdown.clone());
            self.write_meta(&mut core, id);
            (countdown, cancelled)
        };
        // Without a client nobody sees it now; whoever attaches during the countdown will.
        if let Err(error) = self.notify(id, None, &countdown.notice()).await {
            tracing::warn!(session = %id, error = %error.message, "a warning was not shown");
        }
        // Requests are answered in their order: the keeper has the countdown now.
        let detail = format!("by {}, {} s", countdown.by, warn.seconds);
        self.tell("warned", Some(id), detail);
        Ok((countdown, cancelled))
    }

    /// Waits for a countdown's end and ends the session then.
    pub(super) async fn count_down(
        &self,
        id: SessionId,
        countdown: &Countdown,
        cancelled: Cancelled,
    ) -> Result<EndReport, Failure> {
        let left = countdown.due.0.saturating_sub(clock::now().0);
        match tokio::time::timeout(Duration::from_millis(left), cancelled).await {
            Err(_elapsed) => self.end_now(id, countdown.how, Some(countdown.id)).await,
            Ok(Ok(by)) => Ok(end::cancelled(id, by)),
            Ok(Err(_)) => Ok(end::gone(id)),
        }
    }

    /// Goes on with the countdowns that an earlier host began.
    pub(crate) fn resume_countdowns(self: &Arc<Self>) {
        self.resume_countdowns_of(self.owner.uid);
    }

    /// The same for the sessions of one user.
    pub(crate) fn resume_countdowns_of(self: &Arc<Self>, uid: u32) {
        let mut core = self.core();
        let sessions = core.sessions.iter();
        let sessions = sessions.filter(|(_, hosted)| hosted.meta.uid == uid);
        let begun = sessions.flat_map(|(id, hosted)| {
            let countdowns = hosted.meta.countdowns.iter();
            countdowns.map(|countdown| (*id, countdown.clone()))
        });
        for (id, countdown) in begun.collect::<Vec<_>>() {
            let cancelled = core.notices.begin_countdown(id, countdown.clone());
            let engine = Arc::clone(self);
            tokio::spawn(async move {
                let ended = engine.count_down(id, &countdown, cancelled).await;
                engine
                    .audit
                    .entry(engine.resumed_entry(id, countdown, ended));
            });
        }
    }

    /// What the trail says of the end of a countdown whose request went with an earlier host.
    fn resumed_entry(
        &self,
        id: SessionId,
        countdown: Countdown,
        ended: Result<EndReport, Failure>,
    ) -> AuditEntry {
        let (outcome, detail) = match ended {
            Ok(report) => ("done".to_owned(), report.step),
            Err(failure) => (failure.message.clone(), String::new()),
        };
        AuditEntry {
            user: countdown.by,
            uid: countdown.uid,
            ..self.own_entry(end::action(countdown.how), Some(id), &outcome, detail)
        }
    }

    /// All warnings that count down for sessions that the caller may look into.
    pub(crate) fn warnings(&self, caller: &Caller) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = {
            let core = self.core();
            let countdowns = core.notices.countdowns();
            countdowns.map(super::notices::Counting::listed).collect()
        };
        warnings.retain(|warning| {
            let session = SessionId(warning.session);
            self.may(caller, crate::access::Verb::Inspect, session)
        });
        warnings
    }

    /// Cancels a warning and what it warns of.
    pub(crate) async fn cancel_warning(&self, id: u32, by: &str) -> Result<Warning, Failure> {
        let (listed, kept) = {
            let mut core = self.core();
            let listed = self.cancel(&mut core, id, by).ok_or_else(|| {
                failure(
                    ErrorCode::NotFound,
                    format!("no warning with the number {id} counts down"),
                )
            })?;
            // Once more, and with an answer: it is to hold even if this host is killed now.
            let session = SessionId(listed.session);
            let hosted = core.sessions.get(&session).filter(|_| !self.is_shared());
            let meta = hosted.map(|hosted| hosted.meta.to_json());
            let kept =
                meta.map(|meta| core.ask(session, Verb::SetMeta { session, meta }, Vec::new()));
            (listed, kept)
        };
        if let Some(kept) = kept
            && let Err(error) = answer(kept).await
        {
            // A keeper that is lost now gets the description with the session.
            tracing::warn!(%error, "the keeper has not heard that a warning is cancelled");
        }
        Ok(listed)
    }

    /// Cancels a countdown.
    pub(super) fn cancel(&self, core: &mut Core, warning: u32, by: &str) -> Option<Warning> {
        let counting = core.notices.end_countdown(warning)?;
        let listed = counting.listed();
        let session = counting.session;
        counting.cancelled(by);
        self.write_meta(core, session);
        let notice = Notice::Cancelled {
            id: warning,
            reason: format!("cancelled by {by}"),
        };
        if let Ok(notice) = serde_json::to_string(&notice) {
            let connection = None;
            core.post(
                session,
                Verb::Notify {
                    session,
                    connection,
                    notice,
                },
            );
        }
        self.tell("warning_cancelled", Some(session), format!("by {by}"));
        Some(listed)
    }
}

fn warning_text(warn: &Warn, how: How, by: &str) -> Result<String, Failure> {
    let invalid = |message: String| failure(ErrorCode::Invalid, message);
    if warn.seconds == 0 || warn.seconds > MAX_WARNING {
        let seconds = warn.seconds;
        return Err(invalid(format!(
            "a warning lasts 1 to {MAX_WARNING} seconds, not {seconds}"
        )));
    }
    match &warn.message {
        Some(text) if text.len() > MAX_TEXT => {
            Err(invalid(format!("a warning has at most {MAX_TEXT} bytes")))
        }
        Some(text) => Ok(text.clone()),
        None => {
            let what = match how {
                How::Logoff => "logs this session off",
                How::Reset => "resets this session",
            };
            Ok(format!("{by} {what}. Save your work."))
        }
    }
}
