//! What the program makes: links, pages, completions; and how it stops when nobody reads.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::fake::{Fake, session};
use super::host;

#[test]
fn links_are_the_tools() {
    let host = host();
    let dir = host.folder().join("bin");
    let made = host.run(&["install-links", dir.to_str().unwrap()]);
    assert_eq!(made.status, 0, "{}", made.err);
    for name in [
        "qwinsta", "rwinsta", "quser", "qprocess", "tsdiscon", "tscon", "tskill", "logoff", "msg",
        "shadow", "query", "reset",
    ] {
        let output = Command::new(dir.join(name)).arg("/?").output().unwrap();
        assert!(output.status.success(), "{name}");
        assert!(!output.stdout.is_empty(), "{name}");
    }
    let output = Command::new(dir.join("qwinsta"))
        .arg("JOBSS")
        .env("WINSTA_RUNTIME_DIR", host.folder())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let many: Vec<Value> = (1..2_000)
        .map(|id| session(id, None, Some("bob"), "Disconnected"))
        .collect();
    let host = Fake::with_sessions(&many);
    let mut child = host
        .command(&["query", "session"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn pages_and_completions_are_made() {
    let host = host();
    let dir = host.folder().join("man");
    assert_eq!(host.run(&["man", dir.to_str().unwrap()]).status, 0);
    let page = std::fs::read_to_string(dir.join("winsta-query-session.1")).unwrap();
    assert!(page.contains(".TH winsta-query-session 1"), "{page}");
    assert!(page.contains("Exit status"), "{page}");
    let link = std::fs::read_to_string(dir.join("qwinsta.1")).unwrap();
    assert_eq!(link, ".so man1/winsta-query-session.1\n");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = host.run(&["completions", shell]);
        assert!(script.out.contains("idle-over"), "{shell}");
    }
    assert_eq!(host.run(&["completions", "bash", "nonsense"]).status, 2);
}
