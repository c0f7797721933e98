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
    /// Where clients from elsewhere are served.
    pub(crate) network: Network,
}

/// Where clients from elsewhere are served, and who they may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Network {
    /// Clients of WS-Management at a loopback address: nothing is encrypted here.
    pub(crate) plain: Option<SocketAddr>,
    /// All clients, within TLS.
    pub(crate) tls: Vec<SocketAddr>,
    /// The file of users who have passwords.
    pub(crate) users: Option<PathBuf>,
}

impl Network {
    /// Whether nobody is served.
    pub(crate) fn is_empty(&self) -> bool {
        self.plain.is_none() && self.tls.is_empty()
    }

    /// The arguments that ask for it.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let plain = self.plain.iter();
        let plain = plain.flat_map(|at| ["--wsman".into(), format!("http://{at}").into()]);
        let tls = self.tls.iter();
        let tls = tls.flat_map(|at| ["--tls".into(), at.to_string().into()]);
        let users = self.users.iter();
        let users = users.flat_map(|path| ["--users".into(), path.clone().into_os_string()]);
        plain.chain(tls).chain(users).collect()
    }

    /// One more address within TLS; asked for twice, it is listened at once.
    fn add_tls(&mut self, address: SocketAddr) {
        if !self.tls.contains(&address) {
            self.tls.push(address);
        }
    }

    fn add_url(&mut self, url: &OsString) -> Result<(), ArgsError> {
        let unknown = || ArgsError::Address(url.clone());
        let text = url.to_str().ok_or_else(unknown)?;
        let (scheme, place) = text.split_once("://").ok_or_else(unknown)?;
        let place = place.trim_end_matches('/').trim_end_matches("/wsman");
        let address: SocketAddr = place.parse().map_err(|_| unknown())?;
        match scheme {
            "https" => self.add_tls(address),
            "http" if address.ip().is_loopback() => self.plain = Some(address),
            "http" => return Err(ArgsError::NotLoopback(address)),
            _ => return Err(unknown()),
        }
        Ok(())
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
    #[error(
        "--wsman takes http://127.0.0.1:PORT, http://[::1]:PORT or https://ADDRESS:PORT, not {0:?}"
    )]
    Address(OsString),
    /// No address at all.
    #[error("--tls takes ADDRESS:PORT, such as 0.0.0.0:5986, not {0:?}")]
    Tls(OsString),
    /// Without encryption a password must not travel over a network.
    #[error(
        "--wsman http:// serves without encryption, so {0} must be a loopback address; https:// \
         serves any"
    )]
    NotLoopback(SocketAddr),
    /// One of two that belong together.
    #[error(
        "--wsman http:// and --users FILE belong together; winsta passwd FILE NAME makes the file"
    )]
    Half,
    /// The machine's host would run everybody's programs as root.
    #[error(
        "--wsman and --tls are for a user's own host: root's host for all users speaks to no network; \
         ssh leads to it, and winsta-gateway to remote shells"
    )]
    System,
}

impl Args {
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let mut parsed = Self::default();
        let mut args = args.into_iter();
        let network = &mut parsed.network;
        while let Some(arg) = args.next() {
            match arg.to_str() {
                Some("--daemon") => parsed.daemon = true,
                Some("--system") => parsed.system = true,
                Some("--resume") => parsed.resume = true,
                Some("--wsman") => network.add_url(&args.next().ok_or(ArgsError::Half)?)?,
                Some("--tls") => {
                    let text = args.next().unwrap_or_default();
                    let address = text.to_str().and_then(|text| text.parse().ok());
                    network.add_tls(address.ok_or(ArgsError::Tls(text))?);
                }
                Some("--users") => {
                    let path = PathBuf::from(args.next().ok_or(ArgsError::Half)?);
                    // The host leaves the caller's folder.
                    network.users = Some(std::path::absolute(&path).unwrap_or(path));
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
        let Network { plain, users, .. } = &parsed.network;
        if parsed.system && (!parsed.network.is_empty() || users.is_some()) {
            return Err(ArgsError::System);
        }
        // Certificates do as well within TLS; users without a place to come to are a mistake.
        if (plain.is_some() && users.is_none()) || (parsed.network.is_empty() && users.is_some()) {
            return Err(ArgsError::Half);
        }
        Ok(parsed)
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
            system: false,
            network: Network::default(),
        };
        assert_eq!(parse(&["--daemon", "--ready-fd", "1"]), Ok(daemon));
        assert_eq!(parse(&["--ready-fd", "2"]), Err(ArgsError::ReadyFd));
        assert_eq!(parse(&["--ready-fd"]), Err(ArgsError::ReadyFd));
        assert_eq!(parse(&["--what"]), Err(ArgsError::Unknown("--what".into())));
    }

    fn network(plain: Option<&str>, tls: &[&str], users: Option<&str>) -> Args {
        Args {
            network: Network {
                plain: plain.map(|at| at.parse().unwrap()),
                tls: tls.iter().map(|at| at.parse().unwrap()).collect(),
                users: users.map(|path| std::path::absolute(path).unwrap()),
            },
            ..Args::default()
        }
    }

    #[test]
    fn clients_from_elsewhere_are_served_where_it_is_said() {
        let cases: [(&[&str], Args); 5] = [
            (
                &["--wsman", "http://127.0.0.1:5985", "--users", "u"],
                network(Some("127.0.0.1:5985"), &[], Some("u")),
            ),
            (
                &["--wsman", "http://[::1]:5985/wsman", "--users", "u"],
                network(Some("[::1]:5985"), &[], Some("u")),
            ),
            (
                &["--wsman", "https://0.0.0.0:5986/wsman", "--users", "u"],
                network(None, &["0.0.0.0:5986"], Some("u")),
            ),
            (&["--tls", "[::]:1"], network(None, &["[::]:1"], None)),
            (
                &[
                    "--wsman",
                    "https://10.0.0.1:1",
                    "--tls",
                    "10.0.0.1:1",
                    "--tls",
                    "10.0.0.1:2",
                ],
                network(None, &["10.0.0.1:1", "10.0.0.1:2"], None),
            ),
        ];
        for (args, expected) in cases {
            let parsed = parse(args).unwrap();
            assert_eq!(parsed, expected, "{args:?}");
            let again = parsed.network.to_args();
            assert_eq!(Args::parse(again), Ok(expected), "{args:?}");
        }
    }

    #[test]
    fn passwords_travel_within_tls_or_not_at_all() {
        for url in [
            "127.0.0.1:1",
            "ftp://127.0.0.1:1",
            "http://localhost",
            "http://127.0.0.1",
            "https://web01:5986",
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
        assert_eq!(
            parse(&["--tls", "web01"]),
            Err(ArgsError::Tls("web01".into()))
        );
        assert_eq!(parse(&["--tls"]), Err(ArgsError::Tls("".into())));
        for args in [
            ["--wsman", "https://0.0.0.0:1"],
            ["--tls", "0.0.0.0:1"],
            ["--users", "u"],
        ] {
            let both = ["--system", args[0], args[1]];
            assert_eq!(parse(&both), Err(ArgsError::System));
        }
    }
}
