//! The agent: holds sessions, their numbers and credentials between commands, in memory only.
//!
//! One runs for each user, begins with the first command that needs it and ends with its last
//! session. A command connects to its socket, asks in lines of JSON ([`Ask`]) and is told in lines
//! of JSON ([`Tell`]).

mod act;
mod book;
mod carry;
mod client;
mod connection;
mod entry;
mod heart;
mod invoke;
mod jobs;
mod protocol;
mod serve;
mod throttle;
mod verbs;

pub use client::{Agent, AgentError, say};
pub use protocol::{
    AsJob, Ask, Authentication, Failed, Job, JobState, Options, Run, RunIn, Target, Tell, Told,
    Transport, View,
};
pub use serve::{Roads, serve};
