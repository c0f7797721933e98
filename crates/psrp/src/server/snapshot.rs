//! What of a pool and its pipelines outlives the process that serves them.

use serde::{Deserialize, Serialize};

use crate::crypto::SessionKey;
use crate::ids::{PipelineId, PoolId};
use crate::message::SessionCapability;

/// A pool, as [`RunspacePool::restore`](super::RunspacePool::restore) takes it back.
///
/// The session's key is part of it on purpose: the client has it and does not ask again, so a
/// server that lost it could read none of its secure strings. Keep a snapshot where only the
/// session's own user can read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolSnapshot {
    /// The pool.
    pub id: PoolId,
    /// How often it was taken back before: object numbers are counted from there.
    pub incarnation: u32,
    /// How it stands, as the protocol numbers that.
    pub state: i32,
    /// What the client speaks, once it has said so.
    pub client: Option<SessionCapability>,
    /// Runspaces that there are at least.
    pub min_runspaces: i32,
    /// Runspaces that there are at most.
    pub max_runspaces: i32,
    /// The client's host, as CLIXML.
    pub host_info: String,
    /// The number of the next host call.
    pub next_call: i64,
    /// The session's key, once the client has it.
    pub key: Option<SessionKey>,
}

/// A pipeline, as [`Pipeline::restore`](super::Pipeline::restore) takes it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineSnapshot {
    /// The pipeline.
    pub id: PipelineId,
    /// How it stands, as the protocol numbers that.
    pub state: i32,
    /// Whether no more input comes.
    pub input_ended: bool,
    /// The number of the next host call.
    pub next_call: i64,
}
