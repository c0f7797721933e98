//! What a session is: identities, names, sizes, states and the transitions between them.
//!
//! This crate does no I/O and reads no clock. Everything here is a value or a decision about
//! values, so every rule of the system can be tested without a process, a socket or a second.

pub mod brief;
pub mod endpoint;
pub mod exit;
pub mod glob;
pub mod guard;
pub mod ids;
pub mod machine;
pub mod name;
pub mod quota;
pub mod reconnection;
pub mod select;
pub mod session;
pub mod shell;
pub mod size;
pub mod span;
pub mod state;
pub mod time;

pub use brief::brief;
pub use endpoint::{Endpoint, EndpointError};
pub use exit::ExitStatus;
pub use glob::Glob;
pub use ids::{ConnectionId, Incarnation, SessionId};
pub use machine::{MachineError, MachineName};
pub use name::{ConnectionName, Label, NameError};
pub use reconnection::Reconnection;
pub use size::{SizeError, TerminalSize};
pub use span::{Span, SpanError};
pub use state::State;
pub use time::Timestamp;
