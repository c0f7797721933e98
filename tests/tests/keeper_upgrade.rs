//! What a keeper must not forget while its program is replaced.

use std::io::Write;

use winsta_domain::{ConnectionId, SessionId};
use winsta_tests::keeper::{Keeper, Wire, contains, script};
use winsta_wire::{
    Answer, AttachMode, Frame, Hello, Kind, Output, Reply, Request, Stream, Ticket, VERSIONS, Verb,
    frame,
};

#[test]
fn requests_behind_an_upgrade_are_answered_and_tickets_stay_good() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::start(folder.path());
    let mut host = keeper.host();
    host.spawn(script(1, "echo ready; read x"));
    let ticket = Ticket("t".repeat(32));
    let program = winsta_tests::binary::winsta().display().to_string();
    let verbs = [
        Verb::Ticket {
            session: SessionId(1),
            connection: ConnectionId(5),
            ticket: ticket.clone(),
            mode: AttachMode::TakeOver,
            seconds: 10,
            note: String::new(),
        },
        Verb::Upgrade {
            program: "/bin/false".to_owned(),
        },
        Verb::Upgrade { program },
        Verb::List { after: None },
    ];
    // All at once, so that the keeper has read the last when it is replaced.
    let mut bytes = Vec::new();
    for (seq, verb) in (100..).zip(verbs) {
        frame::encode_tailed(&mut bytes, Kind::REQUEST, &Request { seq, verb }, &[]).unwrap();
    }
    host.wire.socket.write_all(&bytes).unwrap();
    let mut answers = Vec::new();
    while answers.len() < 4 {
        let (kind, payload) = host.wire.frame();
        if kind == Kind::REPLY {
            let payload = payload.as_slice();
            let (reply, _): (Reply, _) = Frame { kind, payload }.tailed().unwrap();
            assert_eq!(reply.seq, 100 + answers.len() as u64);
            answers.push(reply.outcome);
        }
    }
    assert_eq!(answers[0], Ok(Answer::Done));
    assert!(answers[1].is_err(), "{answers:?}");
    assert_eq!(answers[2], Ok(Answer::Done));
    assert!(matches!(&answers[3], Ok(Answer::Sessions { sessions, .. }) if sessions.len() == 1));

    let mut client = Wire::new(keeper.dial().unwrap());
    let hello = Hello::Attach {
        versions: VERSIONS,
        ticket,
        size: None,
        from: Some(0),
        stream: Stream::Out,
    };
    client.send(Kind::HELLO, &hello);
    let mut seen = Vec::new();
    while !contains(&seen, b"ready") {
        let (kind, payload) = client.frame();
        if kind == Kind::OUTPUT {
            seen.extend_from_slice(Output::parse(&payload).unwrap().bytes);
        }
    }
}
