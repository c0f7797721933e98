//! Winsta.
use std::process::ExitCode;
fn main() -> ExitCode {
    winsta_keeper::main(std::env::args_os().skip(2))
}
