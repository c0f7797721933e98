//! Reaches a host: connects to it, starts it where there is none, and speaks its HTTP interface.
//!
//! [`Host`] is what commands and tests use. It blocks and needs no runtime, because a command
//! that lives for two milliseconds should not spend one of them on threads. How bytes get to the
//! host is a [`Connector`], so that other ways than the local socket fit in.

pub mod attach;
mod calls;
pub mod dirs;
pub mod error;
pub mod events;
pub mod host;
pub mod http;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
pub mod output;
pub mod ssh;
mod start;
pub mod tls;
pub mod transport;

pub use attach::{AttachView, Attached};
pub use dirs::{DirError, Dirs};
pub use error::{Cause, ClientError};
pub use events::Events;
pub use host::{Host, Listing};
pub use output::{Followed, Following, OutputQuery, OutputReader, ScreenQuery};
pub use ssh::{Deadline, SshConnector, SshSettings};
pub use start::{Launch, agent_socket, agent_stream};
pub use transport::{Connection, Connector, Dialled, UnixConnector};
