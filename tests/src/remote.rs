//! A host that serves clients of WS-Management, and Python's clients for it.

use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use winsta_python::{Missing, Python, packages};

use crate::desk::Desk;
use crate::patience::until;
use crate::sshd::free_port;

/// What each program of a client begins with: `ws(user)` makes a connection.
const PRELUDE: &str = concat!(
    include_str!("remote/prelude.py"),
    "\n\n",
    include_str!("persistent.py")
);

/// A host with the users `ann` and `bob`, whose password is `secret`.
pub struct Remote {
    /// Its desk.
    pub desk: Desk,
    /// Its port on loopback.
    pub port: u16,
    host: Child,
    python: Option<Python>,
}

impl Remote {
    /// A host with these lines of configuration; says why and gives nothing where there are no
    /// clients to test with.
    pub fn with_config(config: &str) -> Option<Self> {
        Self::with_clients(packages::CLIENTS, config)
    }

    /// The same for clients that these packages of PyPI make.
    pub fn with_clients(list: &[&str], config: &str) -> Option<Self> {
        let python = match Python::with(list) {
            Ok(python) => python,
            Err(missing) => {
                println!("skipped: {missing}");
                return None;
            }
        };
        let mut remote = Self::plain(config);
        remote.python = Some(python);
        Some(remote)
    }

    /// The same for clients of our own, which are always there.
    pub fn plain(config: &str) -> Self {
        let desk = Desk::with_config(config);
        users(&desk);
        let port = free_port();
        let host = serve(&desk, port);
        Self {
            desk,
            port,
            host,
            python: None,
        }
    }

    /// Where its service is.
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}/wsman", self.port)
    }

    /// A host with default settings.
    pub fn new() -> Option<Self> {
        Self::with_config("")
    }

    /// Runs a client's program; it asserts what it expects. Gives what it printed.
    pub fn client(&self, program: &str, arguments: &[&str]) -> String {
        let (port, client) = self.peer();
        let said = client.try_talk(port, program, arguments);
        said.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// A client for use beside this, and the port for it.
    pub fn peer(&self) -> (u16, Client) {
        let python = self.python.clone();
        (self.port, Client(python.expect("it has a client")))
    }

    /// Kills the host with SIGKILL, and starts another.
    pub fn crash(&mut self) {
        self.host.kill().expect("it is ours");
        self.host.wait().expect("it is ours");
        self.host = serve(&self.desk, self.port);
    }

    /// Runs a client's program while the host is killed again and again. The program is told a path:
    /// it makes the file with the ending `now` once it has begun, and may end when there is one with
    /// `stop`.
    pub fn client_over_crashes(&mut self, program: &str) {
        let here = self.desk.folder().join("here");
        let path = here.display().to_string();
        std::thread::scope(|scope| {
            let (port, python) = self.peer();
            let client = scope.spawn(move || python.talk(port, program, &[&path]));
            until("the client to begin", || {
                here.with_extension("now").exists().then_some(())
            });
            for _ in 0..8 {
                std::thread::sleep(Duration::from_millis(150));
                self.crash();
            }
            std::fs::write(here.with_extension("stop"), "").expect("a file");
            println!("{}", client.join().expect("the client is content"));
        });
    }

    /// What the host has to say.
    pub fn log(&self) -> String {
        let path = self.desk.folder().join("run/host.log");
        std::fs::read_to_string(path).unwrap_or_default()
    }
}

/// Whoever runs clients' programs.
pub struct Client(Python);

impl Client {
    /// Runs a client's program; it asserts what it expects. Gives what it printed.
    pub fn talk(&self, port: u16, program: &str, arguments: &[&str]) -> String {
        let said = self.try_talk(port, program, arguments);
        said.unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_talk(&self, port: u16, program: &str, arguments: &[&str]) -> Result<String, Missing> {
        let program = format!("{PRELUDE}\n{program}");
        let port = port.to_string();
        let mut words = vec![port.as_str()];
        words.extend(arguments);
        let said = self.0.run(&program, &words)?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

/// The file of the users `ann` and `bob`, whose password is `secret`.
pub fn users(desk: &Desk) -> String {
    let users = desk.folder().join("users").display().to_string();
    for user in ["ann", "bob"] {
        let mut command = desk.command(&["passwd", &users, user]);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().expect("winsta runs");
        let stdin = child.stdin.take().expect("it is piped");
        std::io::Write::write_all(&mut { stdin }, b"secret\nsecret\n").expect("it reads");
        assert!(child.wait().expect("it ends").success());
    }
    users
}

fn serve(desk: &Desk, port: u16) -> Child {
    let users = desk.folder().join("users").display().to_string();
    let url = format!("http://127.0.0.1:{port}");
    let mut command = desk.command(&["host", "run", "--wsman", &url, "--users", &users]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    let host = command.spawn().expect("winsta runs");
    until("the host to listen", || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    host
}

/// Stops the host of a desk, which was started as this process.
pub(crate) fn stop(desk: &Desk, host: &mut Child) {
    let stopped = desk.command(&["host", "stop", "--force"]).output();
    let stopped = stopped.is_ok_and(|stopped| stopped.status.success());
    // It has ended by now, or is of no use.
    let _ = host.kill();
    let _ = host.wait();
    assert!(
        stopped || std::thread::panicking(),
        "the host does not stop"
    );
}

impl Drop for Remote {
    fn drop(&mut self) {
        stop(&self.desk, &mut self.host);
    }
}
