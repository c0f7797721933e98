//! A service as Windows has it, which lets in by NTLM or Kerberos alone and seals what it says:
//! pyspnego's side of a server, before a real host.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use winsta_python::{Python, packages};

use crate::desk::{Desk, Ran};
use crate::remote::Remote;

const SERVER: &str = include_str!("../peers/negotiate_server.py");

/// A service, and somebody who uses it.
pub struct Negotiating {
    /// Who uses it.
    pub desk: Desk,
    /// Its port on loopback.
    pub port: u16,
    seen: PathBuf,
    server: Child,
    _host: Remote,
}

impl Negotiating {
    /// One that knows `ann` by NTLM and behaves like this (see the peer); nothing, with a word about
    /// it, where there is no pyspnego.
    pub fn that(manner: &str) -> Option<Self> {
        Self::start(packages::NTLM, manner, |_, _| {})
    }

    /// One within TLS whose certificate is signed with this hash, and that insists on logons which
    /// name that certificate.
    pub fn in_tls(manner: &str, hash: &str) -> Option<Self> {
        Self::start(packages::NTLM, manner, |command, folder| {
            let (key, certificate) = (folder.join("key.pem"), folder.join("cert.pem"));
            let mut openssl = Command::new("openssl");
            openssl
                .args([
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=srv",
                ])
                .arg(format!("-{hash}"))
                .arg("-keyout")
                .arg(&key)
                .arg("-out")
                .arg(&certificate);
            let made = openssl.output().expect("openssl runs");
            assert!(made.status.success(), "{made:?}");
            command.arg(certificate).arg(key).arg(hash);
        })
    }

    /// One whose keys are in this file, and that takes Kerberos too.
    pub fn with_keytab(keytab: &Path) -> Option<Self> {
        Self::start(packages::KERBEROS, "sound", |command, _| {
            command.env("KRB5_KTNAME", keytab);
        })
    }

    fn start(
        packages: &[&str],
        manner: &str,
        more: impl FnOnce(&mut Command, &Path),
    ) -> Option<Self> {
        let python = match Python::with(packages) {
            Ok(python) => python,
            Err(missing) => {
                println!("skipped: {missing}");
                return None;
            }
        };
        let host = Remote::plain("");
        let desk = Desk::new();
        let users = desk.folder().join("ntlm");
        fs::write(&users, "LAB:ann:secret\n:ann@lab.example:secret\n").expect("a file");
        let seen = desk.folder().join("seen");
        let mut command = python.command();
        command
            .args(["-c", SERVER, &host.port.to_string(), manner])
            .arg(&seen)
            .env("NTLM_USER_FILE", users)
            .stdout(Stdio::piped());
        more(&mut command, desk.folder());
        let mut server = command.spawn().expect("the interpreter that was installed");
        let mut line = String::new();
        let out = server.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let port = line.trim().parse().expect("a port");
        Some(Self {
            desk,
            port,
            seen,
            server,
            _host: host,
        })
    }

    /// Runs a script in which `$W` stands for the parameters that lead there with NTLM.
    pub fn bash(&self, script: &str) -> Ran {
        self.desk.bash(&format!(
            "export WINSTA_PASSWORD=secret
            W=\"-ComputerName 127.0.0.1 -Port {} -Authentication Negotiate -Credential LAB\\\\ann\"
            {script}",
            self.port
        ))
    }

    /// What the service has seen; never a body in clear, nor one before somebody is in.
    pub fn seen(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.seen).unwrap_or_default();
        assert!(!text.contains("clear"), "a body in clear:\n{text}");
        let said: Vec<String> = text.lines().map(str::to_owned).collect();
        let first = |what: &str| said.iter().position(|line| line.starts_with(what));
        if let Some(body) = first("sealed").or(first("tls")) {
            assert!(first("in ").is_some_and(|is_in| is_in < body), "{text}");
        }
        said
    }

    /// How many bodies were sealed.
    pub fn sealed(&self) -> usize {
        self.seen().iter().filter(|line| *line == "sealed").count()
    }
}

impl Drop for Negotiating {
    fn drop(&mut self) {
        self.desk.kill_agent();
        // It may have ended.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
