//! PSSessions whose engine is PowerShell's own server. PowerShell cannot be had here, so a stand-in
//! speaks its protocol: the clients are real, the host is real, and what is between them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use winsta_python::{Python, packages};
use winsta_tests::desk::Desk;
use winsta_tests::patience::until;
use winsta_tests::process::of_folder;
use winsta_tests::remote::Remote;

/// Puts the stand-in where `pwsh` could be, and makes the session configuration `Power` with it;
/// whether there is one.
fn furnish(desk: &Desk, more: &str) -> bool {
    let python = match Python::with(packages::REMOTING) {
        Ok(python) => python.command(),
        Err(missing) => {
            println!("skipped: {missing}");
            return false;
        }
    };
    let script = desk.folder().join("stand_in.py");
    fs::write(&script, include_str!("../peers/pwsh_stand_in.py")).expect("a file");
    let pwsh = desk.folder().join("pwsh");
    let python = python.get_program().display().to_string();
    let text = format!("#!/bin/sh\nexec '{python}' '{}' \"$@\"\n", script.display());
    fs::write(&pwsh, text).expect("a file");
    fs::set_permissions(&pwsh, fs::Permissions::from_mode(0o755)).expect("a file");
    desk.configure("Power", &format!("engine = ['{}']\n{more}", pwsh.display()));
    true
}

fn remote(config: &str, more: &str) -> Option<Remote> {
    let remote = Remote::with_config(config)?;
    furnish(&remote.desk, more).then_some(remote)
}

#[test]
fn pipelines_run_in_the_engine_that_the_configuration_names() {
    let Some(remote) = remote("", "") else { return };
    remote.client(include_str!("pwsh/pipelines.py"), &[]);
    until("everything of the sessions to be gone", || {
        let left = of_folder(remote.desk.folder());
        // Host and keeper.
        (left.len() == 2).then_some(())
    });
}

#[test]
fn sessions_are_handed_over_with_all_their_output() {
    let Some(remote) = remote("", "") else { return };
    let place = remote.desk.folder().join("place").display().to_string();
    remote.client(include_str!("pwsh/handover.py"), &[&place]);
}

#[test]
fn sessions_survive_a_kill_of_the_host() {
    let Some(mut remote) = remote("", "") else {
        return;
    };
    let place = remote.desk.folder().join("place");
    let path = place.display().to_string();
    std::thread::scope(|scope| {
        let (port, python) = remote.peer();
        let program = include_str!("pwsh/handover.py");
        let client = scope.spawn(move || python.talk(port, program, &[&path, "crash"]));
        until("the client to disconnect", || {
            place.with_extension("now").exists().then_some(())
        });
        remote.crash();
        fs::write(place.with_extension("replaced"), "").expect("a file");
        client.join().expect("the client is content");
    });
}

#[test]
fn nothing_is_lost_or_doubled_when_the_host_is_killed_in_the_middle() {
    let Some(mut remote) = remote("", "") else {
        return;
    };
    remote.client_over_crashes(include_str!("pwsh/crash.py"));
}

#[test]
fn an_engine_that_ends_is_told_of() {
    let Some(remote) = remote("", "") else { return };
    remote.client(include_str!("pwsh/gone.py"), &[]);
}

#[test]
fn limits_hold_as_in_other_sessions() {
    let more = "max_concurrent_commands_per_shell = 1\nmax_processes_per_shell = 1\n\
                max_idle_timeout_ms = 120000\n";
    let Some(remote) = remote("", more) else {
        return;
    };
    remote.client(include_str!("pwsh/limits.py"), &[]);
}

#[test]
fn what_is_not_fetched_is_kept_or_dropped() {
    let Some(remote) = remote("[remoting]\nbuffer_bytes = 131072\n", "") else {
        return;
    };
    let place = remote.desk.folder().join("place").display().to_string();
    remote.client(include_str!("pwsh/buffers.py"), &[&place]);
}

#[test]
fn a_session_without_powershell_is_refused() {
    let desk = Desk::new();
    desk.configure("Power", "engine = '/nowhere/at/all/pwsh'\n");
    desk.configure("Plain", "engine = 'pwsh -Command ls'\n");
    let ran = desk.bash(
        "New-PSSession -ConfigurationName Power; echo status $?
        New-PSSession -ConfigurationName Plain; echo status $?
        Get-PSSession -ComputerName localhost",
    );
    assert_eq!(ran.out, "status 4\nstatus 4\n", "{}", ran.err);
    for words in [
        "Power cannot be used: its engine /nowhere/at/all/pwsh cannot be started: No such file",
        "Plain.toml, line 1: engine cannot have the parameter \"-Command\"",
    ] {
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
}

#[test]
fn our_own_cmdlets_reach_it() {
    let remote = Remote::plain("");
    if !furnish(&remote.desk, "") {
        return;
    }
    let go = remote.desk.folder().join("go").display().to_string();
    let setup = format!(
        "export WINSTA_PASSWORD=secret\nU='-ConnectionUri {} -Credential ann'\n",
        remote.uri()
    );
    let mine = Desk::new();
    let ran = mine.bash(&format!(
        "{setup}s=$(New-PSSession $U -ConfigurationName Power -Name Work)
        Invoke-Command $s '{{x = 40}}'
        Invoke-Command $s '{{out(f\"{{x + 2}}\"); err(\"oops\")}}'
        Remove-PSSession $s
        Invoke-Command $U -ConfigurationName Power -InDisconnectedSession \
            '{{x = 7; out(\"first\"); until(\"{go}\"); out(f\"last {{x}}\")}}' > /dev/null"
    ));
    assert_eq!(ran.out, "42\n", "{}", ran.err);
    assert_eq!(ran.err, "oops\n");
    fs::write(&go, "").expect("a file");
    let other = Desk::new();
    let ran = other.bash(&format!(
        "{setup}Get-PSSession $U | Receive-PSSession
        s=$(Get-PSSession)
        Invoke-Command $s '{{out(f\"still {{x}}\")}}'
        Remove-PSSession $s; Get-PSSession $U"
    ));
    assert_eq!(ran.out, "first\nlast 7\nstill 7\n", "{}", ran.err);
}
