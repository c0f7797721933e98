//! Keepers that are killed, alone and together with their host: exactly what ARCHITECTURE.md says
//! under "What a crash leaves".

use std::time::Duration;

use rustix::process::Signal;
use winsta_api::{Attachment, ErrorCode, Session};
use winsta_client::Host;
use winsta_domain::SessionId;
use winsta_tests::desk::Desk;
use winsta_tests::numbered::{self, FLOOD, STATUS};
use winsta_tests::patience::until;
use winsta_tests::process::{Life, holder_of, murder, signal};
use winsta_tests::watcher::{Seen, Watcher};

fn start(host: &Host, wanted: &winsta_api::NewSession) -> Session {
    host.new_session(wanted).expect("it starts")
}

fn leader(session: &Session) -> Life {
    Life::of(session.leader_pid.expect("a pid")).expect("it lives")
}

/// The keeper that the host has now.
fn keeper(host: &Host) -> Option<u32> {
    host.status().expect("a status").keeper_pid
}

/// Kills the keeper, and waits until the host has another.
fn replace_keeper(desk: &Desk) {
    let old = keeper(&desk.host()).expect("a keeper");
    murder(&[old]);
    let new = until("another keeper", || {
        keeper(&desk.host()).filter(|pid| *pid != old)
    });
    assert_eq!(holder_of(&desk.folder().join("run/keeper.lock")), Some(new));
}

#[test]
fn a_keeper_that_is_killed_again_and_again_loses_no_output() {
    let desk = Desk::new();
    let host = desk.host();
    let mut sessions: Vec<Session> = (0..20)
        .map(|n| start(&host, &numbered::writer(&format!("writer {n}"))))
        .collect();
    sessions.push(start(&host, &numbered::flood("flood")));
    let leaders: Vec<Life> = sessions.iter().map(leader).collect();
    let incarnation = host.status().expect("a status").incarnation;
    for round in 0..5 {
        let id = SessionId(sessions[0].id);
        let watcher = Watcher::attach(&host, id, Attachment::View);
        let mut watcher = watcher.expect("it attaches");
        replace_keeper(&desk);
        until("the client to be without a connection", || {
            (watcher.look(Duration::from_millis(5)) == Seen::End).then_some(())
        });
        for session in &sessions {
            let word = format!("round-{round}\n");
            let typed = host.input(SessionId(session.id), word.as_bytes());
            assert_eq!(typed.expect("it takes input").bytes, word.len() as u64);
        }
    }
    assert!(leaders.iter().all(Life::lives));
    let status = host.status().expect("a status");
    assert_eq!(status.incarnation, incarnation);
    assert_eq!(status.problems, Vec::<String>::new());
    for (n, session) in sessions.iter().enumerate() {
        let now = host.session(SessionId(session.id)).expect("it is listed");
        assert_eq!(
            (now.label, now.leader_pid, now.logon_time, now.device),
            (
                session.label.clone(),
                session.leader_pid,
                session.logon_time.clone(),
                session.device.clone()
            )
        );
        let flood = n + 1 == sessions.len();
        let seen = numbered::read(&host, session).count();
        let seen = if flood { seen.max(FLOOD) } else { seen };
        let lines = numbered::read_beyond(&host, session, seen);
        let heard = (0..5).map(|round| (format!("round-{round}"), 1)).collect();
        assert_eq!(lines.heard, heard, "session {}", session.id);
    }
    for session in &sessions {
        let id = SessionId(session.id);
        host.input(id, b"end\n").expect("it takes input");
        // The host inherits the dead keepers' children, so that no status is lost.
        assert_eq!(host.wait(id).expect("it ends").exit_code, STATUS);
    }
}

#[test]
fn a_keeper_that_outlived_its_host_takes_exit_statuses_along() {
    let desk = Desk::new();
    let host = desk.host();
    let session = start(&host, &numbered::writer("writer"));
    numbered::read_beyond(&host, &session, 0);
    let id = SessionId(session.id);
    murder(&[host.status().expect("a status").pid]);
    // This host is no ancestor of the keeper, so that its children do not become the host's.
    let host = desk.host();
    numbered::read_beyond(&host, &session, 1);
    replace_keeper(&desk);
    numbered::read_beyond(&host, &session, 2);
    host.input(id, b"end\n").expect("it takes input");
    let report = host.wait(id).expect("it ends");
    assert_eq!(report.status, "exit status unknown");
}

#[test]
fn what_is_left_when_host_and_keeper_die_at_once() {
    let desk = Desk::new();
    let host = desk.host();
    let mortal = start(&host, &numbered::writer("mortal"));
    let mut stubborn = numbered::writer("stubborn");
    stubborn.command[2] = "trap '' HUP; echo line 0; exec sleep 1000".to_owned();
    let stubborn = start(&host, &stubborn);
    for session in [&mortal, &stubborn] {
        numbered::read_beyond(&host, session, 0);
    }
    let lives = [leader(&mortal), leader(&stubborn)];
    let before = host.status().expect("a status");
    // The trail is written by a thread of its own, which answers behind what it had to write.
    host.audit(1).expect("a trail");
    // Stopped first, so that neither does anything about the other's death.
    let both = [before.pid, before.keeper_pid.expect("a keeper")];
    for pid in both {
        signal(pid, Signal::STOP);
    }
    murder(&both);

    // The kernel hangs up the terminals.
    until("the end of who heeds a hang-up", || {
        (!lives[0].lives()).then_some(())
    });
    let host = desk.host();
    let after = host.status().expect("a status");
    assert_eq!(after.incarnation, before.incarnation);
    assert_eq!((after.sessions, after.counters.created), (0, 2));
    for session in [&mortal, &stubborn] {
        let id = SessionId(session.id);
        let gone = host.session(id).expect_err("it is lost");
        assert_eq!(gone.code(), Some(ErrorCode::NotFound));
        assert_eq!(
            host.wait(id).expect("it is history").status,
            "exit status unknown"
        );
        let audit = host.audit(100).expect("a trail");
        let mut about = audit.iter().filter(|e| e.session == Some(session.id));
        assert!(about.any(|entry| entry.action == "lost"), "{audit:?}");
    }
    // It has no terminal and no host any more, but it lives.
    assert!(lives[1].lives());
    murder(&[lives[1].pid]);
    // Numbers are not given again.
    let next = start(&host, &numbered::writer("next"));
    assert_eq!(next.id, stubborn.id + 1);
}
