//! What can be done with sessions, with a real keeper.

#![expect(
    clippy::unwrap_used,
    reason = "what fails in a test's own means fails the test"
)]

use crate::rig::{Client, Rig, await_change, await_output, guard, id, shell};
use winsta_api::{
    Attachment, EndRequest, ErrorCode, Guard, How, Message, NewSession, SizeRequest, SwitchRequest,
    Warn,
};
use winsta_client::{OutputQuery, ScreenQuery};
use winsta_domain::{SessionId, State};
use winsta_wire::{CloseReason, KeeperMessage, Notice, Stream};

fn end(how: How, guard: Guard) -> EndRequest {
    EndRequest {
        how,
        guard,
        warn: None,
    }
}

fn read_all(mut reader: impl std::io::Read) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_session_lives_and_ends() {
    let rig = Rig::new();
    let host = rig.host();
    let wanted = NewSession {
        label: Some("build".to_owned()),
        size: Some((100, 30)),
        ..shell("echo in $WINSTA_SESSION; read line; echo got $line; exit 7")
    };
    let session = host.new_session(&wanted).unwrap();
    let id = id(&session);
    assert_eq!(session.label.as_deref(), Some("build"));
    assert_eq!(
        (session.kind.as_str(), session.state),
        ("pty", State::Disconnected)
    );
    await_output(&host, id, &format!("in {id}"));
    let screen = host.screen(id, ScreenQuery::default()).unwrap();
    assert!(
        String::from_utf8(screen)
            .unwrap()
            .starts_with(&format!("in {id}\n"))
    );
    assert_eq!(host.line(id).unwrap().size, Some((100, 30)));
    host.resize(id, SizeRequest { cols: 90, rows: 20 }).unwrap();
    assert_eq!(host.line(id).unwrap().size, Some((90, 20)));
    assert_eq!(host.label(id, None).unwrap().label, None);
    let processes = host.session_processes(id).unwrap();
    assert_eq!(processes[0].pid, session.leader_pid.unwrap());
    assert_eq!(host.input(id, b"word\n").unwrap().bytes, 5);
    let report = host.wait(id).unwrap();
    assert_eq!(report.exit_code, 7);
    assert_eq!(host.wait(id).unwrap(), report, "also later");
    let gone = host.session(id).unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::NotFound));
    assert!(
        gone.reasons().contains("exit status 7"),
        "{}",
        gone.reasons()
    );
    let audit = host.audit(100).unwrap();
    let actions = audit
        .iter()
        .map(|entry| entry.action.as_str())
        .collect::<Vec<_>>();
    assert!(
        actions.starts_with(&["create"]) && actions.contains(&"input"),
        "{actions:?}"
    );
    assert!(
        audit.iter().all(|entry| !entry.detail.contains("word")),
        "input is not recorded"
    );
}

#[test]
fn an_owner_who_looks_again_and_again_floods_no_trail() {
    let rig = Rig::new();
    let host = rig.host();
    let watched = id(&host.new_session(&shell("cat")).unwrap());
    let other = id(&host.new_session(&shell("cat")).unwrap());
    for _ in 0..20 {
        host.screen(watched, ScreenQuery::default()).unwrap();
        read_all(host.output(watched, OutputQuery::default()).unwrap());
        host.input(watched, b"x").unwrap();
    }
    host.screen(other, ScreenQuery::default()).unwrap();
    for _ in 0..2 {
        let gone = host.screen(SessionId(77), ScreenQuery::default());
        gone.unwrap_err();
    }
    let trail = host.audit(1_000).unwrap();
    let rows = |session: SessionId, action: &str| {
        let of = trail.iter().filter(|e| e.session == Some(session.0));
        of.filter(|entry| entry.action == action).count()
    };
    // The twenty may lie in two minutes.
    assert!((1..=2).contains(&rows(watched, "screen")), "{trail:?}");
    assert!((1..=2).contains(&rows(watched, "output")), "{trail:?}");
    assert_eq!(rows(watched, "input"), 20, "each is a change");
    assert_eq!(rows(other, "screen"), 1, "another session has its own");
    assert_eq!(rows(SessionId(77), "screen"), 2, "each refusal counts");
}

#[test]
fn pipes_keep_their_streams_apart() {
    let rig = Rig::new();
    let host = rig.host();
    let wanted = NewSession {
        pipes: true,
        ..shell("cat; echo problem >&2; sleep 1000")
    };
    let session = id(&host.new_session(&wanted).unwrap());
    host.last_input(session, b"through").unwrap();
    let err = OutputQuery {
        stream: Stream::Err,
        follow: true,
        ..OutputQuery::default()
    };
    let mut reader = host.output(session, err).unwrap();
    let mut first = [0; 8];
    std::io::Read::read_exact(&mut reader, &mut first).unwrap();
    assert_eq!(&first, b"problem\n");
    let out = host.output(session, OutputQuery::default()).unwrap();
    assert_eq!(read_all(out), "through");
}

#[test]
fn a_guard_that_names_another_session_changes_nothing() {
    let rig = Rig::new();
    let host = rig.host();
    let session = id(&host.new_session(&shell("sleep 1000")).unwrap());
    let good = guard(&host, session);
    let other_life = Guard {
        incarnation: "0".repeat(32),
        ..good.clone()
    };
    let other_time = Guard {
        logon_time: Some("2020-01-01T00:00:00.000Z".to_owned()),
        ..good.clone()
    };
    for stale in [other_life, other_time] {
        let refused = host
            .end(session, &end(How::Reset, stale.clone()))
            .unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::Stale));
        let refused = host.disconnect(session, &stale).unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::Stale));
        let refused = host.kill(session, 1, &stale).unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::Stale));
    }
    let refused = host.kill(session, 1, &good).unwrap_err();
    assert_eq!(
        refused.code(),
        Some(ErrorCode::NotFound),
        "init is not of the session"
    );
    assert_eq!(host.session(session).unwrap().state, State::Disconnected);
    let report = host.end(session, &end(How::Reset, good)).unwrap();
    assert_eq!((report.ended, report.step.as_str()), (true, "KILL"));
}

#[test]
fn bad_wishes_are_refused_and_change_nothing() {
    let rig = Rig::new();
    let host = rig.host();
    let bad = [
        (
            "control characters",
            NewSession {
                label: Some("a\u{1b}[31m".to_owned()),
                ..shell("true")
            },
        ),
        (
            "10 kB of label",
            NewSession {
                label: Some("x".repeat(10_240)),
                ..shell("true")
            },
        ),
        (
            "no size",
            NewSession {
                size: Some((0, 0)),
                ..shell("true")
            },
        ),
        (
            "huge size",
            NewSession {
                size: Some((10_000, 10_000)),
                ..shell("true")
            },
        ),
        (
            "no buffer",
            NewSession {
                buffer_bytes: Some(0),
                ..shell("true")
            },
        ),
        (
            "buffering",
            NewSession {
                buffering: Some("maybe".to_owned()),
                ..shell("true")
            },
        ),
        ("zero byte", shell("a\0b")),
    ];
    for (label, wanted) in bad {
        let refused = host.new_session(&wanted).unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::Invalid), "{label}");
    }
    let missing = NewSession {
        command: vec!["/no/such/program".to_owned()],
        ..NewSession::default()
    };
    let refused = host.new_session(&missing).unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Exec));
    let refused = host.session(SessionId(4_711)).unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::NotFound));
    let listener = SessionId(SessionId::FIRST_LISTENER);
    let refused = host.input(listener, b"x").unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Unsupported));
    assert_eq!(host.status().unwrap().sessions, 0);
}

#[test]
fn the_quota_lists_holders_and_spares_the_console() {
    let rig = Rig::with_config("[limits]\nsessions_per_user = 2\n");
    let host = rig.host();
    for _ in 0..2 {
        host.new_session(&shell("sleep 1000")).unwrap();
    }
    let refused = host.new_session(&shell("sleep 1000")).unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Quota));
    let holders = &refused.refusal().unwrap().holders;
    assert_eq!(
        holders.iter().map(|holder| holder.id).collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(
        holders
            .iter()
            .all(|h| h.state == State::Disconnected && h.idle_seconds.is_some())
    );
    let console = NewSession {
        console: true,
        ..shell("sleep 1000")
    };
    let session = host.new_session(&console).unwrap();
    assert_eq!((session.id, session.name.as_deref()), (0, Some("console")));
    let again = host.new_session(&console).unwrap_err();
    assert_eq!(again.code(), Some(ErrorCode::Conflict));
}

#[test]
fn clients_come_and_go() {
    let rig = Rig::new();
    let host = rig.host();
    let watcher = rig.host();
    let mut events = watcher.events().unwrap();
    let session = id(&host.new_session(&shell("sleep 1000")).unwrap());
    await_change(&mut events, "created");
    let mut first = Client::attach(&host, session, Attachment::TakeOver);
    await_change(&mut events, "connected");
    let listed = host.session(session).unwrap();
    assert_eq!(listed.state, State::Active);
    assert_eq!(listed.name.as_deref(), Some(first.0.name.as_str()));
    assert_eq!(listed.client_name.as_deref(), Some("test"));
    let mut second = Client::attach(&host, session, Attachment::TakeOver);
    let closed = first.message(|message| matches!(message, KeeperMessage::Closed { .. }));
    let taken_over = CloseReason::TakenOver;
    assert_eq!(closed, KeeperMessage::Closed { reason: taken_over });
    let report = host.disconnect(session, &guard(&host, session)).unwrap();
    assert_eq!(report.connections, 1);
    second.message(|message| matches!(message, KeeperMessage::Closed { .. }));
    await_change(&mut events, "disconnected");
    let listed = host.session(session).unwrap();
    assert_eq!((listed.state, listed.name), (State::Disconnected, None));
    let _third = Client::attach(&host, session, Attachment::Share);
    await_change(&mut events, "connected");
    let counters = host.status().unwrap().counters;
    assert_eq!(
        (
            counters.created,
            counters.disconnected,
            counters.reconnected
        ),
        (1, 1, 1)
    );
}

#[test]
fn a_reader_of_output_is_no_client() {
    let rig = Rig::new();
    let host = rig.host();
    let session = id(&host.new_session(&shell("echo one; sleep 1000")).unwrap());
    let query = OutputQuery {
        follow: true,
        ..OutputQuery::default()
    };
    let mut reader = host.output(session, query).unwrap();
    let mut first = [0; 3];
    std::io::Read::read_exact(&mut reader, &mut first).unwrap();
    assert_eq!(&first, b"one");
    assert_eq!(host.session(session).unwrap().state, State::Disconnected);
}

#[test]
fn messages_are_shown_kept_and_answered() {
    let rig = Rig::new();
    let host = rig.host();
    let session = id(&host.new_session(&shell("sleep 1000")).unwrap());
    let message = |wait| Message {
        text: "tea?".to_owned(),
        seconds: None,
        wait,
        from: Some("ann".to_owned()),
    };
    let report = host.message(session, &message(false)).unwrap();
    assert_eq!((report.shown, report.answer), (0, None));
    let mut client = Client::attach(&host, session, Attachment::Share);
    let Notice::Message { text, from, .. } = client.notice() else {
        panic!("no message");
    };
    assert_eq!((text.as_str(), from.as_str()), ("tea?", "ann"));
    let report = std::thread::scope(|scope| {
        let other = rig.host();
        let sender = scope.spawn(move || other.message(session, &message(true)).unwrap());
        let Notice::Message { id, wait: true, .. } = client.notice() else {
            panic!("no message");
        };
        client.answer(id, "with milk");
        sender.join().unwrap()
    });
    assert_eq!(
        (report.shown, report.answer.as_deref()),
        (1, Some("with milk"))
    );
}

#[test]
fn a_warning_counts_down_and_is_cancelled_by_those_who_may() {
    let rig = Rig::new();
    let host = rig.host();
    let session = id(&host.new_session(&shell("sleep 1000")).unwrap());
    let request = |seconds, user_may_cancel| EndRequest {
        how: How::Logoff,
        guard: guard(&host, session),
        warn: Some(Warn {
            seconds,
            message: Some("maintenance".to_owned()),
            user_may_cancel,
        }),
    };
    let watcher = rig.host();
    let mut events = watcher.events().unwrap();
    let by_admin = request(1_000, false);
    let by_user = request(1_000, true);
    let at_last = request(1, false);
    std::thread::scope(|scope| {
        let other = rig.host();
        let ending = scope.spawn(move || other.end(session, &by_admin).unwrap());
        await_change(&mut events, "warned");
        // Whoever comes during the countdown sees it.
        let mut client = Client::attach(&host, session, Attachment::Share);
        let Notice::Countdown {
            id,
            may_cancel: false,
            ..
        } = client.notice()
        else {
            panic!("no countdown");
        };
        client.answer(id, "cancel");
        assert_eq!(host.warnings().unwrap().len(), 1);
        host.cancel_warning(id).unwrap();
        let report = ending.join().unwrap();
        assert_eq!((report.ended, report.step.as_str()), (false, "cancelled"));
        assert!(matches!(client.notice(), Notice::Cancelled { .. }));

        let other = rig.host();
        let ending = scope.spawn(move || other.end(session, &by_user).unwrap());
        let Notice::Countdown {
            id,
            may_cancel: true,
            ..
        } = client.notice()
        else {
            panic!("no countdown");
        };
        client.answer(id, "cancel");
        assert!(!ending.join().unwrap().ended);
    });
    assert_eq!(host.warnings().unwrap(), []);
    let report = host.end(session, &at_last).unwrap();
    assert!(report.ended);
}

#[test]
fn a_terminal_is_switched_to_another_session() {
    let rig = Rig::new();
    let host = rig.host();
    let first = id(&host.new_session(&shell("sleep 1000")).unwrap());
    let second = id(&host.new_session(&shell("sleep 1000")).unwrap());
    let mut client = Client::attach(&host, first, Attachment::TakeOver);
    let request = SwitchRequest {
        destination: client.0.name.clone(),
        guard: guard(&host, second),
    };
    host.switch(second, &request).unwrap();
    assert!(matches!(client.notice(), Notice::Switch { .. }));
    let nowhere = SwitchRequest {
        destination: "pty#4711".to_owned(),
        ..request
    };
    let refused = host.switch(second, &nowhere).unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::NotFound));
}
