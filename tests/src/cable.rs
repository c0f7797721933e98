//! A cable between two networks, which can be pulled out: two network namespaces with a veth pair.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::geteuid;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What is needed beside root's rights.
const PROGRAMS: [&str; 4] = [
    "/usr/bin/unshare",
    "/usr/bin/nsenter",
    "/usr/sbin/ip",
    "/usr/bin/ss",
];
/// What each network runs to be kept: it ends with its standard input.
const KEEPER: &str = "ip link set lo up && echo ready && exec cat";

/// An end of the cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The user's.
    Client,
    /// The host's.
    Host,
}

impl End {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Host];

    /// Its address.
    pub fn address(self) -> &'static str {
        match self {
            Self::Client => "10.88.0.1",
            Self::Host => "10.88.0.2",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Client => Self::Host,
            Self::Host => Self::Client,
        }
    }
}

/// The cable; its networks end when this is dropped and nothing runs in them.
pub struct Cable {
    client: Child,
    host: Child,
}

impl Cable {
    /// Two networks with nothing else in them; says why and gives nothing where they cannot be made.
    pub fn new() -> Option<Self> {
        if !geteuid().is_root() {
            println!("skipped: only root can make networks");
            return None;
        }
        if let Some(missing) = PROGRAMS
            .iter()
            .find(|path| !std::fs::exists(path).unwrap_or_default())
        {
            println!("skipped: there is no {missing}");
            return None;
        }
        let cable = Self {
            client: network()?,
            host: network()?,
        };
        let peer = cable.host.id().to_string();
        let link = ["ip", "link", "add", "cable", "type", "veth", "peer"];
        let link = [&link[..], &["name", "cable", "netns", &peer]].concat();
        if !cable.try_run(End::Client, &link) {
            println!("skipped: this kernel has no veth");
            return None;
        }
        for end in End::BOTH {
            let address = format!("{}/30", end.address());
            cable.run(end, &["ip", "address", "add", &address, "dev", "cable"]);
            cable.run(end, &["ip", "link", "set", "cable", "up"]);
        }
        Some(cable)
    }

    /// Does `work` in a thread that is at one end; so is all that it starts.
    pub fn at<T: Send>(&self, end: End, work: impl FnOnce() -> T + Send) -> T {
        let network = File::open(self.network(end)).expect("it is there");
        thread::scope(|scope| {
            let there = scope.spawn(move || {
                let kind = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(network.as_fd(), kind).expect("root may");
                work()
            });
            there
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Pulls it out at one end: the other end hears nothing any more.
    pub fn pull(&self, end: End) {
        self.run(end, &["ip", "link", "set", "cable", "down"]);
    }

    /// Puts it back.
    pub fn plug(&self, end: End) {
        self.run(end, &["ip", "link", "set", "cable", "up"]);
    }

    /// Loses whatever this end sends.
    pub fn lose(&self, end: End) {
        self.run(
            end,
            &["ip", "route", "add", "blackhole", end.other().address()],
        );
    }

    /// Loses it no more.
    pub fn find(&self, end: End) {
        self.run(
            end,
            &["ip", "route", "del", "blackhole", end.other().address()],
        );
    }

    /// Resets all connections; where the kernel cannot, nothing happens.
    pub fn reset(&self, end: End) {
        self.try_run(end, &["ss", "-K", "dst", end.other().address()]);
    }

    fn network(&self, end: End) -> String {
        let keeper = match end {
            End::Client => &self.client,
            End::Host => &self.host,
        };
        format!("/proc/{}/ns/net", keeper.id())
    }

    fn run(&self, end: End, words: &[&str]) {
        assert!(self.try_run(end, words), "{words:?} at {end:?}");
    }

    fn try_run(&self, end: End, words: &[&str]) -> bool {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={}", self.network(end)))
            .args(words);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if words.first() == Some(&"ss") {
            // It complains of each socket that is closing already.
            command.stderr(Stdio::null());
        }
        command.status().is_ok_and(|status| status.success())
    }
}

/// A network of its own; says why and gives nothing where there can be none.
fn network() -> Option<Child> {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", KEEPER]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut keeper = command.spawn().expect("unshare runs");
    let mut line = String::new();
    let out = keeper.stdout.take().expect("a pipe");
    if BufReader::new(out)
        .read_line(&mut line)
        .is_ok_and(|count| count > 0)
    {
        return Some(keeper);
    }
    // It has said why.
    let _ = keeper.wait();
    println!("skipped: there can be no network namespace here");
    None
}

impl Drop for Cable {
    fn drop(&mut self) {
        for keeper in [&mut self.client, &mut self.host] {
            // Nothing but the namespace hangs on it.
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
    }
}
