//! Hosts of ours that serve WS-Management on loopback, for a user `ann` whose password is `secret`.

use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::place::{Place, argv};
use crate::workspace;

/// How long a host may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program.
pub(crate) fn binary() -> String {
    let path = workspace::root().join("target/release/winsta");
    path.display().to_string()
}

/// A file of users in `place`, with its one user.
pub(crate) fn users(place: &Place) -> Result<String> {
    let file = place.path("users").display().to_string();
    let set = format!(
        "printf 'secret\\nsecret\\n' | {} passwd {file} ann",
        binary()
    );
    place.output(&argv(["/bin/sh", "-c", set.as_str()]))?;
    Ok(file)
}

/// Starts a host in `place` that serves at `port`.
pub(crate) fn serve(place: &Place, port: u16, users: &str) -> Result<Child> {
    let (program, url) = (binary(), format!("http://127.0.0.1:{port}"));
    let words = ["host", "run", "--wsman", &url, "--users", users];
    let line = argv([program.as_str()].into_iter().chain(words));
    let child = place.command(&line)?.stdout(Stdio::null()).spawn();
    child.context("cannot start a host")
}

/// Waits until the host at `port` answers.
pub(crate) fn await_answer(port: u16) -> Result<()> {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(begun.elapsed() < PATIENCE, "a host does not answer");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
