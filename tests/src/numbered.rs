//! Sessions that write numbered lines, and the check that none is missing, doubled or disordered.

use std::collections::HashMap;
use std::io::Read;

use winsta_api::{NewSession, Session};
use winsta_client::{Host, OutputQuery};
use winsta_domain::SessionId;

use crate::patience::until;

/// The exit status of a writer that was told to end.
pub const STATUS: u8 = 7;

/// Lines of a flood.
pub const FLOOD: u64 = 100_000;

/// What a writer does: a line each tenth of a second, and one for each word that is typed. The
/// clock is a `read` from a pipe to which nobody writes, which costs no process a line; one from
/// the terminal would cut words in two when its time is up.
const WRITER: &str = r#"
exec 3<> <(:)
(while echo "line $n"; do n=$((n+1)); read -rt 0.1 -u 3; done) &
while read -r word; do [ "$word" = end ] && exit 7; echo "heard $word"; done"#;

/// A request for a writer with this label.
pub fn writer(label: &str) -> NewSession {
    bash(label, &format!("stty -echo; n=0{WRITER}"))
}

/// A request for a program that prints [`FLOOD`] numbered lines as fast as it can and then goes on
/// like a writer.
pub fn flood(label: &str) -> NewSession {
    let fast = format!("while [ $n -lt {FLOOD} ]; do echo \"line $n\"; n=$((n+1)); done");
    NewSession {
        buffer_bytes: Some(8 << 20),
        ..bash(label, &format!("stty -echo; n=0; {fast}{WRITER}"))
    }
}

fn bash(label: &str, script: &str) -> NewSession {
    NewSession {
        label: Some(label.to_owned()),
        command: ["bash", "-c", script].map(str::to_owned).to_vec(),
        ..NewSession::default()
    }
}

/// What was read of a writer: a count of lines, and how often it heard each word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    rest: Vec<u8>,
    next: u64,
    /// How often each word was heard.
    pub heard: HashMap<String, u32>,
}

impl Lines {
    /// Whole lines so far.
    pub fn count(&self) -> u64 {
        self.next
    }

    /// Takes output in; panics at the first byte that is not what the writer must have printed.
    pub fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8(line).expect("text");
            let line = line.strip_suffix("\r\n").expect("a terminal's line");
            if let Some(word) = line.strip_prefix("heard ") {
                *self.heard.entry(word.to_owned()).or_default() += 1;
                continue;
            }
            assert_eq!(line, format!("line {}", self.next));
            self.next += 1;
        }
    }
}

/// Reads all that a writer has printed, from its first byte.
pub fn read(host: &Host, session: &Session) -> Lines {
    let mut reader = host
        .output(SessionId(session.id), OutputQuery::default())
        .expect("the session's output can be read");
    assert_eq!(reader.offset(), 0, "nothing has left the ring");
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).expect("all of it comes");
    let mut lines = Lines::default();
    lines.push(&bytes);
    lines
}

/// Waits until a writer has printed more than `before` lines; gives all of them.
pub fn read_beyond(host: &Host, session: &Session, before: u64) -> Lines {
    until(&format!("session {} to write on", session.id), || {
        let lines = read(host, session);
        (lines.count() > before).then_some(lines)
    })
}
