//! How hosts begin and end.

use crate::rig::{Life, Rig, as_pid, id, is_alive, shell};
use rustix::process::{Signal, kill_process};
use winsta_api::ErrorCode;
use winsta_client::{Cause, Host};

#[test]
fn fifty_commands_at_once_start_one_host() {
    let rig = Rig::new();
    let pids = std::thread::scope(|scope| {
        let commands = (0..50).map(|_| scope.spawn(|| rig.host().status().unwrap().pid));
        let commands = commands.collect::<Vec<_>>();
        commands
            .into_iter()
            .map(|command| command.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
}

#[test]
fn what_a_crash_left_behind_is_no_obstacle() {
    let rig = Rig::new();
    rig.dirs.prepare_runtime().unwrap();
    drop(std::os::unix::net::UnixListener::bind(rig.dirs.host_socket()).unwrap());
    drop(std::os::unix::net::UnixListener::bind(rig.dirs.keeper_socket(0)).unwrap());
    for file in [rig.dirs.host_lock(), rig.dirs.start_lock()] {
        std::fs::write(file, "4711\n").unwrap();
    }
    assert_eq!(rig.host().status().unwrap().sessions, 0);
}

#[test]
fn a_folder_that_is_open_to_others_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new();
    rig.dirs.prepare_runtime().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(rig.dirs.runtime(), open).unwrap();
    let error = Host::started(&rig.dirs, &rig.launch).unwrap_err();
    assert!(matches!(error.cause, Cause::Dirs(_)), "{error:?}");
    assert!(error.reasons().contains("chmod 700"), "{}", error.reasons());
    let closed = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(rig.dirs.runtime(), closed).unwrap();
}

#[test]
fn a_host_that_nobody_needs_ends_by_itself_with_its_keeper() {
    let rig = Rig::with_config("[host]\nlinger_seconds = 1\n");
    let host = rig.host();
    let status = host.status().unwrap();
    let lives = [Life::of(status.pid), Life::of(status.keeper_pid.unwrap())];
    for life in lives {
        life.ended();
    }
    assert!(!rig.dirs.host_socket().exists());
    assert!(Host::running(&rig.dirs).unwrap().is_none());
}

#[test]
fn a_host_with_sessions_stops_only_by_force() {
    let rig = Rig::new();
    let host = rig.host();
    let session = host.new_session(&shell("sleep 1000")).unwrap();
    let refused = host.stop(false).unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Conflict));
    assert!(is_alive(session.leader_pid.unwrap()));
    let status = host.status().unwrap();
    let lives = [Life::of(status.pid), Life::of(status.keeper_pid.unwrap())];
    assert_eq!(host.stop(true).unwrap().ended, 1);
    for life in lives {
        life.ended();
    }
}

#[test]
fn a_terminated_host_leaves_its_sessions_running() {
    let rig = Rig::new();
    let host = rig.host();
    let session = host.new_session(&shell("sleep 1000")).unwrap();
    let before = host.sessions().unwrap();
    let pid = host.status().unwrap().pid;
    let life = Life::of(pid);
    kill_process(as_pid(pid), Signal::TERM).unwrap();
    life.ended();
    let host = rig.host();
    assert_ne!(host.status().unwrap().pid, pid);
    let mut after = host.sessions().unwrap();
    assert_eq!(after.incarnation, before.incarnation);
    for (then, now) in before.sessions.iter().zip(&mut after.sessions) {
        now.idle_seconds = then.idle_seconds;
    }
    assert_eq!(after.sessions, before.sessions);
    let next = host.new_session(&shell("sleep 1000")).unwrap();
    assert_eq!(next.id, session.id + 1);
    assert_eq!(
        host.session(id(&session)).unwrap().leader_pid,
        session.leader_pid
    );
}

#[test]
fn host_and_keeper_become_another_program() {
    let rig = Rig::new();
    let host = rig.host();
    let session = host
        .new_session(&shell("read line; echo got $line; sleep 1000"))
        .unwrap();
    let before = host.status().unwrap();
    let refused = host.upgrade("/no/such/program").unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Invalid));
    let program = crate::rig::program().display().to_string();
    let report = host.upgrade(&program).unwrap();
    assert_eq!(report.host_before, before.version);
    // The process stays, the program in it begins anew: no request is refused meanwhile.
    let after = host.status().unwrap();
    assert_eq!(
        (after.pid, after.keeper_pid),
        (before.pid, before.keeper_pid)
    );
    assert_eq!(after.sessions, 1);
    host.input(id(&session), b"news\n").unwrap();
    crate::rig::await_output(&host, id(&session), "got news");
}

#[test]
fn a_listener_that_is_too_slow_is_told_what_it_missed() {
    const CHANGES: u64 = 6_000;
    let rig = Rig::new();
    let listener = rig.host();
    let mut events = listener.events().unwrap();
    let host = rig.host();
    let session = id(&host.new_session(&shell("cat")).unwrap());
    for n in 0..CHANGES {
        host.label(session, Some(&format!("label {n}"))).unwrap();
    }
    host.new_session(&shell("cat")).unwrap();
    let (mut heard, mut missed) = (0, 0);
    let mut created = 0;
    while created < 2 {
        let change = events.next().unwrap().unwrap();
        match change.change.as_str() {
            "created" => created += 1,
            "labelled" => heard += 1,
            "missed" => {
                let count = change.detail.split(' ').next().unwrap();
                missed += count.parse::<u64>().unwrap();
            }
            other => unreachable!("{other}"),
        }
    }
    assert!(missed > 0, "it was not slow enough");
    assert_eq!(heard + missed, CHANGES, "each is told or counted");
}
