//! A service like that of a Windows host, which is not ours: psrpcore's server behind HTTP.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use winsta_python::{Python, packages};

use crate::desk::{Desk, Ran};

/// What the service is.
const PROGRAM: &str = include_str!("../peers/wsman_service.py");

/// The service, and a user who reaches it.
pub struct Windows {
    /// The user's desk.
    pub desk: Desk,
    /// The service's port on loopback.
    pub port: u16,
    service: Child,
}

impl Windows {
    /// Starts it; says why and gives nothing where there is no Python for it.
    pub fn new() -> Option<Self> {
        let python = Python::with(packages::REMOTING);
        let python = python.map_err(|missing| println!("skipped: {missing}"));
        let mut command = python.ok()?.command();
        command.args(["-c", PROGRAM]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut service = command.spawn().expect("the interpreter that was installed");
        let mut line = String::new();
        let out = service.stdout.take().expect("a pipe");
        let read = BufReader::new(out).read_line(&mut line);
        read.expect("it tells its port");
        Some(Self {
            desk: Desk::new(),
            port: line.trim().parse().expect("a port"),
            service,
        })
    }

    /// Where it is.
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}/wsman", self.port)
    }

    /// The words that lead a cmdlet to it, as this user.
    pub fn place(&self, user: &str) -> String {
        format!("-ConnectionUri {} -Credential {user}", self.uri())
    }

    /// Runs a script in which `$AT` leads cmdlets to it, as `ann`.
    pub fn bash(&self, script: &str) -> Ran {
        self.desk.bash(&self.with(script))
    }

    /// That script, for commands that are started otherwise.
    pub fn with(&self, script: &str) -> String {
        let place = self.place("ann");
        format!("export WINSTA_PASSWORD=secret\nAT='{place}'\n{script}")
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        // It holds nothing that is to be kept.
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}
