//! An RDP client in front of a screen that nobody sees.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::machine::Machine;
use crate::patience::until;

const CLIENTS: [&str; 2] = ["/usr/bin/xfreerdp", "/usr/bin/xfreerdp3"];
const SCREEN: &str = "/usr/bin/Xvfb";

/// A client that is connected until this is dropped.
pub struct Desktop {
    client: Child,
    screen: Child,
}

/// Why there can be none, if so.
pub fn cannot() -> Option<String> {
    if !CLIENTS.iter().any(|path| Path::new(path).exists()) {
        return Some("xfreerdp is missing (package freerdp2-x11)".to_owned());
    }
    // The machine may have another root tree than this one.
    let root = std::env::var("WINSTA_TESTHOST_ROOT").unwrap_or_default();
    let needed = [
        SCREEN.to_owned(),
        format!("{root}/usr/bin/xwininfo"),
        format!("{root}/usr/sbin/xrdp"),
        format!("{root}/usr/lib/xorg/modules/drivers/xrdpdev_drv.so"),
    ];
    let missing = needed.iter().find(|path| !Path::new(path).exists());
    missing.map(|path| format!("{path} is missing (packages xvfb, x11-utils, xrdp, xorgxrdp)"))
}

impl Desktop {
    /// Connects a user to a machine's xrdp; gives the session as well, once it is listed.
    pub fn connect(machine: &Machine, user: &str) -> (Self, Value) {
        Self::connect_by(machine, user, None)
    }

    /// The same from another machine's address.
    pub fn connect_from(other: &Machine, machine: &Machine, user: &str) -> (Self, Value) {
        Self::connect_by(machine, user, Some(other))
    }

    fn connect_by(machine: &Machine, user: &str, other: Option<&Machine>) -> (Self, Value) {
        let mut screen = Command::new(SCREEN)
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "800x600x24",
                "-nolisten",
                "tcp",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        let said = screen.stdout.take().expect("it is piped");
        BufReader::new(said)
            .read_line(&mut number)
            .expect("Xvfb says its display");
        let display = format!(":{}", number.trim());
        let start = || client(machine, user, &display, other);
        let mut client = start();
        let address = other.map_or(Machine::GATEWAY, Machine::address);
        let session = until(&format!("{user}'s desktop to have a client"), || {
            // xrdp lets its first clients down while it is still starting.
            if client.try_wait().expect("it is ours").is_some() {
                client = start();
            }
            let mut sessions = machine.sessions_of(user).into_iter();
            sessions.find(|s| s["state"] == "Active" && s["client_address"] == address)
        });
        (Self { client, screen }, session)
    }

    /// Whether its connection has ended.
    pub fn is_gone(&mut self) -> bool {
        self.client.try_wait().expect("it is ours").is_some()
    }
}

fn client(machine: &Machine, user: &str, display: &str, other: Option<&Machine>) -> Child {
    let program = CLIENTS.iter().find(|path| Path::new(path).exists());
    let program = *program.expect("asked before");
    let mut command = match other {
        Some(other) => other.sending(&[program]),
        None => Command::new(program),
    };
    command
        .args([
            &format!("/v:{}", machine.address()),
            &format!("/u:{user}"),
            // The test machine's users have these and live for seconds.
            &format!("/p:winsta-{user}"),
        ])
        .args(["/cert:ignore", "/log-level:ERROR"])
        .env("DISPLAY", display)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the client starts")
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in [&mut self.client, &mut self.screen] {
            // One that has ended already is as well.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
