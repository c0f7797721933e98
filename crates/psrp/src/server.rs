//! The server's side: a runspace pool and its pipelines.
//!
//! [`RunspacePool`] and [`Pipeline`] are machines without I/O, one for the shell and one for each
//! command of the transport. For both:
//!
//! 1. `handle` takes bytes that the transport brought, `poll_event` tells what they mean;
//! 2. methods named after messages say something to the client;
//! 3. `take` gives fragments for the transport to bring to the client.
//!
//! What has to outlive the process is in `snapshot`, and `restore` goes on from there. A snapshot
//! changes only when an event was told or a call was made, never by output, and what was in the
//! machine's outbox or half-way into it is not part of it: the host keeps the bytes that are not
//! delivered, and answers the transport only once a message was handled.

mod pipeline;
mod pool;
mod snapshot;

pub use pipeline::{Pipeline, PipelineEvent};
pub use pool::{PoolConfig, PoolEvent, RunspacePool};
pub use snapshot::{PipelineSnapshot, PoolSnapshot};
