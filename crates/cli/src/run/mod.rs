//! Carries the tools out.

mod answers;
mod attach;
mod audit;
mod bulk;
mod connect;
mod dial_stdio;
mod doctor;
mod end;
mod find;
mod fleet;
mod generate;
mod host;
mod keys;
mod known;
pub(crate) mod links;
mod login;
mod msg;
mod new;
mod query;
mod query_process;
mod query_termserver;
mod reach;
mod stream;
mod survey;
mod switch;
mod targets;
mod tskill;
