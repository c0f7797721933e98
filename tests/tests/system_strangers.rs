//! Users of one machine's host who want what is not theirs: each way in, and what they are told.

use std::path::Path;

use serde_json::Value;
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;
use winsta_tests::system::{
    self, ECHO, as_user, ask, assert_answers, await_screen, guard, keeper_unit, start, uid,
};

const NO_LOOK: &str = "you lack the right to look into this user's sessions";
const NO_CONTROL: &str = "you lack the right to control this user's sessions";
const NO_ADMIN: &str = "you lack the right to administer this host";

/// What a refusal says.
fn refusal(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    answer["message"].as_str().unwrap_or_default().to_owned()
}

/// Every request about a session, with what whoever it does not belong to is told.
fn requests(id: &str, pid: &str, guard: &str) -> Vec<(&'static str, String, String, &'static str)> {
    let at = |rest: &str| format!("/v1/sessions/{id}{rest}");
    vec![
        ("GET", at("/screen"), String::new(), NO_LOOK),
        ("GET", at("/output"), String::new(), NO_LOOK),
        ("GET", at("/output?follow=true"), String::new(), NO_LOOK),
        ("GET", at("/line"), String::new(), NO_LOOK),
        ("GET", at("/processes"), String::new(), NO_LOOK),
        ("GET", at("/wait"), String::new(), NO_LOOK),
        (
            "POST",
            at("/attach"),
            r#"{"mode":"view"}"#.to_owned(),
            NO_CONTROL,
        ),
        ("GET", at("/attach?mode=view"), String::new(), NO_CONTROL),
        ("POST", at("/input"), "rm -rf ~\n".to_owned(), NO_CONTROL),
        (
            "PUT",
            at("/size"),
            r#"{"cols":9,"rows":9}"#.to_owned(),
            NO_CONTROL,
        ),
        (
            "PUT",
            at("/label"),
            r#"{"label":"mine"}"#.to_owned(),
            NO_CONTROL,
        ),
        (
            "POST",
            at("/message"),
            r#"{"text":"hello"}"#.to_owned(),
            NO_CONTROL,
        ),
        ("POST", at("/disconnect"), guard.to_owned(), NO_CONTROL),
        (
            "POST",
            at("/switch"),
            format!(r#"{{"guard":{guard},"destination":"pty#1"}}"#),
            NO_CONTROL,
        ),
        (
            "DELETE",
            at(&format!("/processes/{pid}")),
            guard.to_owned(),
            NO_CONTROL,
        ),
        (
            "DELETE",
            at(""),
            format!(r#"{{"guard":{guard},"how":"reset"}}"#),
            NO_CONTROL,
        ),
    ]
}

#[test]
fn users_list_everything_and_reach_only_their_own() {
    let Some(machine) = system::up("strangers") else {
        return;
    };
    let id = start(&machine, "bob", ECHO);
    let own = start(&machine, "alice", ECHO);
    for user in ["alice", "bob"] {
        let listed = machine.winsta_as(user, &["qwinsta", "-o", "json"]).done();
        let listed: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
        let hosted = listed.iter().filter(|row| row["source"] == "hosted");
        let users: Vec<_> = hosted.filter_map(|row| row["user"].as_str()).collect();
        assert!(
            users.contains(&"alice") && users.contains(&"bob"),
            "{users:?}"
        );
    }
    let before = machine.session(&id).expect("it is there");
    let guard = guard(&machine, &id);
    let pid = before["leader_pid"].to_string();
    for (method, path, body, told) in requests(&id, &pid, &guard) {
        let said = ask(&machine, "alice", method, &path, &body).out;
        assert_eq!(refusal(&said), told, "{method} {path}: {said}");
    }
    for (method, path, body) in [
        ("POST", "/v1/host/stop?force=true", ""),
        ("POST", "/v1/host/upgrade", r#"{"program":"/bin/true"}"#),
        ("GET", "/v1/audit", ""),
        ("POST", "/v1/sessions", r#"{"console":true}"#),
        ("POST", "/v1/session-configurations", r#"{"name":"x"}"#),
        ("PATCH", "/v1/session-configurations/x", "{}"),
        ("DELETE", "/v1/session-configurations/x", ""),
    ] {
        let said = ask(&machine, "alice", method, path, body).out;
        assert_eq!(refusal(&said), NO_ADMIN, "{method} {path}: {said}");
    }
    assert_eq!(
        machine.session(&id).expect("it is there")["label"],
        before["label"]
    );
    assert_answers(&machine, &id, "untouched");

    // Warnings and processes of others are not shown, nor cancelled.
    let warn = format!(r#"{{"guard":{guard},"how":"logoff","warn":{{"seconds":600}}}}"#);
    machine
        .sh(&format!(
            "curl -sS --unix-socket /run/winsta/host.sock -X DELETE -d '{warn}' \
             http://winsta/v1/sessions/{id} > /dev/null 2>&1 &"
        ))
        .done();
    let number = until("the warning", || {
        let listed = ask(&machine, "bob", "GET", "/v1/warnings", "").out;
        let listed: Vec<Value> = serde_json::from_str(&listed).ok()?;
        listed.first().map(|warning| warning["id"].to_string())
    });
    assert_eq!(ask(&machine, "alice", "GET", "/v1/warnings", "").out, "[]");
    let said = ask(
        &machine,
        "alice",
        "DELETE",
        &format!("/v1/warnings/{number}"),
        "",
    )
    .out;
    assert_eq!(refusal(&said), NO_CONTROL);
    let processes = ask(&machine, "alice", "GET", "/v1/processes", "").out;
    let processes: Vec<Value> = serde_json::from_str(&processes).expect("JSON");
    assert!(
        processes
            .iter()
            .all(|process| process["id"].as_u64() == own.parse().ok()),
        "{processes:?}"
    );
    assert!(!processes.is_empty());

    // Administrators may: root, and whoever is in the group, from that moment on.
    machine.winsta(&["send", &id, "--enter", "root"]).done();
    machine.sh("usermod -aG winsta-admins alice").done();
    let sent = machine.winsta_as("alice", &["send", &id, "--enter", "admin"]);
    sent.done();
    await_screen(&machine, &id, "got admin");
    machine.sh("gpasswd -d alice winsta-admins").done();
    let sent = machine.winsta_as("alice", &["send", &id, "--enter", "former"]);
    assert!(
        sent.status == 4 && sent.err.contains(NO_CONTROL),
        "{sent:?}"
    );
    let trail = machine.winsta(&["audit", "-o", "json"]).done();
    assert!(
        trail.contains(NO_CONTROL) && trail.contains(NO_ADMIN),
        "refusals are written down: {trail}"
    );
}

#[test]
fn sockets_and_folders_let_in_whom_they_are_for() {
    let Some(machine) = system::up("sockets") else {
        return;
    };
    let id = start(&machine, "bob", ECHO);
    let socket = format!("/run/winsta/users/{}/keeper.sock", uid(&machine, "bob"));
    let permit = machine
        .sh(&format!(
            "curl -sS --unix-socket /run/winsta/host.sock -d '{{\"mode\":\"view\"}}' \
             http://winsta/v1/sessions/{id}/attach"
        ))
        .done();
    assert!(permit.contains(&socket), "{permit}");
    // Whatever permit alice has got hold of: she does not get to where it could be shown.
    let dialled = machine.winsta_as("alice", &["dial-stdio", "--socket", &socket]);
    assert!(dialled.err.contains("Permission denied"), "{dialled:?}");

    // Nobody puts anything in the place of a socket, or reads what is the host's alone.
    let folder = Path::new(&socket).parent().expect("a folder");
    for user in ["alice", "bob"] {
        for attempt in [
            format!("rm -f {socket}"),
            format!("mv {socket} /tmp/gone"),
            format!("ln -s /tmp/x {}/other", folder.display()),
            "ln -s /tmp/x /run/winsta/other".to_owned(),
            "mkdir /run/winsta/users/4711".to_owned(),
            "rm -f /run/winsta/host.sock".to_owned(),
            "ls /run/winsta/host".to_owned(),
            "cat /run/winsta/host/sessions/1".to_owned(),
            "ls /var/lib/winsta".to_owned(),
        ] {
            let tried = as_user(&machine, user, &["sh", "-c", &attempt]);
            assert!(
                tried.status != 0
                    && (tried.err.contains("denied") || tried.err.contains("not permitted")),
                "{user}: {attempt}: {tried:?}"
            );
        }
    }
    assert_answers(&machine, &id, "still");

    // Bob is no host, even to his own keeper.
    put_hostile(&machine);
    let told = as_user(&machine, "bob", &["/opt/hostile-host", &socket]).out;
    assert!(
        told.contains("only root's host may control this keeper"),
        "{told}"
    );
}

#[test]
fn a_number_that_is_nobodys_yet_is_nobodys_chance() {
    let Some(machine) = system::up("race") else {
        return;
    };
    let next = start(&machine, "bob", ECHO)
        .parse::<u32>()
        .expect("a number")
        + 1;
    let last = next + 30;
    // Alice types into sessions that bob has not started yet, again and again.
    machine
        .sh(&format!(
            "setpriv --reuid alice --regid alice --clear-groups --reset-env sh -c '
             while :; do curl -s --unix-socket /run/winsta/host.sock -d evil \
             \"http://winsta/v1/sessions/[{next}-{last}]/input\"; done' > /tmp/said 2>&1 & echo $! > /tmp/racer"
        ))
        .done();
    for _ in next..=last {
        start(&machine, "bob", "cat");
    }
    until("alice to have tried the last", || {
        machine
            .sh(&format!("grep -q 'no session has the id {last}' /tmp/said"))
            .status
            .eq(&0)
            .then_some(())
    });
    machine.sh("kill $(cat /tmp/racer)").done();
    let said = machine.sh("cat /tmp/said").out;
    assert!(
        said.contains(NO_CONTROL) && !said.contains("\"bytes\""),
        "{said:.2000}"
    );
    for id in [next, last] {
        let shown = machine.winsta(&["screen", &id.to_string()]).done();
        assert!(!shown.contains("evil"), "{shown}");
    }
}

fn put_hostile(machine: &Machine) {
    for name in ["hostile-keeper", "hostile-host"] {
        let path = std::env::current_exe().expect("a path");
        let path = path.ancestors().nth(2).expect("a folder").join(name);
        let bytes = std::fs::read(&path).expect("it is built with the tests");
        machine.put_program(&format!("/opt/{name}"), &bytes);
    }
}

/// From now on bob's keeper is one that he has made do what he wants.
fn turn_hostile(machine: &Machine, what: &str) {
    let bob = uid(machine, "bob");
    let text = format!(
        "[Service]\nExecStart=\nExecStart=/opt/hostile-keeper {what}\nStandardInput=socket\n"
    );
    let folder = format!("/etc/systemd/system/winsta-keeper@{bob}.service.d");
    machine.sh(&format!("mkdir -p {folder}")).done();
    machine.put(&format!("{folder}/hostile.conf"), text.as_bytes());
    machine
        .sh(&format!(
            "systemctl daemon-reload; systemctl restart {}",
            keeper_unit(machine, "bob")
        ))
        .done();
}

#[test]
fn a_keeper_that_lies_or_hangs_is_its_own_users_loss() {
    let Some(machine) = system::up("hostile") else {
        return;
    };
    put_hostile(&machine);
    let hers = start(&machine, "alice", ECHO);
    let session = machine.session(&hers).expect("it is there");
    for what in [
        format!("claim {hers}"),
        "pipe".to_owned(),
        "hang".to_owned(),
        "flood".to_owned(),
    ] {
        let _his = machine.winsta_as("bob", &["new", "-d", "--", "cat"]);
        turn_hostile(&machine, &what);
        // Also for a host that begins anew, and asks who has what.
        machine.sh("systemctl restart winsta-host").done();
        assert_answers(&machine, &hers, &what.replace(' ', "-"));
        let now = machine.session(&hers).expect("it is there");
        for key in ["user", "leader_pid", "state", "logon_time"] {
            assert_eq!(
                now[key], session[key],
                "{key} while bob's keeper does {what}"
            );
        }
        let more = start(&machine, "alice", ECHO);
        assert_answers(&machine, &more, "more");
        machine.winsta(&["rwinsta", &more]).done();
    }
}
