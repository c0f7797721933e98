//! A key distribution center of Kerberos: MIT's, with a realm of its own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::patience::until;
use crate::sshd::free_port;

/// The realm.
pub const REALM: &str = "LAB.EXAMPLE";

/// A center that knows `ann`, whose password is `secret`, and the service of `localhost`.
pub struct Kdc {
    folder: TempDir,
    center: Child,
}

impl Kdc {
    /// Starts one; nothing, with a word about it, where there is none to start.
    pub fn new() -> Option<Self> {
        let programs = ["kdb5_util", "kadmin.local", "krb5kdc"];
        let found = programs.map(|name| {
            let folders = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
            let mut places = folders.iter().map(|folder| Path::new(folder).join(name));
            places.find(|place| place.exists())
        });
        let [Some(util), Some(admin), Some(center)] = found else {
            println!("skipped: krb5-kdc and krb5-admin-server are not installed");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (port, path) = (free_port(), folder.path().display().to_string());
        fs::write(
            folder.path().join("krb5.conf"),
            format!(
                "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n rdns = false\n \
                 dns_canonicalize_hostname = false\n[realms]\n {REALM} = {{\n  \
                 kdc = 127.0.0.1:{port}\n }}\n[domain_realm]\n localhost = {REALM}\n"
            ),
        )
        .expect("a file");
        fs::write(
            folder.path().join("kdc.conf"),
            format!(
                "[kdcdefaults]\n kdc_listen = \"\"\n kdc_tcp_listen = 127.0.0.1:{port}\n[realms]\n \
                 {REALM} = {{\n  database_name = {path}/principal\n  \
                 key_stash_file = {path}/stash\n  acl_file = {path}/acl\n }}\n"
            ),
        )
        .expect("a file");
        let with = |program: &Path, words: &[&str]| {
            let mut command = Command::new(program);
            command
                .args(words)
                .env("KRB5_CONFIG", folder.path().join("krb5.conf"))
                .env("KRB5_KDC_PROFILE", folder.path().join("kdc.conf"))
                .stdin(Stdio::null());
            command
        };
        let run = |program: &Path, words: &[&str]| {
            let ran = with(program, words).output().expect("it runs");
            assert!(ran.status.success(), "{words:?}: {ran:?}");
        };
        run(&util, &["create", "-s", "-r", REALM, "-P", "master"]);
        let keytab = format!("ktadd -k {path}/keytab HTTP/localhost");
        for query in [
            "addprinc -pw secret +requires_preauth ann",
            "addprinc -randkey HTTP/localhost",
            &keytab,
        ] {
            run(&admin, &["-q", query]);
        }
        let mut center = with(&center, &["-n"]);
        center.stdout(Stdio::null()).stderr(Stdio::null());
        let center = center.spawn().expect("it runs");
        until("the center to listen", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Some(Self { folder, center })
    }

    /// What leads to it, for `KRB5_CONFIG`.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("krb5.conf")
    }

    /// The keys of the service.
    pub fn keytab(&self) -> PathBuf {
        self.folder.path().join("keytab")
    }

    /// Ends it.
    pub fn end(&mut self) {
        // It may have ended.
        let _ = self.center.kill();
        let _ = self.center.wait();
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        self.end();
    }
}
