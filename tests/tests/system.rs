//! The machine's host under systemd: sessions of all users, each as a login of its own.

use winsta_tests::machine::Machine;
use winsta_tests::patience::until;
use winsta_tests::system::{
    self, ECHO, assert_answers, await_screen, host_pid, keeper_unit, property, start,
};

/// Does something to the service that makes its main process another.
fn replaces(machine: &Machine, unit: &str, command: &str) {
    let before = property(machine, unit, "MainPID");
    machine.sh(command).done();
    until(&format!("another process after {command}"), || {
        let now = property(machine, unit, "MainPID");
        (now != before && now != "0").then_some(())
    });
}

#[test]
fn nothing_that_happens_to_the_service_ends_a_session() {
    let Some(machine) = system::up("survive") else {
        return;
    };
    let id = start(&machine, "bob", ECHO);
    assert_answers(&machine, &id, "first");
    let session = machine.session(&id).expect("it is there");
    let host = "winsta-host.service";
    for (word, command) in [
        ("restart", "systemctl restart winsta-host"),
        ("kill", "systemctl kill -s KILL winsta-host"),
        ("group", "systemctl kill --kill-who=all -s KILL winsta-host"),
    ] {
        replaces(&machine, host, command);
        assert_answers(&machine, &id, word);
    }

    // KillMode=control-group, whatever the unit says: everything in the unit's group goes.
    machine.sh("systemctl stop winsta-host.service").done();
    assert_answers(&machine, &id, "stopped");

    let keeper = keeper_unit(&machine, "bob");
    let pids = || (host_pid(&machine), property(&machine, &keeper, "MainPID"));
    let before = pids();
    machine
        .sh("cp /usr/local/bin/winsta /opt/winsta-next && \
             winsta host upgrade --program /opt/winsta-next")
        .done();
    let executed = |pid: &str| machine.exec(&["readlink", &format!("/proc/{pid}/exe")]).out;
    until("host and keeper to be the next program", || {
        let both = [&before.0, &before.1];
        let next = |pid: &&String| executed(pid).trim() == "/opt/winsta-next";
        both.iter().all(next).then_some(())
    });
    assert_answers(&machine, &id, "upgraded");
    assert_eq!(pids(), before, "the same processes");

    let kill = format!("systemctl kill -s KILL {keeper}");
    replaces(&machine, &keeper, &kill);
    assert_answers(&machine, &id, "keeper");
    let both = format!(
        "kill -KILL {} $(systemctl show --value -p MainPID {keeper})",
        before.0
    );
    replaces(&machine, &keeper, &both);
    assert_answers(&machine, &id, "both");

    let after = machine.session(&id).expect("it is there");
    for key in ["leader_pid", "logon_time", "user", "device"] {
        assert_eq!(after[key], session[key], "{key}");
    }
    machine.winsta(&["logoff", &id]).done();
    assert_eq!(machine.session(&id), None);
}

#[test]
fn sessions_are_logins_of_their_users() {
    let Some(machine) = system::up("login") else {
        return;
    };
    machine.put(
        "/etc/security/limits.d/test.conf",
        b"bob - nofile 2345\nbob hard nproc 567\n",
    );
    machine.put("/etc/environment", b"SAID_BY_PAM=yes\n");
    machine.put(
        "/etc/winsta/config.toml",
        b"host = { linger_seconds = 1 }\n",
    );
    machine.sh("systemctl restart winsta-host").done();
    let id = start(
        &machine,
        "bob",
        "echo files $(ulimit -n) processes $(ulimit -p); echo pam $SAID_BY_PAM; \
         echo login $XDG_SESSION_ID at $XDG_RUNTIME_DIR; id; \
         env | grep -c -e NOTIFY_SOCKET -e LISTEN_FDS; sleep 5000",
    );
    let shown = await_screen(&machine, &id, "uid=");
    let bob = system::uid(&machine, "bob");
    for text in [
        "files 2345 processes 567",
        "pam yes",
        &format!("at /run/user/{bob}"),
        &format!("uid={bob}(bob)"),
    ] {
        assert!(shown.contains(text), "{text:?} in {shown}");
    }
    await_screen(&machine, &id, "\n0\n");

    let words = shown.split_whitespace();
    let login = words.skip_while(|word| *word != "login").nth(1);
    let login = login.expect("PAM gives the login a number").to_owned();
    let told = |name: &str| {
        let words = ["loginctl", "show-session", "--value", "-p", name, &login];
        machine.exec(&words).done().trim().to_owned()
    };
    assert_eq!(
        (told("Name"), told("Service"), told("State")),
        ("bob".to_owned(), "winsta".to_owned(), "active".to_owned())
    );
    let leader = machine.session(&id).expect("it is there")["leader_pid"].to_string();
    let group = machine
        .exec(&["cat", &format!("/proc/{leader}/cgroup")])
        .done();
    assert!(group.contains(&format!("session-{login}.scope")), "{group}");
    // One session, listed once.
    assert_eq!(machine.sessions_of("bob").len(), 1);

    // With the last session the login ends, and with that what systemd had for the user.
    machine.winsta(&["logoff", &id]).done();
    until("the login to end", || {
        let gone = machine.exec(&["loginctl", "show-session", &login]);
        (gone.status != 0).then_some(())
    });
    assert_eq!(
        property(&machine, &keeper_unit(&machine, "bob"), "ActiveState"),
        "inactive"
    );
    let again = start(&machine, "bob", ECHO);
    assert_answers(&machine, &again, "again");
}

#[test]
fn a_broken_host_locks_nobody_out() {
    let Some(machine) = system::up("broken") else {
        return;
    };
    machine.put(
        "/etc/ssh/sshd_config.d/winsta.conf",
        b"ForceCommand /usr/local/bin/winsta login\n",
    );
    machine.sh("systemctl restart ssh").done();
    let bob = machine.login("bob");
    let session = machine.await_session("bob", "active", |s| s["state"] == "Active");
    assert_eq!(session["source"], "hosted", "{session}");
    let name = session["name"].as_str().expect("it is connected");
    assert!(name.starts_with("ssh-tcp#"), "{name}");
    drop(bob);
    machine.await_session("bob", "disconnected", |s| s["state"] == "Disconnected");

    // It hangs.
    machine.sh("systemctl kill -s STOP winsta-host").done();
    let alice = machine.login("alice");
    alice.wait_for("this is a plain shell");
    // It is gone, and its socket is left.
    machine
        .sh("systemctl kill -s CONT winsta-host; \
             systemctl stop winsta-host.socket winsta-host.service")
        .done();
    let alice = machine.login("alice");
    alice.wait_for("this machine's host does not answer at /run/winsta/host.sock");
    alice.wait_for("this is a plain shell");

    // A good one is back: so is the session.
    machine.sh("systemctl start winsta-host.socket").done();
    let _bob = machine.login("bob");
    let back = machine.await_session("bob", "active again", |s| s["state"] == "Active");
    assert_eq!(back["id"], session["id"]);
}

#[test]
fn users_have_pssessions_of_their_own() {
    let Some(machine) = system::up("own") else {
        return;
    };
    // PSSessions, which this host has not, the user's own has.
    let said = machine.winsta_as(
        "bob",
        &["Invoke-Command", "-ComputerName", "localhost", "{id -un}"],
    );
    let said = said.done();
    assert_eq!(said, "bob\n");
}

#[test]
fn the_units_are_valid_and_hardened() {
    let Some(machine) = system::up("units") else {
        return;
    };
    let verified = machine.sh("systemd-analyze verify /lib/systemd/system/winsta-host.* \
             winsta-keeper@1.socket winsta-keeper@1.service 2>&1");
    let about = verified.out.lines().filter(|line| line.contains("winsta"));
    assert_eq!(about.collect::<Vec<_>>(), Vec::<&str>::new());
    // "OK" is up to 5.0; root's rights that it needs are the rest.
    machine
        .exec(&[
            "systemd-analyze",
            "security",
            "--threshold=35",
            "--no-pager",
            "winsta-host.service",
        ])
        .done();
}
