//! Who does not come in through the gateway, and what they hear.

use winsta_tests::gateway::{self, clients, identify, log_on, password, talk};
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;

/// Somebody is refused, and then bob comes in, so that the address need not wait.
fn refused(machine: &Machine, user: &str, password: &str) -> gateway::Answer {
    let answer = log_on(machine, user, password);
    assert_eq!(answer.status, 401, "{user}: {answer:?}");
    assert_eq!(
        log_on(machine, "bob", &gateway::password("bob")).status,
        200
    );
    answer
}

#[test]
fn whoever_may_not_come_in_hears_one_answer() {
    let Some(machine) = gateway::up("refusals") else {
        return;
    };
    machine
        .sh(
            "for user in locked expired service empty; do useradd -m -s /bin/bash $user; \
             echo $user:secret | chpasswd; done; echo root:secret | chpasswd; \
             usermod -L locked; chage -E 0 expired; usermod -s /usr/sbin/nologin service; \
             passwd -q -d empty; echo 'alice:changed' | chpasswd; chage -d 0 alice",
        )
        .done();
    let wrong = refused(&machine, "bob", "wrong");
    assert!(
        wrong
            .head
            .contains(&"www-authenticate: Basic realm=\"WSMAN\"".to_owned()),
        "{wrong:?}"
    );
    for (user, password) in [
        ("nobody-knows-them", "wrong"),
        ("root", "secret"),
        ("locked", "secret"),
        ("expired", "secret"),
        ("service", "secret"),
        ("empty", ""),
        ("empty", "x"),
        // Whose password is to be changed at the next login cannot do so here.
        ("alice", "changed"),
        ("../../bob", "winsta-bob"),
        ("-bob", "winsta-bob"),
    ] {
        assert_eq!(refused(&machine, user, password), wrong, "{user}");
    }
    let nothing = identify(&machine, &[]);
    assert_eq!(nothing.status, 401, "{nothing:?}");

    let get = |path: &str| {
        let url = format!("https://127.0.0.1:5986{path}");
        let words = [
            "curl",
            "-sSk",
            "--path-as-is",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
        ];
        machine
            .exec(&[&words[..], &["-u", "bob:winsta-bob", &url]].concat())
            .done()
    };
    for path in [
        "/v1/sessions",
        "/v1/trusted/",
        "/",
        "/wsman/",
        "/wsman/../v1/status",
    ] {
        assert_eq!(get(path), "404", "{path}");
    }
    assert_eq!(get("/wsman"), "405");
}

#[test]
fn an_administrators_rules_count_at_once() {
    let Some(machine) = gateway::up("rules") else {
        return;
    };
    let asks = |user: &str| log_on(&machine, user, &password(user)).status;
    machine.sh("echo root:winsta-root | chpasswd").done();
    assert_eq!((asks("root"), asks("bob")), (401, 200));
    machine
        .sh("sed -i '/uid != 0/d' /etc/pam.d/winsta-remote")
        .done();
    assert_eq!(asks("root"), 200);
    machine
        .sh("sed -i 's/^# account required/account required/; s/remote-users/sudo/' /etc/pam.d/winsta-remote")
        .done();
    assert_eq!(asks("bob"), 401);
    machine.sh("usermod -aG sudo bob").done();
    assert_eq!(asks("bob"), 200);
    machine.sh("touch /etc/nologin").done();
    assert_eq!(asks("bob"), 401);
    machine.sh("rm /etc/nologin").done();
    // Without the helper nobody comes in, and nobody is said to be wrong.
    machine
        .sh("mv /run/winsta/authenticate.sock /run/winsta/away")
        .done();
    assert_eq!(asks("bob"), 503);
    machine
        .sh("mv /run/winsta/away /run/winsta/authenticate.sock")
        .done();
    assert_eq!(asks("bob"), 200);
}

/// A user's host that hangs takes the user's part of the room, and the others theirs.
#[test]
fn a_user_has_a_part_of_the_room() {
    let Some(python) = clients() else { return };
    let Some(machine) = gateway::up("crowd") else {
        return;
    };
    assert_eq!(log_on(&machine, "bob", &password("bob")).status, 200);
    machine.sh("pkill -STOP -u bob -f 'winsta host'").done();
    talk(&python, &machine, include_str!("gateway/crowd.py"), &[]);
}

#[test]
fn who_guesses_has_to_wait_and_nobody_else() {
    let Some(machine) = gateway::up("guesses") else {
        return;
    };
    for _ in 0..3 {
        assert_eq!(log_on(&machine, "bob", "guess").status, 401);
    }
    let waits = until("the address to have to wait", || {
        let answer = log_on(&machine, "alice", &password("alice"));
        if answer.status == 429 {
            return Some(answer);
        }
        // The pause is short at first.
        for _ in 0..3 {
            log_on(&machine, "bob", "guess");
        }
        None
    });
    assert!(
        waits
            .head
            .iter()
            .any(|line| line.starts_with("retry-after:")),
        "{waits:?}"
    );
    let url = format!("https://{}:5986/wsman", machine.address());
    let words = [
        "curl",
        "-sk",
        "-d",
        "x",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
    ];
    let there = machine.exec(&[&words[..], &["-u", "alice:winsta-alice", &url]].concat());
    assert_eq!(
        there.out, "500",
        "another address is asked for what it sends"
    );
    let failures = machine.sh("journalctl -o cat | grep 'rhost=10.77.0.1'").out;
    assert!(
        failures.contains("user=bob"),
        "PAM heard from where: {failures}"
    );
}
