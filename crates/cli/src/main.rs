//! The program `winsta`.

use std::process::ExitCode;

fn main() -> ExitCode {
    winsta_cli::main()
}
