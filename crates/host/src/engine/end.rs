//! Ending sessions: at once, orderly, or after a warning.

use std::time::Duration;

use tokio::sync::oneshot;
use winsta_api::{EndReport, EndRequest, ErrorCode, How, WaitReport, Warn, Warning};
use winsta_domain::session::{EndCause, EndHow, Input};
use winsta_domain::{ExitStatus, SessionId};

use super::notices::Countdown;
use super::{EndResult, Ending, Engine};
use crate::access::Verb;
use crate::clock;
use crate::failure::{Failure, failure, no_session};

/// Longest warning: a day.
const MAX_WARNING: u32 = 86_400;
/// Longest text of a warning or a message, in bytes.
pub(super) const MAX_TEXT: usize = 8 << 10;

impl Engine {
    /// Ends a session and waits until it is gone, or until a warning is cancelled.
    pub(crate) async fn end(
        &self,
        id: SessionId,
        request: EndRequest,
        by: &str,
    ) -> Result<EndReport, Failure> {
        {
            let mut core = self.core();
            core.find(id, Verb::End)?;
            core.check_guard(id, &request.guard)?;
        }
        if let Some(warn) = request.warn {
            match self.warn(id, request.how, warn, by).await? {
                Warned::Due => {}
                Warned::Cancelled(by) => return Ok(cancelled(id, by)),
                Warned::Gone => return Ok(gone(id)),
            }
        }
        let how = match request.how {
            How::Logoff => EndHow::Logoff,
            How::Reset => EndHow::Reset,
        };
        let ended = {
            let mut core = self.core();
            if !core.sessions.contains_key(&id) {
                return Ok(gone(id));
            }
            let (waiter, ended) = oneshot::channel();
            core.waiters.entry(id).or_default().push(waiter);
            self.feed(&mut core, id, Input::EndAsked(how));
            ended
        };
        match ended.await {
            Ok(result) => Ok(report(id, result)),
            Err(_) => Err(failure(ErrorCode::Internal, "the host ended meanwhile")),
        }
    }

    /// Ends all sessions; gives how many.
    pub(crate) async fn end_all(&self) -> u32 {
        let waiting = {
            let mut core = self.core();
            let ids = core.sessions.keys().copied().collect::<Vec<_>>();
            let mut waiting = Vec::with_capacity(ids.len());
            for id in ids {
                let (waiter, ended) = oneshot::channel();
                core.waiters.entry(id).or_default().push(waiter);
                self.feed(&mut core, id, Input::EndAsked(EndHow::Logoff));
                waiting.push(ended);
            }
            waiting
        };
        let mut count = 0;
        for ended in waiting {
            if let Ok(EndResult::Ended(_)) = ended.await {
                count += 1;
            }
        }
        count
    }

    /// Shows a countdown and waits for its end.
    async fn warn(&self, id: SessionId, how: How, warn: Warn, by: &str) -> Result<Warned, Failure> {
        let text = warning_text(&warn, how, by)?;
        let wait = Duration::from_secs(warn.seconds.into());
        let (number, notice, cancelled) = {
            let mut core = self.core();
            let number = core.notices.number();
            let (cancel, cancelled) = oneshot::channel();
            let countdown = Countdown {
                session: id,
                how,
                due: clock::now().plus_millis(u64::from(warn.seconds) * 1_000),
                by: by.to_owned(),
                text,
                user_may_cancel: warn.user_may_cancel,
                cancel,
            };
            let notice = countdown.notice(number);
            core.notices.begin_countdown(number, countdown);
            (number, notice, cancelled)
        };
        self.tell("warned", Some(id), format!("by {by}, {} s", warn.seconds));
        // Without a client nobody sees it now; whoever attaches during the countdown will.
        if let Err(error) = self.notify(id, None, &notice).await {
            tracing::warn!(session = %id, error = %error.message, "a warning was not shown");
        }
        let outcome = tokio::time::timeout(wait, cancelled).await;
        self.core().notices.end_countdown(number);
        Ok(match outcome {
            Err(_elapsed) => Warned::Due,
            Ok(Ok(by)) => Warned::Cancelled(by),
            Ok(Err(_)) => Warned::Gone,
        })
    }

    /// All warnings that count down.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let core = self.core();
        let countdowns = core.notices.countdowns();
        countdowns
            .map(|(id, countdown)| countdown.listed(id))
            .collect()
    }

    /// Cancels a warning and what it warns of.
    pub(crate) fn cancel_warning(&self, id: u32, by: &str) -> Result<Warning, Failure> {
        let cancelled = self.cancel(&mut self.core(), id, by);
        cancelled.ok_or_else(|| {
            failure(
                ErrorCode::NotFound,
                format!("no warning with the number {id} counts down"),
            )
        })
    }

    /// Waits for a session's end; at once for one that has ended.
    pub(crate) async fn wait(&self, id: SessionId) -> Result<WaitReport, Failure> {
        loop {
            let ended = {
                let mut core = self.core();
                let past = core.endings.iter().rev().find(|(ended, _)| *ended == id);
                if let Some((_, ending)) = past {
                    return Ok(wait_report(id, ending.status));
                }
                if core.sessions.contains_key(&id) {
                    let (waiter, ended) = oneshot::channel();
                    core.waiters.entry(id).or_default().push(waiter);
                    Some(ended)
                } else {
                    None
                }
            };
            let Some(ended) = ended else {
                let status = self.audit.ending(self.incarnation(), id).await;
                let status = status.ok_or_else(|| no_session(id))?;
                return Ok(wait_report(id, status));
            };
            match ended.await {
                Ok(EndResult::Ended(Ending { status, .. })) => return Ok(wait_report(id, status)),
                // It lives on.
                Ok(EndResult::Stuck { .. }) => {}
                Err(_) => return Err(failure(ErrorCode::Internal, "the host ended meanwhile")),
            }
        }
    }
}

/// What the audit trail calls it.
pub(crate) fn action(how: How) -> &'static str {
    match how {
        How::Logoff => "logoff",
        How::Reset => "reset",
    }
}

/// How a countdown went.
enum Warned {
    /// Nobody cancelled it.
    Due,
    /// Somebody did.
    Cancelled(String),
    /// The session ended by itself.
    Gone,
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

fn cancelled(id: SessionId, by: String) -> EndReport {
    EndReport {
        id: id.0,
        ended: false,
        step: "cancelled".to_owned(),
        left: 0,
        by: Some(by),
    }
}

fn gone(id: SessionId) -> EndReport {
    EndReport {
        id: id.0,
        ended: true,
        step: "gone".to_owned(),
        left: 0,
        by: None,
    }
}

fn report(id: SessionId, result: EndResult) -> EndReport {
    let ending = match result {
        EndResult::Ended(ending) => ending,
        EndResult::Stuck { left } => {
            return EndReport {
                ended: false,
                step: "KILL".to_owned(),
                left,
                ..gone(id)
            };
        }
    };
    match ending.cause {
        EndCause::Ladder { signal, left } => EndReport {
            step: step_name(signal).to_owned(),
            left,
            ..gone(id)
        },
        EndCause::Exited | EndCause::NotStarted | EndCause::LeaderLost => gone(id),
    }
}

fn step_name(signal: u8) -> &'static str {
    match signal {
        1 => "HUP",
        15 => "TERM",
        9 => "KILL",
        _ => "gone",
    }
}

fn wait_report(id: SessionId, status: ExitStatus) -> WaitReport {
    WaitReport {
        id: id.0,
        exit_code: status.shell_code(),
        status: status.to_string(),
    }
}
