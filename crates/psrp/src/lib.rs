//! PowerShell remoting ([MS-PSRP]) without its transport.
//!
//! Bytes in, messages and actions out: this crate does no I/O and reads no clock. From the bottom:
//!
//! * [`clixml`]: values and the XML that they travel as;
//! * [`message`]: what two sides say to each other;
//! * [`fragment`]: messages cut into pieces that fit a transport;
//! * [`crypto`]: the session's key and secure strings;
//! * [`server`] and [`client`]: the machines of the two sides;
//! * [`packet`] and [`bridge`]: an engine that speaks all of this itself, and what is between it and
//!   its clients.

pub mod bridge;
mod channel;
pub mod client;
pub mod clixml;
pub mod crypto;
pub mod fragment;
mod ids;
pub mod message;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
pub mod packet;
pub mod server;

pub use channel::{ProtocolError, Sizes, Stream};
pub use ids::{CallId, PipelineId, PoolId};
