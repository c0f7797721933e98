//! Requests of the host, the keeper's replies, and events.

use serde::{Deserialize, Serialize};
use winsta_domain::{ConnectionId, ExitStatus, SessionId, TerminalSize};

use crate::attach::{AttachMode, SnapshotInfo};
use crate::hello::Ticket;
use crate::session::{Buffering, Conduit, SessionReport, Stream};

/// A request; its frame may carry a tail of bytes, and descriptors with [`Verb::Adopt`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Number that the reply repeats.
    pub seq: u64,
    /// What to do.
    pub verb: Verb,
}

/// The reply to a request; its frame may carry a tail of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The request's number.
    pub seq: u64,
    /// How many descriptors come with this frame.
    #[serde(default)]
    pub descriptors: u8,
    /// What came of it.
    pub outcome: Result<Answer, Refusal>,
}

/// What a host can ask of a keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Starts a session. Answer: [`Answer::Spawned`] once the program runs, with the session's
    /// descriptors as [`Verb::Keepsakes`] gives them.
    Spawn(Box<Spawn>),
    /// Sessions with ids above `after`, lowest first, as many as fit.
    List {
        /// Begin behind this id.
        after: Option<SessionId>,
    },
    /// The session's descriptors, for safe-keeping against the keeper's death: a pidfd of the
    /// leader, the ring's memory file, then for a PTY its master, and for pipes the second ring's
    /// memory file, standard input (if still open), standard output and standard error (each if
    /// still open).
    Keepsakes {
        /// The session.
        session: SessionId,
    },
    /// Lets whoever shows `ticket` within `seconds` attach, once.
    Ticket {
        /// The session.
        session: SessionId,
        /// Number for the connection, given by the host.
        connection: ConnectionId,
        /// The permit.
        ticket: Ticket,
        /// What its holder may do.
        mode: AttachMode,
        /// How long it is good for.
        seconds: u32,
        /// The host's own words about the client.
        note: String,
    },
    /// Closes one connection, or all.
    Disconnect {
        /// The session.
        session: SessionId,
        /// Which one; `None`: all.
        connection: Option<ConnectionId>,
        /// Why, for people.
        reason: String,
    },
    /// Sends a signal.
    Signal {
        /// The session.
        session: SessionId,
        /// Number of the signal.
        signal: u8,
        /// To whom.
        to: Signalled,
    },
    /// Sets the terminal's size.
    Resize {
        /// The session.
        session: SessionId,
        /// The size.
        size: TerminalSize,
    },
    /// Replaces the host's description of the session.
    SetMeta {
        /// The session.
        session: SessionId,
        /// At most [`Verb::MAX_META`] bytes.
        meta: String,
    },
    /// Changes what happens when a ring is full.
    SetBuffering {
        /// The session.
        session: SessionId,
        /// The new mode.
        buffering: Buffering,
    },
    /// Types the frame's tail into the session. Answer: [`Answer::Written`].
    Write {
        /// The session.
        session: SessionId,
        /// Whether this is a user's input, from which idle time counts.
        user: bool,
    },
    /// Closes standard input of a session with pipes, once all that was written is through.
    CloseInput {
        /// The session.
        session: SessionId,
    },
    /// Reads kept output. Answer: [`Answer::Bytes`], the bytes in the tail.
    Read {
        /// The session.
        session: SessionId,
        /// The stream.
        stream: Stream,
        /// First byte wanted; if it is gone, the oldest kept.
        from: u64,
        /// Most bytes wanted.
        max: u32,
    },
    /// Waits until there may be output behind `beyond`, or until no more will come. Answer:
    /// [`Answer::Done`], which may come early: read, and wait again.
    Await {
        /// The session.
        session: SessionId,
        /// The stream.
        stream: Stream,
        /// Offset up to which the host knows the output.
        beyond: u64,
    },
    /// Under [`Buffering::Block`]: output before `upto` need not be kept for anybody.
    Acknowledge {
        /// The session.
        session: SessionId,
        /// The stream.
        stream: Stream,
        /// Offset behind the last byte received.
        upto: u64,
    },
    /// Where to begin to rebuild the screen. Answer: [`Answer::Snapshot`], the checkpoint in the
    /// tail; read on from its offset.
    Snapshot {
        /// The session.
        session: SessionId,
    },
    /// Line and flow settings. Answer: [`Answer::Line`].
    Line {
        /// The session.
        session: SessionId,
    },
    /// Processes of the session. Answer: [`Answer::Members`].
    Members {
        /// The session.
        session: SessionId,
    },
    /// Processes of all sessions behind `after`, as many as fit. Answer: [`Answer::Census`].
    Census {
        /// The last process of the answer before: its session and its number.
        after: Option<(SessionId, u32)>,
    },
    /// Shows something to the session's clients. Answer: [`Answer::Notified`].
    Notify {
        /// The session.
        session: SessionId,
        /// Which client; `None`: all.
        connection: Option<ConnectionId>,
        /// JSON for the clients, opaque to the keeper.
        notice: String,
    },
    /// Ends the session: the steps one after the other until nothing of it lives, then
    /// [`Event::Emptied`]. A second request replaces the steps that are left.
    End {
        /// The session.
        session: SessionId,
        /// The ladder.
        steps: Vec<Step>,
    },
    /// Forgets an emptied or exited session and gives its memory back.
    Collect {
        /// The session.
        session: SessionId,
    },
    /// Takes over a session whose keeper died. Descriptors as [`Verb::Keepsakes`] gives them.
    Adopt(Box<Adopt>),
    /// Replaces the keeper's program with `program`, sessions and clients kept.
    /// Answer: [`Answer::Done`] before, [`Event::Upgraded`] after.
    Upgrade {
        /// Path of the new program.
        program: String,
    },
    /// Ends the keeper; refused while it has sessions.
    Shutdown,
}

impl Verb {
    /// The longest description, in bytes.
    pub const MAX_META: usize = 16 << 10;
}

/// To whom a signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signalled {
    /// The terminal's foreground process group; with pipes the leader's.
    Foreground,
    /// Everything that lives in the session.
    Everything,
    /// One process, if it is of the session.
    Process(u32),
}

/// One rung of the kill ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Signal for everything that lives in the session: 1, 15 or 9. Before others than 9, stopped
    /// processes are continued.
    pub signal: u8,
    /// How long to wait before the next rung, in milliseconds. The last one is repeated until
    /// nothing is left.
    pub grace_ms: u32,
}

/// A session to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawn {
    /// Its id, given by the host.
    pub session: SessionId,
    /// PTY or pipes.
    pub conduit: Conduit,
    /// The program (looked up in `env`'s PATH unless it has a slash) and its arguments.
    pub argv: Vec<String>,
    /// What the program sees as its own name instead of `argv[0]`: `-bash` for a login shell.
    pub arg0: Option<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// Whether the keeper's own environment, which is its user's, fills in what `env` does not
    /// have. What it says of the login (`XDG_SESSION_ID` and the like) counts more than `env`.
    #[serde(default)]
    pub inherit: bool,
    /// Working folder.
    pub cwd: String,
    /// Most bytes that each ring keeps; rounded up to whole pages.
    pub capacity: u64,
    /// What happens when a ring is full.
    pub buffering: Buffering,
    /// The host's description.
    pub meta: String,
    /// Who may attach from the first moment on. Should the session end before they come, its
    /// output waits for them a few seconds.
    #[serde(default)]
    pub permit: Option<FirstPermit>,
    /// Most bytes of memory of its own that each process may have; `None`: as many as the keeper's.
    #[serde(default)]
    pub memory: Option<u64>,
}

/// A permit that is registered together with the session, like [`Verb::Ticket`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPermit {
    /// Number for the connection, given by the host.
    pub connection: ConnectionId,
    /// The permit.
    pub ticket: Ticket,
    /// What its holder may do.
    pub mode: AttachMode,
    /// How long it is good for.
    pub seconds: u32,
    /// The host's own words about the client.
    pub note: String,
}

/// A session whose keeper died, as the host knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopt {
    /// The last report of it.
    pub report: SessionReport,
    /// Its row of the dead keeper's ledger, word by word.
    pub ledger: Vec<u64>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing more to say.
    Done,
    /// The session runs.
    Spawned(Box<SessionReport>),
    /// Sessions, lowest id first.
    Sessions {
        /// As many as fit in a frame.
        sessions: Vec<SessionReport>,
        /// Whether there are more behind the last.
        more: bool,
    },
    /// How many connections were closed.
    Disconnected {
        /// Their number.
        connections: u32,
    },
    /// How many bytes were taken; 0 while the program does not read.
    Written {
        /// Number of bytes, from the tail's front.
        bytes: u32,
    },
    /// Output.
    Bytes {
        /// Offset of the tail's first byte.
        offset: u64,
        /// Offset behind the newest byte there is.
        end: u64,
        /// Whether no more will come.
        finished: bool,
    },
    /// A snapshot; the checkpoint is the tail.
    Snapshot(SnapshotInfo),
    /// Line settings.
    Line(LineSettings),
    /// Processes.
    Members(Vec<Member>),
    /// Processes, those of the session with the lowest id first, each session's in the order of
    /// their numbers.
    Census {
        /// At most [`Answer::MAX_CENSUS`].
        members: Vec<(SessionId, Member)>,
        /// Whether there are more behind the last.
        more: bool,
    },
    /// How many clients were told.
    Notified {
        /// Their connections.
        connections: Vec<ConnectionId>,
    },
}

impl Answer {
    /// Most processes in one answer: whatever they are called, they fit in a frame.
    pub const MAX_CENSUS: usize = 4_096;
}

/// A process of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Process id.
    pub pid: u32,
    /// Name of its program, from `/proc/PID/comm`.
    pub image: String,
    /// Its real user.
    pub uid: u32,
}

/// Settings of a session's terminal line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSettings {
    /// Size; `None` with pipes.
    pub size: Option<TerminalSize>,
    /// Settings as `stty` names them (`icanon`, `-echo`, …); empty with pipes.
    pub flags: Vec<String>,
    /// What happens when a ring is full.
    pub buffering: Buffering,
    /// Whether output of the program is not being read because a ring is full.
    pub paused: bool,
    /// Bytes that were typed and that the program has not read yet.
    pub input_waiting: u32,
}

/// A request that was not carried out; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which kind.
    pub kind: RefusalKind,
    /// For people.
    pub reason: String,
}

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// There is no such session (or connection, or process in it).
    Unknown,
    /// The id is taken.
    Exists,
    /// The request makes no sense for this session, or is malformed.
    Invalid,
    /// The program could not be started.
    Exec,
    /// No PTY, descriptor, process or memory is left.
    Exhausted,
    /// The keeper has sessions, or the session is not ended.
    Busy,
    /// The kernel refused.
    System,
    /// A kind that this build does not know.
    #[serde(other)]
    Other,
}

/// What happened without being asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A client attached.
    Attached {
        /// The session.
        session: SessionId,
        /// The connection.
        connection: ConnectionId,
        /// Process id of the client.
        pid: u32,
    },
    /// A client is gone.
    Detached {
        /// The session.
        session: SessionId,
        /// The connection.
        connection: ConnectionId,
    },
    /// The session's terminal has a new size.
    Resized {
        /// The session.
        session: SessionId,
        /// The size.
        size: TerminalSize,
    },
    /// A user answered a notice.
    Answered {
        /// The session.
        session: SessionId,
        /// The connection.
        connection: ConnectionId,
        /// JSON from the client.
        answer: String,
    },
    /// The session's first process ended and all its output is in the ring. The session is kept
    /// until [`Verb::Collect`].
    Exited {
        /// The session.
        session: SessionId,
        /// How.
        status: ExitStatus,
    },
    /// The kill ladder has come to this rung.
    Stepped {
        /// The session.
        session: SessionId,
        /// Signal of the rung.
        signal: u8,
    },
    /// Nothing of the session lives any more; or what does cannot be killed.
    Emptied {
        /// The session.
        session: SessionId,
        /// Signal of the rung that did it; 0 if nothing lived.
        signal: u8,
        /// How many processes of other users are left that the keeper has no right to kill.
        left: u32,
    },
    /// The keeper's program was replaced.
    Upgraded {
        /// Version of the new program.
        program: String,
    },
    /// The keeper could not be upgraded, and runs on as it was.
    UpgradeFailed {
        /// Why.
        reason: String,
    },
}

impl Event {
    /// The session that it is about.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Attached { session, .. }
            | Self::Detached { session, .. }
            | Self::Resized { session, .. }
            | Self::Answered { session, .. }
            | Self::Exited { session, .. }
            | Self::Stepped { session, .. }
            | Self::Emptied { session, .. } => Some(*session),
            Self::Upgraded { .. } | Self::UpgradeFailed { .. } => None,
        }
    }
}
