//! Every tool of the command line, with a real host, keeper and sessions.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use winsta_tests::desk::Desk;
use winsta_tests::patience::until;

const HEADER: &str = " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n";

fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn the_first_command_starts_the_host_and_lists_what_every_machine_has() {
    let desk = Desk::new();
    let table = desk.run(&["query", "session"]).done();
    let expected = format!(
        "{HEADER} console                                     0  Conn    wdcon\n \
         pty                                     65536  Listen  pty\n"
    );
    // A machine with logins has more rows; these two are everywhere.
    for line in expected.lines() {
        assert!(table.lines().any(|row| row == line), "{line:?} in\n{table}");
    }
    assert!(table.starts_with(HEADER), "{table}");
}

#[test]
fn a_new_session_is_listed_with_everything_that_is_known() {
    let desk = Desk::new();
    let id = desk
        .run(&["new", "-d", "-n", "build", "--size", "100x30", "--", "cat"])
        .done();
    let id = id.trim_end();
    let session = desk.session(id).expect("it is listed");
    for key in [
        "host",
        "id",
        "name",
        "label",
        "user",
        "state",
        "type",
        "device",
        "source",
        "logon_time",
        "last_input_time",
        "idle_seconds",
        "disconnected_since",
        "client_name",
        "client_address",
        "leader_pid",
        "current",
    ] {
        assert!(session.get(key).is_some(), "{key}");
    }
    assert_eq!(session["label"], "build");
    assert_eq!(session["user"], user());
    assert_eq!(session["state"], "Disconnected");
    assert_eq!(session["name"], Value::Null);
    assert!(
        session["device"]
            .as_str()
            .is_some_and(|d| d.starts_with("pts/"))
    );

    let row = desk.run(&["qwinsta", id]).done();
    let row = row.lines().nth(1).expect("a row");
    assert_eq!(row.get(19..19 + user().len()), Some(user().as_str()));
    assert_eq!(
        row.get(..46).map(str::trim_end),
        row.get(..46),
        "the id ends in column 45"
    );
    assert_eq!(row.get(48..52), Some("Disc"));
    assert_eq!(row.get(56..59), Some("pty"));

    let by_label = desk.run(&["query", "session", "build", "-o", "csv"]).done();
    assert_eq!(by_label.lines().count(), 2);
    let size = desk.run(&["query", "session", id, "/MODE"]).done();
    assert!(size.contains("100x30"), "{size}");
    let users = desk.run(&["quser", id]).done();
    assert!(users.starts_with(
        " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
    ));
    assert!(
        users.lines().nth(1).is_some_and(|row| row.ends_with('M')),
        "{users}"
    );
}

#[test]
fn switches_of_query_session_add_what_they_name() {
    let desk = Desk::new();
    let id = desk.start("cat");
    let counter = desk.run(&["query", "session", "/counter"]).done();
    assert!(counter.contains("Total sessions created: 1\n"), "{counter}");
    let flow = desk.run(&["query", "session", &id, "/FLOW"]).done();
    assert!(
        flow.contains("FLOW CONTROL") && flow.contains("ixon"),
        "{flow}"
    );
    let connect = desk.run(&["query", "session", &id, "/CONNECT"]).done();
    assert!(connect.contains("TRANSPORT"), "{connect}");
    let json = desk
        .run(&["query", "session", &id, "/MODE", "-o", "json"])
        .done();
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert!(json[0]["line"]["flags"].is_array(), "{json}");
}

#[test]
fn text_is_typed_shown_and_read() {
    let desk = Desk::new();
    let id = desk.start("stty -echo; printf 'ready\\n'; exec sh -i");
    desk.wait_screen(&id, "ready");
    desk.run(&["send", &id, "--enter", "echo", "sum=$((1+1))"])
        .done();
    desk.wait_screen(&id, "sum=2");
    let raw = desk.run(&["read", &id]).done();
    assert!(
        raw.contains("ready\r\n") && raw.contains("sum=2\r\n"),
        "{raw:?}"
    );
    let from = desk.run(&["read", &id, "--from", "7"]).done();
    assert!(!from.contains("ready"), "{from:?}");

    // What follows ends with the session.
    let mut follow = desk
        .command(&["read", &id, "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut followed = follow.stdout.take().expect("a pipe");
    // Its first bytes say that it has begun.
    let mut first = [0; 5];
    followed.read_exact(&mut first).expect("output");
    assert_eq!(&first, b"ready");
    desk.run(&[
        "send", &id, "--keys", "e", "x", "i", "t", "Space", "3", "Enter",
    ])
    .done();
    assert_eq!(desk.run(&["wait", &id]).status, 3);
    let mut rest = String::new();
    followed.read_to_string(&mut rest).expect("output");
    assert!(rest.contains("sum=2\r\n"), "{rest:?}");
    assert!(follow.wait().expect("it ends").success());
}

#[test]
fn waiting_takes_the_exit_status() {
    let desk = Desk::new();
    let seven = desk.start("exit 7");
    assert_eq!(desk.run(&["wait", &seven]).status, 7);
    desk.wait_gone(&seven);
    let killed = desk.start("kill -KILL $$");
    assert_eq!(desk.run(&["wait", &killed]).status, 137);
}

#[test]
fn a_logoff_is_orderly_and_says_which_step_ended_it() {
    let desk = Desk::new();
    let id = desk.start("cat");
    let ran = desk.run(&["logoff", &id, "/V"]);
    assert!(ran.out.trim_end().ends_with("ended by HUP"), "{ran:?}");
    assert_eq!(ran.status, 0);
    assert!(desk.session(&id).is_none());
    let again = desk.run(&["logoff", &id]);
    let missing = format!("No session exists for {id}\n");
    assert_eq!((again.status, again.err), (1, missing));
}

#[test]
fn a_reset_leaves_nothing_of_what_ran_away() {
    let desk = Desk::new();
    let mark = desk.folder().join("pids").display().to_string();
    let id = desk.start(&format!(
        "trap '' HUP TERM; (trap '' HUP TERM; setsid sh -c 'echo $$ >> {mark}; exec sleep 1000' &) ; \
         nohup sleep 1000 >/dev/null 2>&1 & echo $! >> {mark}; kill -STOP $!; sleep 1000"
    ));
    let pids = until("both processes", || {
        let text = std::fs::read_to_string(&mark).ok()?;
        (text.lines().count() == 2).then_some(text)
    });
    let begun = Instant::now();
    desk.run(&["rwinsta", &id]).done();
    assert!(begun.elapsed().as_secs() < 5, "no grace");
    for pid in pids.lines() {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        assert!(
            state.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound),
            "{pid}"
        );
    }
    assert!(desk.session(&id).is_none());
}

#[test]
fn processes_are_listed_and_killed() {
    let desk = Desk::new();
    let id = desk.start("sleep 1000; cat");
    let list = until("sleep to run", || {
        let ran = desk.run(&["qprocess", &format!("/ID:{id}")]);
        ran.out.contains("sleep").then_some(ran.out)
    });
    assert!(list.starts_with(" USERNAME              SESSIONNAME         ID    PID  IMAGE\n"));
    let ran = desk.run(&["tskill", "sleep", &format!("/ID:{id}"), "/V"]);
    assert!(ran.out.contains("(sleep) of session"), "{ran:?}");
    until("cat instead of sleep", || {
        let ran = desk.run(&["qprocess", &format!("/ID:{id}")]);
        (ran.out.contains("cat") && !ran.out.contains("sleep")).then_some(())
    });
    let missing = desk.run(&["tskill", "no-such-program", "/A"]);
    assert_eq!(missing.err, "No Process exists for no-such-program\n");
    assert_eq!(missing.status, 1);
}

#[test]
fn filters_choose_and_previews_change_nothing() {
    let desk = Desk::new();
    let ids: Vec<String> = ["bulk-1", "bulk-2", "other"]
        .iter()
        .map(|label| {
            let id = desk.run(&["new", "-d", "-n", label, "--", "cat"]).done();
            id.trim_end().to_owned()
        })
        .collect();
    let words = ["logoff", "--label", "BULK-*", "--state", "disc"];
    let preview = desk
        .run(&[words.as_slice(), &["--what-if"]].concat())
        .done();
    assert_eq!(preview.lines().count(), 2, "{preview}");
    assert!(
        preview
            .lines()
            .all(|line| line.starts_with("What if: would log off session "))
    );
    assert!(ids.iter().all(|id| desk.session(id).is_some()));
    desk.run(&words).done();
    let left: Vec<bool> = ids.iter().map(|id| desk.session(id).is_some()).collect();
    assert_eq!(left, [false, false, true]);
    assert_eq!(desk.run(&words).status, 1);
}

#[test]
fn a_warning_can_be_cancelled() {
    let desk = Desk::new();
    let id = desk.start("cat");
    let mut logoff = desk
        .command(&["logoff", &id, "--warn", "10m", "--message", "Tea."])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let warning = until("the warning", || {
        let list = desk.run(&["warnings", "-o", "json"]).done();
        let list: Vec<Value> = serde_json::from_str(&list).expect("JSON");
        list.first()?["id"].as_u64()
    });
    desk.run(&["warnings", "--cancel", &warning.to_string()])
        .done();
    let status = logoff.wait().expect("it ends");
    assert_eq!(status.code(), Some(4));
    assert!(desk.session(&id).is_some());
}

#[test]
fn messages_wait_for_a_client() {
    let desk = Desk::new();
    let id = desk.start("cat");
    let ran = desk.run(&["msg", &id, "/V", "/TIME:5", "hello"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(desk.run(&["msg", "nobody-here", "hello"]).status, 1);
}

#[test]
fn the_host_tells_its_state_and_stops_only_when_it_may() {
    let desk = Desk::new();
    let id = desk.start("cat");
    let status = desk.run(&["host", "status", "-o", "json"]).done();
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert!(
        status["pid"].is_u64() && status["started"].is_string(),
        "{status}"
    );
    assert_eq!(status["sessions"], 1);
    let refused = desk.run(&["host", "stop"]);
    assert_eq!(refused.status, 4, "{refused:?}");
    assert!(desk.session(&id).is_some());
    desk.run(&["host", "stop", "--force"]).done();
    assert_eq!(desk.run(&["host", "stop"]).status, 1);
}

#[test]
fn changes_are_in_the_audit_trail() {
    let desk = Desk::new();
    let id = desk.start("cat");
    let other = desk.start("cat");
    desk.run(&["logoff", &id]).done();
    desk.run(&["reset", "session", &other]).done();
    let trail = desk.run(&["audit", "-o", "jsonl"]).done();
    let entries: Vec<Value> = trail
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let of_session = |id: &str| {
        let number: u64 = id.parse().expect("a number");
        let entries = entries.iter().filter(|entry| entry["session"] == number);
        let words = entries.map(|entry| (&entry["action"], &entry["outcome"], &entry["detail"]));
        words
            .map(|(action, outcome, detail)| format!("{action} {outcome} {detail}"))
            .collect::<Vec<_>>()
    };
    let (created, done) = (r#""create" "done" "sh -c cat""#, r#""done""#);
    let ended = |action: &str, by: &str| format!("{action:?} {done} {by:?}");
    assert_eq!(of_session(&id), [created, &ended("logoff", "HUP")]);
    assert_eq!(of_session(&other), [created, &ended("reset", "KILL")]);
    assert!(entries.iter().all(|entry| entry["user"] == user()));
}

#[test]
fn inside_a_session_tools_mean_it() {
    let desk = Desk::new();
    let out = desk.folder().join("out").display().to_string();
    let program = winsta_tests::binary::winsta().display().to_string();
    let id = desk.start(&format!(
        "{program} query session > {out}.tmp; mv {out}.tmp {out}; exec cat"
    ));
    let table = until("the listing", || std::fs::read_to_string(&out).ok());
    let own = table
        .lines()
        .find(|line| line.starts_with('>'))
        .expect("a mark");
    assert!(own.split_whitespace().any(|word| word == id), "{table}");
}
