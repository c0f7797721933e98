//! The environment of a session whose keeper was opened by PAM.

/// What the login that the keeper runs in says of itself; another login's would mislead.
const OF_THE_LOGIN: [&str; 5] = [
    "XDG_SESSION_ID",
    "XDG_SESSION_CLASS",
    "XDG_SESSION_TYPE",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];
/// What the service manager says to the keeper alone.
const OF_THE_UNIT: [&str; 11] = [
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "FDSTORE",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "SYSTEMD_EXEC_PID",
    "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE",
    "CREDENTIALS_DIRECTORY",
];

/// `wanted`, with `own` filled in where it says nothing.
pub(crate) fn merged(
    own: impl Iterator<Item = (String, String)>,
    mut wanted: Vec<(String, String)>,
) -> Vec<(String, String)> {
    wanted.retain(|(name, _)| !OF_THE_LOGIN.contains(&name.as_str()));
    for (name, value) in own {
        let is_set = wanted.iter().any(|(set, _)| *set == name);
        if !is_set && !OF_THE_UNIT.contains(&name.as_str()) {
            wanted.push((name, value));
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pairs = text
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn the_caller_says_what_they_want_and_the_login_what_it_is() {
        let own = pairs("LANG=C PATH=/own XDG_SESSION_ID=9 NOTIFY_SOCKET=/run/n LISTEN_FDS=1");
        let wanted = pairs("PATH=/theirs XDG_SESSION_ID=3 XDG_SESSION_TYPE=tty TERM=xterm");
        let merged = merged(own.into_iter(), wanted);
        assert_eq!(
            merged,
            pairs("PATH=/theirs TERM=xterm LANG=C XDG_SESSION_ID=9")
        );
    }
}
