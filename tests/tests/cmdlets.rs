//! PowerShell's cmdlets as they are typed in bash, against real hosts: what the help page of
//! Disconnect-PSSession promises, and what is left of it when hosts and clients die.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use winsta_tests::desk::{Desk, lines};
use winsta_tests::patience::until;
use winsta_tests::remote::Remote;

/// The last line of a table of sessions.
fn row(text: &str) -> String {
    lines(text).pop().unwrap_or_default()
}

/// What each script begins with that works on `remote`, as its user ann.
fn as_ann(remote: &Remote) -> String {
    format!(
        "export WINSTA_PASSWORD=secret WINSTA_OUTPUT=table\nU={}\n",
        remote.uri()
    )
}

#[test]
fn a_session_keeps_its_state_between_commands() {
    let desk = Desk::new();
    let ran = desk.bash(
        "s=$(New-PSSession -Name ITTask)
        Invoke-Command $s {cd /tmp\\; X=5}
        Invoke-Command -Session $s '{pwd; echo $X; echo wrong >&2; (exit 3)}'
        echo status $?
        icm $s '{echo \"$1-$2\"}' -ArgumentList a, 'b c'
        seq 3 | invoke-command $s '{sort -r}'
        $s.State; $s.Runspace.ConnectionInfo.ComputerName
        Get-PSSession | Remove-PSSession
        Get-PSSession",
    );
    let expected = "/tmp\n5\nstatus 3\na-b c\n3\n2\n1\nOpened\nlocalhost\n";
    assert_eq!((ran.out.as_str(), ran.err.as_str()), (expected, "wrong\n"));
    until("the agent to end with its last session", || {
        let gone = !desk.folder().join("run/agent.sock").exists();
        gone.then_some(())
    });
}

#[test]
fn example_1_the_table_says_that_it_is_disconnected() {
    let desk = Desk::new();
    let ran = desk.bash(
        "export WINSTA_OUTPUT=table
        New-PSSession -Name UpdateSession > /dev/null
        Disconnect-PSSession -Name UpdateSession",
    );
    assert_eq!(ran.err, "");
    assert_eq!(
        lines(&ran.out),
        [
            "Id Name ComputerName State ConfigurationName Availability",
            "-- ---- ------------ ----- ----------------- ------------",
            "1 UpdateSession localhost Disconnected Microsoft.PowerShell None",
        ]
    );
}

#[test]
fn example_2_mode_and_timeout_change_on_the_way_out() {
    let desk = Desk::new();
    let ran = desk.bash(
        "s=$(New-PSSession -Name ITTask)
        Get-PSSession -ComputerName localhost -Name ITTask | Disconnect-PSSession \
            -OutputBufferingMode Drop -IdleTimeoutSec 86400 > /dev/null
        $s.Runspace.ConnectionInfo.IdleTimeout
        $s.Runspace.ConnectionInfo.OutputBufferingMode
        $s.State",
    );
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("86400000\nDrop\nDisconnected\n", "")
    );
}

#[test]
fn example_3_a_manager_takes_over_what_a_technician_left() {
    let (one, two) = (Remote::plain(""), Remote::plain(""));
    let technician = Desk::new();
    let manager = Desk::new();
    fs::write(technician.folder().join("patch.sh"), "echo patched by $1\n").expect("a file");
    let setup = format!("{}V={}\n", as_ann(&one), two.uri());
    let ran = technician.bash(&format!(
        "{setup}s=$(New-PSSession -ConnectionUri $U, $V -Name ITTask -Credential ann)
        WINSTA_OUTPUT=json
        s=$(Get-PSSession -Name ITTask)
        Invoke-Command $s -FilePath {}/patch.sh -ArgumentList me | sort
        Invoke-Command -Session $(Get-PSSession -ConnectionUri $U -Credential ann) {{FOUND=here}}
        Get-PSSession -Name ITTask -ConnectionUri $U -Credential ann | \
            WINSTA_OUTPUT=table Disconnect-PSSession
        WINSTA_OUTPUT=table
        Get-PSSession -ConnectionUri $U, $V -Name ITTask -Credential ann",
        technician.folder().display()
    ));
    assert_eq!(ran.err, "");
    let said = lines(&ran.out);
    assert_eq!(
        said.get(..2).expect("two lines"),
        ["127.0.0.1: patched by me", "127.0.0.1: patched by me"]
    );
    let opened = said
        .iter()
        .filter(|line| line.contains("Opened Microsoft.PowerShell Available"));
    assert_eq!(opened.count(), 1, "{said:?}");

    let ran = manager.bash(&format!(
        "{setup}Get-PSSession -ConnectionUri $U -Name ITTask -Credential ann
        WINSTA_OUTPUT=json
        s=$(Connect-PSSession -ConnectionUri $U -Name ITTask -Credential ann)
        Invoke-Command -Session $s '{{echo found $FOUND}}'
        Disconnect-PSSession -Session $s > /dev/null
        $s.State"
    ));
    assert_eq!(ran.err, "");
    let said = lines(&ran.out);
    assert_eq!(
        said.get(2..).expect("more lines"),
        [
            "1 ITTask 127.0.0.1 Disconnected Microsoft.PowerShell None",
            "found here",
            "Disconnected"
        ]
    );
}

#[test]
fn example_4_too_long_a_timeout_shows_when_the_session_is_let_go() {
    let remote = Remote::plain("[remoting]\nmax_idle_timeout_ms = 43200000\n");
    let desk = Desk::new();
    let ran = desk.bash(&format!(
        "{}Timeout=$(New-PSSessionOption -IdleTimeout 172800000)
        WINSTA_OUTPUT=json
        s=$(New-PSSession -ConnectionUri $U -Credential ann -Name ITTask -SessionOption $Timeout)
        Disconnect-PSSession -Session $s
        echo status $?
        $s.Runspace.ConnectionInfo.IdleTimeout
        Disconnect-PSSession $s -IdleTimeoutSec 43200 > /dev/null
        $s.Runspace.ConnectionInfo.IdleTimeout; $s.State",
        as_ann(&remote)
    ));
    assert_eq!(ran.out, "status 4\n172800000\n43200000\nDisconnected\n");
    assert_eq!(
        ran.err,
        "Disconnect-PSSession : The session ITTask cannot be disconnected because the specified \
         idle timeout value 172800(seconds) is either greater than the server maximum allowed \
         43200 (seconds) or less than the minimum allowed 60 (seconds). Choose an idle time out \
         value that is within the allowed range and try again.\n"
    );
}

#[test]
fn what_cannot_be_disconnected_says_why() {
    let remote = Remote::plain("");
    let (first, second) = (Desk::new(), Desk::new());
    let setup = as_ann(&remote);
    first
        .bash(&format!(
            "{setup}New-PSSession -ConnectionUri $U -Credential ann -Name Held"
        ))
        .done();
    let ran = second.bash(&format!(
        "{setup}Get-PSSession -ConnectionUri $U -Credential ann
        Disconnect-PSSession -Name Held; echo status $?
        Connect-PSSession -Name Held; echo status $?
        Disconnect-PSSession -Name Nobody; echo status $?
        WINSTA_PASSWORD=wrong Get-PSSession -ConnectionUri $U -Credential ann; echo status $?
        Get-PSSession -ConnectionUri http://127.0.0.1:1/wsman; echo status $?
        Invoke-Command -ConnectionUri http://192.0.2.1/wsman {{ls}}; echo status $?"
    ));
    let said = lines(&ran.out);
    assert_eq!(
        said.get(2..).expect("more lines"),
        [
            "1 Held 127.0.0.1 Disconnected Microsoft.PowerShell Busy",
            "status 4",
            "status 4",
            "status 1",
            "status 4",
            "status 3",
            "status 3",
        ],
        "{}",
        ran.err
    );
    for words in [
        "The session Held cannot be disconnected because another client is connected to it.",
        "The session Held cannot be connected because another client is connected to it.",
        "There is no session with the name Nobody",
        "access is denied",
        "Connecting to 127.0.0.1 failed: cannot connect to 127.0.0.1:1",
        "plain HTTP is for this machine alone",
    ] {
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
}

#[test]
fn one_dead_host_of_three_spoils_nothing() {
    let (one, two) = (Remote::plain(""), Remote::plain(""));
    let desk = Desk::new();
    let ran = desk.bash(&format!(
        "{}Invoke-Command -ConnectionUri $U, http://127.0.0.1:1/wsman, {} -Credential ann \
         '{{echo $((40 + 2))}}'; echo status $?",
        as_ann(&one),
        two.uri()
    ));
    assert_eq!(ran.out, "127.0.0.1: 42\n127.0.0.1: 42\nstatus 3\n");
    assert_eq!(ran.err.matches("failed").count(), 1, "{}", ran.err);
    let left = desk.bash("Get-PSSession").done();
    assert_eq!(left, "", "sessions for one command end with it");
}

#[test]
fn a_command_runs_on_in_a_disconnected_session() {
    let desk = Desk::new();
    let go = desk.folder().join("go");
    let ran = desk.bash(&format!(
        "Invoke-Command -ComputerName localhost -InDisconnectedSession -SessionName Bg \
            '{{until [ -e {go} ]; do sleep .05; done; seq 3; exit 7}}' > /dev/null
        touch {go}
        Receive-PSSession -Name Bg; echo status $?",
        go = go.display()
    ));
    assert_eq!(ran.out, "1\n2\n3\nstatus 7\n", "{}", ran.err);
}

#[test]
fn jobs_keep_what_nobody_waits_for() {
    let desk = Desk::new();
    let ran = desk.bash(
        "Invoke-Command -ComputerName localhost {seq 2} -AsJob -JobName Count > /dev/null
        Wait-Job -Name Count | Format-Table Id, Name, State, HasMoreData
        Receive-Job -Name Count -Keep; Receive-Job -Name Count; Receive-Job -Name Count
        Invoke-Command -ComputerName localhost {sleep 1000} -AsJob > /dev/null
        Remove-Job -Id 2; echo status $?
        Stop-Job -Id 2; Get-Job -Id 2 | Format-Table State
        Remove-Job -Id 1, 2; Get-Job",
    );
    let said = lines(&ran.out);
    assert_eq!(
        said,
        [
            "Id Name State HasMoreData",
            "-- ---- ----- -----------",
            "1 Count Completed True",
            "1",
            "2",
            "1",
            "2",
            "status 4",
            "State",
            "-----",
            "Stopped"
        ],
        "{}",
        ran.err
    );
    assert!(ran.err.contains("-Force stops it"), "{}", ran.err);
}

#[test]
fn an_interrupt_stops_the_command_and_two_let_it_run_on() {
    let desk = Desk::new();
    desk.bash("New-PSSession -Name Work").done();
    let mark = desk.folder().join("mark");
    let begin = |script: &str| {
        let session = desk.bash("Get-PSSession -Name Work").done();
        let mut command = desk.command(&["Invoke-Command", "-Session", session.trim(), script]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it runs");
        until("the command to begin", || mark.exists().then_some(()));
        fs::remove_file(&mark).expect("it is there");
        child
    };
    let interrupt = |child: &std::process::Child| {
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is ours");
    };
    let script = format!("{{touch {}; sleep 1000; echo never}}", mark.display());
    let child = begin(&script);
    interrupt(&child);
    let said = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(errors.contains("has been stopped"), "{errors}");

    let go = desk.folder().join("go");
    let script = format!(
        "{{trap '' INT; touch {}; until [ -e {go} ]; do sleep .05; done; echo survived}}",
        mark.display(),
        go = go.display()
    );
    let child = begin(&script);
    interrupt(&child);
    sleep(Duration::from_millis(100));
    interrupt(&child);
    let said = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(errors.contains("Receive-PSSession -Id 1"), "{errors}");
    fs::write(&go, "").expect("a file");
    let ran = desk.bash("Receive-PSSession -Id 1");
    assert_eq!(ran.out, "survived\n", "{}", ran.err);
}

#[test]
fn no_line_is_lost_or_doubled_when_the_host_dies_under_a_command() {
    let mut remote = Remote::plain("");
    let desk = Desk::new();
    let here = remote.desk.folder().join("here").display().to_string();
    let script = format!(
        "{}Invoke-Command -ConnectionUri $U -Credential ann '{{touch {here}.now; i=0; \
         while [ ! -e {here}.stop ]; do i=$((i+1)); echo $i; sleep .002; done; echo end $i}}'",
        as_ann(&remote)
    );
    let child = desk
        .bash_command(&script)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let child = child.expect("bash runs");
    until("the command to begin", || {
        fs::exists(format!("{here}.now"))
            .unwrap_or_default()
            .then_some(())
    });
    for _ in 0..8 {
        sleep(Duration::from_millis(150));
        remote.crash();
    }
    fs::write(format!("{here}.stop"), "").expect("a file");
    let said = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&said.stdout);
    let mut said: Vec<&str> = text.lines().collect();
    let end = said.pop().unwrap_or_default();
    assert_eq!(end, format!("end {}", said.len()));
    for (place, line) in said.iter().enumerate() {
        assert_eq!(*line, (place + 1).to_string());
    }
}

#[test]
fn what_if_does_nothing() {
    let desk = Desk::new();
    let ran = desk.bash(
        "New-PSSession -Name One > /dev/null
        Disconnect-PSSession -Name One -WhatIf; Remove-PSSession -Name One -WhatIf
        Get-PSSession | Format-Table State",
    );
    assert_eq!(
        lines(&ran.out),
        [
            "What if: Performing the operation \"Disconnect\" on target \"One\".",
            "What if: Performing the operation \"Remove\" on target \"One\".",
            "State",
            "-----",
            "Opened"
        ],
        "{}",
        ran.err
    );
}

#[test]
fn defaults_of_sessions_come_from_the_users_file() {
    let desk = Desk::new();
    let ran = desk.bash(
        "mkdir -p $XDG_CONFIG_HOME/winsta
        New-PSSessionOption -IdleTimeout 3600000 > $XDG_CONFIG_HOME/winsta/PSSessionOption
        s=$(New-PSSession); $s.Runspace.ConnectionInfo.IdleTimeout
        s=$(New-PSSession -SessionOption $(New-PSSessionOption -IdleTimeout 7200000))
        $s.Runspace.ConnectionInfo.IdleTimeout",
    );
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("3600000\n7200000\n", "")
    );
}

#[test]
fn somebody_sits_in_front_of_a_session() {
    let desk = Desk::new();
    let Some(terminal) = desk.terminal() else {
        return;
    };
    terminal.line("winsta New-PSSession -Name Work > /dev/null; winsta Enter-PSSession -Name Work; echo left it");
    terminal.wait_text("[localhost]:");
    terminal.line("cd /tmp; for i in 1 2");
    terminal.line("do echo number $((i * 21))");
    terminal.line("done");
    terminal.wait_text("number 42");
    let ran = desk.bash("Disconnect-PSSession -Name Work");
    assert!(ran.err.contains("somebody has entered it"), "{}", ran.err);
    terminal.line("echo asleep; sleep 1000");
    terminal.wait_text("asleep\n");
    terminal.keys(&["C-c"]);
    terminal.wait_text("has been stopped");
    terminal.line("exit");
    terminal.wait_text("left it\n");
    let kept = desk.bash("WINSTA_OUTPUT=table Get-PSSession").done();
    assert_eq!(
        row(&kept),
        "1 Work localhost Opened Microsoft.PowerShell Available"
    );
}

#[test]
fn ten_megabytes_of_lines_come_as_they_are() {
    let desk = Desk::new();
    let lines = desk.folder().join("lines");
    let text: Vec<String> = (0..160_000)
        .map(|number| format!("{number} and some words of text, so that lines are cut anywhere"))
        .collect();
    let text = text.join("\n") + "\n";
    fs::write(&lines, &text).expect("a file");
    let ran = desk.bash(&format!(
        "Invoke-Command -ComputerName localhost '{{cat {}}}'",
        lines.display()
    ));
    assert!(
        ran.out == text,
        "{} bytes of {}: {}",
        ran.out.len(),
        text.len(),
        ran.err
    );
}

#[test]
fn nonsense_does_nothing_to_the_agent_and_its_death_ends_no_session() {
    let desk = Desk::new();
    desk.bash("New-PSSession -Name Kept").done();
    let socket = desk.folder().join("run/agent.sock");
    let mode = fs::metadata(&socket)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let long = vec![b'x'; 1 << 20];
    for nonsense in [&b"{\"New\":1}\n"[..], b"\xff\xfe\n", b"[[[[[[[[\n", &long] {
        let mut client = UnixStream::connect(&socket).expect("it answers");
        // It may hang up in the middle.
        let _ = client.write_all(nonsense);
        let _ = client.shutdown(Shutdown::Write);
        let mut said = Vec::new();
        let _ = client.read_to_end(&mut said);
        assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
    }
    let table = "export WINSTA_OUTPUT=table; Get-PSSession";
    let kept = desk.bash(table).done();
    assert_eq!(
        row(&kept),
        "1 Kept localhost Opened Microsoft.PowerShell Available"
    );
    desk.kill_agent();
    let kept = desk
        .bash(&format!("{table} -ComputerName localhost"))
        .done();
    assert_eq!(
        row(&kept),
        "1 Kept localhost Disconnected Microsoft.PowerShell Busy"
    );
}
