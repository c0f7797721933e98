//! The smallest program that hosts sessions: host and keeper, and no tools.
//!
//! `minimal host run` is a host, which starts `minimal keeper` by itself. The tests use it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match args.next().as_deref().and_then(|word| word.to_str()) {
        Some("keeper") => winsta_keeper::main(args),
        Some("host") => winsta_host::run(args.skip(1)),
        _ => ExitCode::from(2),
    }
}
