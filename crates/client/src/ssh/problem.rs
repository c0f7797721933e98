//! Why ssh did not lead to a host, read from what it said.

use std::fmt;

/// ssh's own exit status when it failed itself.
const SSH_FAILED: u32 = 255;
/// A shell's exit status for a command that it does not find.
const NOT_FOUND: u32 = 127;
/// A shell's exit status for a command that it cannot execute.
const NOT_EXECUTABLE: u32 = 126;
/// Most characters of a text that is passed on.
const MAX_SAID: usize = 300;

/// What kept ssh from reaching a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The machine's key is not in `known_hosts`.
    UnknownKey,
    /// The machine's key is another one than in `known_hosts`.
    ChangedKey,
    /// No key, certificate or password was accepted.
    Denied,
    /// The name means nothing to DNS, or DNS did not answer.
    NoSuchName,
    /// Nothing listens there.
    Refused,
    /// No way leads there.
    Unroutable,
    /// Somebody closed the connection before the login was done.
    Closed,
    /// There is no `winsta` on the other side.
    NotInstalled,
    /// `winsta` on the other side gave up.
    Remote,
    /// `ssh` itself cannot be run.
    NoSsh,
    /// ssh failed in some other way.
    Other,
}

/// Why ssh did not lead to a host, and what was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshFailure {
    /// What kept it.
    pub problem: Problem,
    /// The words of ssh or of the other side; may be empty.
    pub said: String,
}

impl SshFailure {
    /// Reads the exit status and standard error of an ssh that never got through.
    pub(super) fn read(status: Option<u32>, errors: &str) -> Self {
        Self {
            problem: problem(status, errors),
            said: last_words(errors),
        }
    }

    /// What to do next about the machine that is called `host`.
    pub(crate) fn hint(&self, host: &str) -> String {
        match self.problem {
            Problem::UnknownKey => {
                format!("compare its key and accept it once: ssh {host} true")
            }
            Problem::ChangedKey => {
                format!("find out why before anything else; if it is right: ssh-keygen -R {host}")
            }
            Problem::Denied => format!(
                "'ssh {host} true' must work without a question: a key in the agent, or another \
                 user for this host in hosts.toml"
            ),
            Problem::NoSuchName => {
                "check the spelling, or give its address in hosts.toml or ~/.ssh/config".to_owned()
            }
            Problem::Refused | Problem::Unroutable | Problem::Closed => {
                format!("see whether the machine is up and runs sshd: ssh -v {host}")
            }
            Problem::NotInstalled => {
                "install winsta there, or say where it is with 'winsta = ' in hosts.toml".to_owned()
            }
            Problem::NoSsh => "install OpenSSH's client".to_owned(),
            Problem::Remote | Problem::Other => format!("ssh -v {host} shows more"),
        }
    }
}

impl fmt::Display for SshFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.problem {
            Problem::UnknownKey => "its ssh host key is not known",
            Problem::ChangedKey => "its ssh host key HAS CHANGED, somebody may be in between",
            Problem::Denied => "ssh let nobody in",
            Problem::NoSuchName => "its name cannot be resolved",
            Problem::Refused => "it refused the connection",
            Problem::Unroutable => "no way leads to it",
            Problem::Closed => "the ssh connection was closed before it was ready",
            Problem::NotInstalled => "winsta was not found there",
            Problem::Remote => "winsta there gave up",
            Problem::NoSsh => "ssh cannot be run",
            Problem::Other => "ssh failed",
        })?;
        if self.said.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.said)
    }
}

impl std::error::Error for SshFailure {}

fn problem(status: Option<u32>, errors: &str) -> Problem {
    let says = |words: &[&str]| words.iter().any(|word| errors.contains(word));
    if matches!(status, Some(NOT_FOUND | NOT_EXECUTABLE)) {
        return Problem::NotInstalled;
    }
    if status.is_some_and(|status| status != SSH_FAILED) {
        // csh knows no 127.
        return if says(&["ommand not found"]) {
            Problem::NotInstalled
        } else {
            Problem::Remote
        };
    }
    let known: [(&[&str], Problem); 7] = [
        (
            &["IDENTIFICATION HAS CHANGED", "REVOKED HOST KEY"],
            Problem::ChangedKey,
        ),
        (
            &["Host key verification failed", "host key is known for"],
            Problem::UnknownKey,
        ),
        (
            &[
                "Permission denied",
                "Too many authentication failures",
                "No supported authentication methods",
            ],
            Problem::Denied,
        ),
        (&["Could not resolve hostname"], Problem::NoSuchName),
        (&["Connection refused"], Problem::Refused),
        (
            &["No route to host", "Network is unreachable", "timed out"],
            Problem::Unroutable,
        ),
        (
            &[
                "Connection closed",
                "Connection reset",
                "kex_exchange_identification",
                "banner exchange",
            ],
            Problem::Closed,
        ),
    ];
    known
        .iter()
        .find(|(words, _)| says(words))
        .map_or(Problem::Other, |(_, problem)| *problem)
}

/// The last line that says something, without what is at its beginning in every message of
/// winsta.
fn last_words(errors: &str) -> String {
    // What is to be done next is said here in other words.
    let mut lines = errors.lines().map(str::trim);
    let line = lines.rfind(|line| !line.is_empty() && !line.starts_with("hint:"));
    let line = line.unwrap_or_default();
    let line = line.strip_prefix("winsta: ").unwrap_or(line);
    line.chars().take(MAX_SAID).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_becomes_a_cause() {
        let cases = [
            (
                Some(255),
                "No ED25519 host key is known for web01 and you have requested strict checking.\r\nHost key verification failed.\r\n",
                Problem::UnknownKey,
            ),
            (
                Some(255),
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
                Problem::ChangedKey,
            ),
            (
                Some(255),
                "bob@web01: Permission denied (publickey,password).\r\n",
                Problem::Denied,
            ),
            (
                Some(255),
                "ssh: Could not resolve hostname web01: Name or service not known\r\n",
                Problem::NoSuchName,
            ),
            (
                Some(255),
                "ssh: connect to host web01 port 22: Connection refused\r\n",
                Problem::Refused,
            ),
            (
                Some(255),
                "ssh: connect to host web01 port 22: No route to host\r\n",
                Problem::Unroutable,
            ),
            (
                Some(255),
                "Connection timed out during banner exchange\r\nConnection to 127.0.0.1 port 22 timed out\r\n",
                Problem::Unroutable,
            ),
            (
                Some(255),
                "kex_exchange_identification: Connection closed by remote host\r\n",
                Problem::Closed,
            ),
            (Some(255), "", Problem::Other),
            (None, "", Problem::Other),
            (
                Some(127),
                "bash: line 1: winsta: command not found\n",
                Problem::NotInstalled,
            ),
            (
                Some(126),
                "sh: 1: /opt/winsta: Permission denied\n",
                Problem::NotInstalled,
            ),
            (
                Some(1),
                "winsta: Command not found.\n",
                Problem::NotInstalled,
            ),
            (
                Some(3),
                "winsta: cannot reach the host: no host can be reached\nhint: x\n",
                Problem::Remote,
            ),
        ];
        for (status, errors, expected) in cases {
            let failure = SshFailure::read(status, errors);
            assert_eq!(failure.problem, expected, "{errors:?}");
            assert!(!failure.hint("web01").is_empty());
        }
        let failure = SshFailure::read(Some(3), "winsta: cannot reach the host\nhint: try\n");
        assert_eq!(
            failure.to_string(),
            "winsta there gave up (cannot reach the host)"
        );
    }
}
