//! Machines to test against: a real systemd with logind and sshd, reached over a network.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

use crate::binary::winsta;
use crate::desk::Ran;
use crate::patience::until;

/// What is needed beside root's rights.
const PROGRAMS: [&str; 7] = [
    "/usr/sbin/sshd",
    "/usr/bin/ssh",
    "/usr/bin/dbus-daemon",
    "/lib/systemd/systemd-logind",
    "/usr/bin/unshare",
    "/usr/bin/nsenter",
    "/usr/sbin/ip",
];

/// Its users, who are let in with their keys.
pub const USERS: [&str; 2] = ["alice", "bob"];

/// A machine; it ends when this is dropped.
pub struct Machine {
    name: String,
    address: String,
    folder: PathBuf,
}

/// Someone's ssh client, whose connection is cut when this is dropped.
pub struct Login {
    child: Child,
    stdin: Option<ChildStdin>,
    output: PathBuf,
    /// Kept for the output's file.
    _folder: tempfile::TempDir,
}

/// The script that boots machines, of which one runs at a time in each test process.
static BOOTING: Mutex<()> = Mutex::new(());

fn script(words: &[&str]) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testhost/testhost"));
    command
        .args(words)
        .env("WINSTA_BIN", winsta())
        .env("TESTHOST_MAKER", std::process::id().to_string())
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Ran {
    command.output().expect("it runs").into()
}

impl Machine {
    /// This machine's address, as the booted ones see it.
    pub const GATEWAY: &str = "10.77.0.1";

    /// Boots one; `None`, and a line that says why, where that cannot be.
    pub fn up(what: &str) -> Option<Self> {
        if let Some(why) = cannot() {
            println!("skipped: {why}");
            return None;
        }
        let name = format!("{what}-{}", std::process::id());
        let booting = BOOTING.lock();
        let ran = run(&mut script(&["up", &name]));
        drop(booting);
        let folder = run(&mut script(&["path", &name])).done();
        let machine = Self {
            address: ran.out.trim().to_owned(),
            folder: folder.trim().into(),
            name,
        };
        if ran.status != 0 {
            // Without overlays or a writable tree of control groups there are no machines.
            println!("skipped: no machine can be booted here: {}", ran.err.trim());
            return None;
        }
        Some(machine)
    }

    /// Its network address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its folder, with the users' keys in `keys/`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes its network away.
    pub fn part(&self) {
        run(&mut script(&["cut", &self.name])).done();
    }

    /// Gives its network back.
    pub fn join(&self) {
        run(&mut script(&["join", &self.name])).done();
    }

    /// Runs a program in it as root.
    pub fn exec(&self, words: &[&str]) -> Ran {
        let before = ["exec", &self.name];
        run(&mut script(&[&before, words].concat()))
    }

    /// A program of this machine's that goes out through the booted one's network, yet to be run.
    pub fn sending(&self, words: &[&str]) -> Command {
        let before = ["from", &self.name];
        script(&[&before, words].concat())
    }

    /// Runs a shell script in it as root.
    pub fn sh(&self, text: &str) -> Ran {
        self.exec(&["sh", "-c", text])
    }

    /// Puts a file into it that everybody may read.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        self.put_with("644", path, bytes);
    }

    /// Puts a program into it.
    pub fn put_program(&self, path: &str, bytes: &[u8]) {
        self.put_with("755", path, bytes);
    }

    fn put_with(&self, mode: &str, path: &str, bytes: &[u8]) {
        let text =
            format!("mkdir -p \"$(dirname '{path}')\" && cat > '{path}' && chmod {mode} '{path}'");
        let mut child = script(&["exec", &self.name, "sh", "-c", &text])
            .stdin(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(bytes).expect("it is read");
        drop(stdin);
        assert!(child.wait().expect("it ends").success(), "{path}");
    }

    /// Runs `winsta` in it as root.
    pub fn winsta(&self, words: &[&str]) -> Ran {
        self.exec(&[&["winsta"], words].concat())
    }

    /// Runs `winsta` in it as another user, outside any login.
    pub fn winsta_as(&self, user: &str, words: &[&str]) -> Ran {
        let before = [
            "setpriv",
            "--reuid",
            user,
            "--regid",
            user,
            "--clear-groups",
            "--reset-env",
            "winsta",
        ];
        self.exec(&[&before, words].concat())
    }

    /// All sessions, as root's host lists them.
    pub fn sessions(&self) -> Vec<Value> {
        let list = self.winsta(&["query", "session", "-o", "json"]).done();
        serde_json::from_str(&list).expect("a JSON array")
    }

    /// The sessions of a user.
    pub fn sessions_of(&self, user: &str) -> Vec<Value> {
        let mut sessions = self.sessions();
        sessions.retain(|session| session["user"] == user);
        sessions
    }

    /// The session of this number.
    pub fn session(&self, id: &str) -> Option<Value> {
        let mut sessions = self.sessions().into_iter();
        sessions.find(|session| session["id"].as_u64() == id.parse().ok())
    }

    /// Waits until a user's only session is as wished.
    pub fn await_session(&self, user: &str, what: &str, wish: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{user}'s session to be {what}"), || {
            match self.sessions_of(user).as_slice() {
                [only] if wish(only) => Some(only.clone()),
                _ => None,
            }
        })
    }

    /// Waits until a user has no sessions.
    pub fn await_none(&self, user: &str) {
        until(&format!("{user} to have no session"), || {
            self.sessions_of(user).is_empty().then_some(())
        });
    }

    /// The options with which a user's ssh client reaches it.
    pub fn ssh(&self, user: &str) -> Command {
        let key = self.folder.join("keys").join(user);
        let mut command = Command::new("/usr/bin/ssh");
        command.args(["-F", "none", "-o", "StrictHostKeyChecking=no"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]);
        command.args(["-o", "BatchMode=yes", "-l", user, "-i"]);
        command.arg(key);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command over ssh.
    pub fn over_ssh(&self, user: &str, text: &str) -> Ran {
        run(self.ssh(user).args([self.address(), text]))
    }

    /// Logs a user in over ssh, with a terminal, and waits for the shell.
    pub fn login(&self, user: &str) -> Login {
        let folder = tempfile::tempdir().expect("a folder");
        let output = folder.path().join("output");
        let file = std::fs::File::create(&output).expect("a file");
        let errors = file.try_clone().expect("a descriptor");
        let mut command = self.ssh(user);
        command
            .args(["-tt", self.address()])
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(errors)
            .process_group(0);
        let mut child = command.spawn().expect("ssh runs");
        let mut login = Login {
            stdin: child.stdin.take(),
            child,
            output,
            _folder: folder,
        };
        login.type_line("PS1=; echo ready-$((40+2))");
        login.wait_for("ready-42");
        login
    }
}

impl Login {
    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        self.type_raw(&format!("{line}\n"));
    }

    /// Types this and no more.
    pub fn type_raw(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        stdin.write_all(text.as_bytes()).expect("ssh reads");
        stdin.flush().expect("ssh reads");
    }

    /// What came so far.
    pub fn output(&self) -> String {
        let bytes = std::fs::read(&self.output).expect("it is there");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until this text came.
    pub fn wait_for(&self, text: &str) {
        until(&format!("{text:?} from the login"), || {
            let said = self.output();
            // A client that could not get in says why, and ends.
            assert!(
                !said.contains("Connection ") || said.contains(text),
                "{said}"
            );
            said.contains(text).then_some(())
        });
    }

    /// Cuts the connection without a word.
    pub fn cut(&mut self) {
        // One that has ended already is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until the client has ended.
    pub fn wait_end(&mut self) {
        until("the ssh client to end", || {
            self.child.try_wait().expect("it is ours")
        });
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let ran = run(&mut script(&["down", &self.name]));
        let failing = std::thread::panicking();
        assert!(
            ran.status == 0 || failing,
            "the machine does not end: {ran:?}"
        );
    }
}

/// Why there can be no machines here.
fn cannot() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root can boot a machine".to_owned());
    }
    let missing = PROGRAMS.iter().find(|path| !Path::new(path).exists());
    missing.map(|path| format!("{path} is missing (see .ci/run)"))
}
