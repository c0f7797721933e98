//! A machine whose gateway leads clients from elsewhere to the remote shells of all users.

use std::process::Command;

use winsta_python::Python;
use winsta_python::packages::CLIENTS;

use crate::desk::{Desk, Ran};
use crate::machine::Machine;
use crate::system;

/// What each program of a client begins with: `ws(user)` makes a connection.
const PRELUDE: &str = concat!(
    include_str!("gateway/prelude.py"),
    "\n\n",
    include_str!("persistent.py")
);
/// A request that every host of remote shells answers.
const IDENTIFY: &str = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Header/>\
    <s:Body><i:Identify xmlns:i='http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd'/>\
    </s:Body></s:Envelope>";

/// Boots a machine with a host for all users and a gateway; `None` where no machine can be booted.
pub fn up(what: &str) -> Option<Machine> {
    let machine = system::up(what)?;
    machine
        .sh("systemctl enable --now winsta-gateway 2> /dev/null")
        .done();
    Some(machine)
}

/// The password of a machine's user.
pub fn password(user: &str) -> String {
    format!("winsta-{user}")
}

/// Clients from PyPI; says why and gives nothing where there are none.
pub fn clients() -> Option<Python> {
    match Python::with(CLIENTS) {
        Ok(python) => Some(python),
        Err(missing) => {
            println!("skipped: {missing}");
            None
        }
    }
}

/// Runs a client's program on this machine, against that one; it asserts what it expects. Gives
/// what it printed.
pub fn talk(python: &Python, machine: &Machine, program: &str, arguments: &[&str]) -> String {
    let program = format!("{PRELUDE}\n{program}");
    let words = [&[machine.address()], arguments].concat();
    match python.run(&program, &words) {
        Ok(said) => String::from_utf8_lossy(&said).into_owned(),
        Err(error) => panic!("{error}\n{}", journal(machine)),
    }
}

/// What the gateway's units had to say.
pub fn journal(machine: &Machine) -> String {
    machine.exec(&["journalctl", "--sync"]).done();
    let words = [
        "journalctl",
        "--no-pager",
        "-o",
        "cat",
        "-u",
        "winsta-gateway",
        "-u",
        "winsta-authenticate@*",
        "-u",
        "winsta-remote@*",
    ];
    machine.exec(&words).out
}

/// An answer of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, but for the time of day, which differs.
    pub head: Vec<String>,
    /// What it says.
    pub body: String,
}

/// Asks whether the gateway leads to a host, with more words for curl.
pub fn identify(machine: &Machine, words: &[&str]) -> Answer {
    let url = format!("https://{}:5986/wsman", machine.address());
    let output = Command::new("curl")
        .args(["-sSki", "--max-time", "60", "--data-binary", IDENTIFY])
        .args(["-H", "Content-Type: application/soap+xml;charset=UTF-8"])
        .args(words)
        .arg(url)
        .output();
    let ran = Ran::from(output.expect("curl runs"));
    answer(&ran).unwrap_or_else(|| panic!("{ran:?}\n{}", journal(machine)))
}

/// The same with a name and a password.
pub fn log_on(machine: &Machine, user: &str, password: &str) -> Answer {
    identify(machine, &["-u", &format!("{user}:{password}")])
}

fn answer(ran: &Ran) -> Option<Answer> {
    let (head, body) = ran.out.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let told = lines.filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    Some(Answer {
        status,
        head: told.map(str::to_owned).collect(),
        body: body.to_owned(),
    })
}

/// Somebody on this machine who knows that one as `name`, and its certificate.
pub fn who_knows(machine: &Machine, name: &str) -> Desk {
    let desk = Desk::new();
    let place = format!("{}:5986", machine.address());
    let hosts = format!("[hosts.{name}]\ntls = \"{place}\"\n");
    std::fs::write(desk.folder().join("hosts.toml"), hosts).expect("a file");
    let shown = machine
        .sh("openssl x509 -noout -fingerprint -sha256 -in /var/lib/winsta-gateway/tls/host.crt")
        .done();
    let shown = shown.trim().rsplit('=').next().unwrap_or_default();
    let shown = shown.replace(':', "").to_ascii_lowercase();
    let words = ["trust", place.as_str(), "--fingerprint", shown.as_str()];
    desk.run(&words).done();
    desk
}
