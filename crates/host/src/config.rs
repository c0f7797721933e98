//! The host's part of the configuration file.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use winsta_domain::Reconnection;
use winsta_domain::quota::Limits;
use winsta_sources::Origin;

/// Most bytes of a configuration file.
const MAX_BYTES: u64 = 1 << 20;

/// What can be set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many sessions there may be.
    pub limits: LimitsConfig,
    /// The host itself.
    pub host: HostConfig,
    /// Most bytes of output that a session keeps, unless it is started with another number.
    pub buffer_bytes: BufferBytes,
    /// Where sessions that Winsta does not host are looked for.
    pub sources: SourcesConfig,
    /// Remote shells.
    pub remoting: crate::remoting::Limits,
    /// Logins that get a hosted session.
    pub login: LoginConfig,
    /// Clients from elsewhere.
    pub tls: TlsConfig,
    /// For the clients' side: not looked at here.
    pub attach: toml::Table,
    /// The folder that the file is in, or would be: not in the file.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Logins that get a hosted session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginConfig {
    /// What a login means for the sessions that the user left: `capture`, `close` or `new`.
    pub reconnect: Reconnection,
    /// The shell of users whose login shell is `winsta` itself.
    pub shell: Option<String>,
}

/// What a host that is published over TLS shows and gives out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// A file in PEM with the host's certificate, and those that vouch for it; the host makes one
    /// of its own unless given.
    pub certificate: Option<PathBuf>,
    /// A file in PEM with its key.
    pub key: Option<PathBuf>,
    /// How long a token is good.
    pub token_seconds: TokenSeconds,
}

/// How long a token is good: a second to an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct TokenSeconds(u64);

impl TokenSeconds {
    /// The time.
    pub fn time(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Default for TokenSeconds {
    fn default() -> Self {
        Self(600)
    }
}

impl TryFrom<u64> for TokenSeconds {
    type Error = String;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        if (1..=3_600).contains(&seconds) {
            return Ok(Self(seconds));
        }
        Err(format!(
            "a token is good for 1 to 3600 seconds, not {seconds}"
        ))
    }
}

/// How many sessions there may be; not given: any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Of one user.
    pub sessions_per_user: Option<u32>,
    /// Of all users together.
    pub sessions_per_host: Option<u32>,
}

impl LimitsConfig {
    pub(crate) fn limits(self) -> Limits {
        Limits {
            per_user: self.sessions_per_user,
            per_host: self.sessions_per_host,
        }
    }
}

/// Where sessions that Winsta does not host are looked for; everywhere unless said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SourcesConfig(Vec<SourceName>);

/// A source by its name in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceName {
    Ssh,
    Xrdp,
    Console,
    Other,
}

impl SourcesConfig {
    /// Whether there is anything to look for.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether sessions of this origin are listed.
    pub(crate) fn has(&self, origin: Origin) -> bool {
        self.0.contains(&match origin {
            Origin::Ssh => SourceName::Ssh,
            Origin::Xrdp => SourceName::Xrdp,
            Origin::Console => SourceName::Console,
            Origin::Other => SourceName::Other,
        })
    }
}

impl Default for SourcesConfig {
    fn default() -> Self {
        use SourceName::{Console, Other, Ssh, Xrdp};
        Self(vec![Ssh, Xrdp, Console, Other])
    }
}

/// The host itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostConfig {
    /// Seconds after the last session and the last request until the host ends by itself; 0: it
    /// stays.
    pub linger_seconds: u64,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self { linger_seconds: 10 }
    }
}

/// Bytes of output that a session keeps: 4 KiB to 1 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct BufferBytes(u64);

impl BufferBytes {
    const RANGE: std::ops::RangeInclusive<u64> = (4 << 10)..=(1 << 30);

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Default for BufferBytes {
    fn default() -> Self {
        Self(2 << 20)
    }
}

impl TryFrom<u64> for BufferBytes {
    type Error = String;

    fn try_from(bytes: u64) -> Result<Self, Self::Error> {
        if Self::RANGE.contains(&bytes) {
            return Ok(Self(bytes));
        }
        let (least, most) = (Self::RANGE.start(), Self::RANGE.end());
        Err(format!(
            "a session keeps {least} to {most} bytes of output, not {bytes}"
        ))
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The file is not as it should be.
    #[error("{} is not a valid configuration", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

impl Config {
    /// Reads the first configuration file that exists: the one that `WINSTA_CONFIG` names, the
    /// user's, the machine's. None is no error.
    pub fn load() -> Result<Self, ConfigError> {
        for path in candidates() {
            match read(&path) {
                Ok(text) => return Self::parse(path, &text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ConfigError::Read { path, source }),
            }
        }
        Ok(Self::default())
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::Parse {
            path,
            source: Box::new(error),
        })
    }
}

fn read(path: &PathBuf) -> io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// The folder of the configuration file of a host: beside the file that `WINSTA_CONFIG` names, the
/// user's, or the machine's.
pub fn folder(is_system: bool) -> PathBuf {
    let named = std::env::var_os(winsta_client::dirs::CONFIG_VAR).is_some();
    let first = candidates()
        .into_iter()
        .next()
        .filter(|_| named || !is_system);
    let folder = first.and_then(|path| Some(path.parent()?.to_owned()));
    let folder = folder.unwrap_or_else(|| PathBuf::from("/etc/winsta"));
    // The host leaves the folder that it is started in.
    std::path::absolute(&folder).unwrap_or(folder)
}

fn candidates() -> Vec<PathBuf> {
    let var = |name| std::env::var_os(name).map(PathBuf::from);
    if let Some(path) = var(winsta_client::dirs::CONFIG_VAR) {
        return vec![path];
    }
    let user = var("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| var("HOME").map(|home| home.join(".config")));
    let user = user.map(|base| base.join("winsta/config.toml"));
    user.into_iter()
        .chain([PathBuf::from("/etc/winsta/config.toml")])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(PathBuf::from("config.toml"), text)
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let config = parse("").unwrap();
        assert_eq!(config, Config::default());
        assert_eq!(config.host.linger_seconds, 10);
        assert_eq!(config.buffer_bytes.get(), 2 << 20);
        assert_eq!(config.limits.limits(), Limits::default());
    }

    #[test]
    fn all_keys_are_read() {
        let text = "buffer_bytes = 65536\n[limits]\nsessions_per_user = 2\nsessions_per_host = 9\n\
            [host]\nlinger_seconds = 0\n[attach]\ndetach_key = \"^A d\"\n";
        let config = parse(text).unwrap();
        assert_eq!(config.buffer_bytes.get(), 65_536);
        assert_eq!(config.host.linger_seconds, 0);
        let limits = Limits {
            per_user: Some(2),
            per_host: Some(9),
        };
        assert_eq!(config.limits.limits(), limits);
    }

    #[test]
    fn mistakes_are_not_passed_over() {
        for text in [
            "[limit]\nsessions_per_user = 2",
            "[limits]\nsession_per_user = 2",
            "buffer_bytes = 1",
            "[host]\nlinger_seconds = -1",
            "[tls]\ntoken_seconds = 0",
            "[tls]\ncertficate = \"a\"",
            "nonsense",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
