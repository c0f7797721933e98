//! Output that is followed while what passes it on is killed and replaced.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::Signal;
use winsta_api::NewSession;
use winsta_domain::SessionId;
use winsta_tests::desk::Desk;
use winsta_tests::numbered::{self, Lines};
use winsta_tests::patience::until;
use winsta_tests::process::{holder_of, murder, signal};

/// `winsta read ID --follow`, and what it has printed.
struct Follower {
    child: Child,
    lines: Arc<Mutex<Lines>>,
    reading: JoinHandle<()>,
}

impl Follower {
    fn of(desk: &Desk, id: u32) -> Self {
        let mut child = desk
            .command(&["read", &id.to_string(), "--follow"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut out = child.stdout.take().expect("a pipe");
        let lines = Arc::new(Mutex::new(Lines::default()));
        let seen = Arc::clone(&lines);
        let reading = std::thread::spawn(move || {
            let mut part = [0; 4_096];
            loop {
                match out.read(&mut part).expect("a pipe can be read") {
                    0 => return,
                    count => seen.lock().expect("lines in order").push(&part[..count]),
                }
            }
        });
        Self {
            child,
            lines,
            reading,
        }
    }

    fn count(&self) -> u64 {
        self.lines
            .lock()
            .expect("no line is lost or doubled")
            .count()
    }

    /// Waits until it has printed lines that were not there a moment ago.
    fn goes_on(&self) {
        let before = self.count();
        until("more lines", || (self.count() > before + 2).then_some(()));
    }
}

#[test]
fn following_outlives_hosts_and_keepers_and_neither_loses_nor_doubles_a_byte() {
    let desk = Desk::new();
    let host = desk.host();
    let session = host.new_session(&numbered::writer("w")).expect("it starts");
    let mut follower = Follower::of(&desk, session.id);
    follower.goes_on();
    for _ in 0..2 {
        let victim = holder_of(&desk.dirs().host_lock()).expect("a host");
        murder(&[victim]);
        follower.goes_on();
        desk.run(&["host", "upgrade"]).done();
        follower.goes_on();
    }
    let keeper = desk.host().status().expect("a status").keeper_pid;
    murder(&[keeper.expect("a keeper")]);
    follower.goes_on();
    // Nobody is sent away who only reads.
    desk.run(&["tsdiscon", &session.id.to_string()]).done();
    follower.goes_on();

    let host = desk.host();
    let id = SessionId(session.id);
    host.input(id, b"last\nend\n").expect("it takes input");
    assert_eq!(follower.child.wait().expect("it ends").code(), Some(0));
    follower.reading.join().expect("every line is in order");
    let lines = follower.lines.lock().expect("lines in order");
    assert_eq!(lines.heard.get("last"), Some(&1));
}

#[test]
fn a_follower_that_is_overtaken_is_told_how_much_it_missed() {
    let desk = Desk::new();
    let host = desk.host();
    let script = "echo begun; read x; seq 1 400000; echo done; read x";
    let flood = NewSession {
        buffer_bytes: Some(64 << 10),
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        ..NewSession::default()
    };
    let session = host.new_session(&flood).expect("it starts");
    let id = session.id.to_string();
    let mut follower = desk
        .command(&["read", &id, "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut out = BufReader::new(follower.stdout.take().expect("a pipe"));
    let mut first = String::new();
    out.read_line(&mut first).expect("a pipe can be read");
    assert_eq!(first, "begun\r\n");
    signal(follower.id(), Signal::STOP);
    desk.run(&["send", &id, "--enter", "go"]).done();
    desk.wait_screen(&id, "done");
    let printed = host.line(SessionId(session.id)).expect("a line").total;
    signal(follower.id(), Signal::CONT);
    let mut rest = vec![0; 6];
    let mut tail = Vec::new();
    let mut count = first.len() as u64;
    // "done" comes last; what the terminal echoes of the next line comes after this was counted.
    while !tail.ends_with(b"done\r\n") {
        let read = out.read(&mut rest).expect("a pipe can be read");
        assert!(read > 0, "it ends before its session does");
        count += read as u64;
        tail.extend_from_slice(&rest[..read]);
        tail.drain(..tail.len().saturating_sub(6));
    }
    desk.run(&["send", &id, "--enter", "go"]).done();
    let mut last = Vec::new();
    out.read_to_end(&mut last).expect("a pipe can be read");
    let mut said = String::new();
    let mut err = follower.stderr.take().expect("a pipe");
    err.read_to_string(&mut said).expect("text");
    assert!(follower.wait().expect("it ends").success());
    let missed: u64 = said
        .lines()
        .map(|line| {
            let line = line.strip_prefix("winsta: ").expect("its own words");
            let (number, words) = line.split_once(' ').expect("a number");
            assert!(words.ends_with("on are no longer kept"), "{line}");
            number.parse::<u64>().expect("a number")
        })
        .sum();
    assert!(missed > 0);
    assert_eq!(count + missed, printed, "{said}");
}
