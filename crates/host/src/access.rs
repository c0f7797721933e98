//! Who may do what: the one place that decides.
//!
//! | what                                   | root | the host's owner | anybody else |
//! |----------------------------------------|------|------------------|--------------|
//! | list sessions and the host's status    | yes  | yes              | yes          |
//! | look into sessions and the audit trail | yes  | yes              | no           |
//! | control sessions                       | yes  | yes              | no           |
//! | administer the host, and its console   | yes  | yes              | no           |
//!
//! A user's own host serves that user's sessions only, so its owner is its administrator. Sessions
//! that it finds elsewhere on the machine are their own users': for these, "the host's owner" is
//! the session's user, and a stranger's right ends at listing them.

use crate::people::Caller;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    /// See sessions in lists.
    List,
    /// See the host's state.
    Status,
    /// Read the audit trail.
    Audit,
    /// Hear of changes.
    Events,
    /// Start a session.
    Create,
    /// Start the console session.
    CreateConsole,
    /// Attach to a session.
    Attach,
    /// Send a session's clients away.
    Disconnect,
    /// End a session.
    End,
    /// Cancel the warning in front of an end.
    CancelWarning,
    /// Kill a process of a session.
    Kill,
    /// Show a message to a session's user.
    Message,
    /// Type into a session.
    Input,
    /// Read what a session printed.
    Output,
    /// See what a session shows.
    Screen,
    /// Change a session's label or size.
    Change,
    /// See a session's line and processes.
    Inspect,
    /// Wait for a session's end.
    Wait,
    /// Stop the host.
    Stop,
    /// Replace host and keeper by another program.
    Upgrade,
    /// Work with remote shells.
    Remote,
}

/// A right that verbs need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Right {
    /// To see that sessions are there.
    List,
    /// To see what is in them.
    Look,
    /// To control them.
    Control,
    /// To administer the host.
    Administer,
}

/// What the caller is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    /// The machine's administrator.
    Root,
    /// The user whose host, or whose session elsewhere, it is.
    Owner,
    /// Anybody else.
    Stranger,
}

/// Whether the caller may.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// They may.
    Allow,
    /// They lack this right.
    Deny(Right),
}

/// Decides.
pub(crate) fn decide(relation: Relation, verb: Verb) -> Decision {
    let right = needed(verb);
    match (relation, right) {
        (Relation::Root | Relation::Owner, _) | (Relation::Stranger, Right::List) => {
            Decision::Allow
        }
        (Relation::Stranger, Right::Look | Right::Control | Right::Administer) => {
            Decision::Deny(right)
        }
    }
}

/// What `caller` is to the host, or to the session elsewhere, of user `owner`.
pub(crate) fn relation(caller: &Caller, owner: u32) -> Relation {
    match caller.uid {
        0 => Relation::Root,
        uid if uid == owner => Relation::Owner,
        _ => Relation::Stranger,
    }
}

impl Right {
    /// What the right allows, for a sentence that begins with "you lack the right to".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::List => "list sessions",
            Self::Look => "look into this user's sessions",
            Self::Control => "control this user's sessions",
            Self::Administer => "administer this user's host",
        }
    }
}

fn needed(verb: Verb) -> Right {
    match verb {
        Verb::List | Verb::Status => Right::List,
        Verb::Audit | Verb::Events | Verb::Output | Verb::Screen | Verb::Inspect | Verb::Wait => {
            Right::Look
        }
        Verb::Create
        | Verb::Attach
        | Verb::Disconnect
        | Verb::End
        | Verb::CancelWarning
        | Verb::Kill
        | Verb::Message
        | Verb::Input
        | Verb::Change
        | Verb::Remote => Right::Control,
        Verb::CreateConsole | Verb::Stop | Verb::Upgrade => Right::Administer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED_TO_STRANGERS: [(Verb, Right); 19] = [
        (Verb::Audit, Right::Look),
        (Verb::Events, Right::Look),
        (Verb::Output, Right::Look),
        (Verb::Screen, Right::Look),
        (Verb::Inspect, Right::Look),
        (Verb::Wait, Right::Look),
        (Verb::Create, Right::Control),
        (Verb::Attach, Right::Control),
        (Verb::Disconnect, Right::Control),
        (Verb::End, Right::Control),
        (Verb::CancelWarning, Right::Control),
        (Verb::Kill, Right::Control),
        (Verb::Message, Right::Control),
        (Verb::Input, Right::Control),
        (Verb::Change, Right::Control),
        (Verb::Remote, Right::Control),
        (Verb::CreateConsole, Right::Administer),
        (Verb::Stop, Right::Administer),
        (Verb::Upgrade, Right::Administer),
    ];

    #[test]
    fn strangers_are_refused_with_the_right_they_lack() {
        for (verb, right) in REFUSED_TO_STRANGERS {
            assert_eq!(
                decide(Relation::Stranger, verb),
                Decision::Deny(right),
                "{verb:?}"
            );
            assert_eq!(decide(Relation::Owner, verb), Decision::Allow, "{verb:?}");
            assert_eq!(decide(Relation::Root, verb), Decision::Allow, "{verb:?}");
        }
    }

    #[test]
    fn anybody_may_list() {
        for relation in [Relation::Root, Relation::Owner, Relation::Stranger] {
            for verb in [Verb::List, Verb::Status] {
                assert_eq!(decide(relation, verb), Decision::Allow);
            }
        }
    }

    #[test]
    fn callers_are_known_by_their_user() {
        let caller = |uid| Caller { uid, pid: None };
        assert_eq!(relation(&caller(0), 7), Relation::Root);
        assert_eq!(relation(&caller(7), 7), Relation::Owner);
        assert_eq!(relation(&caller(8), 7), Relation::Stranger);
        assert_eq!(relation(&caller(0), 0), Relation::Root);
    }

    /// Ann, whose host it is, asks about bob's login: there she is anybody.
    #[test]
    fn a_host_gives_its_owner_no_right_to_logins_of_others() {
        let (ann, bob) = (7, 8);
        let to_bobs = |caller| {
            relation(
                &Caller {
                    uid: caller,
                    pid: None,
                },
                bob,
            )
        };
        for (verb, right) in [
            (Verb::End, Right::Control),
            (Verb::Message, Right::Control),
            (Verb::Kill, Right::Control),
            (Verb::Disconnect, Right::Control),
            (Verb::Inspect, Right::Look),
        ] {
            assert_eq!(
                decide(to_bobs(ann), verb),
                Decision::Deny(right),
                "{verb:?}"
            );
            assert_eq!(decide(to_bobs(bob), verb), Decision::Allow, "{verb:?}");
            assert_eq!(decide(to_bobs(0), verb), Decision::Allow, "{verb:?}");
        }
        assert_eq!(decide(to_bobs(ann), Verb::List), Decision::Allow);
    }
}
