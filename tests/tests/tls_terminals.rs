//! Terminals at sessions of a host that is reached over TLS.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use winsta_api::{AttachRequest, Attachment, paths};
use winsta_client::http::{Request, switch};
use winsta_client::tls::{Dial, Keys, TlsConnector, Trust};
use winsta_client::{AttachView, Deadline, Host};
use winsta_domain::SessionId;
use winsta_tests::desk::Desk;
use winsta_tests::patience::{LONG, until};
use winsta_tests::published::{Published, curl, identity};
use winsta_wire::frame::{encode, encode_json};
use winsta_wire::{Hello, Kind, Output, VERSIONS};

/// The client's way to the host.
fn host(client: &Desk, published: &Published) -> Host {
    let place = published.place().parse().expect("an endpoint");
    let keys = Keys::of(&client.dirs());
    Host::over(TlsConnector::new(keys, place, LONG, Deadline::NEVER))
}

fn taking_over() -> AttachRequest {
    AttachRequest {
        mode: Attachment::TakeOver,
        client_name: None,
        client_address: Some("192.0.2.1".to_owned()),
        ask_consent: false,
        from_session: None,
    }
}

#[test]
fn a_terminal_is_connected_and_comes_back() {
    let mut published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let server = published.server();
    let Some(terminal) = client.terminal() else {
        return;
    };
    terminal.line(&format!(
        "clear; winsta new -n over --server {server} -- cat"
    ));
    let connected = || {
        let all = published.desk.sessions();
        let mut all = all.into_iter();
        all.find(|session| session["label"] == "over" && session["state"] == "Active")
    };
    let session = until("the session to be connected", connected);
    let id = session["id"].to_string();
    terminal.line("typed far away");
    published
        .desk
        .wait_screen(&id, "typed far away\ntyped far away");
    assert_eq!(session["client_address"], "127.0.0.1");
    let shown = published.desk.run(&["qwinsta", &id, "/connect"]).done();
    assert!(shown.contains("tls"), "{shown}");

    terminal.keys(&["C-\\", "d"]);
    published.desk.wait_state(&id, "Disconnected");
    terminal.line(&format!("clear; winsta connect over --server {server}"));
    terminal.wait_text("typed far away");

    // The host dies, and with it the way; the session does not.
    published.crash();
    terminal.wait_text("lost the keeper");
    published.desk.wait_state(&id, "Disconnected");
    terminal.line(&format!("clear; winsta connect over --server {server}"));
    terminal.wait_text("typed far away");
    terminal.keys(&["C-d"]);
    published.desk.wait_gone(&id);
    terminal.line(&format!(
        "clear; winsta new --server {server} -- sh -c 'exit 7'; echo left $?"
    ));
    terminal.wait_text("left 7");
}

#[test]
fn every_byte_goes_both_ways() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let id = published.desk.start(
        "stty raw -echo; echo ready; head -c 3000000 | md5sum; seq 300000; echo the-end; read x",
    );
    let typed: Vec<u8> = (0..3_000_000_u32)
        .map(|n| b'a' + u8::try_from(n % 23).expect("small"))
        .collect();
    let far = host(&client, &published);
    let view = AttachView {
        from: Some(0),
        ..AttachView::default()
    };
    let session = SessionId(id.parse().expect("a number"));
    let mut attached = far
        .attach(session, &taking_over(), &view)
        .expect("it is let in");
    let mut input = attached.stream.try_clone().expect("a copy");
    let typing = std::thread::spawn({
        let typed = typed.clone();
        move || {
            for part in typed.chunks(4_000) {
                let mut frame = Vec::new();
                encode(&mut frame, Kind::INPUT, part).expect("it fits");
                input.write_all(&frame).expect("it is taken");
            }
        }
    });
    let (mut seen, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    while !seen.ends_with(b"the-end\n") {
        while let Some(frame) = attached.decoder.next_frame().expect("a frame") {
            if frame.kind == Kind::OUTPUT {
                seen.extend_from_slice(Output::parse(frame.payload).expect("output").bytes);
            }
        }
        if seen.ends_with(b"the-end\n") {
            break;
        }
        let count = attached.stream.read(&mut buffer).expect("more");
        assert!(count > 0, "it ended after {} bytes", seen.len());
        attached.decoder.push(&buffer[..count]);
    }
    typing.join().expect("all was typed");
    let sum = client.folder().join("typed");
    std::fs::write(&sum, &typed).expect("a file");
    let sum = std::process::Command::new("md5sum")
        .stdin(std::fs::File::open(&sum).expect("it is there"))
        .output();
    let sum = String::from_utf8(sum.expect("md5sum runs").stdout).expect("text");
    let lines: Vec<String> = (1..=300_000).map(|n| n.to_string()).collect();
    let expected = format!("ready\n{sum}{}\nthe-end\n", lines.join("\n"));
    assert!(
        String::from_utf8_lossy(&seen).replace('\r', "") == expected,
        "{} bytes",
        seen.len()
    );
}

#[test]
fn the_way_is_for_permits_alone() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let shells = published.enrolled(&["--user", "ann"]);
    let upgrade = ["-H", "Connection: upgrade", "-H", "Upgrade: winsta-keeper"];
    let ask = |pem: &[&str], more: &[&str]| curl(&published, paths::KEEPER, &[pem, more].concat());
    let (ours, theirs) = (identity(&client), identity(&shells));
    let (status, said) = ask(&[], &upgrade);
    assert_eq!(status, 401, "{said}");
    let (status, said) = ask(&["--cert", &theirs], &upgrade);
    assert_eq!(status, 403, "{said}");
    let (status, said) = ask(&["--cert", &ours], &[]);
    assert_eq!(status, 400, "{said}");

    // One who would be the keeper's host, one without a permit, one who talks nonsense.
    let id = published.desk.start("cat");
    let control = Hello::Control {
        versions: VERSIONS,
        pid: 1,
    };
    let mut host = Vec::new();
    encode_json(&mut host, Kind::HELLO, &control).expect("it fits");
    let mut early = Vec::new();
    encode(&mut early, Kind::INPUT, b"rm -r /\n").expect("it fits");
    let keys = Keys::of(&client.dirs());
    for said in [host, early, vec![0xff; 64], vec![0; 100_000]] {
        let dial = Dial {
            place: published.place().parse().expect("an endpoint"),
            trust: Trust::Known(keys.known()),
            identity: keys.identity().expect("readable").map(Arc::new),
            patience: LONG,
            deadline: Deadline::after(LONG),
        };
        let mut stream = dial.connect().expect("it is known");
        let request = Request {
            method: "GET",
            target: paths::KEEPER,
            fields: &[
                ("connection", "upgrade"),
                ("upgrade", paths::KEEPER_PROTOCOL),
            ],
            content_type: "",
            body: &[],
        };
        switch(&mut stream, &request).expect("it leads on");
        // It may be closed before all was said.
        let _ = stream.write_all(&said);
        let mut heard = Vec::new();
        let _cut = stream.read_to_end(&mut heard);
        assert_eq!(heard, b"", "{said:?}");
    }
    assert!(
        published
            .desk
            .run(&["screen", &id])
            .done()
            .trim()
            .is_empty()
    );
    assert_eq!(
        published.desk.session(&id).expect("it lives")["state"],
        "Disconnected"
    );
}

#[test]
fn a_way_that_nobody_uses_takes_nobodys_place() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let id = published.desk.start("cat");
    let session = SessionId(id.parse().expect("a number"));
    let far = host(&client, &published).with_timeout(Duration::from_secs(30));
    for _ in 0..40 {
        let attached = far.attach(session, &taking_over(), &AttachView::default());
        drop(attached.expect("it is let in"));
    }
    published.desk.wait_state(&id, "Disconnected");
    assert_eq!(far.session(session).expect("it answers").id, session.0);
}

#[test]
fn a_client_that_hangs_or_goes_in_the_middle_of_a_word_stops_nobody() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let script = "read x; yes abcdefghijklmnopqrstuvwxyz | head -c 50000000; echo done; exec cat";
    let id = published.desk.start(script);
    let session = SessionId(id.parse().expect("a number"));
    let far = host(&client, &published);
    let attach = || {
        let attached = far.attach(session, &taking_over(), &AttachView::default());
        attached.expect("it is let in")
    };
    let mut frame = Vec::new();
    encode(&mut frame, Kind::INPUT, b"go\n").expect("it fits");
    // It reads nothing of what it has brought about.
    let mut hung = attach();
    hung.stream.write_all(&frame).expect("it is taken");
    published.desk.wait_screen(&id, "done");
    // The next takes over, and is gone when half a frame is said.
    let mut gone = attach();
    let (half, _) = frame.split_at(frame.len() / 2);
    gone.stream.write_all(half).expect("it is taken");
    drop(gone);
    published.desk.wait_state(&id, "Disconnected");
    let screen = published.desk.run(&["screen", &id]).done();
    assert!(screen.trim_end().ends_with("done"), "{screen}");
    drop(hung);
}
