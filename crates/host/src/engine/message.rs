//! Messages to a session's user.

use std::time::Duration;

use tokio::time::timeout;
use winsta_api::{ErrorCode, Message, MessageReport};
use winsta_domain::SessionId;
use winsta_wire::Notice;

use super::Engine;
use super::end::MAX_TEXT;
use super::notices::Kept;
use crate::access::Verb;
use crate::clock;
use crate::failure::{Failure, failure, hinted};

/// How long a message is shown unless its sender says.
const SECONDS: u32 = 60;
/// Longest time that a message is shown: a week.
const MAX_SECONDS: u32 = 7 * 86_400;
/// Longest name of a sender, in characters.
const MAX_FROM: usize = 64;

impl Engine {
    /// Shows a message, or keeps it for the next client; waits for the answer if that is wanted.
    pub(crate) async fn message(
        &self,
        id: SessionId,
        message: Message,
        caller: &str,
    ) -> Result<MessageReport, Failure> {
        let seconds = message.seconds.unwrap_or(SECONDS);
        if message.text.is_empty() || message.text.len() > MAX_TEXT {
            let text = format!("a message has 1 to {MAX_TEXT} bytes");
            return Err(failure(ErrorCode::Invalid, text));
        }
        if seconds > MAX_SECONDS {
            let text = format!("a message is shown for at most {MAX_SECONDS} seconds");
            return Err(failure(ErrorCode::Invalid, text));
        }
        let from = message.from.as_deref().unwrap_or(caller);
        let from: String = from
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_FROM)
            .collect();
        if let Some(found) = self.found_for(id, Verb::Message)? {
            if message.wait {
                return Err(hinted(
                    ErrorCode::Unsupported,
                    format!("{} cannot answer a message", found.origin.words()),
                    "leave out the wish for an answer",
                ));
            }
            return Ok(MessageReport {
                id: id.0,
                shown: self
                    .tell_elsewhere(&found, &from, &message.text, seconds)
                    .await?,
                answer: None,
            });
        }
        let (number, reply) = {
            let mut core = self.core();
            core.find(id, Verb::Message)?;
            let number = core.notices.number();
            let reply = message.wait.then(|| core.notices.ask(number, id));
            (number, reply)
        };
        let notice = Notice::Message {
            id: number,
            from,
            text: message.text,
            seconds,
            wait: message.wait,
        };
        let shown = self.notify(id, None, &notice).await?;
        if shown == 0 {
            let until = (seconds > 0).then(|| clock::now().plus_millis(u64::from(seconds) * 1_000));
            self.core().notices.keep(id, Kept { notice, until });
        }
        let answer = match reply {
            None => None,
            Some(reply) => {
                let said = match seconds {
                    0 => Ok(reply.await),
                    // The client counts too, and says so when the time is over.
                    seconds => timeout(Duration::from_secs(u64::from(seconds) + 1), reply).await,
                };
                self.core().notices.forget(number);
                Some(in_words(said))
            }
        };
        Ok(MessageReport {
            id: id.0,
            shown,
            answer,
        })
    }
}

fn in_words<E, T>(said: Result<Result<String, E>, T>) -> String {
    match said {
        Ok(Ok(answer)) if answer == "ok" => "acknowledged".to_owned(),
        Ok(Ok(answer)) => answer,
        Ok(Err(_ended)) => "ended".to_owned(),
        Err(_elapsed) => "timed_out".to_owned(),
    }
}
