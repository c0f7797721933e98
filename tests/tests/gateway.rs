//! Remote shells of all users of a machine, from another one: where they are led, and what happens when
//! something on the way dies.

use std::fs;

use winsta_tests::gateway::{self, clients, talk, who_knows};
use winsta_tests::patience::until;
use winsta_tests::system::uid;

#[test]
fn users_have_shells_in_logins_of_their_own() {
    let Some(python) = clients() else { return };
    let Some(machine) = gateway::up("gateway") else {
        return;
    };
    machine.put("/etc/security/limits.d/test.conf", b"bob - nofile 2345\n");
    machine.put("/etc/environment", b"TZ=said/by/PAM\n");
    talk(&python, &machine, include_str!("gateway/login.py"), &[]);
    // The user's own trail tells from where they came.
    let folder = format!("/run/user/{}/winsta", uid(&machine, "bob"));
    let trail = machine
        .sh(&format!(
            "setpriv --reuid bob --regid bob --clear-groups --reset-env \
             env WINSTA_RUNTIME_DIR={folder} winsta audit -o jsonl"
        ))
        .done();
    let made = trail.lines().filter(|line| line.contains("shell_create"));
    let made: Vec<_> = made.collect();
    assert!(
        !made.is_empty() && made.iter().all(|line| line.contains("\"10.77.0.1\"")),
        "{trail}"
    );
    // What is left of them holds their logins open no longer than it lasts.
    until("the logins to end", || {
        let listed = machine.exec(&["loginctl", "--no-legend"]).done();
        listed.is_empty().then_some(())
    });
}

/// The session that somebody made over TLS is there for the same user's ssh, and the other way
/// round: it is the same host.
#[test]
fn a_session_is_found_by_every_way_to_it() {
    let Some(machine) = gateway::up("ways") else {
        return;
    };
    let desk = who_knows(&machine, "web01");
    let ran = desk.bash(
        "export WINSTA_PASSWORD=winsta-bob
        s=$(New-PSSession -ComputerName web01 -Name ITTask -Credential bob)
        Invoke-Command $s '{id -un; x=kept}'
        Disconnect-PSSession $s > /dev/null",
    );
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("bob\n", ""));
    let there = |text: &str| machine.over_ssh("bob", text).done();
    let listed = there("winsta Get-PSSession -ComputerName localhost -Name ITTask");
    assert!(listed.contains("\"State\":\"Disconnected\""), "{listed}");
    let said = there(
        "s=$(winsta Connect-PSSession -ComputerName localhost -Name ITTask); \
         winsta Invoke-Command -Session \"$s\" '{echo $x}'; winsta Disconnect-PSSession -Session \"$s\" > /dev/null",
    );
    assert_eq!(said, "kept\n");
    // The gateway, the relay and the host go; what the session holds stays.
    machine
        .sh("systemctl kill -s KILL winsta-gateway; pkill -KILL -u bob -f 'winsta (host|remote)'")
        .done();
    let ran = desk.bash(
        "export WINSTA_PASSWORD=winsta-bob
        s=$(Connect-PSSession -ComputerName web01 -Name ITTask -Credential bob)
        Invoke-Command $s '{echo $x}'
        Remove-PSSession $s
        Get-PSSession -ComputerName web01 -Credential bob",
    );
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("kept\n", ""));
    let ran = desk.bash(
        "WINSTA_PASSWORD=wrong Invoke-Command -ComputerName web01 -Credential bob '{id}'; echo status $?",
    );
    assert_eq!(ran.out, "status 4\n", "{}", ran.err);
}

#[test]
fn no_line_is_lost_whatever_dies_on_the_way() {
    let Some(python) = clients() else { return };
    let Some(machine) = gateway::up("deaths") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let begun = folder.path().join("begun");
    let path = begun.display().to_string();
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            talk(
                &python,
                &machine,
                include_str!("gateway/crash.py"),
                &["/tmp/stop", &path],
            )
        });
        // The client is in the middle of something each time, and gets on after it.
        let lines = || fs::read_to_string(&begun).ok()?.parse::<usize>().ok();
        let advance = || {
            let before = lines().unwrap_or_default();
            until("more lines", || {
                let more = lines().is_some_and(|now| now > before + 50);
                (more || client.is_finished()).then_some(())
            });
        };
        advance();
        for victim in [
            "systemctl kill -s KILL winsta-gateway",
            "pkill -KILL -u bob -f 'winsta remote'",
            "pkill -KILL -u bob -f 'winsta host'",
            "systemctl restart winsta-gateway.socket winsta-gateway.service",
            "systemctl kill -s KILL winsta-host",
            "pkill -KILL -u bob -f 'winsta (host|remote)'; systemctl kill -s KILL winsta-gateway",
        ] {
            machine.sh(victim).done();
            advance();
        }
        machine.sh("touch /tmp/stop").done();
        let lines = client.join().expect("the client is content");
        println!("{lines}");
    });
}

#[test]
fn the_certificate_is_the_machines_own_or_the_one_that_is_given() {
    let Some(machine) = gateway::up("shown") else {
        return;
    };
    let desk = who_knows(&machine, "web01");
    let ask =
        "WINSTA_PASSWORD=winsta-bob Invoke-Command -ComputerName web01 -Credential bob '{id -un}'";
    assert_eq!(desk.bash(ask).done(), "bob\n");
    machine.sh("systemctl restart winsta-gateway").done();
    assert_eq!(desk.bash(ask).done(), "bob\n", "it is kept");
    machine
        .sh("cd /etc/winsta 2> /dev/null || mkdir /etc/winsta && cd /etc/winsta && \
             openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
                 -subj /CN=web01 -keyout key.pem -out crt.pem 2> /dev/null && \
             printf '[tls]\ncertificate = \"/etc/winsta/crt.pem\"\nkey = \"/etc/winsta/key.pem\"\n' > config.toml && \
             chgrp winsta-gateway key.pem && chmod 640 key.pem && systemctl restart winsta-gateway")
        .done();
    let strange = desk.bash(ask);
    assert!(strange.err.contains("CERTIFICATE"), "{strange:?}");
    fs::write(
        desk.folder().join("ca.pem"),
        machine.sh("cat /etc/winsta/crt.pem").done(),
    )
    .expect("a file");
    let ca = desk.folder().join("ca.pem").display().to_string();
    let at = format!("web01:5986:{}", machine.address());
    let url = "https://web01:5986/wsman";
    let checked = std::process::Command::new("curl")
        .args(["-sS", "--cacert", &ca, "--resolve", &at, "-d", "x", url])
        .output()
        .expect("curl runs");
    assert!(checked.status.success(), "{checked:?}");
    // A mistake is said, and nothing else is shown in its place.
    machine
        .sh("echo nonsense >> /etc/winsta/config.toml; systemctl restart winsta-gateway || true")
        .done();
    until("the gateway to say what is wrong", || {
        gateway::journal(&machine)
            .contains("is not a valid configuration")
            .then_some(())
    });
}
