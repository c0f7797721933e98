//! The program `winsta`.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else is set up: a keeper lives long and shall be small.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == "keeper")
    {
        return winsta_keeper::main(std::env::args_os().skip(2));
    }
    winsta_cli::main()
}
