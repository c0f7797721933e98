//! Which sessions a word on a command line means, and which a filter lets through.

use crate::glob::Glob;
use crate::ids::SessionId;
use crate::span::Span;
use crate::state::State;

/// What is known of a session when one is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Number of the session.
    pub id: SessionId,
    /// Name of its connection.
    pub name: Option<&'a str>,
    /// User that it belongs to.
    pub user: Option<&'a str>,
    /// Label that its user gave it.
    pub label: Option<&'a str>,
    /// State that it is in.
    pub state: State,
    /// Seconds since its user's last input.
    pub idle_seconds: Option<u64>,
    /// Name of the source that lists it: `hosted`, `ssh`, `xrdp`, `console`, `windows`.
    pub source: &'a str,
}

/// What of a session a target named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Its connection's name (SESSIONNAME).
    Name,
    /// Its number.
    Id,
    /// Its user.
    User,
    /// Its label.
    Label,
}

/// The sessions that a target means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Selection {
    /// There is none.
    Nothing,
    /// One.
    One(usize),
    /// Several, none more likely than the others.
    Several(By, Vec<usize>),
}

impl Selection {
    /// Positions of all sessions that are meant, in the order of the list.
    pub fn positions(self) -> Vec<usize> {
        match self {
            Self::Nothing => Vec::new(),
            Self::One(position) => vec![position],
            Self::Several(_, positions) => positions,
        }
    }
}

/// Whether a session has what the target says.
type Matcher = fn(&Candidate<'_>, &str, Fit) -> bool;

/// The sessions of `list` that `target` means: a connection's name, else a number, else a user,
/// else a label. Names are compared in any case; one that fits exactly wins.
pub fn resolve(target: &str, list: &[Candidate<'_>]) -> Selection {
    let tries: [(By, Matcher); 4] = [
        (By::Name, |c, target, fit| fit.fits(c.name, target)),
        (By::Id, |c, target, _| {
            is_id(target) && target.parse() == Ok(c.id)
        }),
        (By::User, |c, target, fit| fit.fits(c.user, target)),
        (By::Label, |c, target, fit| fit.fits(c.label, target)),
    ];
    for (by, matches) in tries {
        for fit in [Fit::Exact, Fit::AnyCase] {
            let found: Vec<usize> = list
                .iter()
                .enumerate()
                .filter(|(_, candidate)| matches(candidate, target, fit))
                .map(|(position, _)| position)
                .collect();
            match found.as_slice() {
                [] => {}
                [one] => return Selection::One(*one),
                _ => return Selection::Several(by, found),
            }
        }
    }
    Selection::Nothing
}

/// How closely a name has to fit.
#[derive(Clone, Copy)]
enum Fit {
    Exact,
    AnyCase,
}

impl Fit {
    fn fits(self, name: Option<&str>, target: &str) -> bool {
        let Some(name) = name else { return false };
        match self {
            Self::Exact => name == target,
            Self::AnyCase => same_name(name, target),
        }
    }
}

/// Whether a text is written as a session's number: digits only, so that `+3` is a name.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether two names differ at most in the case of their letters.
fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

/// Conditions that a session must meet, all of them; within one, any of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// States to be in.
    pub states: Vec<State>,
    /// To be idle for longer than this; a session whose idle time is unknown is not.
    pub idle_over: Option<Span>,
    /// Users to belong to.
    pub users: Vec<String>,
    /// Not to be named by any of these: user, connection name, number or label.
    pub exclude: Vec<String>,
    /// Sources to come from.
    pub sources: Vec<String>,
    /// Patterns for the label.
    pub labels: Vec<Glob>,
}

impl Filter {
    /// Whether there is any condition.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `candidate` meets all conditions.
    #[must_use]
    pub fn accepts(&self, candidate: &Candidate<'_>) -> bool {
        let state = self.states.is_empty() || self.states.contains(&candidate.state);
        let idle = self.idle_over.is_none_or(|limit| {
            candidate
                .idle_seconds
                .is_some_and(|seconds| seconds > limit.0)
        });
        let one_of = |wanted: &[String], value: Option<&str>| {
            wanted.is_empty()
                || value.is_some_and(|value| wanted.iter().any(|name| same_name(name, value)))
        };
        let label = self.labels.is_empty()
            || candidate
                .label
                .is_some_and(|label| self.labels.iter().any(|glob| glob.matches(label)));
        state
            && idle
            && one_of(&self.users, candidate.user)
            && one_of(&self.sources, Some(candidate.source))
            && label
            && !self.exclude.iter().any(|text| names(candidate, text))
    }
}

/// Whether `text` names this session in any way.
fn names(candidate: &Candidate<'_>, text: &str) -> bool {
    let by_text = [candidate.name, candidate.user, candidate.label]
        .into_iter()
        .flatten()
        .any(|name| same_name(name, text));
    by_text || (is_id(text) && text.parse() == Ok(candidate.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: u32, name: Option<&'static str>, user: &'static str) -> Candidate<'static> {
        Candidate {
            id: SessionId(id),
            name,
            user: (!user.is_empty()).then_some(user),
            label: None,
            state: if name.is_some() {
                State::Active
            } else {
                State::Disconnected
            },
            idle_seconds: Some(u64::from(id) * 3_600),
            source: "hosted",
        }
    }

    fn list() -> Vec<Candidate<'static>> {
        vec![
            Candidate {
                idle_seconds: None,
                source: "console",
                ..session(0, Some("console"), "")
            },
            session(1, None, "gatesb"),
            session(3, Some("pty#93"), "jobss"),
            Candidate {
                label: Some("Build"),
                ..session(4, None, "jobss")
            },
            session(5, Some("pty#94"), "3"),
            session(6, None, "Ärger"),
            session(7, None, "JobSS"),
            Candidate {
                label: Some("build"),
                ..session(8, None, "console")
            },
        ]
    }

    #[test]
    fn a_target_is_a_name_then_an_id_then_a_user_then_a_label() {
        let cases = [
            ("console", Selection::One(0)),
            ("CONSOLE", Selection::One(0)),
            ("0", Selection::One(0)),
            ("PTY#93", Selection::One(2)),
            ("3", Selection::One(2)),
            ("03", Selection::One(2)),
            ("+3", Selection::Nothing),
            ("gatesb", Selection::One(1)),
            ("GatesB", Selection::One(1)),
            ("jobss", Selection::Several(By::User, vec![2, 3])),
            ("JobSS", Selection::One(6)),
            ("JOBSS", Selection::Several(By::User, vec![2, 3, 6])),
            ("ärger", Selection::One(5)),
            ("build", Selection::One(7)),
            ("BUILD", Selection::Several(By::Label, vec![3, 7])),
            ("nobody", Selection::Nothing),
            ("", Selection::Nothing),
            ("99999999999", Selection::Nothing),
        ];
        for (target, expected) in cases {
            assert_eq!(resolve(target, &list()), expected, "{target:?}");
        }
    }

    #[test]
    fn a_filter_wants_every_condition() {
        let accepted = |filter: &Filter| -> Vec<u32> {
            let list = list();
            let kept = list.iter().filter(|c| filter.accepts(c));
            kept.map(|c| c.id.0).collect()
        };
        let some = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let disconnected = Filter {
            states: vec![State::Disconnected],
            ..Filter::default()
        };
        assert!(Filter::default().is_empty());
        assert!(!disconnected.is_empty());
        assert_eq!(accepted(&Filter::default()), [0, 1, 3, 4, 5, 6, 7, 8]);
        assert_eq!(accepted(&disconnected), [1, 4, 6, 7, 8]);
        assert_eq!(
            accepted(&Filter {
                idle_over: Some(Span(4 * 3_600)),
                ..disconnected.clone()
            }),
            [6, 7, 8]
        );
        assert_eq!(
            accepted(&Filter {
                users: some(&["jobss", "gatesb"]),
                exclude: some(&["4", "GATESB"]),
                ..Filter::default()
            }),
            [3, 7]
        );
        assert_eq!(
            accepted(&Filter {
                sources: some(&["Console"]),
                ..Filter::default()
            }),
            [0]
        );
        assert_eq!(
            accepted(&Filter {
                labels: vec!["b*".parse().unwrap()],
                exclude: some(&["console"]),
                ..Filter::default()
            }),
            [4]
        );
    }

    #[test]
    fn an_unknown_idle_time_is_never_long_enough() {
        let filter = Filter {
            idle_over: Some(Span(0)),
            ..Filter::default()
        };
        assert!(!filter.accepts(&list()[0]));
    }
}
