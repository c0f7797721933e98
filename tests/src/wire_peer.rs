//! A peer that speaks a protocol in lines of JSON on its standard input and output.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};
use winsta_psrp::{PipelineId, Stream};
use winsta_python::{Missing, Python};

/// One line of a peer.
#[derive(Debug)]
pub enum Line {
    /// Fragments for the pool, or for a pipeline.
    Fragments {
        /// The pipeline.
        pipeline: Option<PipelineId>,
        /// In which stream they came.
        stream: Stream,
        /// The fragments.
        bytes: Vec<u8>,
    },
    /// What the peer has seen, at its end.
    Seen(Value),
}

/// A program in Python, running.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts `program`, which needs `packages`.
    pub fn start(packages: &[&str], program: &str) -> Result<Self, Missing> {
        let mut command = Python::with(packages)?.command();
        command.args(["-c", program]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the interpreter that was installed");
        let output = child.stdout.take().expect("a pipe");
        Ok(Self {
            input: child.stdin.take(),
            lines: BufReader::new(output).lines(),
            child,
        })
    }

    /// Gives it fragments.
    pub fn send(&mut self, pipeline: Option<PipelineId>, stream: Stream, bytes: &[u8]) {
        let stream = match stream {
            Stream::Default => "default",
            Stream::PromptResponse => "pr",
        };
        let pipeline = pipeline.map(|id| id.to_string());
        let line = json!({ "pipeline": pipeline, "stream": stream, "data": to_hex(bytes) });
        let input = self.input.as_mut().expect("it is open");
        // It may have ended with what it had to say.
        let _ = writeln!(input, "{line}");
    }

    /// The next line, `None` at its end.
    pub fn receive(&mut self) -> Option<Line> {
        let line = self.lines.next()?.expect("text");
        let mut line: Value = serde_json::from_str(&line).expect("a line of JSON");
        if let Some(seen) = line.get_mut("seen") {
            return Some(Line::Seen(seen.take()));
        }
        let stream = match line["stream"].as_str() {
            Some("pr") => Stream::PromptResponse,
            _ => Stream::Default,
        };
        let id = |text: &str| text.parse().expect("a pipeline's id");
        Some(Line::Fragments {
            pipeline: line["pipeline"].as_str().map(id),
            stream,
            bytes: from_hex(line["data"].as_str().expect("data")),
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.input.take();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect("hex"))
        .collect()
}
