//! What sshd's processes call themselves.

use super::tty::Tty;

/// Longest user name that is believed.
const MAX_USER: usize = 256;

/// What a title says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Title {
    /// `sshd: bob [priv]`: watches over a login with root's rights.
    Monitor {
        /// The user.
        user: String,
    },
    /// `sshd: bob@pts/3,pts/4`: serves a login; `bob@notty` has no terminals.
    Login {
        /// The user.
        user: String,
        /// The terminals that it made.
        ttys: Vec<Tty>,
    },
}

/// Whether a program of this name may be sshd's.
pub fn is_sshd(name: &str) -> bool {
    matches!(name, "sshd" | "sshd-session" | "sshd-auth")
}

/// Reads a title. Anybody can give a process any title: whether it is sshd's own is for the
/// caller to know, by its user and its parent.
pub fn title(text: &str) -> Option<Title> {
    let (program, rest) = text.trim_end().split_once(": ")?;
    if !is_sshd(program) {
        return None;
    }
    let believed = |user: &str| {
        let fits =
            !user.is_empty() && user.len() <= MAX_USER && !user.contains(char::is_whitespace);
        fits.then(|| user.to_owned())
    };
    if let Some(user) = rest.strip_suffix(" [priv]") {
        return Some(Title::Monitor {
            user: believed(user)?,
        });
    }
    let (user, places) = rest.rsplit_once('@')?;
    let user = believed(user)?;
    if places.contains(char::is_whitespace) {
        return None;
    }
    let ttys = places.split(',').filter_map(Tty::from_name).collect();
    Some(Title::Login { user, ttys })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        let login = |user: &str, ttys: &[u32]| {
            Some(Title::Login {
                user: user.to_owned(),
                ttys: ttys.iter().copied().map(Tty::Pts).collect(),
            })
        };
        let monitor = |user: &str| {
            Some(Title::Monitor {
                user: user.to_owned(),
            })
        };
        for (text, expected) in [
            ("sshd: bob [priv]", monitor("bob")),
            ("sshd: bob@pts/3", login("bob", &[3])),
            ("sshd: bob@pts/3,pts/14  ", login("bob", &[3, 14])),
            ("sshd: bob@notty", login("bob", &[])),
            ("sshd: bob@internal-sftp", login("bob", &[])),
            ("sshd-session: bob@pts/0", login("bob", &[0])),
            (
                "sshd: bob@corp.example@pts/1",
                login("bob@corp.example", &[1]),
            ),
            (
                "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
                None,
            ),
            ("sshd: bob [accepted]", None),
            ("sshd: bob [net]", None),
            ("bash: bob@pts/3", None),
            ("sshd: @pts/3", None),
            ("sshd", None),
        ] {
            assert_eq!(title(text), expected, "{text}");
        }
    }
}
