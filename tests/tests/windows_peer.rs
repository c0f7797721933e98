//! The cmdlets against a service that is not ours: psrpcore's server, which sends what a Windows
//! host would.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use winsta_tests::desk::{Ran, lines};
use winsta_tests::windows::Windows;

/// Lines, each made of its number.
fn numbered(count: u32, line: impl Fn(u32) -> String) -> String {
    let lines: Vec<_> = (1..=count).map(line).collect();
    lines.join("\n") + "\n"
}

#[test]
fn output_of_every_kind_is_shown() {
    let Some(windows) = Windows::new() else {
        return;
    };
    let ran = |script: &str| {
        let ran = windows.bash(&format!("Invoke-Command $AT {script}"));
        assert_eq!(
            (ran.status, ran.err.as_str()),
            (0, ""),
            "{script}: {}",
            ran.out
        );
        ran.out
    };
    assert_eq!(
        ran("{strings}"),
        "plain\ntab\there\n\u{1d11e} \u{3053}\u{3093}\n<&>\"'\n_x000A_\ntwo\nlines\n\n"
    );
    assert_eq!(
        ran("{numbers}"),
        "7\n-1\n1099511627776\n2.5\nTrue\n\n1.2.3.4\n"
    );
    assert_eq!(
        lines(&ran("{object}")),
        [
            "Id : 12",
            "Name : spooler",
            "Parent : {\"Name\":\"init\"}",
            "Tags : [\"a\",\"b\"]"
        ]
    );
    assert_eq!(lines(&ran("{dictionary}")), ["key : 1", "other :"]);
    assert_eq!(ran("{list}"), "a\n1\ntrue\n");
    assert_eq!(
        ran("{arguments} -ArgumentList 'one two', three"),
        "one two\nthree\n"
    );
    let long = numbered(300, |number| format!("{number} {}", "y".repeat(1_000)));
    assert!(ran("{long}") == long);
    let taken = windows.bash("seq 2000 | Invoke-Command $AT {take}").done();
    let given = numbered(2_000, |number| format!("got {number}"));
    assert!(taken == given, "{taken}");
    // What was made for one command is gone with it, on the service as well.
    assert_eq!(windows.bash("Get-PSSession $AT").done(), "");
}

#[test]
fn each_stream_goes_its_way_and_failures_end_the_command() {
    let Some(windows) = Windows::new() else {
        return;
    };
    let run = |script: &str| windows.bash(&format!("Invoke-Command $AT {script}"));
    let Ran { status, out, err } = run("{streams}");
    assert_eq!((status, out.as_str()), (0, "before\nafter\n"));
    assert_eq!(err, "it broke\nWARNING: careful\nfor whoever sits there\n");
    let loud = run("{streams} -Verbose -Debug");
    assert_eq!(
        lines(&loud.err),
        [
            "it broke",
            "WARNING: careful",
            "VERBOSE: many words",
            "DEBUG: a bug",
            "for whoever sits there"
        ]
    );
    let failed = run("{terminate}");
    assert_eq!((failed.status, failed.out.as_str()), (1, "before\n"));
    assert_eq!(failed.err, "Invoke-Command : there is no C:\\missing\n");
    let unknown = run("{unheard-of}");
    assert_eq!((unknown.status, unknown.out.as_str()), (1, ""));
    assert!(
        unknown.err.contains("'unheard-of' is not recognized"),
        "{}",
        unknown.err
    );
    let wrong = windows.bash("WINSTA_PASSWORD=wrong Invoke-Command $AT {strings}");
    assert_eq!((wrong.status, wrong.out.as_str()), (4, ""));
    assert!(
        wrong
            .err
            .contains("Connecting to 127.0.0.1 failed: access is denied"),
        "{}",
        wrong.err
    );
}

#[test]
fn what_a_pipeline_writes_to_the_screen_is_shown_and_its_questions_are_declined() {
    let Some(windows) = Windows::new() else {
        return;
    };
    let run = |script: &str| windows.bash(&format!("Invoke-Command $AT {script}"));
    let written = run("{write-host}");
    assert_eq!((written.status, written.out.as_str()), (0, "done\n"));
    assert_eq!(
        lines(&written.err),
        [
            "half and half",
            "a line",
            "in red",
            "an error",
            "WARNING: a warning"
        ]
    );
    for (script, method) in [("{read-line}", "ReadLine"), ("{choose}", "PromptForChoice")] {
        let asked = run(script);
        assert_eq!((asked.status, asked.out.as_str()), (1, ""));
        assert!(
            asked.err.contains(&format!("cannot do {method}")),
            "{}",
            asked.err
        );
    }
}

#[test]
fn an_interrupt_stops_a_pipeline_and_its_session_goes_on() {
    let Some(windows) = Windows::new() else {
        return;
    };
    windows.bash("New-PSSession $AT -Name Work").done();
    let session = windows.bash("Get-PSSession -Name Work").done();
    let words = ["Invoke-Command", "-Session", session.trim(), "{wait}"];
    let mut command = windows.desk.command(&words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("bash runs");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("text");
    assert_eq!(line, "waiting\n");
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).expect("it is ours");
    let ended = Ran::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ended.status, 1, "{}", ended.err);
    assert!(
        ended.err.contains("The pipeline has been stopped."),
        "{}",
        ended.err
    );
    let next = windows.bash("Invoke-Command $(Get-PSSession -Name Work) {numbers} | head -1");
    assert_eq!((next.out.as_str(), next.err.as_str()), ("7\n", ""));
}

#[test]
fn sessions_are_let_go_of_listed_and_taken_back() {
    let Some(windows) = Windows::new() else {
        return;
    };
    let ran = windows.bash(
        "show() { Format-Table Name, State, Availability | tail -n +4; }
        s=$(Invoke-Command $AT {later} -InDisconnectedSession)
        w=$(New-PSSession $AT -Name Work -SessionOption $(New-PSSessionOption -IdleTimeout 120000))
        Disconnect-PSSession $w -IdleTimeoutSec 300 > /dev/null
        Get-PSSession $AT | show
        Connect-PSSession $w | show
        Invoke-Command $w {numbers} | head -1
        Get-PSSession $AT -State Disconnected | show
        Receive-PSSession $s > $RECEIVED; echo received $?
        Get-PSSession $AT | show
        Remove-PSSession $s, $w
        Get-PSSession $AT
        Receive-PSSession $s; echo gone $?"
            .replace(
                "$RECEIVED",
                &windows.desk.folder().join("received").display().to_string(),
            )
            .as_str(),
    );
    assert_eq!(
        lines(&ran.out),
        [
            "Session1 Disconnected None",
            "Work Disconnected None",
            "Work Opened Available",
            "7",
            "Session1 Disconnected None",
            "received 0",
            "Session1 Opened Available",
            "Work Opened Available",
            "gone 1"
        ],
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("The session Session1 is no more on 127.0.0.1."),
        "{}",
        ran.err
    );
    let received = std::fs::read_to_string(windows.desk.folder().join("received"));
    let expected = numbered(1_000, |number| format!("{number} {}", "x".repeat(100)));
    assert!(received.expect("a file") == format!("before\n{expected}"));
}

#[test]
fn another_client_takes_a_session_over_only_when_it_is_let_go_of() {
    let Some(windows) = Windows::new() else {
        return;
    };
    windows.bash("New-PSSession $AT -Name Work").done();
    let other = winsta_tests::desk::Desk::new();
    let take = windows.with("Connect-PSSession $AT -Name Work | Format-Table State | tail -1");
    let refused = other.bash(&take);
    assert!(
        refused.err.contains("another client is connected to it"),
        "{}",
        refused.err
    );
    windows.bash("Disconnect-PSSession -Name Work").done();
    assert_eq!(lines(&other.bash(&take).done()), ["Opened"]);
    let late = windows.bash("Connect-PSSession -Name Work");
    assert!(
        late.err.contains("another client is connected to it"),
        "{}",
        late.err
    );
}
