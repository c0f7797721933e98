//! A host that other machines reach over TLS, and whoever comes to it.

use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::desk::{Desk, Ran};
use crate::patience::until;
use crate::remote::{stop, users};
use crate::sshd::free_port;

/// A published host with the users `ann` and `bob`, whose password is `secret`.
pub struct Published {
    /// Its desk.
    pub desk: Desk,
    /// Its port.
    pub port: u16,
    address: &'static str,
    host: Child,
}

impl Published {
    /// A host with default settings.
    pub fn new() -> Self {
        Self::with_config("")
    }

    /// A host with these lines of configuration.
    pub fn with_config(config: &str) -> Self {
        Self::start(config, "127.0.0.1")
    }

    /// A host at an address of this thread's network.
    pub fn at(address: &'static str) -> Self {
        Self::start("", address)
    }

    fn start(config: &str, address: &'static str) -> Self {
        let desk = Desk::with_config(config);
        users(&desk);
        let port = free_port();
        let host = serve(&desk, address, port);
        Self {
            desk,
            port,
            address,
            host,
        }
    }

    /// Kills the host with SIGKILL, and starts another.
    pub fn crash(&mut self) {
        self.host.kill().expect("it is ours");
        self.host.wait().expect("it is ours");
        self.host = serve(&self.desk, self.address, self.port);
    }

    /// Where it is.
    pub fn place(&self) -> String {
        format!("{}:{}", self.address, self.port)
    }

    /// Its service of WS-Management.
    pub fn uri(&self) -> String {
        format!("https://{}/wsman", self.place())
    }

    /// Has a client know its certificate.
    pub fn known_to(&self, client: &Desk) {
        let words = ["trust", &self.place(), "--fingerprint", &self.fingerprint()];
        client.run(&words).done();
    }

    /// What `--server` takes.
    pub fn server(&self) -> String {
        format!("tls://{}", self.place())
    }

    /// Its certificate in PEM.
    pub fn certificate(&self) -> PathBuf {
        self.desk.folder().join("state/tls/host.crt")
    }

    /// A token, for which `words` are more arguments.
    pub fn token(&self, words: &[&str]) -> String {
        let all = [&["host", "token"], words].concat();
        let token = self.desk.run(&all).done();
        token.trim_end().to_owned()
    }

    /// A client elsewhere that brings its certificate with such a token.
    pub fn enrolled(&self, words: &[&str]) -> Desk {
        let desk = Desk::new();
        bring(&desk, &self.token(words)).done();
        desk
    }

    /// The certificates that are enrolled.
    pub fn trusted(&self) -> Vec<Value> {
        let list = self.desk.run(&["host", "trusted", "-o", "json"]).done();
        serde_json::from_str(&list).expect("a JSON array")
    }

    /// The SHA-256 of its certificate.
    pub fn fingerprint(&self) -> String {
        let list = self.desk.run(&["host", "trusted"]).done();
        let shown = list.strip_prefix("The host shows ").expect("it says so");
        shown.split(' ').next().unwrap_or_default().to_owned()
    }
}

fn serve(desk: &Desk, address: &str, port: u16) -> Child {
    let users = desk.folder().join("users").display().to_string();
    let url = format!("https://{address}:{port}/wsman");
    let mut command = desk.command(&["host", "run", "--wsman", &url, "--users", &users]);
    command.stdout(Stdio::null());
    let host = command.spawn().expect("winsta runs");
    until("the host to listen", || {
        TcpStream::connect((address, port)).ok()
    });
    host
}

impl Default for Published {
    fn default() -> Self {
        Self::new()
    }
}

/// Brings a client's certificate with a token that is on no command line.
pub fn bring(client: &Desk, token: &str) -> Ran {
    let mut command = client.command(&["trust", "-"]);
    let pipes = command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("winsta runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    writeln!(stdin, "{token}").expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends").into()
}

/// A client's key and certificate in PEM.
pub fn identity(client: &Desk) -> String {
    let path = client.folder().join("state/tls/client.pem");
    path.display().to_string()
}

/// Asks as curl does, without looking at the host's certificate; gives status and body.
pub fn curl(published: &Published, path: &str, words: &[&str]) -> (u16, String) {
    let url = format!("https://{}{path}", published.place());
    let output = Command::new("curl")
        .args(["-sSk", "-w", "\n%{http_code}", "--max-time", "20"])
        .args(words)
        .arg(url)
        .output();
    let ran = Ran::from(output.expect("curl runs"));
    let (body, status) = ran
        .out
        .rsplit_once('\n')
        .unwrap_or_else(|| panic!("{ran:?}"));
    (status.parse().expect("a number"), body.to_owned())
}

impl Drop for Published {
    fn drop(&mut self) {
        stop(&self.desk, &mut self.host);
    }
}
