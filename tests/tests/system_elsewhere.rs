//! Sessions that Winsta does not host, under the machine's hardened host: it has every right that it
//! needs for them, and their users have theirs.

use winsta_tests::desktop::{self, Desktop};
use winsta_tests::patience::until;
use winsta_tests::system;

/// A tree that nothing but KILL ends, out of the login's terminal and process groups.
const NASTY: &str = "(trap '' HUP TERM; setsid nohup sh -c 'trap \"\" HUP TERM; while :; do sleep 1; done' \
    >/dev/null 2>&1 &) ; (sleep 7777 >/dev/null 2>&1 &) ; echo nasty-$((1+1))";

#[test]
fn logins_over_ssh_are_told_and_ended() {
    let Some(machine) = system::up("foreign") else {
        return;
    };
    let mut alice = machine.login("alice");
    let mut bob = machine.login("bob");
    let hers = machine.await_session("alice", "active", |s| s["state"] == "Active");
    let his = machine.await_session("bob", "active", |s| s["state"] == "Active");
    assert_eq!(hers["client_address"], "10.77.0.1", "{hers}");
    assert!(hers["idle_seconds"].is_u64(), "{hers}");
    let (hers, his) = (hers["id"].to_string(), his["id"].to_string());

    machine.winsta(&["msg", "alice", "rain at noon"]).done();
    alice.wait_for("rain at noon");
    for words in [
        vec!["rwinsta", &hers],
        vec!["msg", &hers, "hello"],
        vec!["qprocess", "--id", &hers],
    ] {
        let ran = machine.winsta_as("bob", &words);
        assert_eq!(ran.status, 4, "{words:?}: {ran:?}");
        assert!(ran.err.contains("you lack the right to"), "{ran:?}");
    }
    // Their own they may end, through root's host.
    bob.type_line(NASTY);
    bob.wait_for("nasty-2");
    let said = machine.winsta_as("bob", &["rwinsta", &his, "/V"]).done();
    assert!(said.contains("ended by KILL"), "{said}");
    bob.wait_end();
    assert_eq!(machine.sh("pgrep -u bob sleep").out, "");
    let said = machine.winsta(&["logoff", &hers, "/V"]).done();
    assert!(said.contains("ended by HUP"), "{said}");
    alice.wait_end();
    let checks = machine.winsta(&["doctor", "-o", "json"]).done();
    assert!(!checks.contains("\"absent\""), "{checks}");
}

#[test]
fn desktops_are_asked_told_and_sent_away() {
    if let Some(why) = desktop::cannot() {
        println!("skipped: {why}");
        return;
    }
    let Some(machine) = system::up("foreign-rdp") else {
        return;
    };
    let (mut client, session) = Desktop::connect(&machine, "bob");
    // On a busy machine a desktop that did not answer in time is left alone for a while.
    machine.await_session("bob", "asked when its user last typed", |s| {
        s["idle_seconds"].is_u64()
    });
    let said = machine
        .winsta(&["msg", "bob", "/V", "/TIME:600", "rain at noon"])
        .done();
    assert!(said.contains("shown"), "{said}");
    let id = session["id"].to_string();
    let refused = machine.winsta_as("alice", &["tsdiscon", &id]);
    assert_eq!(refused.status, 4, "{refused:?}");
    machine.winsta_as("bob", &["tsdiscon", &id]).done();
    until("the client to notice", || client.is_gone().then_some(()));
    machine.await_session("bob", "disconnected", |s| s["state"] == "Disconnected");
    machine.winsta(&["rwinsta", &id]).done();
    machine.await_none("bob");
}
