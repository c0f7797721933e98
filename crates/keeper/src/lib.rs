//! The keeper: one small process a user that holds the terminals, pipes, processes and output of
//! the user's sessions, so that none of them depends on the host's life.
//!
//! It decides nothing: what to start, who may attach and when a session ends is the host's
//! business, told over the socket in the words of [`winsta_wire`]. It parses no data of programs
//! while they flow, only folds older output into a model of the screen (`picture`).

mod adopt;
mod attachment;
mod birth;
mod cgroup;
mod conn;
mod control;
mod ending;
mod environment;
mod flow;
mod home;
mod keepsakes;
mod ladder;
mod ledger;
mod log;
mod members;
mod nursery;
mod outbox;
mod output;
mod picture;
mod processes;
mod pty;
mod refuse;
mod ring;
mod server;
mod session;
mod socket;
mod start;
mod store;
mod sys;
mod tickets;
mod upgrade;
mod waits;

use std::ffi::OsString;
use std::process::ExitCode;

/// Has this process's allocator give large blocks back to the kernel once they are freed. For the
/// host, which is called before it has threads; it is here because no other crate may be `unsafe`.
pub fn give_memory_back() {
    sys::memory::give_back();
}

/// What `winsta keeper` does with its arguments:
///
/// * `--dir DIR [--ready-fd N]`: be the keeper of this runtime folder until told to end; a byte
///   is written to descriptor `N` when the socket answers. Exit status 3: the folder has a keeper
///   already.
/// * `--unit`: be the keeper of this process's user, started by the service manager, which hands
///   over the listening socket and keeps the sessions' descriptors.
/// * `--dir DIR --resume N`, `--unit --resume N`: carry on from the state in descriptor `N` (internal, see
///   [`Verb::Upgrade`](winsta_wire::Verb)).
/// * `--trial`: say whether the state on standard input could be carried on from (internal).
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match start::Arguments::parse(arguments).and_then(start::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(start::Failure::Taken) => ExitCode::from(3),
        Err(failure) => {
            log::say(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}
