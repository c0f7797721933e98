//! Attaches the present terminal to the keeper's socket that its first argument names, with the
//! ticket that its second argument is. `WINSTA_TEST_PANIC` makes it panic after so many
//! milliseconds, so that a test can see what that does to the terminal.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use winsta_attach::{Options, attach};
use winsta_wire::Ticket;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(socket), Some(ticket)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: bare-attach SOCKET TICKET");
        return ExitCode::from(2);
    };
    if let Some(after) = std::env::var("WINSTA_TEST_PANIC")
        .ok()
        .and_then(|ms| ms.parse().ok())
    {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(after));
            let _ = std::panic::catch_unwind(|| panic!("the test wants a panic"));
            std::process::exit(101);
        });
    }
    match attach(Path::new(&socket), Ticket(ticket), &Options::default()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare-attach: {error}");
            ExitCode::FAILURE
        }
    }
}
