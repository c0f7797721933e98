//! The command line of Winsta: grammar, tables, and the tools, each a few calls to a host.
//!
//! A command line is read in three steps. `tools` finds the tool by its words or by the name of
//! the link that was called, so that only this tool's grammar is built; `grammar::normalise` turns
//! the switches of Windows' tools into options; clap does the rest. What comes out is carried out
//! by the module of the same name in `run`.

mod cmdlets;
mod dispatch;
mod grammar;
pub mod oracle;
mod output;
mod report;
mod run;
mod table;
mod tools;

use std::process::ExitCode;

/// Runs the program with the words that it was called with.
pub fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    if argv.get(1).is_some_and(|role| role == "keeper") {
        return winsta_keeper::main(argv.into_iter().skip(2));
    }
    // The host's eye on one desktop, run as the desktop's user.
    if argv.get(1).is_some_and(|role| role == "desktop") {
        return winsta_host::desktop();
    }
    // Rebuilds a session's screen, run as the session's user.
    if argv.get(1).is_some_and(|role| role == "painter") {
        return winsta_host::painter();
    }
    // Leads clients from the network to users' own hosts, each step as another user.
    match argv.get(1).and_then(|role| role.to_str()) {
        // With more words it is a tool.
        Some("gateway") if argv.len() == 2 => return winsta_host::gateway::main(),
        Some("authenticate") => return winsta_host::gateway::authenticate(),
        Some("remote") => return winsta_host::gateway::remote(),
        _ => {}
    }
    // Holds PSSessions between commands.
    if argv.get(1).is_some_and(|role| role == "agent") {
        return cmdlets::agent_main();
    }
    match dispatch::run(argv) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit.into()
        }
    }
}
