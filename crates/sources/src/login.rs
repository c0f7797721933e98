//! A login as logind describes it.

use std::collections::HashMap;

use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

/// Longest text that is taken from a property.
const MAX_TEXT: usize = 256;

/// What is read of logind's session object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) id: String,
    pub(crate) uid: u32,
    pub(crate) user: String,
    /// `user`, `greeter`, `manager`, `background` …
    pub(crate) class: String,
    /// The PAM service: `sshd`, `xrdp-sesman`, `login`.
    pub(crate) service: String,
    /// `tty`, `x11`, `wayland`, `mir`, `unspecified`.
    pub(crate) kind: String,
    /// `opening`, `online`, `active`, `closing`.
    pub(crate) state: String,
    pub(crate) scope: String,
    pub(crate) leader: u32,
    pub(crate) tty: String,
    pub(crate) display: String,
    pub(crate) seat: String,
    pub(crate) vt: u32,
    pub(crate) remote: bool,
    pub(crate) remote_host: String,
    /// Microseconds since 1970.
    pub(crate) timestamp: u64,
}

impl Login {
    /// Reads the properties of a session object; `None` if it has no id.
    pub(crate) fn read(properties: &HashMap<String, OwnedValue>) -> Option<Self> {
        let text = |key: &str| match properties.get(key).map(|value| &**value) {
            Some(Value::Str(text)) => bounded(text.as_str()),
            _ => String::new(),
        };
        let number = |key: &str| match properties.get(key).map(|value| &**value) {
            Some(Value::U32(number)) => *number,
            _ => 0,
        };
        let id = text("Id");
        if id.is_empty() {
            return None;
        }
        let first = |key: &str| match properties.get(key).map(|value| &**value) {
            Some(Value::Structure(pair)) => pair.fields().first(),
            _ => None,
        };
        let uid = match first("User") {
            Some(Value::U32(uid)) => *uid,
            _ => return None,
        };
        let seat = match first("Seat") {
            Some(Value::Str(seat)) => bounded(seat.as_str()),
            _ => String::new(),
        };
        Some(Self {
            id,
            uid,
            user: text("Name"),
            class: text("Class"),
            service: text("Service"),
            kind: text("Type"),
            state: text("State"),
            scope: text("Scope"),
            leader: number("Leader"),
            tty: text("TTY"),
            display: text("Display"),
            seat,
            vt: number("VTNr"),
            remote: matches!(
                properties.get("Remote").map(|value| &**value),
                Some(Value::Bool(true))
            ),
            remote_host: text("RemoteHost"),
            timestamp: match properties.get("Timestamp").map(|value| &**value) {
                Some(Value::U64(time)) => *time,
                _ => 0,
            },
        })
    }

    /// Whether a user sits behind it, rather than a service, a greeter or a user's manager.
    pub(crate) fn is_a_users(&self) -> bool {
        matches!(
            self.class.as_str(),
            "user" | "user-early" | "user-light" | "user-early-light"
        )
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// A line of logind's list: id, uid, user, seat and object.
pub(crate) type Listed = (String, u32, String, String, OwnedObjectPath);

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(pairs: &[(&str, Value<'_>)]) -> HashMap<String, OwnedValue> {
        let owned = |value: &Value<'_>| value.try_to_owned().unwrap();
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), owned(value)))
            .collect()
    }

    #[test]
    fn a_recorded_login() {
        let seat = Value::from(("", zbus::zvariant::ObjectPath::try_from("/").unwrap()));
        let user =
            zbus::zvariant::ObjectPath::try_from("/org/freedesktop/login1/user/_1002").unwrap();
        let read = properties(&[
            ("Id", Value::from("3")),
            ("User", Value::from((1_002_u32, user))),
            ("Name", Value::from("bob")),
            ("Timestamp", Value::from(1_795_259_330_000_000_u64)),
            ("VTNr", Value::from(0_u32)),
            ("Seat", seat),
            ("TTY", Value::from("pts/0")),
            ("Remote", Value::from(true)),
            ("RemoteHost", Value::from("10.77.0.1")),
            ("Service", Value::from("sshd")),
            ("Scope", Value::from("session-3.scope")),
            ("Leader", Value::from(179_u32)),
            ("Type", Value::from("tty")),
            ("Class", Value::from("user")),
            ("State", Value::from("active")),
        ]);
        let login = Login::read(&read).unwrap();
        assert!(login.is_a_users() && login.remote);
        assert_eq!(
            (
                login.id.as_str(),
                login.uid,
                login.leader,
                login.tty.as_str()
            ),
            ("3", 1_002, 179, "pts/0")
        );
        assert_eq!(
            (login.seat.as_str(), login.remote_host.as_str()),
            ("", "10.77.0.1")
        );
    }

    #[test]
    fn what_has_no_id_or_user_is_none() {
        assert_eq!(Login::read(&HashMap::new()), None);
        assert_eq!(Login::read(&properties(&[("Id", Value::from("3"))])), None);
        let strange = properties(&[("Id", Value::from(3_u32)), ("User", Value::from("bob"))]);
        assert_eq!(Login::read(&strange), None);
    }

    #[test]
    fn managers_and_greeters_are_nobodys() {
        for (class, expected) in [
            ("user", true),
            ("manager", false),
            ("greeter", false),
            ("background", false),
        ] {
            let login = Login {
                class: class.to_owned(),
                ..Login::default()
            };
            assert_eq!(login.is_a_users(), expected, "{class}");
        }
    }
}
