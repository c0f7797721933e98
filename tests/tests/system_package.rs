//! The Debian package, on a machine of its own: installed, upgraded, removed.

use std::path::PathBuf;
use std::process::Command;

use winsta_tests::binary::winsta;
use winsta_tests::gateway::{log_on, password};
use winsta_tests::machine::Machine;
use winsta_tests::patience::until;
use winsta_tests::system::{
    ECHO, assert_answers, host_pid, keeper_unit, packaging, property, start,
};

/// Where a machine gets the package.
const PLACE: &str = "/opt/winsta.deb";

/// Makes the package of the binary under test; `None` without the programs for that.
fn package(folder: &std::path::Path) -> Option<PathBuf> {
    let probe = Command::new("cargo").args(["deb", "--version"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        println!("skipped: cargo-deb is missing (cargo install --locked cargo-deb)");
        return None;
    }
    if !std::path::Path::new("/usr/bin/dpkg-deb").exists() {
        println!("skipped: dpkg-deb is missing, so that no package could be installed");
        return None;
    }
    // Packages hold what `cargo build --release` made; here it is the binary under test.
    let target = folder.join("target");
    std::fs::create_dir_all(target.join("release")).expect("a folder");
    std::fs::copy(winsta(), target.join("release/winsta")).expect("a copy");
    let package = folder.join("winsta.deb");
    let made = Command::new("cargo")
        .current_dir(packaging().join(".."))
        .env("CARGO_TARGET_DIR", &target)
        .args(["deb", "--no-build", "--fast", "-p", "winsta-cli", "-o"])
        .arg(&package)
        .output()
        .expect("it runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    Some(package)
}

#[test]
fn the_package_installs_upgrades_and_removes_cleanly() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(package) = package(folder.path()) else {
        return;
    };
    let Some(machine) = Machine::up("package") else {
        return;
    };
    machine.put(PLACE, &std::fs::read(&package).expect("it was made"));
    let install = || {
        machine
            .exec(&["dpkg", "--force-depends", "-i", PLACE])
            .done()
    };
    install();
    for unit in ["winsta-host.socket", "winsta-host.service"] {
        assert_eq!(property(&machine, unit, "ActiveState"), "active", "{unit}");
        assert_eq!(
            property(&machine, unit, "UnitFileState"),
            "enabled",
            "{unit}"
        );
    }
    // The network is let in by whoever wants that.
    let gateway = ["winsta-gateway.socket", "winsta-gateway.service"];
    for unit in gateway {
        assert_eq!(
            property(&machine, unit, "ActiveState"),
            "inactive",
            "{unit}"
        );
        let state = property(&machine, unit, "UnitFileState");
        assert_eq!(state, "disabled", "{unit}");
    }
    machine.exec(&["getent", "group", "winsta-admins"]).done();
    let id = start(&machine, "bob", ECHO);
    assert_answers(&machine, &id, "installed");
    let session = machine.session(&id).expect("it is there");
    machine
        .sh("systemctl enable --now winsta-gateway 2> /dev/null")
        .done();
    let bob = password("bob");
    assert_eq!(log_on(&machine, "bob", &bob).status, 200);
    let serving = property(&machine, gateway[1], "MainPID");

    // An upgrade: host and keeper are the new program, and the session has noticed nothing.
    let keeper = keeper_unit(&machine, "bob");
    let before = (host_pid(&machine), property(&machine, &keeper, "MainPID"));
    let same_file = |pid: &str| {
        let text = format!("test /proc/{pid}/exe -ef /usr/bin/winsta");
        machine.sh(&text).status == 0
    };
    install();
    assert_ne!(
        host_pid(&machine),
        before.0,
        "the host began anew, under the new unit"
    );
    let pid = property(&machine, &keeper, "MainPID");
    assert_eq!(pid, before.1, "the keeper is the same process");
    assert!(same_file(&pid), "and the new program");
    assert_answers(&machine, &id, "upgraded");
    let after = machine.session(&id).expect("it is there");
    assert_eq!(after["leader_pid"], session["leader_pid"]);
    assert_ne!(property(&machine, gateway[1], "MainPID"), serving);
    assert_eq!(log_on(&machine, "bob", &bob).status, 200);

    // His own host is his own, and goes when it has nothing to do.
    until("bob's own host to end", || {
        let gone = machine.sh("! pgrep -u bob -f 'winsta (host|keeper --dir)'");
        (gone.status == 0).then_some(())
    });
    machine.exec(&["dpkg", "-r", "winsta"]).done();
    let listed = machine
        .sh("systemctl list-units --all --no-legend 'winsta*'; pgrep -af 'winsta (host|keeper|gateway|remote|authenticate)'");
    assert_eq!(listed.out, "", "nothing runs any more");
    let leader = session["leader_pid"].to_string();
    until("the session to have ended", || {
        let gone = machine.exec(&["test", "!", "-d", &format!("/proc/{leader}")]);
        (gone.status == 0).then_some(())
    });
    let left = machine.sh("ls -d /run/winsta /usr/bin/winsta /lib/systemd/system/winsta* /etc/systemd/system/*/winsta* 2>/dev/null");
    assert_eq!(left.out, "");
    machine
        .exec(&["test", "-f", "/var/lib/winsta/audit.db"])
        .done();
    machine.exec(&["dpkg", "-P", "winsta"]).done();
    let left = machine.sh("ls -d /var/lib/winsta* /etc/pam.d/winsta* 2>/dev/null");
    assert_eq!(left.out, "");
}
