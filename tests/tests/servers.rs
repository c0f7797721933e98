//! Other machines, through real ssh servers.

use std::fs;
use std::io::{BufRead, BufReader};

use serde_json::Value;
use winsta_tests::desk::Desk;
use winsta_tests::patience::until;
use winsta_tests::sshd::{Machines, end_masters, free_port, machines, masters};

fn is(row: &Value, id: &str) -> bool {
    row["id"].as_u64() == id.parse().ok()
}

fn rows(json: &str) -> Vec<Value> {
    serde_json::from_str(json).expect("a JSON array")
}

#[test]
fn sessions_of_another_machine_are_listed_as_its_own_are() {
    let Some((desk, machines)) = machines(&["web01"]) else {
        return;
    };
    let id = machines.desk("web01").start("cat");
    let here = desk.start("cat");
    let table = desk.run(&["qwinsta", "/SERVER:web01"]).done();
    let own = machines.desk("web01").run(&["qwinsta"]).done();
    assert_eq!(table, own);
    let json = rows(
        &desk
            .run(&["query", "session", &id, "--server", "web01", "-o", "json"])
            .done(),
    );
    assert_eq!(json[0]["host"], "web01");
    assert_eq!(json[0]["error"], Value::Null);
    let processes = desk.run(&["qprocess", "cat", "/server:web01"]).done();
    assert!(processes.contains("cat"), "{processes}");
    // The one here is another one.
    desk.run(&["rwinsta", &id, "--server", "web01"]).done();
    machines.desk("web01").wait_gone(&id);
    assert!(desk.session(&here).is_some());
}

#[test]
fn a_connection_is_kept_between_commands() {
    let Some((desk, machines)) = machines(&["web01"]) else {
        return;
    };
    desk.run(&["qwinsta", "--server", "web01"]).done();
    assert_eq!(masters(&desk).len(), 1);
    // Whoever would log in anew could not any more.
    fs::remove_file(machines.folder().join("user")).expect("a key");
    for _ in 0..3 {
        desk.run(&["quser", "--server", "web01,web01"]);
        desk.run(&["qwinsta", "--server", "web01"]).done();
    }
    assert_eq!(masters(&desk).len(), 1);
}

#[test]
fn verbs_reach_sessions_of_several_machines() {
    let Some((desk, machines)) = machines(&["web01", "web02", "web03"]) else {
        return;
    };
    let on = |name: &str| machines.desk(name);
    for name in ["web01", "web02"] {
        on(name)
            .run(&["new", "-d", "-n", "old", "--", "cat"])
            .done();
    }
    let kept = on("web01").start("cat");
    let refused = desk.run(&["logoff", "old", "--server", "web*"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    let looked = desk
        .run(&["logoff", "old", "--server", "web*", "--what-if"])
        .done();
    assert_eq!(looked.lines().count(), 2, "{looked}");
    assert!(looked.contains(" on web02"), "{looked}");
    let told = desk
        .run(&["msg", "*", "/SERVER:web[01-03]", "/V", "Lunch"])
        .done();
    assert_eq!(told.lines().count(), 3, "{told}");
    let ended = desk
        .run(&["logoff", "old", "--server", "web[01-03]", "--verbose"])
        .done();
    assert_eq!(ended.lines().count(), 2, "{ended}");
    assert!(
        ended.lines().all(|line| line.contains("ended by HUP")),
        "{ended}"
    );
    assert!(on("web01").session(&kept).is_some());
    let nothing = desk.run(&["logoff", "old", "--server", "web[01-03]"]);
    assert_eq!(
        (nothing.status, nothing.err.as_str()),
        (1, "No session exists for old\n")
    );
    let killed = desk
        .run(&["tskill", "cat", "/A", "/SERVER:web01,web02", "/V"])
        .done();
    assert!(
        killed.contains("of session") && killed.contains(" on web01 killed"),
        "{killed}"
    );
    on("web01").wait_gone(&kept);
}

#[test]
fn forty_sessions_of_one_machine_end_through_one_connection() {
    let Some((desk, machines)) = machines(&["web01"]) else {
        return;
    };
    let host = machines.desk("web01");
    for _ in 0..40 {
        host.start("cat");
    }
    desk.run(&["rwinsta", "--all", "/SERVER:web01"]).done();
    let hosted = |session: &Value| session["leader_pid"].is_u64();
    until("all to be gone", || {
        (!host.sessions().iter().any(hosted)).then_some(())
    });
    assert_eq!(masters(&desk).len(), 1);
}

#[test]
fn the_inventory_is_listed_and_a_user_is_found() {
    let Some(mut machines) = Machines::new() else {
        return;
    };
    machines.add("web01");
    machines.add_port("down", free_port());
    let desk = Desk::new();
    machines.lead(
        &desk,
        "inventory = \"ansible.ini\"\n[groups]\nweb = [\"web01\"]\n",
    );
    fs::write(
        desk.folder().join("ansible.ini"),
        "[more]\nweb01 ansible_user=nobody\n",
    )
    .expect("a file");
    // What hosts.toml does not say of a host, the other inventory may.
    let json = desk.run(&["query", "termserver", "web01", "-o", "json"]);
    assert_eq!(json.status, 3, "{json:?}");
    assert!(json.err.contains("nobody@127.0.0.1"), "{json:?}");
    fs::write(desk.folder().join("ansible.ini"), "[more]\nweb01\n").expect("a file");
    let json = desk
        .run(&["query", "termserver", "web01", "-o", "json"])
        .done();
    assert_eq!(rows(&json)[0]["groups"], serde_json::json!(["more", "web"]));
    let ran = desk.run(&["query", "termserver", "/ADDRESS"]);
    assert_eq!(ran.status, 3, "{ran:?}");
    for host in ["web01", "down"] {
        let row = ran
            .out
            .lines()
            .find(|line| line.starts_with(&format!(" {host} ")));
        assert!(row.is_some_and(|row| row.contains("127.0.0.1:")), "{ran:?}");
    }

    let id = machines.desk("web01").start("cat");
    let user = machines.desk("web01").session(&id).expect("it is listed")["user"].clone();
    let user = user.as_str().expect("a name");
    let ran = desk.run(&["find", user, "-o", "json"]);
    assert_eq!(ran.status, 3, "{ran:?}");
    let found = rows(&ran.out);
    assert!(
        found
            .iter()
            .any(|row| row["host"] == "web01" && is(row, &id))
    );
    assert!(
        found
            .iter()
            .any(|row| row["host"] == "down" && row["error"].is_string())
    );
    let nobody = desk.run(&["find", "nobody-at-all", "--server", "@web"]);
    assert_eq!(nobody.status, 1, "{nobody:?}");
    fs::write(
        desk.folder().join("hosts.toml"),
        "[hosts.a]\nport = 1\nprot = 2\n",
    )
    .expect("a file");
    let wrong = desk.run(&["find", "bob"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("hosts.toml:3: "), "{wrong:?}");
}

#[test]
fn a_terminal_is_connected_to_a_session_of_another_machine() {
    let Some((desk, machines)) = machines(&["web01"]) else {
        return;
    };
    let Some(terminal) = desk.terminal() else {
        return;
    };
    let there = machines.desk("web01");
    terminal.line("winsta new --server web01 -n far -- sh -c 'echo in $HOME; stty size; exec cat'");
    terminal.wait_text("24 80");
    terminal.line("typed");
    there.wait_screen("far", "typed");
    let listed = there.sessions();
    let far = listed
        .iter()
        .find(|session| session["label"] == "far")
        .expect("it is there");
    let id = far["id"].to_string();
    there.wait_state(&id, "Active");
    terminal.keys(&["C-\\", "d"]);
    there.wait_state(&id, "Disconnected");
    terminal.line("clear; winsta connect --server web01; echo status=$?");
    terminal.wait_text("typed");
    there.wait_state(&id, "Active");
    // Every byte gets through, also those that mean something to ssh in a terminal.
    terminal.line("~.");
    there.wait_screen(&id, "~.");
    there.run(&["rwinsta", &id]).done();
    terminal.wait_text("status=137");
}

#[test]
fn a_session_survives_the_connection_through_which_it_is_seen() {
    let Some((desk, machines)) = machines(&["web01"]) else {
        return;
    };
    let Some(terminal) = desk.terminal() else {
        return;
    };
    let id = machines.desk("web01").start("echo still here; exec cat");
    terminal.line(&format!(
        "winsta connect {id} --server web01; echo status=$?"
    ));
    terminal.wait_text("still here");
    machines.desk("web01").wait_state(&id, "Active");
    end_masters(&desk);
    terminal.wait_text("status=3");
    machines.desk("web01").wait_state(&id, "Disconnected");
    assert!(
        machines
            .desk("web01")
            .run(&["screen", &id])
            .out
            .contains("still here")
    );
}

#[test]
fn a_machine_without_winsta_is_listed_told_and_logged_off_all_the_same() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: the ssh server of an ordinary user gives no terminals");
        return;
    }
    let Some(mut machines) = Machines::new() else {
        return;
    };
    machines.add_bare("bare");
    let desk = Desk::new();
    machines.lead(&desk, "");
    let mut login = machines.login("bare", "echo $$; exec cat");
    let mut lines = BufReader::new(login.stdout.take().expect("a pipe")).lines();
    let mut next = || lines.next().and_then(Result::ok).unwrap_or_default();
    let pid: u64 = next().trim_end().parse().expect("a number");

    let words = ["query", "session", "--server", "bare", "-o", "json"];
    let listed = || rows(&desk.run(&words).out);
    let cat = rows(
        &desk
            .run(&["qprocess", "cat", "/server:bare", "-o", "json"])
            .done(),
    );
    // Other logins may be on this machine, with other ids.
    let cat = cat
        .iter()
        .find(|row| row["pid"] == pid)
        .expect("it is listed");
    let id = cat["id"].to_string();
    let found = listed()
        .into_iter()
        .find(|row| is(row, &id))
        .expect("it is listed");
    assert_eq!(
        (&found["host"], &found["source"]),
        (&"bare".into(), &"ssh".into())
    );
    assert!(
        found["device"]
            .as_str()
            .is_some_and(|tty| tty.starts_with("pts/")),
        "{found}"
    );
    assert!(found["idle_seconds"].is_u64(), "{found}");

    desk.run(&["msg", &id, "/server:bare", "It's lunch"]).done();
    until("the message", || {
        next().contains("It's lunch").then_some(())
    });

    let refused = desk.run(&["rwinsta", &id, "/server:bare"]);
    assert_eq!(refused.status, 4, "{refused:?}");
    let unknown = desk.run(&["new", "-d", "--server", "bare"]);
    assert_eq!(unknown.status, 3, "{unknown:?}");
    assert!(
        unknown.err.contains("winsta was not found there"),
        "{unknown:?}"
    );
    let ended = desk.run(&["logoff", &id, "/server:bare", "/V"]).done();
    assert!(ended.contains("ended by HUP"), "{ended}");
    login.wait().expect("it ends");
    assert!(!listed().iter().any(|row| is(row, &id)));
}

#[test]
fn a_machine_behind_another_is_reached_as_ssh_is_configured() {
    let Some(mut machines) = Machines::new() else {
        return;
    };
    machines.add("inner");
    machines.add("outer");
    let way = |jump: u16| {
        let inner = machines.port("inner");
        format!("  HostName 127.0.0.1\n  Port {inner}\n  ProxyJump 127.0.0.1:{jump}\n")
    };
    let (right, wrong) = (way(machines.port("outer")), way(free_port()));
    machines.add_alias("behind", &right);
    machines.add_alias("lost", &wrong);
    let desk = Desk::new();
    machines.lead(&desk, "");
    let id = machines.desk("inner").start("cat");
    let ran = desk.run(&["qwinsta", &id, "--server", "behind"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let lost = desk.run(&["qwinsta", "--server", "lost"]);
    assert_eq!(lost.status, 3, "{lost:?}");
}
