//! Machines with networks of their own, of which one is down, one is cut off and one is slow.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;
use winsta_tests::desk::{Desk, Ran};
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;

/// Leads a user's ssh to machines, as `bob`.
fn lead(desk: &Desk, machines: &[(&str, &Machine)]) {
    let mut config = String::from(
        "Host *\n  User bob\n  BatchMode yes\n  StrictHostKeyChecking no\n  \
         UserKnownHostsFile /dev/null\n  LogLevel ERROR\n",
    );
    for (name, machine) in machines {
        let key = machine.folder().join("keys/bob");
        let (address, key) = (machine.address(), key.display());
        let _ = writeln!(
            config,
            "Host {name}\n  HostName {address}\n  IdentityFile {key}"
        );
    }
    let path = desk.folder().join("ssh_config");
    fs::write(&path, config).expect("a file");
    let hosts = format!("[ssh]\nconfig = \"{}\"\n", path.display());
    fs::write(desk.folder().join("hosts.toml"), hosts).expect("a file");
}

fn ask(desk: &Desk, seconds: &str) -> Ran {
    let all = "near,slow,parted,down";
    desk.run(&["quser", "--server", all, "--timeout", seconds, "-o", "json"])
}

/// Machines on whose list `bob` is.
fn answered(ran: &Ran) -> Vec<String> {
    let rows: Vec<Value> = serde_json::from_str(&ran.out).expect("a JSON array");
    let his = rows.iter().filter(|row| row["user"] == "bob");
    let mut hosts: Vec<String> = his
        .map(|row| row["host"].as_str().unwrap_or_default().to_owned())
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

#[test]
fn a_machine_that_is_down_parted_or_slow_keeps_nobody_from_the_others() {
    let (Some(near), Some(slow)) = (Machine::up("near"), Machine::up("slow")) else {
        return;
    };
    let (Some(parted), Some(down)) = (Machine::up("parted"), Machine::up("down")) else {
        return;
    };
    let desk = Desk::new();
    lead(
        &desk,
        &[
            ("near", &near),
            ("slow", &slow),
            ("parted", &parted),
            ("down", &down),
        ],
    );
    let _sitting = [&near, &slow, &parted, &down].map(|machine| machine.login("bob"));
    let ran = ask(&desk, "30");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(answered(&ran), ["down", "near", "parted", "slow"]);

    // One ends, one loses its network with connections that stand, one thinks for a while.
    drop(down);
    parted.part();
    slow.sh(
        "hosts=$(pgrep -u bob -f 'winsta host run'); kill -STOP $hosts
        (sleep 2; kill -CONT $hosts) > /dev/null 2>&1 &",
    )
    .done();
    let ran = ask(&desk, "6");
    assert_eq!(ran.status, 3, "{ran:?}");
    assert_eq!(answered(&ran), ["near", "slow"], "{ran:?}");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines.len(), 2, "{ran:?}");
    for name in ["parted", "down"] {
        let begin = format!("winsta: {name}: ");
        assert!(lines.iter().any(|line| line.starts_with(&begin)), "{ran:?}");
    }

    parted.join();
    until("the parted machine to answer again", || {
        (answered(&ask(&desk, "5")) == ["near", "parted", "slow"]).then_some(())
    });
}
