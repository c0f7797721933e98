//! The host: one for each user and machine. It decides; the keeper keeps.
//!
//! ```text
//!   clients ──HTTP──▶ http ──▶ access (may they?) ──▶ engine ──▶ keeper port ──▶ keeper process
//!                      │                               │  ▲                          │
//!                      └──▶ audit (a thread)           │  └──── keeper driver ◀──────┘
//!                                                      └──▶ changes (server-sent events)
//! ```
//!
//! One thread runs everything but the audit trail's database. The engine holds all state behind
//! one lock; a keeper that dies is replaced by the driver, which hands all sessions over.

mod access;
mod activity;
mod args;
mod audit;
mod certificate;
mod clock;
pub mod config;
mod elsewhere;
mod engine;
mod failure;
pub mod gateway;
mod http;
mod keeper;
mod log;
mod looks;
mod meta;
mod numbering;
mod people;
mod problems;
mod process;
mod publish;
mod remoting;
mod roll;
mod rows;
mod run;
mod screen;
pub mod shell;
mod sources;
mod systemd;
mod trust;
mod users;
mod workers;

use std::ffi::OsString;
use std::process::ExitCode;

pub use http::requests::oracle;
pub use screen::painter::main as painter;
pub use users::{UsersError, set_password};
pub use winsta_sources::desktop::agent::main as desktop;

/// Runs a host until it is no longer needed: `winsta host run [--daemon] [--ready-fd 1]`.
///
/// `args` are those behind `run`. With `--ready-fd 1` one line is written to standard output:
/// `ready` when the socket answers, or why there will be no host; then the output is closed.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match args::Args::parse(args) {
        Ok(args) => args,
        Err(error) => return give_up(&error, false),
    };
    let to_output = args.ready;
    let prepared = match run::prepare(args) {
        Ok(prepared) => prepared,
        Err(error) => return give_up(&error, to_output),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return give_up(&error, to_output),
    };
    let mut announced = false;
    let lived = runtime.block_on(run::live(prepared, || {
        announced = true;
        if to_output {
            // Whoever waited may have gone.
            let _ = process::announce("ready\n");
        }
    }));
    match lived {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => give_up(&error, to_output && !announced),
    }
}

/// Says why there is no host, to whoever waits for one.
fn give_up(error: &(dyn std::error::Error + 'static), to_output: bool) -> ExitCode {
    let words = failure::in_words(error);
    tracing::error!("{words}");
    if to_output {
        let _ = process::announce(&format!("{words}\n"));
    } else {
        #[expect(
            clippy::print_stderr,
            reason = "a host in the foreground has no other voice"
        )]
        {
            eprintln!("winsta host: {words}");
        }
    }
    ExitCode::FAILURE
}
