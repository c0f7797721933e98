//! What is kept when host or keeper are killed.

use crate::rig::{Client, Rig, await_change, await_output, guard, id, is_alive, murder, shell};
use winsta_api::{Attachment, EndRequest, How, Warn};
use winsta_domain::SessionId;
use winsta_wire::{KeeperMessage, Notice};

/// Prints numbered lines, as fast as they are asked for.
const COUNTER: &str = "n=0; while read line; do n=$((n+1)); echo line $n $line; done";

#[test]
fn a_killed_host_loses_nothing() {
    let rig = Rig::new();
    let host = rig.host();
    let session = host.new_session(&shell(COUNTER)).unwrap();
    let mut pid = host.status().unwrap().pid;
    for round in 1..=10 {
        let host = rig.host();
        host.input(id(&session), b"x\n").unwrap();
        murder(pid);
        let host = rig.host();
        pid = host.status().unwrap().pid;
        await_output(&host, id(&session), &format!("line {round} x"));
        let now = host.session(id(&session)).unwrap();
        assert_eq!(
            (now.leader_pid, now.logon_time),
            (session.leader_pid, session.logon_time.clone())
        );
    }
}

#[test]
fn a_countdown_outlives_its_host() {
    let rig = Rig::new();
    let host = rig.host();
    let start = || id(&host.new_session(&shell("sleep 1000")).unwrap());
    let (doomed, spared) = (start(), start());
    let both = [doomed, spared];
    let mut clients = both.map(|id| Client::attach(&host, id, Attachment::Share));
    let watcher = rig.host();
    let mut events = watcher.events().unwrap();
    for (session, seconds) in [(doomed, 2), (spared, 1_000)] {
        let request = EndRequest {
            how: How::Logoff,
            guard: guard(&host, session),
            warn: Some(Warn {
                seconds,
                message: Some("maintenance".to_owned()),
                user_may_cancel: false,
            }),
        };
        let other = rig.host();
        // Its answer goes with the host that it was asked of.
        std::thread::spawn(move || other.end(session, &request));
        await_change(&mut events, "warned");
    }
    let before = host.warnings().unwrap();
    murder(host.status().unwrap().pid);

    let [of_doomed, of_spared] = &mut clients;
    let next = rig.host();
    let spared_warning = |host: &winsta_client::Host| {
        let warnings = host.warnings().unwrap();
        warnings.into_iter().find(|w| w.session == spared.0)
    };
    let warning = spared_warning(&next).unwrap();
    assert!(before.contains(&warning), "{before:?}");
    // Whoever comes now is shown it too, and its number is not given to anything else.
    let mut newcomer = Client::attach(&next, spared, Attachment::View);
    assert!(matches!(newcomer.notice(), Notice::Countdown { id, .. } if id == warning.id));
    of_doomed.message(|message| matches!(message, KeeperMessage::Closed { .. }));
    assert_eq!(next.wait(doomed).unwrap().exit_code, 129);
    let trail = next.audit(100).unwrap();
    let mut of_doomed = trail.iter().filter(|e| e.session == Some(doomed.0));
    let ended = of_doomed.find(|entry| entry.action == "logoff").unwrap();
    assert_eq!((&*ended.outcome, &*ended.detail), ("done", "HUP"));
    assert_eq!(ended.user, warning.by);

    next.cancel_warning(warning.id).unwrap();
    assert!(matches!(of_spared.notice(), Notice::Countdown { .. }));
    assert!(matches!(of_spared.notice(), Notice::Cancelled { id, .. } if id == warning.id));
    murder(next.status().unwrap().pid);
    let last = rig.host();
    assert_eq!(spared_warning(&last), None, "cancelled for good");
    assert!(last.session(spared).is_ok());
}

#[test]
fn a_killed_keeper_is_replaced_and_its_sessions_live_on() {
    let rig = Rig::new();
    let host = rig.host();
    let watcher = rig.host();
    let mut events = watcher.events().unwrap();
    let sessions = (0..5)
        .map(|_| host.new_session(&shell(COUNTER)).unwrap())
        .collect::<Vec<_>>();
    for session in &sessions {
        host.input(id(session), b"before\n").unwrap();
        await_output(&host, id(session), "line 1 before");
    }
    let status = host.status().unwrap();
    murder(status.keeper_pid.unwrap());
    await_change(&mut events, "keeper_lost");
    for session in &sessions {
        assert!(is_alive(session.leader_pid.unwrap()));
        host.input(id(session), b"after\n").unwrap();
        let output = await_output(&host, id(session), "line 2 after");
        assert!(output.contains("line 1 before"), "{output:?}");
    }
    assert_ne!(host.status().unwrap().keeper_pid, status.keeper_pid);
    assert_eq!(host.status().unwrap().problems, Vec::<String>::new());
    let session = id(&sessions[0]);
    let request = EndRequest {
        how: How::Reset,
        guard: guard(&host, session),
        warn: None,
    };
    assert!(host.end(session, &request).unwrap().ended);
    assert_eq!(host.wait(session).unwrap().exit_code, 137);
    let next = host.new_session(&shell("exit 3")).unwrap();
    assert_eq!(host.wait(SessionId(next.id)).unwrap().exit_code, 3);
}

#[test]
fn a_session_that_ends_with_its_keeper_has_a_status() {
    let rig = Rig::new();
    let host = rig.host();
    let session = host.new_session(&shell("sleep 1000")).unwrap();
    let keeper = host.status().unwrap().keeper_pid.unwrap();
    // Stopped, it sees no end of a session.
    let stop = rustix::process::Signal::STOP;
    rustix::process::kill_process(crate::rig::as_pid(keeper), stop).unwrap();
    murder(session.leader_pid.unwrap());
    murder(keeper);
    assert_eq!(host.wait(id(&session)).unwrap().exit_code, 137);
}
