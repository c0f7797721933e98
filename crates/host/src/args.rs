//! How a host is started.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `winsta host run`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line's own"
)]
pub(crate) struct Args {
    /// Leave the caller's terminal.
    pub(crate) daemon: bool,
    /// Say on standard output that the socket answers, or why it never will.
    pub(crate) ready: bool,
    /// Serve all users of the machine.
    pub(crate) system: bool,
    /// Standard input is the listening socket and standard output the lock of the host that this
    /// process was until now.
    pub(crate) resume: bool,
    /// Serve clients of WS-Management.
    pub(crate) remoting: Option<Remoting>,
}

/// Where clients of WS-Management are served, and who they may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remoting {
    /// A loopback address: nothing is encrypted here.
    pub(crate) address: SocketAddr,
    /// The file of users.
    pub(crate) users: PathBuf,
}

impl Remoting {
    /// The arguments that ask for it.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let url = format!("http://{}", self.address);
        let users = self.users.clone().into_os_string();
        vec!["--wsman".into(), url.into(), "--users".into(), users]
    }
}

/// Why the arguments make no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgsError {
    /// An argument that there is not.
    #[error("winsta host run does not know the argument {0:?}")]
    Unknown(OsString),
    /// Only one number is understood.
    #[error("--ready-fd takes 1, the number of standard output")]
    ReadyFd,
    /// No address that can be served.
    #[error("--wsman takes http://127.0.0.1:PORT or http://[::1]:PORT, not {0:?}")]
    Address(OsString),
    /// Without encryption a password must not travel over a network.
    #[error(
        "--wsman serves without encryption, so {0} must be a loopback address; reach it through \
         ssh -L"
    )]
    NotLoopback(SocketAddr),
    /// One of two that belong together.
    #[error("--wsman and --users FILE belong together; winsta passwd FILE NAME makes the file")]
    Half,
    /// The machine's host would run everybody's programs as root.
    #[error("--wsman is for a user's own host: with --system its programs would run as root")]
    System,
}

impl Args {
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let mut parsed = Self::default();
        let mut args = args.into_iter();
        let (mut address, mut users) = (None, None);
        while let Some(arg) = args.next() {
            match arg.to_str() {
                Some("--daemon") => parsed.daemon = true,
                Some("--system") => parsed.system = true,
                Some("--resume") => parsed.resume = true,
                Some("--wsman") => {
                    let url = args.next().ok_or(ArgsError::Half)?;
                    address = Some(loopback(&url)?);
                }
                Some("--users") => {
                    let path = PathBuf::from(args.next().ok_or(ArgsError::Half)?);
                    // The host leaves the caller's folder.
                    users = Some(std::path::absolute(&path).unwrap_or(path));
                }
                Some("--ready-fd") => {
                    let number = args.next();
                    if number.as_deref() != Some("1".as_ref()) {
                        return Err(ArgsError::ReadyFd);
                    }
                    parsed.ready = true;
                }
                Some(_) | None => return Err(ArgsError::Unknown(arg)),
            }
        }
        parsed.remoting = match (address, users) {
            (Some(address), Some(users)) => Some(Remoting { address, users }),
            (None, None) => None,
            _ => return Err(ArgsError::Half),
        };
        if parsed.system && parsed.remoting.is_some() {
            return Err(ArgsError::System);
        }
        Ok(parsed)
    }
}

fn loopback(url: &OsString) -> Result<SocketAddr, ArgsError> {
    let text = url.to_str().and_then(|url| url.strip_prefix("http://"));
    let text = text.map(|text| text.trim_end_matches('/').trim_end_matches("/wsman"));
    let address: Option<SocketAddr> = text.and_then(|text| text.parse().ok());
    let address = address.ok_or_else(|| ArgsError::Address(url.clone()))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(ArgsError::NotLoopback(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, ArgsError> {
        Args::parse(args.iter().map(OsString::from))
    }

    #[test]
    fn arguments_are_understood_or_refused() {
        assert_eq!(parse(&[]), Ok(Args::default()));
        let daemon = Args {
            daemon: true,
            ready: true,
            resume: false,
            remoting: None,
            system: false,
        };
        assert_eq!(parse(&["--daemon", "--ready-fd", "1"]), Ok(daemon));
        assert_eq!(parse(&["--ready-fd", "2"]), Err(ArgsError::ReadyFd));
        assert_eq!(parse(&["--ready-fd"]), Err(ArgsError::ReadyFd));
        assert_eq!(parse(&["--what"]), Err(ArgsError::Unknown("--what".into())));
    }

    #[test]
    fn passwords_are_asked_for_on_loopback_only() {
        let remoting = |address: &str| Args {
            remoting: Some(Remoting {
                address: address.parse().unwrap(),
                users: std::path::absolute("u").unwrap(),
            }),
            ..Args::default()
        };
        for (url, address) in [
            ("http://127.0.0.1:5985", "127.0.0.1:5985"),
            ("http://[::1]:5985/wsman", "[::1]:5985"),
        ] {
            let parsed = parse(&["--wsman", url, "--users", "u"]).unwrap();
            assert_eq!(parsed, remoting(address));
            let again = parsed.remoting.unwrap().to_args();
            assert_eq!(Args::parse(again), Ok(remoting(address)));
        }
        for url in [
            "127.0.0.1:1",
            "https://127.0.0.1:1",
            "http://localhost",
            "http://127.0.0.1",
        ] {
            let refused = Err(ArgsError::Address(url.into()));
            assert_eq!(parse(&["--wsman", url, "--users", "u"]), refused);
        }
        let open = "0.0.0.0:5985".parse().unwrap();
        let refused = Err(ArgsError::NotLoopback(open));
        assert_eq!(
            parse(&["--wsman", "http://0.0.0.0:5985", "--users", "u"]),
            refused
        );
        assert_eq!(
            parse(&["--wsman", "http://127.0.0.1:1"]),
            Err(ArgsError::Half)
        );
        assert_eq!(parse(&["--users", "u"]), Err(ArgsError::Half));
        let both = ["--system", "--wsman", "http://127.0.0.1:1", "--users", "u"];
        assert_eq!(parse(&both), Err(ArgsError::System));
    }
}
