//! Who may do what: the one place that decides.
//!
//! | what                                   | administrators | the owner | users of a shared host | anybody else |
//! |----------------------------------------|----------------|-----------|------------------------|--------------|
//! | list sessions and the host's status    | yes            | yes       | yes                    | yes          |
//! | start sessions, hear of changes        | yes            | yes       | yes                    | no           |
//! | look into sessions                     | yes            | yes       | their own              | no           |
//! | control sessions                       | yes            | yes       | their own              | no           |
//! | see session configurations             | yes            | yes       | yes                    | no           |
//! | change session configurations          | yes            | yes       | no                     | no           |
//! | administer the host, its console, and read the audit trail | yes | yes | no               | no           |
//!
//! A user's own host serves that user's sessions only, so its owner is its administrator beside
//! root. The machine's host serves everybody: there each session's user is its owner, root and the
//! group `winsta-admins` administer, and whoever asks for something that is no session's is one of
//! its users. (Who may have passwords checked and lead clients from the network to users' own hosts
//! are two questions apart: [`may_vouch`], [`may_lead`].) Sessions that are found elsewhere on the machine are their own users' with both:
//! "the owner" is the session's user, and a stranger's right ends at listing them.

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
    /// See lists of processes and warnings, of all sessions that one may look into.
    Survey,
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
    /// Get to the keeper, where a permit decides.
    ReachKeeper,
    /// See which certificates the host knows.
    Trusted,
    /// Give somebody a token for theirs.
    Token,
    /// Enrol one.
    Enrol,
    /// Take one off the list.
    Distrust,
    /// See session configurations.
    Configurations,
    /// Make, change and remove session configurations.
    Configure,
}

/// A right that verbs need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Right {
    /// To see that sessions are there.
    List,
    /// To see what is in them.
    Look,
    /// To have sessions of one's own.
    Use,
    /// To control them.
    Control,
    /// To administer the host.
    Administer,
    /// To have remote shells of a session configuration.
    Configuration,
    /// To have passwords of the machine's users checked.
    Vouch,
    /// To lead clients to this user's host.
    Lead,
}

/// What the caller is to what they want to do something to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    /// Root, or one of the machine's administrators.
    Administrator,
    /// The user whose host or whose session it is.
    Owner,
    /// A user of the machine's host, where it is about no session.
    User,
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
        (Relation::Administrator | Relation::Owner, _)
        | (Relation::User, Right::List | Right::Use)
        | (Relation::Stranger, Right::List) => Decision::Allow,
        (
            Relation::User,
            Right::Look
            | Right::Control
            | Right::Administer
            | Right::Configuration
            | Right::Vouch
            | Right::Lead,
        )
        | (
            Relation::Stranger,
            Right::Look
            | Right::Use
            | Right::Control
            | Right::Administer
            | Right::Configuration
            | Right::Vouch
            | Right::Lead,
        ) => Decision::Deny(right),
    }
}

/// Whether `user` may have sessions of a configuration whose `permission` names users, and groups
/// behind an `@`. One that names nobody is everybody's who may use the host.
pub(crate) fn permitted(
    permission: &[String],
    user: &str,
    is_member: impl Fn(&str) -> bool,
) -> Decision {
    let is_named = permission.iter().any(|name| match name.strip_prefix('@') {
        Some(group) => is_member(group),
        None => name == user,
    });
    if permission.is_empty() || is_named {
        Decision::Allow
    } else {
        Decision::Deny(Right::Configuration)
    }
}

/// Whether user `asking` may have root's helper check passwords: root, and the gateway's user if the
/// machine has one.
pub(crate) fn may_vouch(asking: u32, gateway: Option<u32>) -> Decision {
    if asking == 0 || gateway == Some(asking) {
        Decision::Allow
    } else {
        Decision::Deny(Right::Vouch)
    }
}

/// Whether user `leading` may lead clients to a user's own host, as that user: root's helper, which
/// has seen their password, and nobody else.
pub(crate) fn may_lead(leading: u32) -> Decision {
    if leading == 0 {
        Decision::Allow
    } else {
        Decision::Deny(Right::Lead)
    }
}

impl Right {
    /// What the right allows, for a sentence that begins with "you lack the right to".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::List => "list sessions",
            Self::Look => "look into this user's sessions",
            Self::Use => "have sessions on this user's host",
            Self::Control => "control this user's sessions",
            Self::Administer => "administer this host",
            Self::Configuration => "have sessions of this configuration",
            Self::Vouch => "have passwords checked",
            Self::Lead => "lead clients to this user's host",
        }
    }
}

fn needed(verb: Verb) -> Right {
    match verb {
        Verb::List | Verb::Status => Right::List,
        Verb::Output | Verb::Screen | Verb::Inspect | Verb::Wait => Right::Look,
        Verb::Events
        | Verb::Survey
        | Verb::Create
        | Verb::Remote
        | Verb::ReachKeeper
        | Verb::Configurations => Right::Use,
        Verb::Attach
        | Verb::Disconnect
        | Verb::End
        | Verb::CancelWarning
        | Verb::Kill
        | Verb::Message
        | Verb::Input
        | Verb::Change => Right::Control,
        Verb::Audit
        | Verb::CreateConsole
        | Verb::Stop
        | Verb::Upgrade
        | Verb::Trusted
        | Verb::Token
        | Verb::Enrol
        | Verb::Distrust
        | Verb::Configure => Right::Administer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: [(Verb, Right); 27] = [
        (Verb::Events, Right::Use),
        (Verb::Survey, Right::Use),
        (Verb::Create, Right::Use),
        (Verb::Output, Right::Look),
        (Verb::Screen, Right::Look),
        (Verb::Inspect, Right::Look),
        (Verb::Wait, Right::Look),
        (Verb::Attach, Right::Control),
        (Verb::Disconnect, Right::Control),
        (Verb::End, Right::Control),
        (Verb::CancelWarning, Right::Control),
        (Verb::Kill, Right::Control),
        (Verb::Message, Right::Control),
        (Verb::Input, Right::Control),
        (Verb::Change, Right::Control),
        (Verb::Remote, Right::Use),
        (Verb::ReachKeeper, Right::Use),
        (Verb::Audit, Right::Administer),
        (Verb::CreateConsole, Right::Administer),
        (Verb::Stop, Right::Administer),
        (Verb::Upgrade, Right::Administer),
        (Verb::Trusted, Right::Administer),
        (Verb::Token, Right::Administer),
        (Verb::Enrol, Right::Administer),
        (Verb::Distrust, Right::Administer),
        (Verb::Configurations, Right::Use),
        (Verb::Configure, Right::Administer),
    ];

    #[test]
    fn strangers_are_refused_with_the_right_they_lack() {
        for (verb, right) in REFUSED {
            let decided = decide(Relation::Stranger, verb);
            assert_eq!(decided, Decision::Deny(right), "{verb:?}");
            for relation in [Relation::Owner, Relation::Administrator] {
                assert_eq!(decide(relation, verb), Decision::Allow, "{verb:?}");
            }
        }
    }

    #[test]
    fn users_of_a_shared_host_may_use_it_and_no_more() {
        for (verb, right) in REFUSED {
            let decided = decide(Relation::User, verb);
            let expected = match right {
                Right::Use => Decision::Allow,
                other => Decision::Deny(other),
            };
            assert_eq!(decided, expected, "{verb:?}");
        }
    }

    #[test]
    fn a_configuration_is_for_those_whom_it_names() {
        let named = ["ann", "@ops"].map(str::to_owned);
        let ops = |group: &str| group == "ops";
        let denied = Decision::Deny(Right::Configuration);
        for (permission, user, is_member, decided) in [
            (&named[..0], "bob", false, Decision::Allow),
            (&named[..], "ann", false, Decision::Allow),
            (&named[..], "bob", true, Decision::Allow),
            (&named[..], "bob", false, denied),
            (&named[..], "@ops", false, denied),
            (&named[..], "ops", false, denied),
            (&named[..1], "bob", true, denied),
        ] {
            let decision = permitted(permission, user, |group| is_member && ops(group));
            assert_eq!(decision, decided, "{permission:?} {user}");
        }
    }

    #[test]
    fn only_root_and_the_gateway_have_passwords_checked() {
        for (asking, gateway, decided) in [
            (0, None, Decision::Allow),
            (998, Some(998), Decision::Allow),
            (1_002, Some(998), Decision::Deny(Right::Vouch)),
            (998, None, Decision::Deny(Right::Vouch)),
        ] {
            assert_eq!(may_vouch(asking, gateway), decided, "{asking} {gateway:?}");
        }
    }

    #[test]
    fn only_root_leads_to_users() {
        assert_eq!(may_lead(0), Decision::Allow);
        for other in [998, 1_002] {
            assert_eq!(may_lead(other), Decision::Deny(Right::Lead), "{other}");
        }
    }

    #[test]
    fn anybody_may_list() {
        let relations = [
            Relation::Administrator,
            Relation::Owner,
            Relation::User,
            Relation::Stranger,
        ];
        for relation in relations {
            for verb in [Verb::List, Verb::Status] {
                assert_eq!(decide(relation, verb), Decision::Allow);
            }
        }
    }
}
