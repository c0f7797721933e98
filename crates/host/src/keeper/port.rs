//! What the rest of the host asks of the keeper, and how it hears of the answer.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use winsta_wire::{Answer, Refusal, Verb};

/// How long a keeper may take to answer: a program on a file system that is far away takes a while
/// to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most questions that wait to be sent.
const MAX_WAITING: usize = 4_096;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeeperError {
    /// The keeper was lost before it answered.
    #[error("the keeper was lost before it answered")]
    Lost,
    /// It does not answer.
    #[error("the keeper did not answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// Too many questions wait already.
    #[error("the keeper is too far behind")]
    Behind,
    /// The keeper said no.
    #[error("{}", .0.reason)]
    Refused(Refusal),
    /// The answer does not fit the question.
    #[error("the keeper's answer does not fit the question")]
    Strange,
}

/// What the keeper said, and the bytes that came with it.
pub(crate) type Outcome = Result<(Answer, Vec<u8>), KeeperError>;
/// An answer to come.
pub(crate) type Asked = oneshot::Receiver<Outcome>;

/// Whoever passes requests on to the keeper.
pub(crate) trait KeeperPort: Send + Sync {
    /// Sends a request whose answer nobody waits for.
    fn post(&self, verb: Verb);
    /// Sends a request with a tail of bytes.
    fn ask(&self, verb: Verb, tail: Vec<u8>) -> Asked;
}

/// Awaits an answer; a driver that is gone counts as a lost keeper.
pub(crate) async fn answer(asked: Asked) -> Outcome {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answered) => answered.unwrap_or(Err(KeeperError::Lost)),
        Err(_elapsed) => Err(KeeperError::Silent),
    }
}

/// A request that waits to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) verb: Verb,
    pub(crate) tail: Vec<u8>,
    pub(crate) reply: Option<oneshot::Sender<Outcome>>,
}

/// Requests on their way to the driver.
///
/// Not a channel: the driver itself posts (what events ask for), and it could not wait for room.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<VecDeque<Outgoing>>,
    filled: Notify,
}

impl Queue {
    /// The next request; waits for one.
    pub(crate) async fn next(&self) -> Outgoing {
        loop {
            if let Some(outgoing) = self.try_next() {
                return outgoing;
            }
            self.filled.notified().await;
        }
    }

    fn try_next(&self) -> Option<Outgoing> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }

    fn push(&self, outgoing: Outgoing) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MAX_WAITING
            && let Some(reply) = outgoing.reply
        {
            // Nobody listens any more if this fails.
            let _ = reply.send(Err(KeeperError::Behind));
            return;
        }
        // Posts are let in: there are at most a few for each session.
        waiting.push_back(outgoing);
        drop(waiting);
        self.filled.notify_one();
    }
}

impl KeeperPort for Queue {
    fn post(&self, verb: Verb) {
        self.push(Outgoing {
            verb,
            tail: Vec::new(),
            reply: None,
        });
    }

    fn ask(&self, verb: Verb, tail: Vec<u8>) -> Asked {
        let (reply, asked) = oneshot::channel();
        self.push(Outgoing {
            verb,
            tail,
            reply: Some(reply),
        });
        asked
    }
}
