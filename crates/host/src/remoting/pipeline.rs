//! A pipeline: one command of a runspace, and how far its client has read it.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use winsta_psrp::message::{
    CommandInfo, CommandTypes, ErrorRecord, HostMethod, PipelineState, command_count,
};
use winsta_psrp::server::{Pipeline as Machine, PipelineEvent, PipelineSnapshot, RunspacePool};
use winsta_psrp::{PipelineId, ProtocolError, Stream};

use super::asides;
use super::command::{Cursor, Sent};
use super::script;
use super::talk::{self, Manner, Wish};

/// How long a runspace may take to read what it is to run.
const FRESH: Duration = Duration::from_secs(1);

/// Whether a runspace knows what it is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It has not been told to run it: nothing does.
    No,
    /// It was, by this host.
    Since(Instant),
    /// It was, by the host before this one.
    Before,
}
/// Commands that clients ask about before they begin an interactive session.
const INTERACTIVE: [&str; 2] = ["Out-Default", "Exit-PSSession"];

/// What comes behind a piece of a pipeline's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// More may come.
    More,
    /// The rest of a line that is too long to wait for.
    Cut,
    /// The end of the pipeline.
    Mark,
    /// The end of its runspace.
    Exit,
}

/// What an answer has room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Bytes of fragments.
    pub(super) bytes: usize,
    /// Whether lines may come several in one text.
    pub(super) together: bool,
}

/// Bytes of lines that come in one text, whose message then fits into a fragment.
const TOGETHER: usize = 16 << 10;

/// A pipeline.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) machine: Machine,
    /// Where it runs: the place of its runspace, and its number there. `None`: it has not begun.
    pub(super) at: Option<(u32, u32)>,
    /// What it is to run, from when that is known until it begins.
    pub(super) script: Option<String>,
    /// What becomes of its output.
    manner: Manner,
    /// Whether the pool's client has a screen.
    pool_has_screen: bool,
    /// Lines of its input so far.
    pub(super) input: Vec<String>,
    /// Whether its client wants it to stop.
    pub(super) stopping: bool,
    /// Whether it was interrupted for that.
    interrupted: bool,
    told: Told,
    /// What the client certainly has; `None` before its first byte.
    pub(super) has: Option<Cursor>,
    pub(super) sent: Option<Sent>,
    /// The exit status, once the end is among what was sent.
    pub(super) exit: Option<i64>,
    /// Those who asked for output; the latest counts.
    pub(super) receivers: u64,
    /// What this host sent last.
    pub(super) last: Option<(String, Vec<u8>)>,
}

/// A pipeline as it is written down.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedPipeline {
    machine: PipelineSnapshot,
    at: Option<(u32, u32)>,
    script: Option<String>,
    #[serde(default)]
    manner: Manner,
    input: Vec<String>,
    stopping: bool,
    has: Option<Cursor>,
    sent: Option<Sent>,
    /// Of one that has ended without having begun.
    exit: Option<i64>,
}

impl Pipeline {
    /// A pipeline that begins with these fragments.
    pub(super) fn open(
        pool: &RunspacePool,
        id: PipelineId,
        opening: &[u8],
    ) -> Result<Self, ProtocolError> {
        let mut pipeline = Self {
            machine: Machine::new(pool, id),
            at: None,
            script: None,
            manner: Manner::default(),
            pool_has_screen: talk::has_screen(pool.host_info()),
            input: Vec::new(),
            stopping: false,
            interrupted: false,
            told: Told::No,
            has: None,
            sent: None,
            exit: None,
            receivers: 0,
            last: None,
        };
        pipeline.hear(Stream::Default, opening)?;
        Ok(pipeline)
    }

    /// Takes what came for it.
    pub(super) fn hear(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), ProtocolError> {
        self.machine.handle(stream, bytes)?;
        while let Some(event) = self.machine.poll_event() {
            match event {
                PipelineEvent::Created(created) => {
                    match talk::wish(&created, self.pool_has_screen) {
                        Wish::Run { script, manner } => {
                            (self.script, self.manner) = (Some(script), manner);
                        }
                        Wish::Leave => {
                            self.machine.host_call(HostMethod::POP_RUNSPACE, Vec::new());
                            self.end(0);
                        }
                    }
                }
                PipelineEvent::Metadata(asked) => self.describe(&asked.names),
                PipelineEvent::Input(value) => self.input.push(script::shown(&value)),
                PipelineEvent::EndOfInput | PipelineEvent::HostResponse(_) => {}
            }
        }
        Ok(())
    }

    /// Says which commands there are of those that an interactive client needs.
    fn describe(&mut self, names: &[String]) {
        let has = |name: &str| names.iter().any(|asked| asked.eq_ignore_ascii_case(name));
        let known: Vec<&str> = INTERACTIVE.into_iter().filter(|name| has(name)).collect();
        let count = i32::try_from(known.len()).unwrap_or(i32::MAX);
        self.machine.output(&command_count(count));
        for name in known {
            let command = CommandInfo::new(name, CommandTypes::FUNCTION);
            self.machine.output(&command.to_value());
        }
        self.end(0);
    }

    /// It is the next that a runspace will be told to run.
    pub(super) fn is_given(&mut self, place: u32, number: u32) {
        self.at = Some((place, number));
    }

    /// Its runspace is about to be told; whether to run it, or to pass it over.
    pub(super) fn tell(&mut self) -> bool {
        self.told = Told::Since(Instant::now());
        // What is passed over ends by itself.
        self.interrupted |= self.stopping;
        !self.stopping
    }

    /// Whether its runspace was told to run it.
    pub(super) fn is_told(&self) -> bool {
        self.told != Told::No
    }

    /// Whether its runspace may not have read it yet.
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self.told, Told::Since(then) if then.elapsed() < FRESH)
    }

    /// Whether it is to stop, and was not interrupted yet.
    pub(super) fn is_to_interrupt(&self) -> bool {
        self.stopping && !self.interrupted && self.is_told()
    }

    /// It was interrupted.
    pub(super) fn interrupted(&mut self) {
        self.interrupted = true;
    }

    /// Whether it asks a shell how a word may go on.
    pub(super) fn is_completion(&self) -> bool {
        matches!(self.manner, Manner::Completion(_))
    }

    /// Whether it can begin and has not.
    pub(super) fn is_ready(&self) -> bool {
        self.at.is_none() && self.script.is_some() && self.machine.input_ended()
    }

    /// A client asks for output by the request of this number: gives where the answer has to end if
    /// the same was asked before, by a host that is no more, and the answer was lost.
    pub(super) fn asked(&mut self, request: &str) -> Option<Cursor> {
        self.receivers += 1;
        match self.sent.take() {
            Some(sent) if sent.request == request => {
                let to = sent.to;
                self.sent = Some(sent);
                Some(to)
            }
            Some(sent) => {
                self.has = Some(sent.to);
                None
            }
            None => None,
        }
    }

    /// The client has what was sent, but for the end, which whoever comes next has to hear too.
    pub(super) fn acknowledge(&mut self) {
        if let Some(sent) = self.sent.take() {
            self.has = Some(sent.to);
        }
    }

    /// Its client goes on to another. If it has ended, the client has heard so, and will say no more
    /// of it: not all clients end what is over.
    pub(super) fn pass(&mut self) {
        if self.exit.is_some() && self.machine.pending() == 0 {
            self.acknowledge();
            self.last = None;
        }
    }

    /// Whether it is over, and nothing that it printed is needed any more.
    pub(super) fn is_heard(&self) -> bool {
        self.exit.is_some() && self.sent.is_none() && self.machine.pending() == 0
    }

    /// It has ended with this status.
    pub(super) fn end(&mut self, status: i64) {
        if self.stopping {
            self.machine.stopped();
        } else if self.manner == Manner::CutShort {
            self.machine.fail(ErrorRecord::incomplete());
        } else {
            self.machine.complete();
        }
        self.exit = Some(status);
    }

    /// It has ended its runspace with this status: whoever sits in front of it leaves.
    pub(super) fn leave(&mut self, status: i64) {
        if self.manner == Manner::Screen && !self.stopping {
            let status = i32::try_from(status).unwrap_or(i32::MAX);
            let method = HostMethod::SET_SHOULD_EXIT;
            self.machine.host_call(method, vec![status.into()]);
        }
        self.end(status);
    }

    /// Gives lines to the client as long as there is room; how many bytes of `text` were used.
    pub(super) fn give(&mut self, text: &[u8], is_error: bool, then: Then, room: Room) -> usize {
        let whole = then != Then::More;
        if let Manner::Completion(asked) = &self.manner {
            // It is one object, which has to be seen to its end.
            if whole
                && !is_error
                && let Some(object) = asked.object(text)
            {
                self.machine.output(&object);
            }
            return if whole { text.len() } else { 0 };
        }
        let is_first = self.manner == Manner::Screen && self.has.is_none();
        if is_first && is_error && talk::is_cut_short(text) {
            if !whole {
                return 0;
            }
            self.manner = Manner::CutShort;
        }
        if self.manner == Manner::CutShort {
            // That is all it says, and the client hears it in another way.
            return text.len();
        }
        let together = room.together && !is_error && self.manner != Manner::Screen;
        let mut used = 0;
        while self.machine.pending() < room.bytes {
            let rest = text.get(used..).unwrap_or_default();
            let end = together.then(|| {
                let most = rest.get(..TOGETHER).unwrap_or(rest);
                memchr::memrchr(b'\n', most)
            });
            let end = end.flatten().or_else(|| memchr::memchr(b'\n', rest));
            let (line, length) = match end {
                Some(end) => (rest.get(..end).unwrap_or_default(), end + 1),
                None if rest.is_empty() || !whole => break,
                None => (rest, rest.len()),
            };
            if is_error && rest == asides::PARTING {
                match then {
                    Then::More => break,
                    Then::Mark | Then::Cut => {}
                    Then::Exit => return text.len(),
                }
            }
            let has_end = length > line.len();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            // Nearly all of it is text, which is quick to see.
            let mut line = std::str::from_utf8(line)
                .map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
            if together && line.contains('\r') {
                line = line.replace("\r\n", "\n").into();
            }
            // An interrupted bash ends the line of the terminal that it takes its output for.
            let of_bash = || self.stopping && line.is_empty() || asides::is_about_terminal(&line);
            if !(is_error && of_bash()) {
                self.write(&line, is_error, has_end);
            }
            used += length;
        }
        used
    }

    /// Writes a line to the client.
    fn write(&mut self, line: &str, is_error: bool, has_end: bool) {
        let method = match (&self.manner, is_error) {
            (Manner::Screen, true) => HostMethod::WRITE_ERROR_LINE,
            (Manner::Screen, false) if has_end => HostMethod::WRITE_LINE2,
            (Manner::Screen, false) => HostMethod::WRITE1,
            (_, true) => return self.machine.error(ErrorRecord::from_std_err(line)),
            (_, false) => return self.machine.output_text(line),
        };
        self.machine.host_call(method, vec![line.into()]);
    }

    /// All fragments that wait.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.machine.take(usize::MAX).unwrap_or_default()
    }

    /// Another client is there. What the one before it was given and did not let go with may not
    /// have come to it, so it is given again, and the end in any case.
    pub(super) fn begin_again(&mut self, pool: &RunspacePool) {
        let receivers = self.receivers;
        let mut saved = self.saved();
        saved.sent = None;
        *self = Self::restore(pool, saved);
        self.receivers = receivers;
    }

    /// What is written down. The end is not: it is found again in the runspace's streams, and said
    /// to whoever asks then.
    pub(super) fn saved(&self) -> SavedPipeline {
        let mut machine = self.machine.snapshot();
        if self.exit.is_some() {
            machine.state = PipelineState::RUNNING.0;
        }
        SavedPipeline {
            machine,
            at: self.at,
            script: self.script.clone(),
            manner: self.manner.clone(),
            input: self.input.clone(),
            stopping: self.stopping,
            has: self.has,
            sent: self.sent.clone(),
            exit: self.exit.filter(|_| self.at.is_none()),
        }
    }

    /// Goes on where another host was.
    pub(super) fn restore(pool: &RunspacePool, saved: SavedPipeline) -> Self {
        let mut pipeline = Self {
            machine: Machine::restore(pool, &saved.machine),
            at: saved.at,
            script: saved.script,
            manner: saved.manner,
            pool_has_screen: talk::has_screen(pool.host_info()),
            input: saved.input,
            stopping: saved.stopping,
            interrupted: false,
            told: saved.at.map_or(Told::No, |_| Told::Before),
            has: saved.has,
            sent: saved.sent,
            exit: None,
            receivers: 0,
            last: None,
        };
        if let Some(status) = saved.exit {
            pipeline.end(status);
        }
        pipeline
    }
}
