//! Machines whose host serves all users, as its package installs it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::desk::Ran;
use crate::machine::Machine;
use crate::patience::until;

/// What the package puts where, beside the program and the units.
const FILES: [(&str, &str); 4] = [
    ("tmpfiles.conf", "/usr/lib/tmpfiles.d/winsta.conf"),
    ("sysusers.conf", "/usr/lib/sysusers.d/winsta.conf"),
    ("pam", "/etc/pam.d/winsta"),
    ("pam-remote", "/etc/pam.d/winsta-remote"),
];

/// The folder with what is packaged.
pub fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging")
}

/// Boots a machine and has its host serve all users; `None` where no machine can be booted.
pub fn up(what: &str) -> Option<Machine> {
    let machine = Machine::up(what)?;
    let put = |from: &Path, to: &str| {
        machine.put(to, &std::fs::read(from).expect("it is there"));
    };
    for (from, to) in FILES {
        put(&packaging().join(from), to);
    }
    for unit in std::fs::read_dir(packaging().join("systemd")).expect("a folder") {
        let path = unit.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        put(&path, &format!("/lib/systemd/system/{name}"));
    }
    machine
        .sh(
            "ln -s /usr/local/bin/winsta /usr/bin/winsta && systemd-sysusers winsta.conf && \
             systemd-tmpfiles --create winsta.conf && systemctl daemon-reload && \
             systemctl start winsta-host.socket winsta-host.service",
        )
        .done();
    Some(machine)
}

/// Starts a detached session of a user and gives its number.
pub fn start(machine: &Machine, user: &str, script: &str) -> String {
    let started = machine.winsta_as(user, &["new", "-d", "--", "sh", "-c", script]);
    started.done().trim().to_owned()
}

/// Waits until a session shows this text.
pub fn await_screen(machine: &Machine, id: &str, text: &str) -> String {
    until(&format!("{text:?} in session {id}"), || {
        let shown = machine.winsta(&["screen", id]);
        (shown.status == 0 && shown.out.contains(text)).then_some(shown.out)
    })
}

/// A session that answers whatever is typed into it.
pub const ECHO: &str = "while read line; do echo \"got $line\"; done";

/// Types a word into a session of [`ECHO`] as root, and waits for the answer.
pub fn assert_answers(machine: &Machine, id: &str, word: &str) {
    machine.winsta(&["send", id, "--enter", word]).done();
    await_screen(machine, id, &format!("got {word}"));
}

/// A property of a unit.
pub fn property(machine: &Machine, unit: &str, name: &str) -> String {
    let shown = machine.exec(&["systemctl", "show", "--value", "-p", name, unit]);
    shown.done().trim().to_owned()
}

/// Process id of the machine's host.
pub fn host_pid(machine: &Machine) -> String {
    property(machine, "winsta-host.service", "MainPID")
}

/// Number of a user.
pub fn uid(machine: &Machine, user: &str) -> String {
    machine.exec(&["id", "-u", user]).done().trim().to_owned()
}

/// The unit of a user's keeper.
pub fn keeper_unit(machine: &Machine, user: &str) -> String {
    format!("winsta-keeper@{}.service", uid(machine, user))
}

/// Makes a request of the machine's host as a user, past the command line.
pub fn ask(machine: &Machine, user: &str, method: &str, path: &str, body: &str) -> Ran {
    as_user(
        machine,
        user,
        &[
            "curl",
            "-sS",
            "--max-time",
            "30",
            "--unix-socket",
            "/run/winsta/host.sock",
            "-X",
            method,
            "-d",
            body,
            &format!("http://winsta{path}"),
        ],
    )
}

/// Runs a program in the machine as a user, outside any login.
pub fn as_user(machine: &Machine, user: &str, words: &[&str]) -> Ran {
    let before = [
        "setpriv",
        "--reuid",
        user,
        "--regid",
        user,
        "--init-groups",
        "--reset-env",
    ];
    machine.exec(&[&before, words].concat())
}

/// The body that ends the session which stands in the list now.
pub fn guard(machine: &Machine, id: &str) -> String {
    let session = machine.session(id).expect("it is there");
    let status = machine.winsta(&["host", "status", "-o", "json"]).done();
    let status: Value = serde_json::from_str(&status).expect("JSON");
    format!(
        r#"{{"incarnation":{},"logon_time":{}}}"#,
        status["incarnation"], session["logon_time"]
    )
}
