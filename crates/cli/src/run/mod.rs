//! Carries the tools out.

mod answers;
mod attach;
mod audit;
mod bulk;
mod connect;
mod dial_stdio;
mod end;
mod generate;
mod host;
mod keys;
pub(crate) mod links;
mod msg;
mod new;
mod query;
mod query_process;
mod reach;
mod stream;
mod switch;
mod targets;
mod tskill;
