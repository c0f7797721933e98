//! What makes no sense is refused in words that say why, and changes nothing.

use std::fs;
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use serde_json::Value;
use winsta_api::{EndRequest, ErrorCode, Guard, How};
use winsta_domain::SessionId;
use winsta_tests::desk::Desk;
use winsta_tests::keeper::contains;
use winsta_tests::patience::until;
use winsta_tests::process::Life;

/// All sessions, but for what changes by itself.
fn list(desk: &Desk) -> Vec<Value> {
    let mut sessions = desk.sessions();
    for session in &mut sessions {
        session["idle_seconds"] = Value::Null;
    }
    sessions
}

#[test]
fn commands_that_make_no_sense_say_why_and_change_nothing() {
    let desk = Desk::new();
    desk.start("cat");
    let before = list(&desk);
    let long = "x".repeat(10_240);
    let strange = "a\u{1b}[31mb\u{7}";
    let missing = "No session exists for 99";
    let size = "a terminal has 1 to 1000 columns and 1 to 500 rows";
    let cases: &[(&[&str], i32, &str)] = &[
        (&["connect", "99"], 1, missing),
        (&["tscon", "99"], 1, missing),
        (&["tsdiscon", "99"], 1, missing),
        (&["reset", "session", "99"], 1, missing),
        (&["logoff", "99"], 1, missing),
        (&["send", "99", "x"], 1, missing),
        (&["screen", "99"], 1, missing),
        (&["read", "99"], 1, missing),
        (&["wait", "99"], 1, missing),
        (&["shadow", "99"], 1, missing),
        (&["msg", "99", "x"], 1, missing),
        (&["query", "session", "99"], 1, missing),
        (
            &["logoff", "4294967296"],
            1,
            "No session exists for 4294967296",
        ),
        (&["logoff", "65536"], 4, "a listener is no session"),
        (&["tskill", "1", "/ID:1"], 1, "No Process exists for 1"),
        (&["logoff", strange], 1, "No session exists for a"),
        (&["logoff", &long], 1, "No session exists for xxx"),
        (
            &["new", "-d", "-n", strange, "--", "cat"],
            2,
            "control characters (found U+001B)",
        ),
        (
            &["new", "-d", "-n", &long, "--", "cat"],
            2,
            "at most 64 characters",
        ),
        (
            &["new", "-d", "-n", "", "--", "cat"],
            2,
            "must not be empty",
        ),
        (&["new", "-d", "--size", &long, "--", "cat"], 2, "xxx"),
        (&["new", &format!("--{long}")], 2, "unexpected argument"),
        (&[&long], 2, "unrecognized subcommand"),
        (&["query", &long], 2, "there is no 'xxx"),
        (&["read", &long], 1, "No session exists for xxx"),
        (&["new", "-d", "--size", "0x0", "--", "cat"], 2, size),
        (
            &["new", "-d", "--size", "10000x10000", "--", "cat"],
            2,
            size,
        ),
        (&["new", "-d", "--", "/no/such/program"], 3, "No such file"),
    ];
    for (words, status, wanted) in cases {
        let ran = desk.run(words);
        let first = words.join(" ").chars().take(60).collect::<String>();
        assert_eq!(
            (ran.status, ran.out.as_str()),
            (*status, ""),
            "{first}: {}",
            ran.err
        );
        assert!(ran.err.contains(wanted), "{first}: {}", ran.err);
        let unsafe_to_show = ran.err.chars().any(|c| c.is_control() && c != '\n');
        assert!(!unsafe_to_show, "{first}: {:?}", ran.err);
        let length = ran.err.chars().count();
        assert!(length < 1_000, "{first}: {length} characters");
        assert_eq!(list(&desk), before, "{first}");
    }
}

#[test]
fn a_number_of_an_earlier_life_does_not_hit_the_session_that_has_it_now() {
    let desk = Desk::new();
    let id = SessionId(desk.start("cat").parse().expect("a number"));
    let host = desk.host();
    let listing = host.sessions().expect("a list");
    let listed = listing.sessions.iter().find(|s| s.id == id.0);
    let old = listing.guard(listed.expect("it is listed"));
    let first = Life::of(host.status().expect("a status").pid).expect("it lives");
    desk.run(&["host", "stop", "--force"]).done();
    until("the first host's end", || (!first.lives()).then_some(()));
    // As after a restart of the machine: numbers begin anew.
    fs::remove_dir_all(desk.folder().join("run")).expect("a folder");
    assert_eq!(desk.start("cat"), id.to_string());
    let before = list(&desk);
    let host = desk.host();
    let same_life = Guard {
        incarnation: host.status().expect("a status").incarnation,
        ..old.clone()
    };
    for guard in [old, same_life] {
        let request = EndRequest {
            how: How::Reset,
            guard: guard.clone(),
            warn: None,
        };
        let refused = host.end(id, &request).expect_err("another session");
        assert_eq!(
            refused.code(),
            Some(ErrorCode::Stale),
            "{}",
            refused.reasons()
        );
        let refused = host.disconnect(id, &guard).expect_err("another session");
        assert_eq!(
            refused.code(),
            Some(ErrorCode::Stale),
            "{}",
            refused.reasons()
        );
    }
    assert_eq!(list(&desk), before);
}

#[test]
fn a_socket_that_is_none_is_replaced_or_named() {
    for name in ["host.sock", "keeper.sock"] {
        let desk = Desk::new();
        let run = desk.folder().join("run");
        let mut folder = fs::DirBuilder::new();
        folder.mode(0o700).create(&run).expect("a folder");
        fs::write(run.join(name), "no socket").expect("a file");
        desk.run(&["query", "session"]).done();
        desk.run(&["host", "stop", "--force"]).done();

        // What may be somebody's is not removed.
        let _ = fs::remove_file(run.join(name));
        folder.create(run.join(name)).expect("a folder");
        let ran = desk.run(&["query", "session"]);
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{ran:?}");
        let mut said = ran.err;
        if said.contains("keeper.log") {
            said = fs::read_to_string(run.join("keeper.log")).expect("a log");
        }
        assert!(said.contains("Is a directory"), "{name}: {said}");
        fs::remove_dir(run.join(name)).expect("it is still there");
        desk.run(&["query", "session"]).done();
    }
}

#[test]
fn a_terminal_without_a_size_counts_as_80_by_24() {
    let desk = Desk::new();
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).expect("a terminal");
    unlockpt(&master).expect("a terminal");
    let terminal = || Stdio::from(ioctl_tiocgptpeer(&master, flags).expect("a terminal"));
    // A terminal that nobody has given a size says 0x0.
    let mut client = desk
        .command(&["new", "--", "sh", "-c", "stty size; echo done"])
        .env("TERM", "xterm")
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal())
        .spawn()
        .expect("the program runs");
    let mut screen = fs::File::from(master);
    let mut seen = Vec::new();
    let mut part = [0; 4_096];
    while !contains(&seen, b"done") {
        let count = screen
            .read(&mut part)
            .expect("the client shows its session");
        seen.extend_from_slice(&part[..count]);
    }
    assert!(
        contains(&seen, b"24 80"),
        "{}",
        String::from_utf8_lossy(&seen)
    );
    // Drained, so that the client can put its terminal in order and end.
    let drain = std::thread::spawn(move || {
        let _ = screen.read_to_end(&mut Vec::new());
    });
    assert!(client.wait().expect("it ends").success());
    drain.join().expect("it drains");
}
