//! Sessions that Winsta does not host, on a real machine: logins over ssh with OpenSSH's client.

use serde_json::Value;
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;

fn id(session: &Value) -> String {
    session["id"].to_string()
}

/// A tree that nothing but KILL ends, out of the login's terminal and process groups.
const NASTY: &str = "(trap '' HUP TERM; setsid nohup sh -c 'trap \"\" HUP TERM; while :; do sleep 1; done' \
    >/dev/null 2>&1 &) ; sh -c 'kill -STOP $$' & (sleep 7777 >/dev/null 2>&1 &) ; echo nasty-$((1+1))";

fn processes_of(machine: &Machine, user: &str) -> usize {
    let listed = machine
        .sh(&format!(
            "ps -u {user} -o args= | grep -v -e systemd -e sd-pam"
        ))
        .out;
    listed.lines().count()
}

#[test]
fn logins_are_listed_with_all_that_can_be_known() {
    let Some(machine) = Machine::up("list") else {
        return;
    };
    let mut bob = machine.login("bob");
    let session = machine.await_session("bob", "active", |s| s["state"] == "Active");
    let name = format!("ssh-tcp#{}", id(&session));
    for (key, value) in [
        ("name", name.as_str()),
        ("type", "ssh"),
        ("source", "ssh"),
        ("device", "pts/0"),
        ("client_address", "10.77.0.1"),
    ] {
        assert_eq!(session[key], value, "{key} in {session}");
    }
    assert!(
        session["idle_seconds"].is_u64() && session["leader_pid"].is_u64(),
        "{session}"
    );
    assert!(session["logon_time"].is_string() && session["disconnected_since"].is_null());
    let listeners = machine.sessions();
    let listener = listeners
        .iter()
        .find(|s| s["name"] == "ssh-tcp")
        .expect("sshd listens");
    assert_eq!(
        (&listener["id"], &listener["state"]),
        (&65_537.into(), &"Listen".into())
    );

    // Everybody sees everybody, and their own session is marked.
    let table = machine.over_ssh("alice", "winsta qwinsta").done();
    assert!(
        table
            .lines()
            .any(|line| line.starts_with(&format!(" {name}"))),
        "{table}"
    );
    assert!(
        table
            .lines()
            .any(|line| line.starts_with(">ssh-tcp#") && line.contains("alice")),
        "{table}"
    );
    let members = machine
        .winsta(&["qprocess", "--id", &id(&session), "-o", "json"])
        .done();
    assert!(
        members.contains("\"bash\"") && members.contains("\"sshd"),
        "{members}"
    );

    // The number stays when the host is another, and is given to nobody else.
    machine.winsta(&["host", "stop"]).done();
    let again = machine.await_session("bob", "listed again", |_| true);
    assert_eq!(again["id"], session["id"]);
    bob.type_line("exit");
    bob.wait_end();
    machine.await_none("bob");
    let _next = machine.login("bob");
    let next = machine.await_session("bob", "there", |_| true);
    assert_ne!(next["id"], session["id"]);
}

#[test]
fn a_connection_that_is_cut_leaves_what_ignores_it_and_reset_ends_that() {
    let Some(machine) = Machine::up("cut") else {
        return;
    };
    let mut quiet = machine.login("alice");
    let mut bob = machine.login("bob");
    bob.type_line(NASTY);
    bob.wait_for("nasty-2");
    let session = machine.await_session("bob", "active", |s| s["state"] == "Active");
    bob.cut();
    quiet.cut();
    machine.await_none("alice");
    let left = machine.await_session("bob", "down", |s| s["state"] == "Down");
    assert_eq!(left["id"], session["id"], "the same session");
    assert_eq!(
        (&left["name"], &left["client_address"]),
        (&Value::Null, &Value::Null)
    );
    let said = machine.winsta(&["rwinsta", &id(&session), "/V"]).done();
    assert!(said.contains("ended by KILL"), "{said}");
    assert_eq!(machine.sessions_of("bob"), Vec::<Value>::new());
    assert_eq!(processes_of(&machine, "bob"), 0);
}

#[test]
fn logoff_climbs_its_ladder_until_nothing_is_left() {
    let Some(machine) = Machine::up("logoff") else {
        return;
    };
    let mut plain = machine.login("alice");
    let session = machine.await_session("alice", "active", |s| s["state"] == "Active");
    let said = machine.winsta(&["logoff", &id(&session), "/V"]).done();
    assert!(said.contains("ended by HUP"), "{said}");
    plain.wait_end();
    assert_eq!(machine.sessions_of("alice"), Vec::<Value>::new());

    let mut bob = machine.login("bob");
    bob.type_line(NASTY);
    bob.wait_for("nasty-2");
    let session = machine.await_session("bob", "active", |s| s["state"] == "Active");
    let said = machine.winsta(&["logoff", &id(&session), "/V"]).done();
    assert!(said.contains("ended by KILL"), "{said}");
    bob.wait_end();
    assert_eq!(processes_of(&machine, "bob"), 0);
    assert_eq!(
        machine.winsta(&["logoff", &id(&session)]).status,
        1,
        "it is gone"
    );
    let trail = machine.winsta(&["audit", "-o", "json"]).done();
    let trail: Vec<Value> = serde_json::from_str(&trail).expect("a JSON array");
    let ended = trail
        .iter()
        .find(|e| e["action"] == "logoff" && e["owner"] == "bob");
    assert_eq!(ended.expect("the trail has it")["outcome"], "done");
}

#[test]
fn messages_arrive_at_the_terminal_and_obey_nothing() {
    let Some(machine) = Machine::up("msg") else {
        return;
    };
    let mut bob = machine.login("bob");
    let session = machine.await_session("bob", "active", |s| s["state"] == "Active");
    let said = machine
        .winsta(&["msg", "bob", "/V", "rain\u{1b}[2J at noon"])
        .done();
    assert!(said.contains("shown"), "{said}");
    bob.wait_for("rain^[[2J at noon");
    bob.wait_for("Message from root");
    assert!(!bob.output().contains("\u{1b}[2J"), "{:?}", bob.output());

    // Without utmp, where wall delivers nothing, it arrives as well.
    machine.sh("rm -f /run/utmp").done();
    machine
        .winsta(&["msg", &id(&session), "without utmp"])
        .done();
    bob.wait_for("without utmp");

    // A terminal that takes nothing is said to have taken nothing.
    bob.type_line("stty -F $(tty) ixon; (while :; do echo flood; done)");
    bob.wait_for("flood");
    bob.type_raw("\u{13}");
    let failed = until("the message to find a full terminal", || {
        let ran = machine.winsta(&["msg", &id(&session), "nobody reads this"]);
        (ran.status != 0).then_some(ran)
    });
    assert!(failed.err.contains("was not delivered"), "{failed:?}");
    let waits = machine.winsta(&["msg", &id(&session), "/W", "well?"]);
    assert!(
        waits.status != 0 && waits.err.contains("cannot answer"),
        "{waits:?}"
    );
}

#[test]
fn an_ordinary_user_acts_on_their_own_sessions_only() {
    let Some(machine) = Machine::up("rights") else {
        return;
    };
    let mut alice = machine.login("alice");
    let mut bob = machine.login("bob");
    let hers = id(&machine.await_session("alice", "active", |_| true));
    let his = id(&machine.await_session("bob", "active", |_| true));
    let number = |user: &str, of: &str| {
        let list = machine
            .winsta_as(user, &["query", "session", "-o", "json"])
            .done();
        let list: Vec<Value> = serde_json::from_str(&list).expect("a JSON array");
        let found = list
            .iter()
            .find(|s| s["user"] == of && s["device"] != Value::Null);
        id(found.expect("everybody is listed"))
    };
    let theirs = number("bob", "alice");
    let bash = machine.sh("pgrep -u alice bash").done();
    for words in [
        vec!["rwinsta", &theirs],
        vec!["logoff", &theirs],
        vec!["msg", &theirs, "hello"],
        vec!["qprocess", "--id", &theirs],
    ] {
        let ran = machine.winsta_as("bob", &words);
        assert_eq!(ran.status, 4, "{words:?}: {ran:?}");
        assert!(
            ran.err.contains("you lack the right to"),
            "{words:?}: {ran:?}"
        );
    }
    // What bob may not see is not there for him.
    let ran = machine.winsta_as("bob", &["tskill", bash.trim(), "--id", &theirs]);
    assert_eq!(ran.status, 1, "{ran:?}");
    alice.type_line("echo alive-$((6*7))");
    alice.wait_for("alive-42");
    // Root asks bob's host for what its process may not do.
    let socket = machine
        .sh("ls -d /run/user/*/winsta/host.sock /tmp/winsta-*/host.sock")
        .out;
    assert!(socket.contains("winsta"), "{socket}");
    // Their own they may end, though the process that serves it is root's.
    let own = number("bob", "bob");
    let said = machine.winsta_as("bob", &["rwinsta", &own, "/V"]).done();
    assert!(said.contains("ended by KILL"), "{said}");
    bob.wait_end();
    assert!(machine.session(&his).is_none() && machine.session(&hers).is_some());
    let refused = machine.winsta(&["tsdiscon", &hers]);
    assert!(
        refused.status != 0 && refused.err.contains("would end"),
        "{refused:?}"
    );
    assert!(refused.err.contains("winsta login"), "{refused:?}");
    let refused = machine.winsta(&["screen", &hers]);
    assert!(refused.err.contains("does not host"), "{refused:?}");
}
