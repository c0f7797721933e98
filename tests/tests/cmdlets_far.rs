//! PowerShell's cmdlets against other machines, each under its own name: over TLS with a password or
//! a certificate, and through ssh.

use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use winsta_tests::desk::{Desk, lines};
use winsta_tests::patience::until;
use winsta_tests::published::Published;
use winsta_tests::sshd::{end_masters, machines};

/// Whoever knows these machines by their names, and their certificates.
fn who_knows(machines: &[(&str, &Published)]) -> Desk {
    let desk = Desk::new();
    let mut hosts = String::new();
    for (name, machine) in machines {
        let place = machine.place();
        writeln!(hosts, "[hosts.{name}]\ntls = \"{place}\"").expect("a string");
        machine.known_to(&desk);
    }
    fs::write(desk.folder().join("hosts.toml"), hosts).expect("a file");
    desk
}

const HEAD: [&str; 2] = [
    "Id Name ComputerName State ConfigurationName Availability",
    "-- ---- ------------ ----- ----------------- ------------",
];

#[test]
fn a_technician_and_a_manager_share_a_session_as_the_help_page_tells() {
    let (srv1, srv2, srv30) = (Published::new(), Published::new(), Published::new());
    let machines = [("Srv1", &srv1), ("Srv2", &srv2), ("Srv30", &srv30)];
    let technician = who_knows(&machines);
    let scripts = technician.folder().join("Scripts");
    fs::create_dir(&scripts).expect("a folder");
    fs::write(
        scripts.join("Get-PatchStatus.sh"),
        "cd \"$1/PatchStatusOutput\" 2> /dev/null && echo patched || echo no folder\n",
    )
    .expect("a file");
    let there = technician.folder().join("there");
    fs::create_dir(&there).expect("a folder");
    let script = format!(
        "-FilePath {}/Get-PatchStatus.sh -ArgumentList {}",
        scripts.display(),
        there.display()
    );
    let shown = "export WINSTA_PASSWORD=secret\nexport WINSTA_OUTPUT=";
    let ran = technician.bash(&format!(
        "{shown}json
        s=$(New-PSSession -ComputerName Srv1, Srv2, Srv30 -Name ITTask -Credential ann)
        Invoke-Command $s {script} | sort
        Get-PSSession -Name ITTask -ComputerName Srv1 -Credential ann | \
            WINSTA_OUTPUT=table Disconnect-PSSession
        WINSTA_OUTPUT=table Get-PSSession -ComputerName Srv1, Srv2, Srv30 -Name ITTask -Credential ann"
    ));
    assert_eq!(ran.err, "");
    let gone = "1 ITTask Srv1 Disconnected Microsoft.PowerShell None";
    let said = lines(&ran.out);
    let (first, rest) = said.split_at(3.min(said.len()));
    assert_eq!(
        first,
        ["Srv1: no folder", "Srv2: no folder", "Srv30: no folder"]
    );
    // Numbers of the three are given as they are made, at the same time.
    let free: Vec<String> = rest
        .iter()
        .map(|line| match line.split_once(" ITTask ") {
            Some((_, rest)) => format!("ITTask {rest}"),
            None => line.clone(),
        })
        .collect();
    let gone = gone.split_once(' ').expect("a number").1;
    let open = |name: &str| format!("ITTask {name} Opened Microsoft.PowerShell Available");
    let (second, third) = (open("Srv2"), open("Srv30"));
    assert_eq!(
        free,
        [
            HEAD[0], HEAD[1], gone, HEAD[0], HEAD[1], gone, &second, &third
        ]
    );

    let manager = who_knows(&machines);
    let ran = manager.bash(&format!(
        "{shown}table
        Get-PSSession -ComputerName Srv1 -Name ITTask -Credential ann
        export WINSTA_OUTPUT=json
        s=$(Connect-PSSession -ComputerName Srv1 -Name ITTask -Credential ann)
        Invoke-Command -Session $s {{ls {there}}}
        Invoke-Command -Session $s {{mkdir {there}\\/PatchStatusOutput}}
        Invoke-Command -Session $s {script}
        Disconnect-PSSession -Session $s > /dev/null
        Connect-PSSession -ComputerName Srv2 -Name ITTask -Credential ann; echo status $?",
        there = there.display()
    ));
    assert_eq!(
        lines(&ran.out),
        [
            HEAD[0],
            HEAD[1],
            "1 ITTask Srv1 Disconnected Microsoft.PowerShell None",
            "patched",
            "status 4"
        ],
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("another client is connected to it"),
        "{}",
        ran.err
    );
}

#[test]
fn a_certificate_opens_sessions_without_a_password() {
    let machine = Published::new();
    let desk = machine.enrolled(&["--user", "ann"]);
    fs::write(
        desk.folder().join("hosts.toml"),
        format!("[hosts.Server01]\ntls = \"{}\"\n", machine.place()),
    )
    .expect("a file");
    let ran = desk.bash("Invoke-Command -ComputerName Server01 '{echo $((6 * 7))}'");
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("42\n", ""));
    let list = desk.bash("Get-PSSession -ComputerName Server01").done();
    assert_eq!(list, "", "a session for one command ends with it");
}

#[test]
fn strange_certificates_are_refused_unless_one_looks_away() {
    let machine = Published::new();
    let desk = Desk::new();
    let uri = machine.uri();
    let ran = desk.bash(&format!(
        "export WINSTA_PASSWORD=secret
        Invoke-Command -ConnectionUri {uri} -Credential ann {{echo reached}}; echo status $?
        Invoke-Command -ConnectionUri {uri} -Credential ann {{echo reached}} \
            -SessionOption $(New-PSSessionOption -SkipCACheck)
        WINSTA_PASSWORD=wrong Invoke-Command -ConnectionUri {uri} -Credential ann {{echo reached}} \
            -SessionOption $(New-PSSessionOption -SkipCACheck); echo status $?"
    ));
    assert_eq!(ran.out, "status 3\nreached\nstatus 4\n", "{}", ran.err);
    assert!(ran.err.contains(&machine.fingerprint()), "{}", ran.err);
    assert!(ran.err.contains("access is denied"), "{}", ran.err);
}

#[test]
fn sessions_are_disconnected_over_ssh() {
    let Some((desk, _machines)) = machines(&["web01", "web02"]) else {
        return;
    };
    let ran = desk.bash(
        "s=$(New-PSSession -HostName web01, web02 -Name Work)
        Invoke-Command $s {X=7}
        Disconnect-PSSession -Name Work | Format-Table ComputerName, State
        Get-PSSession -HostName web02 -Name Work | Connect-PSSession | Format-Table State
        Invoke-Command $(Get-PSSession -HostName web02) '{echo $X}'
        Get-PSSession -HostName web01, web02 | Remove-PSSession",
    );
    let mut said = lines(&ran.out);
    // The machine that answers first is told of first.
    said.get_mut(2..4).expect("two machines").sort_unstable();
    assert_eq!(
        said,
        [
            "ComputerName State",
            "------------ -----",
            "web01 Disconnected",
            "web02 Disconnected",
            "State",
            "-----",
            "Opened",
            "7"
        ],
        "{}",
        ran.err
    );
}

#[test]
fn a_command_over_ssh_loses_nothing_when_the_connection_dies() {
    let Some((desk, _machines)) = machines(&["web01"]) else {
        return;
    };
    let here = desk.folder().join("here").display().to_string();
    let script = format!(
        "Invoke-Command -HostName web01 '{{touch {here}.now; i=0; \
         while [ ! -e {here}.stop ]; do i=$((i+1)); echo $i; sleep .002; done; echo end $i}}'"
    );
    let mut command = desk.bash_command(&script);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("bash runs");
    until("the command to begin", || {
        fs::exists(format!("{here}.now"))
            .unwrap_or_default()
            .then_some(())
    });
    for _ in 0..4 {
        sleep(Duration::from_millis(300));
        end_masters(&desk);
    }
    fs::write(format!("{here}.stop"), "").expect("a file");
    let said = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&said.stderr);
    let text = String::from_utf8_lossy(&said.stdout);
    let mut said: Vec<&str> = text.lines().collect();
    let end = said.pop().unwrap_or_default();
    assert_eq!(end, format!("end {}", said.len()), "{errors}");
    for (place, line) in said.iter().enumerate() {
        assert_eq!(*line, (place + 1).to_string());
    }
    assert!(
        errors.contains("is interrupted"),
        "nothing was cut: {errors}"
    );
}
