//! Other machines, through real ssh servers.

use std::fs;
use std::net::TcpListener;

use serde_json::Value;
use winsta_tests::desk::Desk;
use winsta_tests::sshd::{Machines, free_port, masters};

/// A desk, and machines that it knows.
fn machines(names: &[&str]) -> Option<(Desk, Machines)> {
    let mut machines = Machines::new()?;
    for name in names {
        machines.add(name);
    }
    let desk = Desk::new();
    machines.lead(&desk, "");
    Some((desk, machines))
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
    assert!(json[0].get("error").is_none());
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
fn hosts_that_fail_keep_nobody_from_the_others() {
    let Some(mut machines) = Machines::new() else {
        return;
    };
    machines.add("web01");
    machines.add("web02");
    machines.add_port("down", free_port());
    machines.add_stranger("stranger");
    // It accepts and says nothing.
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    machines.add_port("silent", silent.local_addr().expect("an address").port());
    let desk = Desk::new();
    machines.lead(&desk, "[groups]\nweb = [\"web[01-02]\"]\n");
    let id = machines.desk("web02").start("cat");

    let all = "@web,down,stranger,silent,nowhere.invalid";
    let ran = desk.run(&["query", "session", "--server", all, "--timeout", "5"]);
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.out.starts_with(" HOST  SESSIONNAME"), "{ran:?}");
    for host in ["web01", "web02"] {
        let row = format!(" {host} console ");
        assert!(ran.out.contains(&row), "{ran:?}");
    }
    let lines: Vec<&str> = ran.err.lines().collect();
    let expected = [
        ("down", "it refused the connection"),
        ("stranger", "its ssh host key is not known"),
        ("silent", "did not answer within 5 s"),
        ("nowhere.invalid", "its name cannot be resolved"),
    ];
    assert_eq!(lines.len(), expected.len(), "{ran:?}");
    for (line, (host, why)) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("winsta: {host}: ")), "{line}");
        // The clocks of ssh and of winsta run out together.
        let slow = host == "silent" && line.contains("no way leads to it");
        assert!(line.contains(why) || slow, "{line}");
    }

    let words = ["quser", "--server", all, "--timeout", "5", "-o", "json"];
    let ran = desk.run(&words);
    assert_eq!(ran.status, 3);
    let found = rows(&ran.out);
    let of =
        |host: &str| -> Vec<&Value> { found.iter().filter(|row| row["host"] == host).collect() };
    let is_it = |row: &&Value| row["id"].to_string() == id && row["error"].is_null();
    assert!(of("web02").iter().any(is_it), "{found:?}");
    for (host, _) in expected {
        let rows = of(host);
        assert_eq!(rows.len(), 1, "{found:?}");
        assert!(rows[0]["error"].is_string() && rows[0]["id"].is_null());
    }
    let csv = desk.run(&["quser", "--server", all, "--timeout", "5", "-o", "csv"]);
    let widths: Vec<usize> = csv
        .out
        .lines()
        .map(|line| line.split(',').count())
        .collect();
    assert!(widths.len() > 4 && csv.status == 3, "{csv:?}");
}

#[test]
fn one_host_that_fails_is_named_with_what_to_do() {
    let Some(mut machines) = Machines::new() else {
        return;
    };
    machines.add_stranger("stranger");
    let desk = Desk::new();
    machines.lead(&desk, "");
    let ran = desk.run(&["qwinsta", "--server", "stranger"]);
    assert_eq!(ran.status, 3);
    assert!(
        ran.err
            .starts_with("winsta: stranger: cannot list the sessions: "),
        "{ran:?}"
    );
    assert!(ran.err.contains("hint: compare its key"), "{ran:?}");
    let ran = desk.run(&["qwinsta", "--server", "-oProxyCommand=true"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    let ran = desk.run(&["qwinsta", "--server", "@nobody"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("hosts.toml"), "{ran:?}");
}
