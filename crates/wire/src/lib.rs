//! What a keeper says and hears on its socket.
//!
//! A connection opens with a [`Hello`] that says what it is for:
//!
//! * **control** — the host: [`Request`]s with [`Reply`]s, and [`Event`]s that nobody asked for;
//! * **attach** — a client with a ticket that the host gave it: keystrokes in, output out.
//!
//! Everything travels in frames ([`frame`]); small messages are JSON, so that a host and a keeper
//! of different versions understand each other, and bytes of programs travel raw. This crate
//! does no I/O.
//!
//! Beside that, what the gateway says to root's helper that checks passwords ([`claim`]).

pub mod attach;
pub mod claim;
pub mod control;
pub mod frame;
pub mod hello;
pub mod notice;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
pub mod session;

pub use attach::{AttachMode, ClientMessage, CloseReason, KeeperMessage, Output, SnapshotInfo};
pub use claim::{Claim, RecordError, Shown, Verdict};
pub use control::{
    Adopt, Answer, Event, FirstPermit, LineSettings, Member, Refusal, RefusalKind, Reply, Request,
    Signalled, Spawn, Step, Verb,
};
pub use frame::{Decoder, Frame, FrameError, Kind};
pub use hello::{Hello, Ticket, VERSIONS, Versions, Welcome};
pub use notice::{Notice, NoticeAnswer};
pub use session::{
    Buffering, Conduit, ConnectionReport, RingReport, SessionReport, SizeMark, Stream,
};
