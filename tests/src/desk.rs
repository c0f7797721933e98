//! A user at a desk: the command line with a host, keeper and folders of its own.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use winsta_client::{ClientError, Dirs, Host, Launch};

use crate::binary::winsta;
use crate::patience::until;
use crate::sshd::end_masters;
use crate::tmux::{Terminal, have};

/// Everything that one user's host has; it ends with all its sessions when this is dropped.
pub struct Desk {
    folder: TempDir,
}

/// What came of running the program.
#[derive(Debug)]
pub struct Ran {
    /// Exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Standard output of a run that succeeded.
    pub fn done(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.out
    }
}

impl Desk {
    /// A desk with default settings.
    pub fn new() -> Self {
        Self::with_config("")
    }

    /// A desk with this configuration file.
    pub fn with_config(config: &str) -> Self {
        let folder = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .expect("a folder");
        // Whoever is logged in on this machine is no part of a test.
        let config = format!("sources = []\n{config}");
        fs::write(folder.path().join("config.toml"), config).expect("a file");
        Self { folder }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The variables that lead to this desk's host.
    pub fn env(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("WINSTA_RUNTIME_DIR", self.folder().join("run")),
            ("WINSTA_STATE_DIR", self.folder().join("state")),
            ("WINSTA_CONFIG", self.folder().join("config.toml")),
            ("WINSTA_HOSTS", self.folder().join("hosts.toml")),
        ]
    }

    /// The folders of this desk's host.
    pub fn dirs(&self) -> Dirs {
        Dirs::at(self.folder().join("run"), self.folder().join("state"))
    }

    /// Connects to this desk's host as commands do: it is started if it does not run.
    pub fn try_host(&self) -> Result<Host, ClientError> {
        let pairs = self.env().map(|(name, value)| {
            let mut pair = OsString::from(name);
            pair.push("=");
            pair.push(value);
            pair
        });
        let mut args = pairs.to_vec();
        args.push(winsta().into());
        args.extend(["host", "run", "--daemon"].map(OsString::from));
        let launch = Launch {
            program: "/usr/bin/env".into(),
            args,
        };
        Host::started(&self.dirs(), &launch)
    }

    /// The same, where it must succeed.
    pub fn host(&self) -> Host {
        self.try_host().expect("a host answers")
    }

    /// The program with these words, yet to be run.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(winsta());
        command
            .args(words)
            .envs(self.env())
            .env_remove("WINSTA_SESSION")
            .env_remove("WINSTA_SOCKET")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output();
        output.expect("the program runs").into()
    }

    /// A session in which `sh` runs `script`, detached; its id.
    pub fn start(&self, script: &str) -> String {
        let id = self.run(&["new", "-d", "--", "sh", "-c", script]).done();
        let id = id.strip_suffix('\n').expect("a line");
        assert!(id.bytes().all(|byte| byte.is_ascii_digit()), "{id:?}");
        id.to_owned()
    }

    /// A terminal whose shell has `winsta` on its path, and this desk's host.
    pub fn terminal(&self) -> Option<Terminal> {
        if !have("tmux") {
            return None;
        }
        let terminal = Terminal::open(80, 24);
        for (name, value) in self.env() {
            terminal.line(&format!("export {name}={}", value.display()));
        }
        let program = winsta();
        terminal.line(&format!(
            "alias winsta={}; clear; echo set up",
            program.display()
        ));
        terminal.wait_text("set up");
        Some(terminal)
    }

    /// All sessions, as JSON has them.
    pub fn sessions(&self) -> Vec<Value> {
        let list = self.run(&["query", "session", "-o", "json"]).done();
        serde_json::from_str(&list).expect("a JSON array")
    }

    /// One session, if there is one of this id.
    pub fn session(&self, id: &str) -> Option<Value> {
        let id: u64 = id.parse().expect("a number");
        self.sessions().into_iter().find(|s| s["id"] == id)
    }

    /// Waits until a session's screen shows this text.
    pub fn wait_screen(&self, id: &str, text: &str) {
        until(&format!("{text:?} on the screen of session {id}"), || {
            self.run(&["screen", id]).out.contains(text).then_some(())
        });
    }

    /// Waits until a session is in this state.
    pub fn wait_state(&self, id: &str, state: &str) {
        until(&format!("session {id} to be {state}"), || {
            let session = self.session(id)?;
            (session["state"] == state).then_some(())
        });
    }

    /// Runs a script in a bash that has the cmdlets among its words.
    pub fn bash(&self, script: &str) -> Ran {
        let output = self.bash_command(script).output();
        output.expect("bash runs").into()
    }

    /// The same, yet to be run.
    pub fn bash_command(&self, script: &str) -> Command {
        let script = format!("eval \"$({} aliases bash)\"\n{script}", winsta().display());
        let mut command = Command::new("/bin/bash");
        command
            .args(["--norc", "--noprofile", "-c", &script])
            .envs(self.env())
            .env("XDG_CONFIG_HOME", self.folder().join("config"))
            .env_remove("PSSessionOption")
            .stdin(Stdio::null());
        command
    }

    /// Gives this desk's host the file of a session configuration.
    pub fn configure(&self, name: &str, text: &str) {
        let folder = self.folder().join("session-configurations");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("{name}.toml")), text).expect("a file");
    }

    /// Kills the agent that holds this desk's `PSSessions`, if there is one.
    pub fn kill_agent(&self) {
        let Ok(agent) = UnixStream::connect(self.folder().join("run/agent.sock")) else {
            return;
        };
        if let Ok(peer) = rustix::net::sockopt::socket_peercred(&agent) {
            let _gone = rustix::process::kill_process(peer.pid, rustix::process::Signal::KILL);
        }
    }

    /// Waits until there is no session of this id.
    pub fn wait_gone(&self, id: &str) {
        until(&format!("the end of session {id}"), || {
            self.session(id).is_none().then_some(())
        });
    }
}

/// Lines of a text without white space that only pads.
pub fn lines(text: &str) -> Vec<String> {
    let squeezed = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    squeezed.filter(|line| !line.is_empty()).collect()
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Says so if there is none any more, which is as well.
        let _ = self.command(&["host", "stop", "--force"]).output();
        self.kill_agent();
        end_masters(self);
    }
}
