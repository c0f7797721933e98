//! Logins and hosted sessions that have to do with each other, and machines that lack things.

use std::time::{Duration, Instant};

use serde_json::Value;
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;

fn list(machine: &Machine, user: &str) -> Vec<Value> {
    let listed = machine
        .over_ssh(user, "winsta query session -o json")
        .done();
    let mut listed: Vec<Value> = serde_json::from_str(&listed).expect("a JSON array");
    // Not the login that asks.
    listed.retain(|session| session["user"] == user && session["device"] != Value::Null);
    listed
}

#[test]
fn a_login_that_is_attached_to_a_session_is_one_with_it() {
    let Some(machine) = Machine::up("joined") else {
        return;
    };
    let mut alice = machine.login("alice");
    let login = until("the login", || list(&machine, "alice").pop());
    assert_eq!(login["source"], "ssh");
    alice.type_line("winsta new -n work -- sh -c 'echo inside-$((1+1)); exec sleep 7777'");
    alice.wait_for("inside-2");
    let joined = until("one session", || match list(&machine, "alice").as_slice() {
        [only] if only["name"] == login["name"] => Some(only.clone()),
        _ => None,
    });
    assert_eq!(
        (&joined["source"], &joined["label"]),
        (&"hosted".into(), &"work".into())
    );
    assert_eq!(joined["client_address"], "10.77.0.1");
    assert_eq!(joined["connections"][0]["name"], login["name"]);
    machine.over_ssh("alice", "winsta tsdiscon work").done();
    let both = until("two sessions again", || {
        let both = list(&machine, "alice");
        (both.len() == 2).then_some(both)
    });
    let again = both
        .iter()
        .find(|s| s["source"] == "ssh")
        .expect("the login");
    assert_eq!(again["id"], login["id"]);
}

#[test]
fn hosted_sessions_outlive_the_login_that_started_the_host() {
    let Some(machine) = Machine::up("outlive") else {
        return;
    };
    let mut alice = machine.login("alice");
    alice.type_line("winsta new -d -n kept -- sleep 7777; echo started-$((1+1))");
    alice.wait_for("started-2");
    let root = machine.await_session("alice", "listed", |_| true);
    alice.type_line("exit");
    alice.wait_end();
    // Of the login nothing is left but what Winsta keeps, so that it is no session any more.
    until("the login to be gone", || {
        let listed = list(&machine, "alice");
        let kept = matches!(listed.as_slice(), [only] if only["label"] == "kept");
        kept.then_some(())
    });
    // Root's host does not host it: to it these are what the login left.
    let left = machine.await_session("alice", "down", |s| s["state"] == "Down");
    assert_eq!(left["id"], root["id"]);

    let mut again = machine.login("alice");
    let login = until("the new login", || {
        let all = list(&machine, "alice");
        all.into_iter().find(|s| s["source"] == "ssh")
    });
    let ended = format!("winsta logoff {} /V", login["id"]);
    let said = machine.over_ssh("alice", &ended).done();
    assert!(said.contains("ended by"), "{said}");
    again.wait_end();
    assert_eq!(list(&machine, "alice").len(), 1, "the hosted one stays");
}

#[test]
fn the_console_is_listed_told_and_logged_off() {
    if !std::path::Path::new("/dev/tty1").exists() {
        println!("skipped: there is no virtual console here");
        return;
    }
    let Some(machine) = Machine::up("console") else {
        return;
    };
    machine
        .exec(&["systemctl", "start", "console@alice"])
        .done();
    let session = machine.await_session("alice", "at the console", |s| {
        s["source"] == "console" && s["state"] == "Active"
    });
    for (key, value) in [("name", "tty1"), ("device", "tty1"), ("type", "wdcon")] {
        assert_eq!(session[key], value, "{key} in {session}");
    }
    let said = machine.winsta(&["msg", "tty1", "/V", "hello"]).done();
    assert!(said.contains("shown"), "{said}");
    let refused = machine.winsta(&["tsdiscon", "tty1"]);
    assert!(refused.err.contains("vlock"), "{refused:?}");
    let said = machine.winsta(&["logoff", "tty1", "/V"]).done();
    assert!(said.contains("ended by"), "{said}");
    machine.await_none("alice");
}

#[test]
fn a_warning_counts_down_at_the_terminal() {
    let Some(machine) = Machine::up("warn") else {
        return;
    };
    let mut bob = machine.login("bob");
    let session = machine.await_session("bob", "active", |_| true);
    let id = session["id"].to_string();
    let words = [
        "logoff",
        &id,
        "/V",
        "--warn",
        "1",
        "--message",
        "the server restarts",
    ];
    let said = machine.winsta(&words).done();
    assert!(said.contains("ended by HUP"), "{said}");
    bob.wait_end();
    assert!(
        bob.output().contains("the server restarts"),
        "{}",
        bob.output()
    );
    machine.await_none("bob");
}

#[test]
fn changes_are_told_as_they_come() {
    let Some(machine) = Machine::up("events") else {
        return;
    };
    let status = machine.winsta(&["host", "status", "-o", "json"]).done();
    let status: Value = serde_json::from_str(&status).expect("an object");
    let socket = status["socket"].as_str().expect("a path");
    let listen = format!(
        "curl -sN -D /run/headers --unix-socket {socket} http://w/v1/events > /run/events 2>&1 &"
    );
    machine.sh(&listen).done();
    let told = |change: &str| {
        let events = machine.sh("cat /run/events").out;
        let wanted = format!("\"change\":\"{change}\"");
        events
            .lines()
            .any(|line| line.contains(&wanted))
            .then_some(())
    };
    // Nobody asks for a list: the host looks because somebody listens.
    until("the listener to be heard", || {
        let headers = machine.sh("cat /run/headers").out;
        headers.contains("text/event-stream").then_some(())
    });
    let mut bob = machine.login("bob");
    until("the login to be told", || told("created"));
    bob.type_line("exit");
    bob.wait_end();
    until("its end to be told", || told("ended"));
}

#[test]
fn without_dbus_proc_tells() {
    let Some(machine) = Machine::up("bare") else {
        return;
    };
    let mut bob = machine.login("bob");
    let full = machine.await_session("bob", "active", |s| s["state"] == "Active");

    // Stuck: it accepts, and says nothing.
    machine
        .sh("kill -STOP $(pgrep -u messagebus -x dbus-daemon)")
        .done();
    machine.winsta(&["host", "stop"]).done();
    let begun = Instant::now();
    let stuck = machine.await_session("bob", "found in /proc", |_| true);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "it waits for D-Bus"
    );
    for key in [
        "id",
        "name",
        "device",
        "client_address",
        "leader_pid",
        "user",
        "state",
    ] {
        assert_eq!(stuck[key], full[key], "{key}");
    }
    let report = machine.winsta(&["doctor"]).done();
    assert!(
        report.contains("D-Bus or logind does not answer"),
        "{report}"
    );

    // Gone.
    machine
        .sh("pkill -KILL -u messagebus -x dbus-daemon; rm -f /run/dbus/system_bus_socket")
        .done();
    machine.winsta(&["host", "stop"]).done();
    let bare = machine.await_session("bob", "found in /proc", |_| true);
    assert_eq!(bare["id"], full["id"]);
    let report = machine.winsta(&["doctor"]).done();
    assert!(report.contains("apt-get install dbus"), "{report}");
    machine.winsta(&["msg", "bob", "no bus today"]).done();
    bob.wait_for("no bus today");
    bob.type_line("(setsid sleep 7777 >/dev/null 2>&1 &); echo away-$((1+1))");
    bob.wait_for("away-2");
    machine.winsta(&["rwinsta", &full["id"].to_string()]).done();
    bob.wait_end();
    machine.await_none("bob");
    assert_eq!(machine.sh("pgrep -u bob sleep").out, "");
}
