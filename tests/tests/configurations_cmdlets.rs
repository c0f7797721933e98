//! Session configurations: the cmdlets and the interface that make, change and remove them.

use std::fs;
use std::process::Command;

use winsta_tests::desk::Desk;
use winsta_tests::patience::until;

/// What the file of a session configuration says.
fn said(desk: &Desk, name: &str) -> String {
    let folder = desk.folder().join("session-configurations");
    fs::read_to_string(folder.join(format!("{name}.toml"))).expect("a file")
}

/// A request to a desk's host, beyond the command line.
fn ask(desk: &Desk, method: &str, path: &str, body: &str) -> String {
    let socket = desk.folder().join("run/host.sock");
    let output = Command::new("curl")
        .args(["-sS", "-X", method, "-d", body, "--unix-socket"])
        .arg(socket)
        .arg(format!("http://h/v1/session-configurations{path}"))
        .output();
    String::from_utf8(output.expect("curl runs").stdout).expect("text")
}

#[test]
fn the_cmdlets_make_change_and_remove_them() {
    let desk = Desk::new();
    let script = desk.folder().join("start.sh");
    fs::write(&script, "X=started\n").expect("a file");
    let ran = desk.bash(&format!(
        "t=$(New-PSTransportOption -MaxIdleTimeoutSec 43200 -IdleTimeoutSec 600 -MaxSessions 7 \
            -MaxSessionsPerUser 6 -MaxConcurrentUsers 4 -MaxConcurrentCommandsPerSession 3 \
            -MaxProcessesPerSession 20 -MaxMemoryPerSessionMB 200 -ProcessIdleTimeoutSec 9 \
            -OutputBufferingMode Drop)
        Register-PSSessionConfiguration ITTasks -StartupScript {0} -TransportOption $t -Force \
            | Format-List Name, *Idle*, Max*, Output*, StartupScript
        Invoke-Command -ComputerName localhost -ConfigurationName ITTasks '{{echo $X}}'
        Register-PSSessionConfiguration itTasks -Force; echo status $?
        Set-PSSessionConfiguration ITTasks -AccessMode Disabled -WhatIf
        Get-PSSessionConfiguration ITTasks | Disable-PSSessionConfiguration -Confirm:\\$false
        Get-PSSessionConfiguration 'IT*', Nobody | Format-List Enabled; echo status ${{PIPESTATUS[0]}}
        Enable-PSSessionConfiguration -Name 'it*' -Force
        Set-PSSessionConfiguration ITTasks -StartupScript '' -Force
        Unregister-PSSessionConfiguration ITTasks -WhatIf
        WINSTA_OUTPUT=table Get-PSSessionConfiguration ITTasks
        Unregister-PSSessionConfiguration '*Tasks' -Force; Get-PSSessionConfiguration | Format-List Name",
        script.display()
    ));
    let lines: Vec<_> = ran.out.lines().filter(|line| !line.is_empty()).collect();
    let squeezed = lines
        .iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let path = format!("StartupScript : {}", script.display());
    assert_eq!(
        squeezed.collect::<Vec<_>>(),
        [
            "Name : ITTasks",
            "IdleTimeoutms : 600000",
            "MaxIdleTimeoutms : 43200000",
            "ProcessIdleTimeoutSec : 9",
            "MaxConcurrentCommandsPerShell : 3",
            "MaxConcurrentUsers : 4",
            "MaxMemoryPerShellMB : 200",
            "MaxProcessesPerShell : 20",
            "MaxShells : 7",
            "MaxShellsPerUser : 6",
            "OutputBufferingMode : Drop",
            &path,
            "started",
            "status 4",
            "What if: Performing the operation \"Set\" on target \"ITTasks\".",
            "Enabled : false",
            "status 1",
            "What if: Performing the operation \"Unregister\" on target \"ITTasks\".",
            "Name : ITTasks",
            "PSVersion : 5.1",
            "StartupScript :",
            "RunAsUser :",
            "Permission : Everyone AccessAllowed",
            "Name : Microsoft.PowerShell",
        ],
        "{}",
        ran.err
    );
    for words in [
        "there is a session configuration ITTasks already",
        "No session configuration matches criteria \"Nobody\"",
    ] {
        assert!(
            ran.err.to_lowercase().contains(&words.to_lowercase()),
            "{words} in {}",
            ran.err
        );
    }
    let audit = desk.run(&["audit", "-o", "jsonl"]).done();
    for action in ["make", "change", "remove"] {
        assert!(
            audit.contains(&format!("\"configuration_{action}\"")),
            "{audit}"
        );
    }
}

#[test]
fn what_has_no_meaning_here_is_refused() {
    let desk = Desk::new();
    let ran = desk.bash(
        "R='Register-PSSessionConfiguration X -Force'
        $R -RunAsCredential ann < /dev/null; echo $?
        Register-PSSessionConfiguration X -Path /x.pssc -Force; echo $?
        $R -SecurityDescriptorSddl O:NSG:BA; echo $?
        $R -PSVersion 3.0; echo $?
        $R -AccessMode Local; echo $?
        $R -StartupScript /nowhere.sh; echo $?
        $R -TransportOption $(New-PSTransportOption -MaxSessions 0); echo $?
        Register-PSSessionConfiguration ../x -Force; echo $?
        Register-PSSessionConfiguration X; echo $?
        Unregister-PSSessionConfiguration Microsoft.PowerShell -Force; echo $?
        Unregister-PSSessionConfiguration Nobody -Force; echo $?
        true | Disable-PSSessionConfiguration -Force; echo $?
        Get-PSSessionConfiguration | Format-List Name",
    );
    let rows: Vec<_> = ran.out.split_whitespace().collect();
    let expected = "2 2 2 2 2 2 2 2 3 4 1 1 Name : Microsoft.PowerShell";
    assert_eq!(rows.join(" "), expected, "{}", ran.err);
    for words in [
        "-RunAsCredential: a host runs sessions as its own user only",
        "-Path: what a .pssc file says",
        "-SecurityDescriptorSddl: this host has no security descriptors",
        "-PSVersion: sessions run a Unix shell",
        "-AccessMode Local: who comes through ssh",
        "there is no startup script /nowhere.sh",
        "max_shells must be at least 1",
        "cannot be the name of a session configuration",
        "nobody can be asked",
        "built in and cannot be removed",
        "no session configuration came through the pipe",
        "No session configuration matches criteria \"Nobody\"",
    ] {
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
}

#[test]
fn the_interface_refuses_what_is_wrong_and_changes_nothing() {
    let desk = Desk::new();
    let _host = desk.host();
    let made = ask(
        &desk,
        "POST",
        "",
        r#"{"name":"ITTasks","settings":{"engine":"sh","permission":["ann","@ops"]}}"#,
    );
    assert!(made.contains("\"engine\":[\"sh\"]"), "{made}");
    let before = said(&desk, "ITTasks");
    for (method, path, body, words) in [
        ("PATCH", "/ITTasks", r#"{"max_shell":1}"#, "unknown field"),
        ("PATCH", "/ITTasks", r#"{"max_shells":0}"#, "at least 1"),
        ("PATCH", "/ITTasks", r#"{"max_shells":-1}"#, "invalid value"),
        (
            "PATCH",
            "/ITTasks",
            r#"{"engine":"bc -q"}"#,
            "cannot run sessions",
        ),
        (
            "PATCH",
            "/ITTasks",
            r#"{"engine":["bash","-r"]}"#,
            "cannot have the option",
        ),
        (
            "PATCH",
            "/ITTasks",
            r#"{"run_as_user":"somebody"}"#,
            "as its own user only",
        ),
        (
            "PATCH",
            "/ITTasks",
            r#"{"idle_timeout_ms":1000}"#,
            "a minute",
        ),
        (
            "PATCH",
            "/ITTasks",
            r#"{"startup_script":"a.sh"}"#,
            "absolute",
        ),
        ("PATCH", "/Nobody", "{}", "not_found"),
        ("GET", "/Nobody", "", "not_found"),
        ("GET", "/..%2Fconfig", "", "not_found"),
        ("DELETE", "/Nobody", "", "not_found"),
        ("DELETE", "/Microsoft.PowerShell", "", "conflict"),
        ("POST", "", r#"{"name":"ittasks"}"#, "conflict"),
        ("POST", "", r#"{"name":".x"}"#, "invalid"),
    ] {
        let answer = ask(&desk, method, path, body);
        assert!(answer.contains(words), "{method} {path} {body}: {answer}");
        assert!(
            answer.contains("\"code\""),
            "{method} {path} {body}: {answer}"
        );
    }
    assert_eq!(said(&desk, "ITTasks"), before);
    let changed = ask(
        &desk,
        "PATCH",
        "/ittasks",
        r#"{"enabled":false,"max_shells":3}"#,
    );
    assert!(changed.contains("\"max_shells\":3"), "{changed}");
    assert_eq!(
        said(&desk, "ITTasks"),
        format!("{before}enabled = false\nmax_shells = 3\n")
    );
    desk.configure("Bad", "what");
    let all = ask(&desk, "GET", "", "");
    assert!(all.contains("Bad.toml, line 1: "), "{all}");
    assert!(all.contains("\"name\":\"ITTasks\""), "{all}");
}

#[test]
fn whoever_says_no_is_heeded() {
    let desk = Desk::new();
    desk.bash("Register-PSSessionConfiguration ITTasks -Force")
        .done();
    let Some(terminal) = desk.terminal() else {
        return;
    };
    terminal.line("winsta Unregister-PSSessionConfiguration ITTasks; echo asked once");
    terminal.wait_text("Performing the operation \"Unregister\" on target \"ITTasks\".");
    terminal.line("n");
    terminal.wait_text("asked once\n");
    assert_eq!(said(&desk, "ITTasks"), "");
    terminal.line("winsta Unregister-PSSessionConfiguration ITTasks; echo asked twice");
    terminal.wait_text("on target \"ITTasks\".");
    terminal.line("y");
    terminal.wait_text("asked twice\n");
    until("the file to be gone", || {
        let path = desk.folder().join("session-configurations/ITTasks.toml");
        (!path.exists()).then_some(())
    });
}
