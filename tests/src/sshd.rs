//! Other machines: real ssh servers on loopback addresses, each with a host of its own behind it.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::binary::winsta;
use crate::desk::Desk;
use crate::patience::until;

/// Where Debian has the server.
const SSHD: &str = "/usr/sbin/sshd";

/// Several machines, and the ssh configuration with which they are reached.
pub struct Machines {
    folder: TempDir,
    all: Vec<Machine>,
    hosts: String,
    config: String,
}

/// One machine.
struct Machine {
    name: String,
    desk: Desk,
    sshd: Child,
}

impl Machines {
    /// None yet. `None` where there is no OpenSSH, which is said.
    pub fn new() -> Option<Self> {
        if !Path::new(SSHD).exists() || Command::new("ssh").arg("-V").output().is_err() {
            eprintln!("skipped: OpenSSH's server or client is missing");
            return None;
        }
        let folder = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .expect("a folder");
        if rustix::process::geteuid().is_root() {
            // Debian's server wants it, and only its service would make it.
            fs::create_dir_all("/run/sshd").expect("a folder");
        }
        for key in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(folder.path().join(key))
                .status();
            assert!(made.is_ok_and(|status| status.success()));
        }
        let mut machines = Self {
            folder,
            all: Vec::new(),
            hosts: String::new(),
            config: String::new(),
        };
        let path = |name: &str| machines.folder.path().join(name).display().to_string();
        machines.config = format!(
            "Host *\n  IdentityFile {}\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
             UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n",
            path("user"),
            path("known"),
        );
        Some(machines)
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a machine that is called `name`, with winsta on it.
    pub fn add(&mut self, name: &str) -> &Desk {
        let port = self.start(name, "");
        self.known(port);
        let program = winsta().display().to_string();
        self.entry(name, port, &format!("winsta = \"{program}\""));
        self.desk(name)
    }

    /// Starts a machine on which all logins go through `winsta login`; `config` is its
    /// configuration.
    pub fn add_hosting(&mut self, name: &str, config: &str) -> &Desk {
        let forced = format!("ForceCommand {} login", winsta().display());
        let sftp = "Subsystem sftp internal-sftp";
        let port = self.start(name, &format!("{forced}\n{sftp}"));
        self.known(port);
        self.entry(name, port, "");
        let desk = self.desk(name);
        fs::write(desk.folder().join("config.toml"), config).expect("a file");
        desk
    }

    /// The words that make OpenSSH's `program` reach the machine `name`, whose address follows.
    pub fn openssh(&self, program: &str, name: &str) -> Vec<String> {
        let config = self.folder().join("plain_config");
        fs::write(&config, &self.config).expect("a file");
        let port = if program == "ssh" { "-p" } else { "-P" };
        let (config, number) = (config.display().to_string(), self.port(name).to_string());
        [program, "-F", &config, port, &number]
            .map(str::to_owned)
            .to_vec()
    }

    /// Starts a machine on which nobody finds winsta.
    pub fn add_bare(&mut self, name: &str) {
        let port = self.start(name, "");
        self.known(port);
        self.entry(name, port, "winsta = \"no-such-winsta\"");
    }

    /// Starts a machine whose key is not known.
    pub fn add_stranger(&mut self, name: &str) {
        let port = self.start(name, "");
        self.entry(name, port, "");
    }

    /// A machine of which there is only an address.
    pub fn add_port(&mut self, name: &str, port: u16) {
        self.known(port);
        self.entry(name, port, "");
    }

    /// A machine with winsta, through `port`, behind which another one is.
    pub fn add_through(&mut self, name: &str, port: u16) {
        self.known(port);
        let program = winsta().display().to_string();
        self.entry(name, port, &format!("winsta = \"{program}\""));
    }

    /// A machine with winsta of which only ssh's configuration knows more; `lines` are put there.
    pub fn add_alias(&mut self, name: &str, lines: &str) {
        self.config = format!("Host {name}\n{lines}\n{}", self.config);
        let program = winsta().display().to_string();
        let _ = write!(self.hosts, "[hosts.{name}]\nwinsta = \"{program}\"\n");
    }

    fn entry(&mut self, name: &str, port: u16, more: &str) {
        let _ = write!(
            self.hosts,
            "[hosts.{name}]\naddress = \"127.0.0.1\"\nport = {port}\n{more}\n"
        );
    }

    fn known(&self, port: u16) {
        let key = fs::read_to_string(self.folder().join("host.pub")).expect("a key");
        let path = self.folder().join("known");
        let known = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, format!("{known}[127.0.0.1]:{port} {key}")).expect("a file");
    }

    /// The port of a machine, for those who want to stand in between.
    pub fn port(&self, name: &str) -> u16 {
        let place = format!("[hosts.{name}]\n");
        let entry = self.hosts.split(&place).nth(1).expect("a machine");
        let port = entry.split("port = ").nth(1).expect("a port");
        let port = port.split('\n').next().expect("a line");
        port.parse().expect("a number")
    }

    /// Writes the inventory and ssh's configuration for this desk; `more` is put before the hosts.
    pub fn lead(&self, desk: &Desk, more: &str) {
        let config = self.folder().join("ssh_config");
        fs::write(&config, &self.config).expect("a file");
        let config = config.display();
        let hosts = format!("{more}\n[ssh]\nconfig = \"{config}\"\n{}", self.hosts);
        fs::write(desk.folder().join("hosts.toml"), hosts).expect("a file");
    }

    /// An ssh login at a terminal of a machine that runs `command`; [`lead`](Self::lead) first.
    pub fn login(&self, name: &str, command: &str) -> Child {
        Command::new("ssh")
            .arg("-F")
            .arg(self.folder().join("ssh_config"))
            .args([
                "-tt",
                "-p",
                &self.port(name).to_string(),
                "127.0.0.1",
                command,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ssh runs")
    }

    /// The desk of a machine: what its host has is seen from there.
    pub fn desk(&self, name: &str) -> &Desk {
        let machine = self.all.iter().find(|machine| machine.name == name);
        &machine.expect("a machine").desk
    }

    /// Starts a server; `more` is for its configuration.
    fn start(&mut self, name: &str, more: &str) -> u16 {
        let desk = Desk::new();
        let port = free_port();
        let path = |name: &str| self.folder().join(name).display().to_string();
        let mut variables = String::from("TZ=UTC");
        for (variable, value) in desk.env() {
            let _ = write!(variables, " {variable}={}", value.display());
        }
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             UsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nPrintMotd no\nMaxStartups 100\n{more}\nSetEnv {variables}\n",
            path("host"),
            path("user.pub"),
        );
        let file = desk.folder().join("sshd_config");
        fs::write(&file, config).expect("a file");
        let sshd = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(desk.folder().join("sshd.log")).expect("a file"))
            .spawn()
            .expect("sshd runs");
        let name = name.to_owned();
        self.all.push(Machine { name, desk, sshd });
        until("sshd to listen", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        port
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for machine in &mut self.all {
            let _ = machine.sshd.kill();
            let _ = machine.sshd.wait();
        }
    }
}

/// A desk, and machines that it knows; `None` where there is no OpenSSH.
pub fn machines(names: &[&str]) -> Option<(Desk, Machines)> {
    let mut machines = Machines::new()?;
    for name in names {
        machines.add(name);
    }
    let desk = Desk::new();
    machines.lead(&desk, "");
    Some((desk, machines))
}

/// A port that nobody listens on at the moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Ends the masters of ssh that a desk's commands have started.
pub fn end_masters(desk: &Desk) {
    for socket in masters(desk) {
        let _ = Command::new("ssh")
            .args(["-O", "exit", "-S"])
            .arg(socket)
            .arg("anywhere")
            .stderr(Stdio::null())
            .status();
    }
}

/// Sockets of the masters that a desk's commands have started.
pub fn masters(desk: &Desk) -> Vec<PathBuf> {
    let folder = desk.folder().join("run/ssh");
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    // Beside a master's own socket is the one that it leads to the host's.
    let own = |path: &PathBuf| path.extension().is_none_or(|ending| ending != "host");
    paths.filter(own).collect()
}
