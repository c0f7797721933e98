//! What one program leaves to the next: the keeper's memory as JSON, descriptors by their numbers.

use std::io::{self, Read};
use std::os::fd::RawFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use winsta_domain::{ConnectionId, ExitStatus, SessionId, TerminalSize, Timestamp};
use winsta_wire::{AttachMode, Buffering, Conduit, SizeMark, Step, Stream, Ticket};

use crate::conn::ConnKey;
use crate::tickets::Permit;

/// Number of the first version of [`State`]; fields are only ever added.
pub(super) const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) format: u32,
    pub(super) folder: PathBuf,
    pub(super) listener: RawFd,
    /// `None` where the service manager sees to it that there is one keeper.
    #[serde(default)]
    pub(super) lock: Option<RawFd>,
    pub(super) ledger: RawFd,
    pub(super) soft_files: u64,
    pub(super) tree: Option<PathBuf>,
    pub(super) next_conn: ConnKey,
    pub(super) control: Option<ConnKey>,
    pub(super) sessions: Vec<SavedSession>,
    pub(super) conns: Vec<SavedConn>,
    #[serde(default)]
    pub(super) tickets: Vec<(Ticket, Permit)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the session's own"
)]
pub(super) struct SavedSession {
    pub(super) id: SessionId,
    pub(super) row: u32,
    pub(super) leader: i32,
    pub(super) pidfd: RawFd,
    pub(super) child: bool,
    pub(super) cgroup: Option<PathBuf>,
    pub(super) conduit: Conduit,
    pub(super) device: Option<String>,
    pub(super) master: Option<RawFd>,
    pub(super) stdin: Option<RawFd>,
    pub(super) flows: Vec<SavedFlow>,
    pub(super) marks: Vec<SizeMark>,
    /// Size of the terminal when no output had been folded yet.
    pub(super) picture_size: Option<TerminalSize>,
    pub(super) input: Vec<u8>,
    #[serde(default)]
    pub(super) written: Option<u64>,
    pub(super) close_input: bool,
    pub(super) buffering: Buffering,
    pub(super) started: Timestamp,
    pub(super) meta: String,
    pub(super) exit: Option<ExitStatus>,
    pub(super) finished: bool,
    pub(super) collected: bool,
    pub(super) ladder: Option<Vec<Step>>,
    pub(super) clients: Vec<ConnKey>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedFlow {
    pub(super) ring: RawFd,
    pub(super) pipe: Option<RawFd>,
    pub(super) open: bool,
    pub(super) acknowledged: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedConn {
    pub(super) key: ConnKey,
    pub(super) socket: RawFd,
    pub(super) pid: u32,
    #[serde(default = "nobody")]
    pub(super) uid: u32,
    pub(super) unread: Vec<u8>,
    pub(super) unsent: Vec<u8>,
    /// Descriptors that came and that no request has taken yet.
    #[serde(default)]
    pub(super) received: Vec<RawFd>,
    /// Descriptors that go with the byte of `unsent` at this offset.
    #[serde(default)]
    pub(super) parcels: Vec<(usize, Vec<RawFd>)>,
    pub(super) closing: bool,
    pub(super) stuffed: bool,
    pub(super) attached: Option<SavedClient>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SavedClient {
    pub(super) session: SessionId,
    pub(super) connection: ConnectionId,
    pub(super) mode: AttachMode,
    pub(super) stream: Stream,
    pub(super) pictured: bool,
    pub(super) cursor: u64,
    pub(super) held: bool,
    pub(super) size: Option<TerminalSize>,
    pub(super) since: Timestamp,
    pub(super) note: String,
}

/// A user whom nobody is.
fn nobody() -> u32 {
    u32::MAX
}

/// Reads a state that an earlier or the same version wrote.
pub(super) fn read_state(source: impl Read) -> io::Result<State> {
    let state: State = serde_json::from_reader(io::BufReader::new(source))?;
    if state.format != FORMAT {
        let message = format!("state format {} is not known, only {FORMAT}", state.format);
        return Err(io::Error::other(message));
    }
    Ok(state)
}
