//! What a new login means for the sessions that earlier logins of the same user left.

use serde::Deserialize;

use crate::{SessionId, Timestamp};

/// The rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reconnection {
    /// The user gets back the session that they left last; if they left none, a new one.
    #[default]
    Capture,
    /// The sessions that they left end, and they get a new one.
    Close,
    /// They get a new one, and the others stay.
    New,
}

/// A session that an earlier login began and that nobody is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The session.
    pub id: SessionId,
    /// Since when nobody is connected to it.
    pub since: Timestamp,
}

/// What the rule comes to.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// This session.
    Back(SessionId),
    /// A new session, once these have ended.
    Anew(Vec<SessionId>),
}

impl Reconnection {
    /// What becomes of a login whose user has left these sessions.
    pub fn decide(self, left: &[Left]) -> Login {
        match self {
            Self::New => Login::Anew(Vec::new()),
            Self::Close => Login::Anew(left.iter().map(|left| left.id).collect()),
            Self::Capture => {
                let latest = left.iter().max_by_key(|left| (left.since, left.id));
                latest.map_or(Login::Anew(Vec::new()), |left| Login::Back(left.id))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_does_what_it_says() {
        let left = |id, since| Left {
            id: SessionId(id),
            since: Timestamp(since),
        };
        let two = [left(5, 20), left(7, 10)];
        let none = || Login::Anew(Vec::new());
        let cases = [
            (Reconnection::New, &two[..], none()),
            (Reconnection::New, &[], none()),
            (
                Reconnection::Close,
                &two,
                Login::Anew(vec![SessionId(5), SessionId(7)]),
            ),
            (Reconnection::Close, &[], none()),
            (Reconnection::Capture, &two, Login::Back(SessionId(5))),
            (
                Reconnection::Capture,
                &[left(5, 20), left(6, 20)],
                Login::Back(SessionId(6)),
            ),
            (Reconnection::Capture, &[], none()),
        ];
        for (rule, left, expected) in cases {
            assert_eq!(rule.decide(left), expected, "{rule:?}");
        }
    }
}
