//! The client's side: a runspace pool and its pipelines.
//!
//! [`RunspacePool`] and [`Pipeline`] are machines without I/O, one for the shell and one for each
//! command of the transport. For both:
//!
//! 1. methods named after what is wanted say it to the server;
//! 2. `take` gives fragments for the transport to bring to the server, in the stream that they
//!    belong in;
//! 3. `handle` takes bytes that the transport brought, `poll_event` tells what they mean.
//!
//! Opening over WS-Management: what the pool has to say first is the shell's `creationXml`, what a
//! pipeline has to say first is its command's argument; what does not fit is sent. Connecting:
//! [`RunspacePool::connect`] gives `connectXml`, and [`RunspacePool::connected`] takes
//! `connectResponseXml`.

mod pipeline;
mod pool;

pub use pipeline::{Pipeline, PipelineEvent};
pub use pool::{PoolEvent, PoolOptions, RunspacePool};
