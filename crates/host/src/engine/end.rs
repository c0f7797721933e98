//! Ending sessions: at once or orderly.

use tokio::sync::oneshot;
use winsta_api::{EndReport, EndRequest, ErrorCode, How, WaitReport};
use winsta_domain::session::{EndCause, EndHow, Input};
use winsta_domain::{ExitStatus, SessionId};

use super::{EndResult, Ending, Engine};
use crate::access::Verb;
use crate::failure::{Failure, failure, no_session};
use crate::people::Caller;

/// Longest text of a warning or a message, in bytes.
pub(super) const MAX_TEXT: usize = 8 << 10;

impl Engine {
    /// Ends a session and waits until it is gone, or until a warning is cancelled.
    pub(crate) async fn end(
        &self,
        id: SessionId,
        request: EndRequest,
        caller: Caller,
    ) -> Result<EndReport, Failure> {
        if self.meant(id, Verb::End, &request.guard)?.is_none() {
            let mut core = self.core();
            core.find(id, Verb::End)?;
            core.check_guard(id, &request.guard)?;
        }
        if let Some(warn) = request.warn {
            let (countdown, cancelled) = self.warn(id, request.how, warn, caller).await?;
            return self.count_down(id, &countdown, cancelled).await;
        }
        self.end_now(id, request.how, None).await
    }

    /// Ends a session, and with it the countdown that said so.
    pub(super) async fn end_now(
        &self,
        id: SessionId,
        how: How,
        countdown: Option<u32>,
    ) -> Result<EndReport, Failure> {
        if let Some(found) = self.found(id) {
            if let Some(countdown) = countdown {
                self.core().notices.end_countdown(countdown);
            }
            return self.end_elsewhere(id, &found, how).await;
        }
        let how = match how {
            How::Logoff => EndHow::Logoff,
            How::Reset => EndHow::Reset,
        };
        let ended = {
            let mut core = self.core();
            if !core.sessions.contains_key(&id) {
                countdown.and_then(|countdown| core.notices.end_countdown(countdown));
                return Ok(gone(id));
            }
            let (waiter, ended) = oneshot::channel();
            core.waiters.entry(id).or_default().push(waiter);
            self.feed(&mut core, id, Input::EndAsked(how));
            if let Some(countdown) = countdown {
                // Only now: a host that is killed in between leaves one or the other.
                core.notices.end_countdown(countdown);
                self.write_meta(&mut core, id);
            }
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

pub(super) fn cancelled(id: SessionId, by: String) -> EndReport {
    EndReport {
        id: id.0,
        ended: false,
        step: "cancelled".to_owned(),
        left: 0,
        by: Some(by),
    }
}

pub(super) fn gone(id: SessionId) -> EndReport {
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
