//! How a host is started.

use std::ffi::OsString;

/// Arguments of `winsta host run`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}

impl Args {
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let mut parsed = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.to_str() {
                Some("--daemon") => parsed.daemon = true,
                Some("--system") => parsed.system = true,
                Some("--resume") => parsed.resume = true,
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
        };
        assert_eq!(parse(&["--daemon", "--ready-fd", "1"]), Ok(daemon));
        assert_eq!(parse(&["--ready-fd", "2"]), Err(ArgsError::ReadyFd));
        assert_eq!(parse(&["--ready-fd"]), Err(ArgsError::ReadyFd));
        assert_eq!(parse(&["--what"]), Err(ArgsError::Unknown("--what".into())));
    }
}
