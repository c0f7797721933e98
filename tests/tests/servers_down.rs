//! Other machines that are down, silent, slow, strange or gone.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use winsta_tests::desk::Desk;
use winsta_tests::patience::until;
use winsta_tests::sshd::{Machines, end_masters, free_port, machines, masters};
use winsta_tests::stall::Stall;

fn is(row: &Value, id: &str) -> bool {
    row["id"].as_u64() == id.parse().ok()
}

fn rows(json: &str) -> Vec<Value> {
    serde_json::from_str(json).expect("a JSON array")
}

#[test]
fn a_host_that_ended_and_a_connection_that_ended_are_both_made_anew() {
    let Some((desk, machines)) = machines(&["web01"]) else {
        return;
    };
    let there = machines.desk("web01");
    let id = there.start("cat");
    let words = ["qwinsta", &id, "--server", "web01"];
    desk.run(&words).done();
    desk.run(&words).done();
    there.run(&["host", "stop", "--force"]).done();
    // The master still leads to the socket of the host that was.
    let gone = desk.run(&words);
    assert_eq!(gone.status, 1, "{gone:?}");
    let id = there.start("cat");
    end_masters(&desk);
    desk.run(&["qwinsta", &id, "--server", "web01"]).done();
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
    let ran = desk.run(&["query", "session", "--server", all, "--timeout", "8"]);
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
        ("silent", "did not answer within 8 s"),
        ("nowhere.invalid", "its name cannot be resolved"),
    ];
    assert_eq!(lines.len(), expected.len(), "{ran:?}");
    for (line, (host, why)) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("winsta: {host}: ")), "{line}");
        // The clocks of ssh and of winsta run out together.
        let slow = host == "silent" && line.contains("no way leads to it");
        assert!(line.contains(why) || slow, "{line}");
    }

    let words = ["quser", "--server", all, "--timeout", "8", "-o", "json"];
    let ran = desk.run(&words);
    assert_eq!(ran.status, 3);
    let found = rows(&ran.out);
    let of =
        |host: &str| -> Vec<&Value> { found.iter().filter(|row| row["host"] == host).collect() };
    let is_it = |row: &&Value| is(row, &id) && row["error"].is_null();
    assert!(of("web02").iter().any(is_it), "{found:?}");
    for (host, _) in expected {
        let rows = of(host);
        assert_eq!(rows.len(), 1, "{found:?}");
        assert!(rows[0]["error"].is_string() && rows[0]["id"].is_null());
    }
    let csv = desk.run(&["quser", "--server", all, "--timeout", "8", "-o", "csv"]);
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
    // A program gets the same row from one host as from many.
    let ran = desk.run(&["qwinsta", "--server", "stranger", "-o", "json"]);
    assert_eq!(ran.status, 3);
    assert!(rows(&ran.out)[0]["error"].is_string(), "{ran:?}");
    let ran = desk.run(&["qwinsta", "--server", "-oProxyCommand=true"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    let ran = desk.run(&["qwinsta", "--server", "@nobody"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("hosts.toml"), "{ran:?}");
}

#[test]
fn a_network_that_stalls_in_the_middle_is_not_waited_for() {
    let Some(mut machines) = Machines::new() else {
        return;
    };
    machines.add("web01");
    machines.add("web02");
    let stall = Stall::before(machines.port("web02"));
    machines.add_through("far", stall.port());
    let desk = Desk::new();
    machines.lead(&desk, "");
    let ask = |seconds| {
        let words = ["quser", "--server", "web01,far", "-o", "json"];
        desk.run(&[words.as_slice(), &["--timeout", seconds]].concat())
    };
    machines.desk("web01").start("cat");
    machines.desk("web02").start("cat");
    let before = ask("30");
    assert_eq!(before.status, 0, "{before:?}");

    stall.stop();
    let stalled = ask("3");
    assert_eq!(stalled.status, 3, "{stalled:?}");
    assert_eq!(stalled.err.lines().count(), 1, "{stalled:?}");
    assert!(stalled.err.contains("far: "), "{stalled:?}");
    assert!(
        stalled.err.contains("did not answer within 3 s"),
        "{stalled:?}"
    );
    assert!(
        rows(&stalled.out)
            .iter()
            .any(|row| row["host"] == "web01" && row["error"].is_null())
    );

    stall.go_on();
    until("the far host to answer again", || {
        (ask("30").status == 0).then_some(())
    });
}

/// An ssh that says nothing and does not end, as one does whose DNS does not answer; it leaves a
/// file behind that says who it is.
fn hung_ssh(desk: &Desk) -> String {
    let path = desk.folder().join("hung-ssh");
    let pids = desk.folder().join("pids");
    let script = format!(
        "#!/bin/sh\necho $$ >> {}\nexec sleep 1000\n",
        pids.display()
    );
    fs::write(&path, script).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    format!("[ssh]\nprogram = \"{}\"\n", path.display())
}

#[test]
fn an_ssh_that_hangs_is_given_up_and_ended() {
    let desk = Desk::new();
    let hosts = hung_ssh(&desk);
    fs::write(desk.folder().join("hosts.toml"), hosts).expect("a file");
    let ran = desk.run(&["quser", "--server", "a,b", "--timeout", "1"]);
    assert_eq!((ran.status, ran.out.as_str()), (3, ""));
    let expected: Vec<String> = ["a", "b"]
        .iter()
        .map(|host| {
            format!("winsta: {host}: cannot list the users: the host did not answer within 1 s")
        })
        .collect();
    assert_eq!(ran.err.lines().collect::<Vec<_>>(), expected);
    let pids = fs::read_to_string(desk.folder().join("pids")).expect("a file");
    assert_eq!(pids.lines().count(), 2);
    for pid in pids.lines() {
        until("the end of ssh", || {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
            // Its parent has ended; nobody here decides when it is buried.
            let over = stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z "));
            over.then_some(())
        });
    }
}

#[test]
fn somebody_who_waits_sees_how_far_it_is() {
    let desk = Desk::new();
    let hosts = hung_ssh(&desk);
    fs::write(desk.folder().join("hosts.toml"), hosts).expect("a file");
    let Some(terminal) = desk.terminal() else {
        return;
    };
    terminal.line("winsta quser --server a,b,c --timeout 4; echo status=$?");
    terminal.wait_text("0 of 3 hosts");
    terminal.wait_text("status=3");
    assert!(!terminal.plain().contains("of 3 hosts"));
}
