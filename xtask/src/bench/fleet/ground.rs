//! One ssh server that is many machines.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::tools::binary;
use crate::bench::place::{Place, argv};

/// Where Debian has the server.
const SSHD: &str = "/usr/sbin/sshd";

/// The machines.
pub(super) struct Ground {
    place: Place,
    sshd: Child,
    port: u16,
    hosts: u8,
}

impl Ground {
    pub(super) fn new(hosts: u8) -> Result<Self> {
        let place = Place::new()?;
        for name in ["host", "user"] {
            let key = place.path(name);
            let line = argv(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]);
            let line = line.into_iter().chain([key.into()]).collect();
            place.output(&line)?;
        }
        if rustix::process::geteuid().is_root() {
            // Debian's server wants it, and only its service would make it.
            std::fs::create_dir_all("/run/sshd").context("cannot create /run/sshd")?;
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let path = |name: &str| place.path(name).display().to_string();
        // One host is all machines' here, with the logins of all in one table of processes: it would
        // look through 200 times what a machine of its own has.
        place.write("winsta.toml", "sources = []\n")?;
        // A shell that is not the first reads no file of the user's: what somebody has in theirs
        // would be measured with every tool but ours.
        let config = format!(
            "Port {port}\nListenAddress 0.0.0.0\nAllowUsers *@127.*\nHostKey {}\n\
             AuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             MaxStartups 1000\nPrintMotd no\nSetEnv SHLVL=1 WINSTA_RUNTIME_DIR={} \
             WINSTA_STATE_DIR={} WINSTA_CONFIG={}\n",
            path("host"),
            path("user.pub"),
            path("there"),
            path("state"),
            path("winsta.toml"),
        );
        let file = place.write("sshd_config", &config)?;
        let sshd = Command::new(SSHD)
            .args(["-D", "-f"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run sshd")?;
        let ground = Self {
            place,
            sshd,
            port,
            hosts,
        };
        let limit = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(Instant::now() < limit, "sshd does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        ground.somebody()?;
        Ok(ground)
    }

    /// Has somebody be logged in.
    fn somebody(&self) -> Result<()> {
        let variable = |name: &str, folder: &str| {
            let mut text = std::ffi::OsString::from(name);
            text.push(self.place.path(folder));
            text
        };
        let mut line = argv(["env"]);
        line.push(variable("WINSTA_RUNTIME_DIR=", "there"));
        line.push(variable("WINSTA_STATE_DIR=", "state"));
        line.push(variable("WINSTA_CONFIG=", "winsta.toml"));
        line.push(binary().into());
        line.extend(argv(["new", "-d", "--", "sleep", "1000000"]));
        self.place.output(&line).map(|_| ())
    }

    /// Writes the configuration of all tools into `place`.
    pub(super) fn lead(&self, place: &Place) -> Result<()> {
        let port = self.port;
        let key = std::fs::read_to_string(self.place.path("host.pub"))?;
        let known = place.write("known", &format!("fleet {key}"))?;
        std::fs::create_dir(place.path("cm"))?;
        let own = self.place.path("user");
        let mut config = String::new();
        let mut inventory = String::new();
        for number in 1..=self.hosts {
            let _ = writeln!(config, "Host h{number:03}\n  HostName 127.1.0.{number}");
            let _ = writeln!(inventory, "h{number:03}");
        }
        let _ = write!(
            config,
            "Host *\n  Port {port}\n  HostKeyAlias fleet\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
             IdentityAgent none\n  UserKnownHostsFile {}\n  ControlMaster auto\n  \
             ControlPath {}/%n\n  ControlPersist 10m\n  LogLevel ERROR\n",
            own.display(),
            known.display(),
            place.path("cm").display(),
        );
        let config = place.write("ssh_config", &config)?;
        place.write("inventory", &inventory)?;
        let folder = place.path("home").join("winsta");
        std::fs::create_dir(&folder)?;
        let hosts = format!(
            "[ssh]\nconfig = \"{}\"\n[defaults]\nwinsta = \"{}\"\n[hosts.\"h[001-{:03}]\"]\n",
            config.display(),
            binary().display(),
            self.hosts,
        );
        std::fs::write(folder.join("hosts.toml"), hosts)?;
        Ok(())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _gone = self.sshd.kill();
        let _gone = self.sshd.wait();
    }
}

/// Ends the masters of ssh that a tool has started.
pub(super) fn end_masters(place: &Place) {
    for folder in [place.path("cm"), place.path("run/winsta/ssh")] {
        let sockets = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for socket in sockets {
            let _gone = Command::new("ssh")
                .args(["-O", "exit", "-S"])
                .arg(socket.path())
                .arg("anywhere")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}
