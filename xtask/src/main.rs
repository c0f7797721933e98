//! Winsta's own chores: `cargo xtask ci` is the gate, `cargo xtask bench` measures against others.

mod bench;
mod ci;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run every check that a change has to pass; stops at the first that fails
    Ci(ci::Options),
    /// Measure Winsta and its peers in one run
    Bench(bench::Options),
    /// Measure asking many machines at once, beside other tools for that
    Fleet(bench::fleet::Options),
    /// Measure CLIXML and PowerShell remoting beside psrpcore
    Codec(bench::codec::Options),
    /// Measure what a host does for clients of WS-Management
    Service(bench::service::Options),
    /// Measure the cmdlets for PSSessions beside pypsrp
    Sessions(bench::sessions::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Ci(options) => ci::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Fleet(options) => bench::fleet::run(&options),
        Chore::Codec(options) => bench::codec::run(&options),
        Chore::Service(options) => bench::service::run(&options),
        Chore::Sessions(options) => bench::sessions::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
