//! A command's side of its connection with the agent.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use super::protocol::{Ask, Tell};

/// A connection with the agent.
#[derive(Debug)]
pub struct Agent {
    lines: BufReader<UnixStream>,
    /// The line that was heard last.
    line: Vec<u8>,
    out: UnixStream,
}

/// Why the agent does not tell what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The connection with it was lost.
    #[error("the connection with the agent was lost")]
    Connection(#[from] io::Error),
    /// It has ended.
    #[error("the agent has ended")]
    Ended,
    /// It speaks in another way, so it is of another version.
    #[error("the agent is of another version of winsta")]
    Strange(#[source] serde_json::Error),
}

impl Agent {
    /// Speaks over this connection.
    pub fn over(stream: UnixStream) -> io::Result<Self> {
        let out = stream.try_clone()?;
        Ok(Self {
            lines: BufReader::with_capacity(64 << 10, stream),
            line: Vec::new(),
            out,
        })
    }

    /// What [`Ask::Interrupt`] and [`Ask::LetGo`] can be said over while an answer comes.
    pub fn second(&self) -> io::Result<UnixStream> {
        self.out.try_clone()
    }

    /// Asks something; what it tells comes until [`Tell::Done`].
    pub fn ask(&mut self, ask: &Ask) -> Result<(), AgentError> {
        say(&mut self.out, ask)?;
        Ok(())
    }

    /// The next that it tells; `None` once all was told.
    pub fn hear(&mut self) -> Result<Option<Tell>, AgentError> {
        self.line.clear();
        if self.lines.read_until(b'\n', &mut self.line)? == 0 {
            return Err(AgentError::Ended);
        }
        match serde_json::from_slice(&self.line) {
            Ok(Tell::Done) => Ok(None),
            Ok(tell) => Ok(Some(tell)),
            Err(error) => Err(AgentError::Strange(error)),
        }
    }

    /// Whether something is there to be read without waiting.
    pub fn has_more(&self) -> bool {
        !self.lines.buffer().is_empty()
    }
}

/// Says something to the agent.
pub fn say(out: &mut UnixStream, ask: &Ask) -> io::Result<()> {
    let mut line = serde_json::to_vec(ask)?;
    line.push(b'\n');
    out.write_all(&line)
}
