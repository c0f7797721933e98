//! The keeper by itself: the real process, a host and clients that speak its protocol.

use std::io::Write;
use std::time::Instant;

use winsta_domain::{ConnectionId, ExitStatus, SessionId, TerminalSize};
use winsta_tests::keeper::{Keeper, Wire, contains, script};
use winsta_tests::patience::until;
use winsta_wire::{
    Adopt, Answer, AttachMode, Buffering, ClientMessage, CloseReason, Conduit, Event, Hello,
    KeeperMessage, Kind, Output, RefusalKind, Spawn, Stream, Ticket, VERSIONS, Verb,
};

fn keeper() -> (tempfile::TempDir, Keeper) {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::start(folder.path());
    (folder, keeper)
}

fn lines(numbers: std::ops::RangeInclusive<u32>, before: &str, after: &str) -> String {
    numbers.fold(String::new(), |all, n| {
        all + before + &n.to_string() + after
    })
}

#[test]
fn a_program_runs_and_its_output_and_status_are_kept() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    let report = host.spawn(script(1, "printf 'one\\ntwo\\n'; exit 7"));
    assert!(report.device.unwrap().starts_with("pts/"));
    assert_eq!(host.exit_of(1), ExitStatus::Code(7));
    assert_eq!(host.output(1, Stream::Out), b"one\r\ntwo\r\n");
    host.must(Verb::Collect {
        session: SessionId(1),
    });
    assert_eq!(host.list(), []);
    let again = host.ask(Verb::Collect {
        session: SessionId(1),
    });
    assert_eq!(again.unwrap_err().kind, RefusalKind::Unknown);
}

#[test]
fn a_program_that_cannot_be_executed_is_refused() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    let mut spawn = script(1, "");
    spawn.argv = vec!["no-such-program".to_owned()];
    let refusal = host.ask(Verb::Spawn(Box::new(spawn.clone()))).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Exec, "{refusal:?}");
    spawn.argv = vec!["/etc/passwd".to_owned()];
    assert_eq!(
        host.ask(Verb::Spawn(Box::new(spawn))).unwrap_err().kind,
        RefusalKind::Exec
    );
    let mut spawn = script(1, "true");
    spawn.cwd = "/no/such/folder".to_owned();
    assert_eq!(
        host.ask(Verb::Spawn(Box::new(spawn))).unwrap_err().kind,
        RefusalKind::Exec
    );
    assert_eq!(host.list(), []);
    host.spawn(script(1, "true"));
    assert_eq!(host.exit_of(1), ExitStatus::Code(0));
}

#[test]
fn three_streams_stay_apart() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    let spawn = script(
        1,
        "read line; echo \"out $line\"; echo err >&2; cat; exit 3",
    );
    host.spawn(Spawn {
        conduit: Conduit::Pipes,
        buffering: Buffering::Block,
        ..spawn
    });
    host.type_in(1, "hello\nrest");
    host.wire.descriptors.clear();
    host.must(Verb::CloseInput {
        session: SessionId(1),
    });
    assert_eq!(host.exit_of(1), ExitStatus::Code(3));
    assert_eq!(host.output(1, Stream::Out), b"out hello\nrest");
    assert_eq!(host.output(1, Stream::Err), b"err\n");
}

#[test]
fn a_full_ring_blocks_the_program_until_output_is_acknowledged() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    let spawn = script(1, "seq 1 200000");
    let capacity = 128 << 10;
    host.spawn(Spawn {
        conduit: Conduit::Pipes,
        buffering: Buffering::Block,
        capacity,
        ..spawn
    });
    let full = |host: &mut winsta_tests::keeper::Host| {
        let ring = host.list()[0].rings[0];
        (ring.end - ring.base == ring.capacity).then_some(ring.end)
    };
    let end = until("a full ring", || full(&mut host));
    assert_eq!(end, capacity);
    let mut seen = Vec::new();
    loop {
        let upto = seen.len() as u64;
        host.must(Verb::Acknowledge {
            session: SessionId(1),
            stream: Stream::Out,
            upto,
        });
        let verb = Verb::Read {
            session: SessionId(1),
            stream: Stream::Out,
            from: upto,
            max: 1 << 20,
        };
        let (answer, tail) = host.ask_with(verb, &[]);
        let Ok(Answer::Bytes {
            offset, finished, ..
        }) = answer
        else {
            panic!("{answer:?}")
        };
        assert_eq!(offset, upto);
        seen.extend_from_slice(&tail);
        if finished {
            break;
        }
    }
    let expected = lines(1..=200_000, "", "\n");
    assert!(
        seen == expected.as_bytes(),
        "{} bytes of {}",
        seen.len(),
        expected.len()
    );
    assert_eq!(host.exit_of(1), ExitStatus::Code(0));
}

#[test]
fn a_client_types_and_sees_every_byte() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(
        1,
        "stty -echo; echo ready; while read l; do echo \"got $l\"; done",
    ));
    let mut client = host.attach(&keeper, 1, 5, AttachMode::TakeOver);
    client.read_to("ready");
    client.type_in("abc\n");
    client.read_to("got abc\r\n");
    host.event(|event| match event {
        Event::Attached {
            session: SessionId(1),
            connection: ConnectionId(5),
            ..
        } => Some(()),
        _ => None,
    });
    client.type_in("\x04");
    let reason = client.said(|message| match message {
        KeeperMessage::Closed { reason } => Some(reason),
        _ => None,
    });
    assert_eq!(
        reason,
        CloseReason::Ended {
            status: ExitStatus::Code(0)
        }
    );
}

#[test]
fn every_byte_of_a_flood_reaches_a_client_that_keeps_up() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(1, "read x; seq 1 2000000; echo the-end"));
    let mut client = host.attach(&keeper, 1, 5, AttachMode::TakeOver);
    client.type_in("go\n");
    let seen = client.read_to("the-end");
    let mut lines = seen.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    assert_eq!(lines.next(), Some(&b"go"[..]));
    for n in 1..=2_000_000u32 {
        assert_eq!(lines.next(), Some(n.to_string().as_bytes()));
    }
}

#[test]
fn a_hung_client_stops_nobody_and_is_taken_over() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(
        1,
        "read x; yes abcdefghijklmnopqrstuvwxyz | head -c 50000000; echo done",
    ));
    // This one never reads.
    let mut hung = host.attach(&keeper, 1, 5, AttachMode::TakeOver);
    hung.type_in("go\n");
    let ends = |host: &mut winsta_tests::keeper::Host| {
        let ring = host.list()[0].rings[0];
        (ring.end > 50_000_000).then_some(())
    };
    until("the program to run past the hung client", || {
        ends(&mut host)
    });
    assert!(host.list()[0].connections[0].behind);
    let start = Instant::now();
    let mut next = host.attach(&keeper, 1, 6, AttachMode::TakeOver);
    next.said(|message| matches!(message, KeeperMessage::Snapshot(_)).then_some(()));
    println!("taken over in {:?}", start.elapsed());
    assert_eq!(host.list()[0].connections.len(), 1);
    hung.drain();
}

#[test]
fn an_overtaken_client_is_told_and_gets_a_fresh_screen() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(1, "read x; seq 1 1000000; echo done; read x"));
    let mut slow = host.attach(&keeper, 1, 5, AttachMode::TakeOver);
    let mut raw = host.attach_from(&keeper, 1, 6, AttachMode::View, Some(0));
    slow.said(|message| matches!(message, KeeperMessage::Snapshot(_)).then_some(()));
    slow.type_in("go\n");
    until("the end", || {
        (host.list()[0].rings[0].end > 7_000_000).then_some(())
    });
    slow.said(|message| matches!(message, KeeperMessage::Missed { .. }).then_some(()));
    slow.said(|message| matches!(message, KeeperMessage::Snapshot(_)).then_some(()));
    slow.read_to("done");
    // Each byte of the stream either comes or is said to be missing.
    let (mut at, mut missed, mut tail) = (0, 0, Vec::new());
    while !contains(&tail, b"done") {
        let (kind, payload) = raw.wire.frame();
        match kind {
            Kind::OUTPUT => {
                let output = Output::parse(&payload).unwrap();
                assert_eq!(output.offset, at);
                at += output.bytes.len() as u64;
                tail = output.bytes.to_vec();
            }
            Kind::KEEPER => {
                if let KeeperMessage::Missed { bytes, .. } =
                    serde_json::from_slice(&payload).unwrap()
                {
                    at += bytes;
                    missed += bytes;
                }
            }
            _ => {}
        }
    }
    assert!(missed > 1_000_000, "{missed}");
}

#[test]
fn viewers_watch_and_sharers_type_and_size() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(
        1,
        "stty -echo; echo ready; while read l; do echo \"got $l\"; stty size; done",
    ));
    let mut first = host.attach(&keeper, 1, 1, AttachMode::TakeOver);
    let mut viewer = host.attach(&keeper, 1, 2, AttachMode::View);
    let mut second = host.attach(&keeper, 1, 3, AttachMode::Share);
    let wide = TerminalSize::new(100, 30).unwrap();
    viewer.type_in("not me\n");
    second.say(&ClientMessage::Resize { size: wide });
    second.type_in("two\n");
    for client in [&mut first, &mut viewer, &mut second] {
        let seen = client.read_to("30 100");
        assert!(contains(&seen, b"got two") && !contains(&seen, b"not me"));
    }
    first.type_in("one\n");
    viewer.read_to("24 80");
    assert_eq!(host.list()[0].connections.len(), 3);
    let all = Verb::Disconnect {
        session: SessionId(1),
        connection: None,
        reason: "x".into(),
    };
    assert_eq!(host.must(all), Answer::Disconnected { connections: 3 });
    let reason = viewer.said(|message| match message {
        KeeperMessage::Closed { reason } => Some(reason),
        _ => None,
    });
    assert_eq!(reason, CloseReason::Disconnected { reason: "x".into() });
}

#[test]
fn a_bare_connect_or_a_bad_hello_changes_nothing() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(1, "read x"));
    let mut client = host.attach(&keeper, 1, 5, AttachMode::TakeOver);
    client.said(|message| matches!(message, KeeperMessage::Snapshot(_)).then_some(()));
    let bare: Vec<_> = (0..400).map(|_| keeper.dial().unwrap()).collect();
    let mut half = keeper.dial().unwrap();
    half.write_all(&[200, 0, 0]).unwrap();
    for bytes in [
        &b"\xff\xff\xff\xff\x01"[..],
        b"\x02\x00\x00\x00\x01{}",
        b"\x00\x00\x00\x00\x09",
    ] {
        let mut bad = Wire::new(keeper.dial().unwrap());
        bad.socket.write_all(bytes).unwrap();
        while bad.try_frame().is_some() {}
    }
    let mut forged = Wire::new(keeper.dial().unwrap());
    let ticket = Ticket("0".repeat(32));
    let hello = Hello::Attach {
        versions: VERSIONS,
        ticket,
        size: None,
        from: None,
        stream: Stream::Out,
    };
    forged.send(Kind::HELLO, &hello);
    let (kind, payload) = forged.frame();
    assert_eq!(kind, Kind::WELCOME);
    assert!(contains(&payload, b"refused"));
    assert!(forged.try_frame().is_none());
    let report = &host.list()[0];
    assert_eq!((report.connections.len(), report.exit), (1, None));
    drop((bare, half));
}

#[test]
fn a_new_host_finds_everything_and_nothing_stops_meanwhile() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(
        1,
        "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; read x",
    ));
    host.spawn(script(2, "exit 9"));
    host.must(Verb::SetMeta {
        session: SessionId(1),
        meta: "mine".into(),
    });
    drop(host);
    let mut host = until("the second session's end", || {
        let mut host = keeper.host();
        host.list()[1].exit.map(|_| host)
    });
    let list = host.list();
    assert_eq!(list[0].meta, "mine");
    assert_eq!(list[1].exit, Some(ExitStatus::Code(9)));
    let all = until("all lines", || {
        let output = host.output(1, Stream::Out);
        contains(&output, b"line 299").then_some(output)
    });
    let expected = lines(0..=299, "line ", "\r\n");
    assert_eq!(all, expected.as_bytes());
}

#[test]
fn the_program_is_replaced_with_sessions_and_clients_kept() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    host.spawn(script(
        1,
        "stty -echo; echo ready; while read l; do echo \"got $l\"; done; exit 5",
    ));
    let mut client = host.attach(&keeper, 1, 5, AttachMode::TakeOver);
    client.read_to("ready");
    let bad = host.ask(Verb::Upgrade {
        program: "/bin/false".into(),
    });
    assert_eq!(bad.unwrap_err().kind, RefusalKind::System);
    for round in 0..3 {
        let program = winsta_tests::binary::winsta().display().to_string();
        host.must(Verb::Upgrade { program });
        client.type_in(&format!("round {round}\n"));
        host.event(|event| matches!(event, Event::Upgraded { .. }).then_some(()));
        client.read_to(&format!("got round {round}\r\n"));
    }
    assert_eq!(host.list()[0].connections.len(), 1);
    let expected = "ready\r\ngot round 0\r\ngot round 1\r\ngot round 2\r\n";
    assert_eq!(host.output(1, Stream::Out), expected.as_bytes());
    client.type_in("\x04");
    assert_eq!(host.exit_of(1), ExitStatus::Code(5));
    host.must(Verb::Collect {
        session: SessionId(1),
    });
}

#[test]
fn sessions_of_a_killed_keeper_are_taken_over() {
    let (folder, mut keeper) = keeper();
    let mut host = keeper.host();
    // As a host does, so that it can ask how the dead keeper's children ended.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let writes =
        "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; echo end; read x; exit 6";
    host.spawn(script(1, writes));
    until("some lines", || {
        contains(&host.output(1, Stream::Out), b"line 100\r").then_some(())
    });
    host.wire.descriptors.clear();
    host.must(Verb::Keepsakes {
        session: SessionId(1),
    });
    let kept = std::mem::take(&mut host.wire.descriptors);
    assert_eq!(kept.len(), 3);
    let report = host.list().remove(0);
    keeper.kill();
    let mut row = vec![0; 16 * 8];
    let at = u64::from(report.slot) * 16 * 8;
    rustix::io::pread(&host.ledger, &mut row, at).unwrap();
    let ledger = row
        .as_chunks::<8>()
        .0
        .iter()
        .map(|word| u64::from_ne_bytes(*word))
        .collect();
    let keeper = Keeper::start(folder.path());
    let mut host = keeper.host();
    host.ask_giving(Verb::Adopt(Box::new(Adopt { report, ledger })), &kept)
        .unwrap();
    drop(kept);
    let all = until("all lines", || {
        let output = host.output(1, Stream::Out);
        contains(&output, b"end\r\n").then_some(output)
    });
    let expected = lines(0..=1_999, "line ", "\r\n");
    assert_eq!(String::from_utf8_lossy(&all), expected + "end\r\n");
    host.type_in(1, "\n");
    let anybody = rustix::process::WaitOptions::empty();
    let reaper = std::thread::spawn(move || rustix::process::wait(anybody));
    assert_eq!(host.exit_of(1), ExitStatus::Code(6));
    reaper.join().unwrap().unwrap();
    host.must(Verb::Collect {
        session: SessionId(1),
    });
}

/// Children of `parent` that run the keeper's own program.
fn helpers(parent: u32) -> Vec<u32> {
    let program = |pid: u32| std::fs::read_link(format!("/proc/{pid}/exe")).ok();
    let children = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(children).expect("the keeper lives");
    let pids = children
        .split_whitespace()
        .map(|word| word.parse().expect("a pid"));
    pids.filter(|pid| program(*pid) == program(parent))
        .collect()
}

#[test]
fn many_sessions_are_started_by_a_second_process_that_may_die() {
    let (_folder, keeper) = keeper();
    let mut host = keeper.host();
    let mut start = |id: u32| {
        let spawn = script(
            id,
            "echo \"I am $PPID's $(ulimit -d)\"; read line; exit $line",
        );
        let memory = Some(64 << 20);
        host.spawn(Spawn { memory, ..spawn })
    };
    for id in 1..=64 {
        start(id);
    }
    assert!(helpers(keeper.pid()).is_empty(), "few sessions need none");
    start(65);
    let nursery = helpers(keeper.pid());
    assert_eq!(nursery.len(), 1);
    start(66);
    winsta_tests::process::murder(&nursery);
    start(67);
    start(68);
    let another = helpers(keeper.pid());
    assert_eq!(another.len(), 1);
    assert_ne!(another, nursery);

    let mut spawn = script(69, "");
    spawn.argv = vec!["no-such-program".to_owned()];
    let refusal = host.ask(Verb::Spawn(Box::new(spawn))).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Exec, "{refusal:?}");

    for id in [1, 65, 66, 67, 68] {
        host.type_in(id, &format!("{id}\n"));
        assert_eq!(
            host.exit_of(id),
            ExitStatus::Code(u8::try_from(id).unwrap())
        );
        let whose = format!("I am {}'s 65536\r\n", keeper.pid());
        let output = host.output(id, Stream::Out);
        assert!(contains(&output, whose.as_bytes()), "{id}");
    }
}
