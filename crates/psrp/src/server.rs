//! The server's side: a runspace pool and its pipelines.
//!
//! [`RunspacePool`] and [`Pipeline`] are machines without I/O, one for the shell and one for each
//! command of the transport. For both:
//!
//! 1. `handle` takes bytes that the transport brought, `poll_event` tells what they mean;
//! 2. methods named after messages say something to the client;
//! 3. `take` gives fragments for the transport to bring to the client.
//!
//! ```
//! # use winsta_psrp::{PipelineId, PoolId, Stream, client};
//! # use winsta_psrp::message::{CreatePipeline, PowerShell};
//! use winsta_psrp::server::{Pipeline, PipelineEvent, PoolConfig, PoolEvent, RunspacePool};
//!
//! # let mut peer = client::RunspacePool::new(PoolId(uuid::Uuid::max()), Default::default());
//! # peer.open();
//! # let creation_xml = peer.take(Stream::Default, usize::MAX).unwrap();
//! # let id = PipelineId(uuid::Uuid::max());
//! # let create = CreatePipeline::new(PowerShell::script("uptime"));
//! # let mut command = client::Pipeline::create(&peer, id, create);
//! # let argument = command.take(Stream::Default, usize::MAX).unwrap();
//! let mut pool = RunspacePool::new(PoolConfig::default());
//! pool.handle(Stream::Default, &creation_xml)?;
//! if let Some(PoolEvent::Opening(_)) = pool.poll_event() {
//!     pool.open();
//! }
//! # peer.handle(&pool.take(usize::MAX).unwrap())?;
//!
//! let mut pipeline = Pipeline::new(&pool, id);
//! pipeline.handle(Stream::Default, &argument)?;
//! if let Some(PipelineEvent::Created(create)) = pipeline.poll_event() {
//!     assert_eq!(create.script.statements[0][0].text, "uptime");
//!     pipeline.output_text("14:00:00 up 8:25");
//!     pipeline.complete();
//! }
//! let to_send = pipeline.take(150_000);
//! # assert!(to_send.is_some());
//! # Ok::<(), winsta_psrp::ProtocolError>(())
//! ```
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
