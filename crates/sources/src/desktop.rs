//! Desktops: when their users last typed, and messages in front of them.
//!
//! Both are the X server's to know and to show; where there is none, what shows notifications to the
//! user takes messages. The host speaks to neither itself: for each desktop it starts an [`agent`], a
//! process of the desktop's own user, and exchanges lines with it. So neither a server that a user
//! replaced nor a file that they wrote is read by root.

pub mod agent;

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::unistd::User;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::time::timeout;
use winsta_domain::Timestamp;

use crate::act::sanitised;
use crate::found::{Found, Key};
use crate::processes;

/// How long an agent may take to say when its user last typed.
const GLANCE: Duration = Duration::from_millis(300);
/// How long a desktop is left alone whose agent did not answer.
const REST: Duration = Duration::from_secs(10);
/// How long it may take to show a message.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most agents: one for each desktop.
const MAX_AGENTS: usize = 256;
/// Longest line of an agent.
const MAX_LINE: u64 = 1_024;
/// Between the lines of a message.
const SEPARATOR: char = '\u{1f}';
/// Most processes whose environment is asked for the way to the server.
const MAX_ASKED: usize = 64;

/// The agents of all desktops.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    running: HashMap<Key, Agent>,
    /// Desktops whose agents did not answer, and until when they are left alone.
    resting: HashMap<Key, Instant>,
}

/// A process in front of one desktop. It ends when its input does.
#[derive(Debug)]
struct Agent {
    to: pipe::Sender,
    from: BufReader<pipe::Receiver>,
}

impl Agents {
    /// When the desktop's user last typed or moved the pointer; `None` if its server does not say.
    pub(crate) async fn last_input(&self, found: &Found, now: Timestamp) -> Option<Timestamp> {
        let rests = self.known().resting.get(&found.key).copied();
        if rests.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let said = self.ask(found, "idle", GLANCE).await.ok()?;
        let idle: u64 = said.strip_prefix("idle ")?.parse().ok()?;
        Some(Timestamp(now.0.saturating_sub(idle)).max(found.logon))
    }

    /// Shows a message for `seconds`; returns when it is on the screen.
    pub(crate) async fn tell(
        &self,
        found: &Found,
        from: &str,
        text: &str,
        seconds: u32,
    ) -> io::Result<()> {
        let mut line = format!("tell {seconds} {}", sanitised(from));
        for part in text.lines() {
            line.push(SEPARATOR);
            line.push_str(&sanitised(part));
        }
        match self.ask(found, &line, PATIENCE).await?.as_str() {
            "shown" => Ok(()),
            other => Err(io::Error::other(other.to_owned())),
        }
    }

    /// Ends the agents of desktops that are not there any more.
    pub(crate) fn keep(&self, present: &[Found]) {
        let mut known = self.known();
        let is_there = |key: &Key| present.iter().any(|found| found.key == *key);
        known.running.retain(|key, _| is_there(key));
        known.resting.retain(|key, _| is_there(key));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, found: &Found, line: &str, patience: Duration) -> io::Result<String> {
        let mut agent = {
            let mut known = self.known();
            match known.running.remove(&found.key) {
                Some(agent) => agent,
                None if known.running.len() >= MAX_AGENTS => {
                    return Err(io::Error::other("there are too many desktops"));
                }
                None => Agent::start(found)?,
            }
        };
        let answer = timeout(patience, agent.exchange(line)).await;
        let answer = answer.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
        let mut known = self.known();
        if answer.is_ok() {
            known.running.insert(found.key.clone(), agent);
        } else if let Some(until) = Instant::now().checked_add(REST) {
            // One that does not answer, or is gone, is ended, and nobody waits for the next soon.
            known.resting.insert(found.key.clone(), until);
        }
        answer
    }
}

impl Agent {
    fn start(found: &Found) -> io::Result<Self> {
        let user = User::from_uid(found.uid.into())?;
        let user = user.ok_or_else(|| io::Error::other("its user has no entry"))?;
        let mut command = Command::new("/proc/self/exe");
        command
            .arg("desktop")
            .env_clear()
            .env("HOME", &user.dir)
            .env("XDG_RUNTIME_DIR", format!("/run/user/{}", found.uid))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(display) = found.display {
            command.env("DISPLAY", format!(":{display}"));
        }
        let told = told(found);
        command.envs(
            WAYS.into_iter()
                .zip(told)
                .filter_map(|(name, way)| Some((name, way?))),
        );
        if rustix::process::geteuid().is_root() {
            command.uid(found.uid).gid(user.gid.as_raw());
        }
        let mut child = command.spawn()?;
        let missing = || io::Error::other("it has no pipe");
        let to = OwnedFd::from(child.stdin.take().ok_or_else(missing)?);
        let from = OwnedFd::from(child.stdout.take().ok_or_else(missing)?);
        // It is taken in with the host's other children when it ends.
        drop(child);
        Ok(Self {
            to: pipe::Sender::from_owned_fd(to)?,
            from: BufReader::new(pipe::Receiver::from_owned_fd(from)?),
        })
    }

    async fn exchange(&mut self, line: &str) -> io::Result<String> {
        self.to.write_all(line.as_bytes()).await?;
        self.to.write_all(b"\n").await?;
        let mut answer = String::new();
        let mut bounded = (&mut self.from).take(MAX_LINE);
        if bounded.read_line(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.trim_end().to_owned())
    }
}

/// The ways to the desktop that its processes are told of: the file with the key to its X server,
/// and its user's bus.
const WAYS: [&str; 2] = ["XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"];

/// Each of these as one of the session's processes was told it.
fn told(found: &Found) -> [Option<String>; WAYS.len()] {
    let members = found.cgroup.as_deref().map(processes::in_group);
    let members = members.unwrap_or_default().into_iter().take(MAX_ASKED);
    let owned: Vec<u32> = members
        .filter(|pid| processes::process_owner(*pid) == Some(found.uid))
        .collect();
    WAYS.map(|name| owned.iter().find_map(|pid| processes::variable(*pid, name)))
}
