//! Clients of WS-Management from elsewhere: pywinrm and pypsrp against the real host.

use std::fs;

use winsta_python::packages;
use winsta_tests::patience::until;
use winsta_tests::process::of_folder;
use winsta_tests::remote::Remote;

#[test]
fn pywinrm_runs_commands_and_scripts() {
    let Some(remote) = Remote::new() else { return };
    remote.client(include_str!("wsman/pywinrm.py"), &[]);
}

#[test]
fn command_shells_have_streams_signals_and_ends() {
    let Some(remote) = Remote::new() else { return };
    remote.client(include_str!("wsman/command_shell.py"), &[]);
    until("everything of the shell to be gone", || {
        let left = of_folder(remote.desk.folder());
        // Host and keeper.
        (left.len() == 2).then_some(())
    });
}

#[test]
fn pipelines_run_in_a_bash_that_remembers() {
    let Some(remote) = Remote::new() else { return };
    remote.client(include_str!("wsman/pipelines.py"), &[]);
}

#[test]
fn nothing_of_a_script_runs_once_it_was_stopped_while_bash_read_it() {
    let Some(remote) = Remote::new() else { return };
    remote.client(include_str!("wsman/long_script.py"), &[]);
}

#[test]
fn pipelines_that_nobody_ends_hold_no_output_up() {
    let Some(remote) = Remote::new() else { return };
    remote.client(include_str!("wsman/much.py"), &[]);
}

/// The conversation of PowerShell's console, which cannot be had here itself.
#[test]
fn powershells_console_enters_a_session() {
    let Some(remote) = Remote::with_clients(packages::CONSOLE, "") else {
        return;
    };
    remote.client(include_str!("wsman/enter_pssession.py"), &[]);
}

#[test]
fn streams_are_compressed_for_those_who_want_it() {
    let Some(remote) = Remote::with_clients(packages::COMPRESSED, "") else {
        return;
    };
    remote.client(include_str!("wsman/compressed.py"), &[]);
}

#[test]
fn sessions_are_handed_over_with_all_their_output() {
    let Some(remote) = Remote::new() else { return };
    remote.client(include_str!("wsman/handover.py"), &[]);
    let audit = remote.desk.command(&["audit", "-o", "jsonl"]).output();
    let audit = String::from_utf8(audit.expect("it runs").stdout).expect("text");
    for action in [
        "shell_create",
        "shell_disconnect",
        "shell_connect",
        "shell_end",
    ] {
        assert!(
            audit.contains(&format!("\"{action}\"")),
            "{action} in {audit}"
        );
    }
    assert!(audit.contains("127.0.0.1"), "{audit}");
}

#[test]
fn disconnected_sessions_survive_a_kill_of_the_host() {
    let Some(mut remote) = Remote::new() else {
        return;
    };
    let done = remote.desk.folder().join("replaced");
    let now = done.with_extension("now");
    let path = done.display().to_string();
    std::thread::scope(|scope| {
        let (port, python) = remote.peer();
        let client =
            scope.spawn(move || python.talk(port, include_str!("wsman/handover.py"), &[&path]));
        until("the client to disconnect", || now.exists().then_some(()));
        remote.crash();
        fs::write(&done, "").expect("a file");
        client.join().expect("the client is content");
    });
}

#[test]
fn no_line_is_lost_or_doubled_when_the_host_is_killed_in_the_middle() {
    let Some(mut remote) = Remote::new() else {
        return;
    };
    remote.client_over_crashes(include_str!("wsman/crash.py"));
}

#[test]
fn limits_refuse_with_windows_codes_and_change_nothing() {
    let config = "[remoting]\nmax_shells_per_user = 2\nmax_shells = 3\n\
        max_concurrent_commands_per_shell = 1\nmax_idle_timeout_ms = 120000\n";
    let Some(remote) = Remote::with_config(config) else {
        return;
    };
    remote.client(include_str!("wsman/limits.py"), &[]);
}

#[test]
fn what_is_no_request_is_refused() {
    let Some(remote) = Remote::new() else { return };
    remote.client(include_str!("wsman/bad.py"), &[]);
}

#[test]
fn the_socket_knows_its_caller() {
    let Some(remote) = Remote::new() else { return };
    let socket = remote
        .desk
        .folder()
        .join("run/host.sock")
        .display()
        .to_string();
    let body = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Header/><s:Body>\
        <i:Identify xmlns:i='http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd'/>\
        </s:Body></s:Envelope>";
    let said = std::process::Command::new("curl")
        .args([
            "-sS",
            "--unix-socket",
            &socket,
            "-H",
            "Content-Type: application/soap+xml",
        ])
        .args(["--data-binary", body, "http://localhost/wsman"])
        .output()
        .expect("curl runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains(">Winsta</wsmid:ProductVendor>"), "{said}");
}
