//! A command of a command shell: one program, its streams and how far its client has read them.

use serde::{Deserialize, Serialize};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Command {
    /// Number of its worker.
    pub(super) worker: u32,
    /// Its line, for listings.
    pub(super) line: String,
    /// What the client certainly has.
    pub(super) has: Cursor,
    /// What was sent last: the client has it if it asks for more.
    pub(super) sent: Option<Sent>,
    /// Counts those who ask for output; the latest counts.
    #[serde(skip)]
    pub(super) receivers: u64,
}

/// Places in a command's streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) out: u64,
    pub(super) err: u64,
}

/// An answer with output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    /// Number of the request.
    pub(super) request: String,
    /// Places behind what it brought.
    pub(super) to: Cursor,
}

impl Command {
    /// A command that has just begun.
    pub(super) fn new(worker: u32, line: String) -> Self {
        Self {
            worker,
            line,
            has: Cursor::default(),
            sent: None,
            receivers: 0,
        }
    }

    /// The client has what was sent.
    pub(super) fn acknowledge(&mut self) {
        if let Some(sent) = self.sent.take() {
            self.has = sent.to;
        }
    }

    /// A client asks for output by the request of this number. Gives where the answer begins, and
    /// where it has to end if the same was asked before and the answer was lost.
    pub(super) fn asked(&mut self, request: &str) -> (Cursor, Option<Cursor>) {
        self.receivers += 1;
        match self.sent.take() {
            Some(sent) if sent.request == request => {
                let to = sent.to;
                self.sent = Some(sent);
                (self.has, Some(to))
            }
            Some(sent) => {
                self.has = sent.to;
                (self.has, None)
            }
            None => (self.has, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_counts_as_received_when_more_is_asked_for() {
        let mut command = Command::new(1, "ls".to_owned());
        let to = |out, err| Cursor { out, err };
        assert_eq!(command.asked("a"), (to(0, 0), None));
        command.sent = Some(Sent {
            request: "a".to_owned(),
            to: to(10, 2),
        });
        assert_eq!(
            command.asked("a"),
            (to(0, 0), Some(to(10, 2))),
            "the answer was lost"
        );
        assert_eq!(command.asked("b"), (to(10, 2), None));
        assert_eq!(command.asked("b"), (to(10, 2), None), "nothing was sent");
    }
}
