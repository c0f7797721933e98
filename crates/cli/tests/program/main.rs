//! The program as a whole, against a host that the test plays: what it asks, prints and exits with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;
mod made;

use fake::{Fake, session};
use serde_json::{Value, json};

fn host() -> Fake {
    Fake::with_sessions(&[
        json!({
            "host": "host1", "id": 0, "name": "console", "label": null, "user": null,
            "state": "Connected", "type": "wdcon", "device": null, "source": "console",
            "logon_time": null, "last_input_time": null, "idle_seconds": null,
            "disconnected_since": null, "client_name": null, "client_address": null,
            "leader_pid": null, "current": false, "connections": [], "command": [],
        }),
        session(1, None, Some("gatesb"), "Disconnected"),
        session(3, Some("pty#93"), Some("jobss"), "Active"),
        session(4, None, Some("jobss"), "Disconnected"),
    ])
}

fn ended(id: u32) -> Value {
    json!({"id": id, "ended": true, "step": "HUP", "left": 0, "by": null})
}

#[test]
fn listings_have_four_forms() {
    let host = host();
    let table = host.run(&["query", "session"]);
    assert_eq!(
        table.out,
        concat!(
            " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n",
            " console                                     0  Conn    wdcon\n",
            "                   gatesb                    1  Disc    pty         pts/1\n",
            " pty#93            jobss                     3  Active  pty         pts/1\n",
            "                   jobss                     4  Disc    pty         pts/1\n",
        )
    );
    assert_eq!((table.status, table.err.as_str()), (0, ""));

    let json: Value = serde_json::from_str(&host.run(&["qwinsta", "-o", "json"]).out).unwrap();
    assert_eq!(json[1]["state"], "Disconnected");
    assert_eq!(json[1]["name"], Value::Null);
    let lines = host.run(&["query", "session", "jobss", "--output=jsonl"]);
    assert_eq!(lines.out.lines().count(), 2);
    let csv = host.run(&["query", "session", "/OUTPUT:csv", "4"]);
    assert!(csv.out.starts_with("host,id,name,label,user,state,type,"));
    assert!(csv.out.contains("\nhost1,4,,,jobss,Disconnected,pty,"));

    let users = host.run(&["quser", "--state", "disc"]);
    assert_eq!(
        users.out,
        concat!(
            " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n",
            " gatesb                                    1  Disc         1:00  11/21/2026 7:33 AM\n",
            " jobss                                     4  Disc         4:00  11/21/2026 7:33 AM\n",
        )
    );
}

#[test]
fn nothing_found_is_said_and_has_a_status() {
    let host = host();
    let cases: [(&[&str], &str, &str); 4] = [
        (
            &["query", "session", "eve"],
            "",
            "No session exists for eve\n",
        ),
        (&["query", "user", "eve"], "", "No User exists for eve\n"),
        (
            &["query", "session", "eve", "-o", "json"],
            "[]\n",
            "No session exists for eve\n",
        ),
        (&["logoff", "eve"], "", "No session exists for eve\n"),
    ];
    for (words, out, err) in cases {
        let ran = host.run(words);
        assert_eq!(
            (ran.status, ran.out.as_str(), ran.err.as_str()),
            (1, out, err),
            "{words:?}"
        );
    }
    host.answer("GET /v1/processes", 200, &json!([]));
    let process = host.run(&["query", "process", "vim"]);
    assert_eq!(
        (process.status, process.err.as_str()),
        (1, "No Process exists for vim\n")
    );
}

#[test]
fn usage_errors_name_the_fault_and_a_way_on() {
    let host = host();
    let ran = host.run(&["qwinsta", "/NOPE"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.err,
        "winsta: qwinsta: there is no switch /NOPE\nhint: 'winsta qwinsta /?' lists the switches\n"
    );
    let ran = host.run(&["logoff"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err
            .starts_with("winsta: no session is named, and this is not one\nhint: ")
    );
}

#[test]
fn other_machines_are_named_in_the_refusal() {
    let host = host();
    let ran = host.run(&["query", "session", "/SERVER:elsewhere.invalid"]);
    assert_eq!((ran.status, ran.out.as_str()), (3, ""));
    let named = "winsta: elsewhere.invalid: cannot list the sessions: ";
    assert!(ran.err.starts_with(named), "{}", ran.err);
    assert_eq!(
        host.run(&["query", "session", "/SERVER:localhost"]).status,
        0
    );
}

#[test]
fn every_end_carries_the_guard_of_what_was_listed() {
    let host = host();
    for id in [1, 4] {
        host.answer(&format!("DELETE /v1/sessions/{id}"), 200, &ended(id));
    }
    let words = ["logoff", "--state", "disc", "--idle-over", "30m", "-v"];
    let ran = host.run(&words);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "session 1 (gatesb, Disc) ended by HUP",
            "session 4 (jobss, Disc) ended by HUP"
        ]
    );
    let mut asked = host.asked();
    asked.sort_by(|a, b| a.line.cmp(&b.line));
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[0].json(),
        json!({
            "how": "logoff",
            "guard": {"incarnation": "life1", "logon_time": "2026-11-21T07:33:00.001Z"},
            "warn": null,
        })
    );
}

#[test]
fn a_preview_changes_nothing() {
    let host = host();
    let ran = host.run(&[
        "logoff",
        "--state",
        "disc",
        "--exclude",
        "jobss",
        "--what-if",
    ]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (
            0,
            "What if: would log off session 1 (gatesb, Disc), idle 1:00\n"
        )
    );
    assert!(host.asked().is_empty());
}

#[test]
fn a_question_is_asked_before_each_session() {
    let host = host();
    host.answer("DELETE /v1/sessions/4", 200, &ended(4));
    let words = ["reset", "session", "--state", "disc", "--confirm"];
    let ran = host.run_with(&words, b"n\ny\n");
    assert_eq!(ran.status, 0, "{}", ran.err);
    let asked: Vec<String> = host.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(asked, ["DELETE /v1/sessions/4"]);
    assert!(
        ran.err.contains("Reset session 1 (gatesb, Disc)? [y]es"),
        "{}",
        ran.err
    );
    let declined = host.run_with(&words, b"");
    assert_eq!((declined.status, host.asked().len()), (0, 1));
}

#[test]
fn refusals_say_what_is_missing_and_the_worst_status_wins() {
    let host = host();
    host.answer("DELETE /v1/sessions/3", 200, &ended(3));
    host.answer(
        "DELETE /v1/sessions/4",
        403,
        &json!({"code": "forbidden", "message": "you may end your own sessions only",
            "hint": "ask a member of winsta-admins"}),
    );
    let ran = host.run(&["logoff", "jobss", "--all"]);
    assert_eq!(ran.status, 4);
    assert_eq!(
        ran.err,
        "winsta: cannot log off session 4 (jobss, Disc): you may end your own sessions only\n\
         hint: ask a member of winsta-admins\n"
    );
    assert_eq!(host.asked().len(), 2);

    let unsure = host.run(&["logoff", "jobss"]);
    assert_eq!(unsure.status, 2);
    assert!(
        unsure
            .err
            .contains("\n  session 3 (jobss, pty#93, Active)\n"),
        "{}",
        unsure.err
    );
}

#[test]
fn a_cancelled_warning_is_no_success() {
    let host = host();
    host.answer(
        "DELETE /v1/sessions/3",
        200,
        &json!({"id": 3, "ended": false, "step": "cancelled", "left": 0, "by": "jobss"}),
    );
    let words = [
        "logoff",
        "3",
        "--warn",
        "2m",
        "--message",
        "Now.",
        "--user-may-cancel",
    ];
    let ran = host.run(&words);
    assert_eq!(ran.status, 4);
    assert!(ran.err.contains("jobss cancelled it"), "{}", ran.err);
    assert!(
        ran.err
            .starts_with("winsta: warning session 3 (jobss, pty#93, Active) for 120 s;")
    );
    assert_eq!(
        host.asked()[0].json()["warn"],
        json!({"seconds": 120, "message": "Now.", "user_may_cancel": true})
    );
}

#[test]
fn inside_a_session_the_session_is_what_is_meant() {
    let host = host();
    host.answer(
        "POST /v1/sessions/3/disconnect",
        200,
        &json!({"id": 3, "connections": 1}),
    );
    let inside = |words: &[&str]| {
        let output = host
            .command(words)
            .env("WINSTA_SESSION", "3")
            .output()
            .unwrap();
        fake::Ran::from(output)
    };
    let ran = inside(&["tsdiscon", "/V"]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "session 3 (jobss, pty#93, Active) disconnected\n")
    );
    assert_eq!(host.asked()[0].fields["winsta-session"], "3");
    let itself = inside(&["connect", "3"]);
    assert_eq!(itself.status, 4);
    assert!(itself.err.contains("this is it"), "{}", itself.err);
}

#[test]
fn messages_go_to_those_who_are_meant() {
    let host = host();
    for id in [1, 3, 4] {
        host.answer(
            &format!("POST /v1/sessions/{id}/message"),
            200,
            &json!({"id": id, "shown": 1, "answer": null}),
        );
    }
    let ran = host.run(&["msg", "*", "/TIME:5", "Lunch", "at", "/noon", "/V"]);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (0, "", "")
    );
    let asked = host.asked();
    assert_eq!(asked.len(), 3);
    for one in asked {
        assert_eq!(
            one.json(),
            json!({"text": "Lunch at /noon /V", "seconds": 5, "wait": false, "from": null})
        );
    }
    std::fs::write(host.folder().join("team"), "gatesb\n\n4\neve\n").unwrap();
    let list = format!("@{}", host.folder().join("team").display());
    let ran = host.run_with(&["msg", &list, "/V"], b"from\nstandard input\n");
    assert_eq!(ran.status, 0);
    assert_eq!(ran.err, "No session exists for eve\n");
    assert_eq!(host.asked().len(), 5);
    assert_eq!(host.asked()[4].json()["text"], "from\nstandard input");
}

#[test]
fn keys_and_text_are_typed() {
    let host = host();
    host.answer(
        "POST /v1/sessions/3/input",
        200,
        &json!({"id": 3, "bytes": 99}),
    );
    assert_eq!(host.run(&["send", "3", "--enter", "ls", "-l"]).status, 0);
    assert_eq!(
        host.run(&["send", "pty#93", "--keys", "C-c", "Up", "x"])
            .status,
        0
    );
    assert_eq!(host.run_with(&["send", "3", "-"], b"a\nb\n").status, 0);
    let typed: Vec<Vec<u8>> = host.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(typed, [b"ls -l\r".as_slice(), b"\x03\x1b[Ax", b"a\nb\n"]);
    host.answer(
        "POST /v1/sessions/3/input",
        200,
        &json!({"id": 3, "bytes": 1}),
    );
    let full = host.run(&["send", "3", "long"]);
    assert_eq!(full.status, 4);
    assert!(full.err.contains("it took 1 of 4 bytes"), "{}", full.err);
}

#[test]
fn output_passes_through_and_statuses_are_the_sessions() {
    let host = host();
    host.answer_raw(
        "GET /v1/sessions/3/screen?ansi=true&scrollback=5",
        200,
        b"\x1b[1mhi\x1b[0m\n",
    );
    host.answer_raw(
        "GET /v1/sessions/3/output?follow=false&from=7",
        200,
        b"raw\r\n",
    );
    host.answer(
        "GET /v1/sessions/3/wait",
        200,
        &json!({"id": 3, "exit_code": 137, "status": "ended by signal 9"}),
    );
    let screen = host.run(&["screen", "3", "--ansi", "--scrollback", "5"]);
    assert_eq!(screen.out, "\x1b[1mhi\x1b[0m\n");
    assert_eq!(host.run(&["read", "3", "--from", "7"]).out, "raw\r\n");
    assert_eq!(host.run(&["wait", "3"]).status, 137);
}

#[test]
fn a_new_session_is_like_the_place_it_is_started_from() {
    let host = host();
    host.answer(
        "POST /v1/sessions",
        200,
        &session(5, None, Some("jobss"), "Disconnected"),
    );
    let output = host
        .command(&[
            "new", "-d", "-n", "build", "--size", "100x30", "--", "make", "-j8",
        ])
        .env("MARK", "here")
        .env("WINSTA_SESSION", "3")
        .current_dir("/")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "5\n");
    let wanted = host.asked()[0].json();
    assert_eq!(wanted["command"], json!(["make", "-j8"]));
    assert_eq!(wanted["label"], "build");
    assert_eq!(wanted["size"], json!([100, 30]));
    assert_eq!(wanted["cwd"], "/");
    let env = wanted["env"].as_array().unwrap();
    assert!(env.contains(&json!(["MARK", "here"])));
    assert!(!env.iter().any(|pair| pair[0] == "WINSTA_SESSION"));
    // Without a terminal there is nothing to attach, and no session is left behind.
    let ran = host.run(&["new"]);
    assert_eq!(ran.status, 3);
    assert!(ran.err.contains("is not a terminal"), "{}", ran.err);
    assert_eq!(host.asked().len(), 1);
}

#[test]
fn a_full_host_says_who_fills_it() {
    let host = host();
    host.answer(
        "POST /v1/sessions",
        429,
        &json!({"code": "quota", "message": "bob has 1 session and may have 1", "holders": [
            {"id": 1, "user": "bob", "state": "Disconnected", "idle_seconds": 7200, "label": "old"},
        ]}),
    );
    let ran = host.run(&["new", "-d"]);
    assert_eq!(ran.status, 4);
    assert_eq!(
        ran.err,
        "winsta: cannot start a session: bob has 1 session and may have 1\n  \
         session 1 'old': bob, Disc, idle 2:00\n"
    );
}

#[test]
fn processes_are_killed_with_the_guard_of_their_session() {
    let host = host();
    let process = |id: u32, pid: u32, image: &str| {
        json!({"host": "host1", "user": "jobss", "session_name": "pty#93", "id": id, "pid": pid,
            "image": image, "current": false})
    };
    let list = json!([
        process(3, 10, "bash"),
        process(3, 11, "vim"),
        process(4, 12, "vim")
    ]);
    host.answer("GET /v1/processes", 200, &list);
    host.answer(
        "DELETE /v1/sessions/4/processes/12",
        200,
        &json!({"id": 4, "pid": 12}),
    );
    let ran = host.run(&["tskill", "vim", "/ID:4", "/V"]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "process 12 (vim) of session 4 killed\n")
    );
    let kill = host.asked().pop().unwrap();
    assert_eq!(
        kill.json(),
        json!({"incarnation": "life1", "logon_time": "2026-11-21T07:33:00.004Z"})
    );
    assert_eq!(
        host.run(&["tskill", "99"]).err,
        "No Process exists for 99\n"
    );
}
