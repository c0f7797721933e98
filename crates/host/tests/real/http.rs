//! The interface as strangers and careless clients see it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what fails in a test's own means fails the test"
)]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::rig::{Rig, id, shell};
use winsta_wire::{Decoder, Kind, Welcome};

fn connect(rig: &Rig) -> UnixStream {
    let stream = UnixStream::connect(rig.dirs.host_socket()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Sends raw bytes and gives the status code and the whole answer.
fn ask(rig: &Rig, request: &[u8]) -> (u16, String) {
    let mut stream = connect(rig);
    // A host that refuses early may close before all was sent.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    (
        code.unwrap_or_else(|| panic!("no answer: {answer:?}")),
        answer,
    )
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

#[test]
fn malformed_requests_are_refused() {
    let rig = Rig::new();
    let host = rig.host();
    let long = "x".repeat(10_000);
    let huge = format!("{{\"label\":\"{}\"}}", "x".repeat(300 << 10));
    let get = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").into_bytes()
    };
    for (label, request, code) in [
        ("no http", b"hello\r\n\r\n".to_vec(), 400),
        ("no json", post("/v1/sessions", "what?"), 400),
        ("wrong type", post("/v1/sessions", "{\"label\": 7}"), 400),
        ("too large", post("/v1/sessions", &huge), 400),
        ("no id", get("/v1/sessions/abc"), 400),
        ("long id", get(&format!("/v1/sessions/{long}")), 400),
        (
            "long word",
            post("/v1/sessions", &format!("{{\"buffering\": \"{long}\"}}")),
            400,
        ),
        ("negative id", get("/v1/sessions/-1"), 400),
        ("unknown id", get("/v1/sessions/99"), 404),
        ("unknown route", get("/v1/nonsense"), 404),
        ("unknown method", post("/v1/status", ""), 405),
        ("bad query", get("/v1/audit?limit=many"), 400),
        ("unknown key", get("/v1/sessions?fields=id,colour"), 400),
    ] {
        let (status, answer) = ask(&rig, &request);
        assert_eq!(status, code, "{label}: {answer}");
        assert!(answer.len() < 2_000, "{label}: {} bytes", answer.len());
    }
    assert_eq!(host.status().unwrap().sessions, 0);
}

#[test]
fn a_listing_can_be_kept_to_some_keys() {
    let rig = Rig::new();
    let session = rig.host().new_session(&shell("cat")).unwrap();
    let head = "GET /v1/sessions?fields=state,id HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let (_, answer) = ask(&rig, head.as_bytes());
    let body = answer.rsplit("\r\n").next().unwrap();
    let rows = [
        r#"{"id":0,"state":"Connected"}"#.to_owned(),
        format!(r#"{{"id":{},"state":"Disconnected"}}"#, session.id),
        r#"{"id":65536,"state":"Listen"}"#.to_owned(),
    ];
    assert_eq!(body, format!("[{}]", rows.join(",")));
}

#[test]
fn every_answer_says_what_the_host_is() {
    let rig = Rig::new();
    let host = rig.host();
    let incarnation = host.status().unwrap().incarnation;
    let (_, answer) = ask(&rig, &post("/v1/nonsense", ""));
    assert!(answer.contains("server: winsta/"), "{answer}");
    assert!(answer.contains("winsta-api: v1"), "{answer}");
    assert!(
        answer.contains(&format!("winsta-incarnation: {incarnation}")),
        "{answer}"
    );
}

#[test]
fn clients_that_stop_in_the_middle_hinder_nobody() {
    let rig = Rig::new();
    let host = rig.host();
    let mut stuck = Vec::new();
    for part in [
        "GET /v1/sta",
        "POST /v1/sessions HTTP/1.1\r\nhost: h\r\ncontent-length: 50\r\n\r\n{\"la",
    ] {
        for _ in 0..50 {
            let mut stream = connect(&rig);
            stream.write_all(part.as_bytes()).unwrap();
            stuck.push(stream);
        }
    }
    let session = host.new_session(&shell("exit 0")).unwrap();
    assert_eq!(host.wait(id(&session)).unwrap().exit_code, 0);
}

#[test]
fn who_only_holds_places_makes_room_for_others() {
    let rig = Rig::new();
    let host = rig.host();
    let session = id(&host.new_session(&shell("read line")).unwrap());
    // Whoever waits for an answer keeps their place.
    let mut waiting = connect(&rig);
    let head = format!("GET /v1/sessions/{session}/wait HTTP/1.1\r\nhost: h\r\n\r\n");
    waiting.write_all(head.as_bytes()).unwrap();
    let head = "GET /v1/status HTTP/1.1\r\nhost: h\r\n";
    let body = "POST /v1/sessions HTTP/1.1\r\nhost: h\r\ncontent-length: 50\r\n\r\n{";
    let parts = ["", head, body];
    let stuck: Vec<_> = (0..700)
        .map(|n| {
            let mut stream = connect(&rig);
            // One that was sent away already takes no more.
            let _ = stream.write_all(parts[n % parts.len()].as_bytes());
            stream
        })
        .collect();
    let whole = format!("{head}connection: close\r\n\r\n");
    let (status, answer) = ask(&rig, whole.as_bytes());
    assert_eq!(status, 200, "{answer}");
    let mut first = stuck.first().unwrap();
    let gone = first.read(&mut [0]).unwrap();
    assert_eq!(gone, 0, "the first to come goes first");

    rig.host().input(session, b"\n").unwrap();
    let mut answer = [0; 4_096];
    let count = waiting.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_broken_audit_trail_is_said_and_stops_nobody() {
    let rig = Rig::new();
    rig.dirs.prepare_state().unwrap();
    std::fs::create_dir(rig.dirs.state().join("audit.db")).unwrap();
    let host = rig.host();
    let session = host.new_session(&shell("exit 0")).unwrap();
    assert_eq!(host.wait(id(&session)).unwrap().exit_code, 0);
    // The trail's own answer comes behind the entries that could not be written.
    assert!(host.audit(1).is_err());
    let problems = host.status().unwrap().problems;
    assert!(
        problems.iter().any(|problem| problem.contains("audit")),
        "{problems:?}"
    );
    assert_eq!(host.problems(), problems, "said with every answer");
}

#[test]
fn a_configuration_with_a_mistake_is_said_and_locks_nobody_out() {
    let rig = Rig::with_config("[limit]\nsessions_per_user = 0\n");
    let host = rig.host();
    let problems = host.status().unwrap().problems;
    assert!(problems[0].contains("config.toml"), "{problems:?}");
    host.new_session(&shell("exit 0")).unwrap();
}

#[test]
fn a_session_is_reached_through_a_websocket() {
    let rig = Rig::new();
    let host = rig.host();
    let session = host.new_session(&shell("echo hello; sleep 1000")).unwrap();
    let mut stream = connect(&rig);
    let request = format!(
        "GET /v1/sessions/{}/attach?mode=view&from=0 HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        session.id
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(
        head.starts_with(b"HTTP/1.1 101 "),
        "{}",
        String::from_utf8_lossy(&head)
    );
    let mut decoder = Decoder::new();
    let (mut welcomed, mut printed) = (false, Vec::new());
    while !printed.windows(5).any(|window| window == b"hello") {
        decoder.push(&binary_message(&mut stream));
        while let Some(frame) = decoder.next_frame().unwrap() {
            if frame.kind == Kind::WELCOME {
                welcomed = matches!(frame.json().unwrap(), Welcome::Attach { .. });
            } else if frame.kind == Kind::OUTPUT {
                printed.extend_from_slice(winsta_wire::Output::parse(frame.payload).unwrap().bytes);
            }
        }
    }
    assert!(welcomed);
}

/// Reads one unmasked binary message, as servers send them.
fn binary_message(stream: &mut UnixStream) -> Vec<u8> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[0], 0x82, "one whole binary message");
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            u16::from_be_bytes(length).into()
        }
        127 => {
            let mut length = [0; 8];
            stream.read_exact(&mut length).unwrap();
            usize::try_from(u64::from_be_bytes(length)).unwrap()
        }
        length => length.into(),
    };
    let mut message = vec![0; length];
    stream.read_exact(&mut message).unwrap();
    message
}
