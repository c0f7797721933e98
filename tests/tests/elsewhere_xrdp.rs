//! Desktops of a real xrdp, with `FreeRDP`'s client.

use serde_json::Value;
use winsta_tests::desktop::{self, Desktop};
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;

fn machine(what: &str) -> Option<Machine> {
    if let Some(why) = desktop::cannot() {
        println!("skipped: {why}");
        return None;
    }
    Machine::up(what)
}

fn disconnected(machine: &Machine) -> Value {
    machine.await_session("bob", "disconnected", |s| s["state"] == "Disconnected")
}

#[test]
fn desktops_are_active_and_disconnected_when_they_are() {
    let Some(machine) = machine("rdp") else {
        return;
    };
    let (client, session) = Desktop::connect(&machine, "bob");
    let name = format!("rdp-tcp#{}", session["id"]);
    for (key, value) in [
        ("name", name.as_str()),
        ("type", "rdpwd"),
        ("source", "xrdp"),
        ("device", ":10"),
    ] {
        assert_eq!(session[key], value, "{key} in {session}");
    }
    let listener = machine.sessions();
    let listener = listener
        .iter()
        .find(|s| s["id"] == 65_538)
        .expect("xrdp listens");
    assert_eq!(
        (&listener["name"], &listener["state"]),
        (&"rdp-tcp".into(), &"Listen".into())
    );

    // The X server may only just have begun.
    machine.await_session("bob", "idle as the X server says", |s| {
        s["idle_seconds"].is_u64()
    });
    let own = machine.winsta_as("bob", &["quser", "-o", "json"]).done();
    assert!(!own.contains("\"idle_seconds\":null,\"current\""), "{own}");
    let blind = machine.winsta_as("alice", &["quser", "bob"]).done();
    assert!(blind.contains("rdp-tcp#"), "{blind}");

    // A message is a window on the desktop, named as its sender.
    let said = machine
        .winsta(&["msg", "bob", "/V", "/TIME:600", "rain at noon"])
        .done();
    assert!(said.contains("shown"), "{said}");
    let windows = "runuser -u bob -- env DISPLAY=:10 HOME=/home/bob xwininfo -root -tree";
    let windows = machine.sh(windows).done();
    assert!(windows.contains("Message from root"), "{windows}");
    let refused = machine.winsta_as("alice", &["msg", "bob", "hello"]);
    assert_eq!(refused.status, 4, "{refused:?}");

    // Its client dies.
    drop(client);
    let left = disconnected(&machine);
    assert_eq!((&left["id"], &left["name"]), (&session["id"], &Value::Null));
    assert!(left["disconnected_since"].is_string(), "{left}");
    assert_eq!(left["client_address"], Value::Null);

    // He comes back from somewhere else, and is sent away.
    let Some(home) = Machine::up("home") else {
        return;
    };
    let (mut client, again) = Desktop::connect_from(&home, &machine, "bob");
    assert_eq!(again["id"], session["id"]);
    let id = session["id"].to_string();
    machine.winsta(&["tsdiscon", &id]).done();
    assert_eq!(disconnected(&machine)["id"], session["id"]);
    until("the client to notice", || client.is_gone().then_some(()));
    let nobody = machine.winsta_as("alice", &["tsdiscon", &id]);
    assert_ne!(nobody.status, 0, "{nobody:?}");

    let said = machine.winsta(&["rwinsta", &id, "/V"]).done();
    assert!(said.contains("ended by KILL"), "{said}");
    machine.await_none("bob");
    assert_eq!(machine.sh("pgrep -u bob Xorg").out, "");
}

#[test]
fn desktops_are_logged_off() {
    let Some(machine) = machine("rdpoff") else {
        return;
    };
    let (mut client, session) = Desktop::connect(&machine, "bob");
    let id = session["id"].to_string();
    let processes = machine.winsta(&["qprocess", "--id", &id]).done();
    assert!(processes.contains("Xorg"), "{processes}");
    let said = machine.winsta(&["logoff", &id, "/V"]).done();
    assert!(
        said.contains("ended by HUP") || said.contains("ended by TERM"),
        "{said}"
    );
    machine.await_none("bob");
    until("the client to notice", || client.is_gone().then_some(()));
}
