//! The command lines of ssh, and where its masters listen.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use winsta_domain::MachineName;

/// Most bytes of a control socket's path: ssh adds a random part of 17 bytes while it makes it,
/// winsta an ending, and 108 are all that an address holds.
const MAX_CONTROL: usize = 108 - 18;
/// Most characters of a host's name in the name of its control socket.
const MAX_SHOWN: usize = 16;

/// A machine, and how to log in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// What ssh is to call: a name that its configuration or DNS knows, or an address.
    pub address: MachineName,
    /// The user to log in as, if not the one that ssh would choose.
    pub user: Option<String>,
    /// The port, if not the one that ssh would choose.
    pub port: Option<u16>,
    /// Where `winsta` is on the other side.
    pub program: RemoteProgram,
}

/// Path or name of a program on another machine, with no character that means something to a
/// shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteProgram(String);

impl Default for RemoteProgram {
    fn default() -> Self {
        Self("winsta".to_owned())
    }
}

impl RemoteProgram {
    /// This path, if any shell takes it for one word and nothing else.
    pub fn new(path: &str) -> Option<Self> {
        is_plain(path).then(|| Self(path.to_owned()))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether every shell takes `text` for one word without meaning.
pub(super) fn is_plain(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
    let home = text.strip_prefix("~/").unwrap_or(text);
    !home.is_empty() && !home.starts_with('-') && home.chars().all(fits)
}

/// How ssh is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshSettings {
    /// The program.
    pub program: PathBuf,
    /// A configuration file in place of the user's own.
    pub config: Option<PathBuf>,
    /// Folder for the masters' sockets: the user's own and nobody else's. Without it every
    /// command logs in anew.
    pub masters: Option<PathBuf>,
    /// How long a connection may take until it can be used.
    pub patience: Duration,
    /// Whether ssh may ask for a password, or whether a key is right.
    pub may_ask: bool,
}

impl SshSettings {
    /// OpenSSH as the user has configured it, with masters in `runtime`, the runtime folder.
    pub fn new(runtime: &Path) -> Self {
        Self {
            program: "ssh".into(),
            config: None,
            masters: Some(runtime.join("ssh")),
            patience: Duration::from_secs(15),
            may_ask: false,
        }
    }

    /// Where the master for `to` listens, if its path is short enough.
    pub(super) fn control(&self, to: &Destination) -> Option<PathBuf> {
        let config = self.config.as_deref().unwrap_or(Path::new(""));
        let what = [
            self.program.as_os_str().as_bytes(),
            config.as_os_str().as_bytes(),
            to.user.as_deref().unwrap_or_default().as_bytes(),
            to.address.as_str().as_bytes(),
            &to.port.unwrap_or_default().to_be_bytes(),
        ];
        let shown = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let name = to.address.as_str().chars().filter(shown);
        let name: String = name.take(MAX_SHOWN).collect();
        let path = self.masters.as_ref()?;
        let path = path.join(format!("{name}-{:016x}", hash(&what.join(&0))));
        // A percent sign would be a placeholder to ssh.
        let usable = path.as_os_str().len() <= MAX_CONTROL && !path.to_string_lossy().contains('%');
        usable.then_some(path)
    }

    /// The arguments of an ssh that runs `command` on the other side.
    pub(super) fn arguments(
        &self,
        to: &Destination,
        command: &str,
        control: Option<&Path>,
    ) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::with_capacity(48);
        if let Some(config) = &self.config {
            arguments.extend(["-F".into(), config.into()]);
        }
        let mut option = |name: &str, value: &dyn std::fmt::Display| {
            arguments.extend(["-o".into(), format!("{name}={value}").into()]);
        };
        match control {
            Some(path) => {
                option("ControlMaster", &"auto");
                option("ControlPath", &path.display());
                option("ControlPersist", &"10m");
            }
            None => option("ControlPath", &"none"),
        }
        option("BatchMode", if self.may_ask { &"no" } else { &"yes" });
        let seconds = self.patience.as_secs().max(1);
        option("ConnectTimeout", &seconds);
        option("ConnectionAttempts", &1);
        option("ServerAliveInterval", &5);
        option("ServerAliveCountMax", &3);
        // What the user has set for logins of their own is not for a command that runs unseen.
        option("ClearAllForwardings", &"yes");
        option("ForwardAgent", &"no");
        option("ForwardX11", &"no");
        option("PermitLocalCommand", &"no");
        option("RemoteCommand", &"none");
        option("RequestTTY", &"no");
        option("LogLevel", &"ERROR");
        if let Some(user) = &to.user {
            arguments.extend(["-l".into(), user.into()]);
        }
        if let Some(port) = to.port {
            arguments.extend(["-p".into(), port.to_string().into()]);
        }
        arguments.extend(["-T", "--", to.address.as_str(), command].map(OsString::from));
        arguments
    }
}

/// FNV-1a, 64 bits: a name that stays the same from version to version.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web01() -> Destination {
        Destination {
            address: "web01".parse().unwrap(),
            user: None,
            port: None,
            program: RemoteProgram::default(),
        }
    }

    #[test]
    fn every_way_of_logging_in_has_a_master_of_its_own() {
        let settings = SshSettings::new(Path::new("/run/user/1000/winsta"));
        let control = |to: &Destination| settings.control(to).unwrap();
        let plain = control(&web01());
        let text = plain.display().to_string();
        assert!(
            text.starts_with("/run/user/1000/winsta/ssh/web01-"),
            "{text}"
        );
        assert_eq!(plain, control(&web01()));
        let user = Some("bob".to_owned());
        assert_ne!(plain, control(&Destination { user, ..web01() }));
        let port = Some(2222);
        assert_ne!(plain, control(&Destination { port, ..web01() }));
        let long = SshSettings::new(Path::new(&"/x".repeat(60)));
        assert_eq!(long.control(&web01()), None);
    }

    #[test]
    fn arguments_end_with_the_host_and_the_command() {
        let settings = SshSettings::new(Path::new("/run/winsta"));
        let to = Destination {
            user: Some("bob".to_owned()),
            port: Some(2222),
            ..web01()
        };
        let control = settings.control(&to);
        let arguments = settings.arguments(&to, "winsta dial-stdio", control.as_deref());
        let texts: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).collect();
        let end = [
            "-l",
            "bob",
            "-p",
            "2222",
            "-T",
            "--",
            "web01",
            "winsta dial-stdio",
        ];
        assert!(texts.ends_with(&end.map(Into::into)), "{texts:?}");
        assert!(texts.iter().any(|a| a == "BatchMode=yes"), "{texts:?}");
        assert!(texts.iter().any(|a| a == "ControlMaster=auto"), "{texts:?}");
    }

    #[test]
    fn a_remote_path_means_nothing_to_a_shell() {
        for path in [
            "winsta",
            "/opt/winsta-0.1/bin/winsta",
            "~/.cargo/bin/winsta",
        ] {
            assert!(RemoteProgram::new(path).is_some(), "{path}");
        }
        for path in [
            "", "-x", "a b", "a;b", "$(x)", "a'b", "a\nb", "~bob/x", "a*",
        ] {
            assert!(RemoteProgram::new(path).is_none(), "{path}");
        }
    }
}
