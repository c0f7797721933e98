//! A network that is silent for longer than the client's patience, and a laptop that sleeps: what
//! was printed meanwhile comes once, all of it.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use winsta_tests::cable::{Cable, End};
use winsta_tests::chance::Chance;
use winsta_tests::desk::{Desk, Ran, lines};
use winsta_tests::patience::until;
use winsta_tests::published::Published;

/// How often the network falls silent.
const SILENCES: usize = 2;
/// How many seconds the laptop sleeps; `WINSTA_ASLEEP` says how long for a longer look. After 240
/// the host takes its client for gone.
const ASLEEP: u64 = 3;
/// How long a host hears nothing from a client before it counts as gone, in seconds.
const GONE: u64 = 240;

/// A host at one end of a cable, and a user with a session at the other.
struct Scene {
    cable: Cable,
    host: Published,
    desk: Desk,
}

impl Scene {
    fn set(options: &str) -> Option<Self> {
        let cable = Cable::new()?;
        let host = cable.at(End::Host, || Published::at(End::Host.address()));
        let desk = Desk::new();
        host.known_to(&desk);
        let scene = Self { cable, host, desk };
        let made = scene.ask(&format!(
            "New-PSSession $AT -Name Work -SessionOption $(New-PSSessionOption {options})"
        ));
        made.done();
        Some(scene)
    }

    /// Runs a script at the user's end.
    fn ask(&self, script: &str) -> Ran {
        self.ask_as(&self.desk, script)
    }

    fn ask_as(&self, desk: &Desk, script: &str) -> Ran {
        let script = format!(
            "export WINSTA_PASSWORD=secret\nAT='-ConnectionUri {} -Credential ann'\n{script}",
            self.host.uri()
        );
        self.cable.at(End::Client, || desk.bash(&script))
    }

    /// Counts in the session until it is told to stop.
    fn count(&self) -> Counting {
        let session = self.ask("Get-PSSession -Name Work").done();
        let stop = self.desk.folder().join("stop");
        let begun = self.desk.folder().join("begun");
        let script = format!(
            "{{touch {}; i=0; while [ ! -e {} ]; do i=$((i+1)); echo $i; sleep .002; done; echo end $i}}",
            begun.display(),
            stop.display()
        );
        let out = self.desk.folder().join("out");
        let file = fs::File::create(&out).expect("a file");
        let child = self.cable.at(End::Client, || {
            let words = ["Invoke-Command", "-Session", session.trim(), &script];
            let mut command = self.desk.command(&words);
            command.stdout(file).stderr(Stdio::piped());
            command.spawn().expect("it runs")
        });
        until("the command to begin", || begun.exists().then_some(()));
        fs::remove_file(&begun).expect("it is there");
        Counting { child, stop, out }
    }

    /// The agent's process.
    fn agent(&self) -> Pid {
        let socket = self.desk.folder().join("run/agent.sock");
        let agent = UnixStream::connect(socket).expect("it answers");
        let peer = rustix::net::sockopt::socket_peercred(&agent);
        peer.expect("the kernel knows").pid
    }
}

/// A command that counts.
struct Counting {
    child: Child,
    stop: PathBuf,
    out: PathBuf,
}

impl Counting {
    fn wait(self) -> Ran {
        let out = self.out;
        let mut ran = Ran::from(self.child.wait_with_output().expect("it ends"));
        ran.out = fs::read_to_string(out).expect("it is there");
        ran
    }
}

fn assert_whole(said: &str, errors: &str) {
    let mut lines: Vec<&str> = said.lines().collect();
    let end = lines.pop().unwrap_or_default();
    assert_eq!(end, format!("end {}", lines.len()), "{errors}");
    for (place, line) in lines.iter().enumerate() {
        assert_eq!(*line, (place + 1).to_string(), "{errors}");
    }
}

#[test]
fn a_silent_network_disconnects_and_what_was_printed_comes_once() {
    let Some(scene) = Scene::set("-OperationTimeout 2000") else {
        return;
    };
    let mut chance = Chance::announced();
    for round in 0..SILENCES {
        let counting = scene.count();
        let stop = counting.stop.clone();
        sleep(chance.moment(Duration::from_millis(300)));
        scene.cable.pull(End::Host);
        let ran = counting.wait();
        assert_eq!(ran.status, 3, "{}", ran.err);
        assert!(
            ran.err.contains("The session Work on 10.88.0.2 is lost"),
            "{}",
            ran.err
        );
        assert!(
            ran.err.contains(
                "is disconnected, and what runs in it runs on; 'Receive-PSSession -Id 1'"
            ),
            "{}",
            ran.err
        );
        let table = scene.ask("WINSTA_OUTPUT=table Get-PSSession").done();
        assert_eq!(
            lines(&table).last().map(String::as_str),
            Some("1 Work 10.88.0.2 Disconnected Microsoft.PowerShell None")
        );
        let early = scene.ask("Receive-PSSession -Id 1");
        assert_eq!((early.status, early.out.as_str()), (3, ""), "{}", early.err);
        fs::write(&stop, "").expect("a file");
        scene.cable.plug(End::Host);
        // Taken back by itself, or by what receives.
        let rest = scene.ask(if round == 0 {
            "Receive-PSSession -Id 1"
        } else {
            "Connect-PSSession -Id 1 | Receive-PSSession"
        });
        assert_eq!(rest.status, 0, "{}", rest.err);
        assert_whole(&format!("{}{}", ran.out, rest.out), &ran.err);
        fs::remove_file(&stop).expect("it is there");
    }
    let next = scene.ask("Invoke-Command $(Get-PSSession -Id 1) '{echo as before}'");
    assert_eq!((next.out.as_str(), next.err.as_str()), ("as before\n", ""));
}

#[test]
fn a_laptop_that_slept_goes_on_where_it_was() {
    let asleep = std::env::var("WINSTA_ASLEEP");
    let asleep = asleep.map_or(ASLEEP, |seconds| seconds.parse().expect("a number"));
    let Some(scene) = Scene::set("-IdleTimeout 7200000") else {
        return;
    };
    let counting = scene.count();
    let all = [scene.agent(), Pid::from_child(&counting.child)];
    let send = |signal| {
        for pid in all {
            kill_process(pid, signal).expect("it is ours");
        }
    };
    sleep(Duration::from_millis(200));
    send(Signal::STOP);
    scene.cable.pull(End::Client);
    sleep(Duration::from_secs(asleep));
    scene.cable.plug(End::Client);
    let other = Desk::new();
    scene.host.known_to(&other);
    let seen = scene.ask_as(
        &other,
        "Get-PSSession $AT | Format-Table State, Availability",
    );
    let seen = lines(&seen.done()).pop();
    let expected = if asleep > GONE {
        "Disconnected None"
    } else {
        "Disconnected Busy"
    };
    assert_eq!(seen.as_deref(), Some(expected));
    fs::write(&counting.stop, "").expect("a file");
    send(Signal::CONT);
    let ran = counting.wait();
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_whole(&ran.out, &ran.err);
    let next = scene.ask("Invoke-Command $(Get-PSSession -Id 1) '{echo as before}'");
    assert_eq!((next.out.as_str(), next.err.as_str()), ("as before\n", ""));
}
