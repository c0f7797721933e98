//! What a session is: identities, names, sizes, states and the transitions between them.
//!
//! This crate does no I/O and reads no clock. Everything here is a value or a decision about
//! values, so every rule of the system can be tested without a process, a socket or a second.

pub mod exit;
pub mod guard;
pub mod ids;
pub mod name;
pub mod quota;
pub mod session;
pub mod size;
pub mod state;
pub mod time;

pub use exit::ExitStatus;
pub use ids::{ConnectionId, Incarnation, SessionId};
pub use name::{ConnectionName, Label, NameError};
pub use size::{SizeError, TerminalSize};
pub use state::State;
pub use time::Timestamp;
