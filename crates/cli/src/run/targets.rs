//! The sessions that a command line means.

use winsta_api::{Session, Source};
use winsta_client::Listing;
use winsta_domain::select::{Candidate, Filter, Selection, resolve};
use winsta_domain::{SessionId, State};

use crate::report::Failure;
use crate::table::layout::visible;

/// What a verb may be done to.
pub(crate) struct Wanted<'a> {
    /// The word that names sessions.
    pub(crate) target: Option<&'a str>,
    /// What narrows them.
    pub(crate) filter: Filter,
    /// Whether a word may mean several.
    pub(crate) all: bool,
    /// The session that the command runs in: what is meant if nothing else is said.
    pub(crate) own: Option<SessionId>,
}

/// The sessions that a listing shows, `kind` being what is missing if there are none.
pub(crate) fn listed(
    listing: Listing,
    target: Option<&str>,
    filter: &Filter,
    kind: &str,
) -> Result<Vec<Session>, Failure> {
    let mut keep = match target {
        None => vec![true; listing.sessions.len()],
        Some(target) => {
            let mut keep = vec![false; listing.sessions.len()];
            for position in resolve(target, &candidates(&listing.sessions)).positions() {
                if let Some(kept) = keep.get_mut(position) {
                    *kept = true;
                }
            }
            keep
        }
    };
    for (kept, session) in keep.iter_mut().zip(&listing.sessions) {
        *kept &= filter.accepts(&candidate(session));
    }
    let mut keep = keep.into_iter();
    let mut sessions = listing.sessions;
    sessions.retain(|_| keep.next().unwrap_or(false));
    if sessions.is_empty() {
        return Err(Failure::nothing(kind, target.unwrap_or("*")));
    }
    Ok(sessions)
}

/// The one session that `target` means.
pub(crate) fn one<'a>(sessions: &'a [Session], target: &str) -> Result<&'a Session, Failure> {
    let position = match resolve(target, &candidates(sessions)) {
        Selection::Nothing => None,
        Selection::One(position) => Some(position),
        Selection::Several(_, positions) => {
            let meant = positions.iter().filter_map(|at| sessions.get(*at));
            return Err(ambiguous(target, meant).with_hint("name one of them by its id"));
        }
    };
    position
        .and_then(|position| sessions.get(position))
        .ok_or_else(|| Failure::nothing("session", target))
}

/// The sessions that a verb is to be done to; the caller's own comes last, because the command may
/// end with it.
pub(crate) fn several<'a>(
    sessions: &'a [Session],
    wanted: &Wanted<'_>,
) -> Result<Vec<&'a Session>, Failure> {
    let meant = match (wanted.target, wanted.filter.is_empty() && !wanted.all) {
        (Some(target), _) => named(sessions, target, wanted)?,
        (None, true) => vec![own(sessions, wanted.own)?],
        // A filter never means a listener or the console that nobody uses.
        (None, false) => sessions.iter().filter(|s| is_somebodys(s)).collect(),
    };
    let (mut chosen, own): (Vec<_>, Vec<_>) = meant
        .into_iter()
        .filter(|session| wanted.filter.accepts(&candidate(session)))
        .partition(|session| Some(session.id) != wanted.own.map(|id| id.0));
    chosen.extend(own);
    if chosen.is_empty() {
        return Err(Failure::nothing("session", wanted.target.unwrap_or("*")));
    }
    Ok(chosen)
}

fn named<'a>(
    sessions: &'a [Session],
    target: &str,
    wanted: &Wanted<'_>,
) -> Result<Vec<&'a Session>, Failure> {
    let selection = resolve(target, &candidates(sessions));
    let unsure = matches!(selection, Selection::Several(..));
    let positions = selection.positions();
    let meant = positions.iter().filter_map(|at| sessions.get(*at));
    if unsure && !wanted.all && wanted.filter.is_empty() {
        return Err(ambiguous(target, meant).with_hint(
            "name one of them by its id, or say --all or a filter such as --state disc",
        ));
    }
    Ok(meant.collect())
}

fn own(sessions: &[Session], own: Option<SessionId>) -> Result<&Session, Failure> {
    let Some(own) = own else {
        return Err(Failure::usage("no session is named, and this is not one")
            .with_hint("name a session, as 'winsta query session' lists them"));
    };
    sessions
        .iter()
        .find(|session| session.id == own.0)
        .ok_or_else(|| Failure::nothing("session", &own.to_string()))
}

/// Whether a session belongs to somebody: no listener, no console that nobody uses.
pub(crate) fn is_somebodys(session: &Session) -> bool {
    session.user.is_some() && session.state != State::Listen
}

fn ambiguous<'a>(target: &str, meant: impl Iterator<Item = &'a Session>) -> Failure {
    let lines: Vec<String> = meant
        .map(|session| format!("\n  {}", describe(session)))
        .collect();
    Failure::usage(format!(
        "'{target}' means several sessions:{}",
        lines.concat()
    ))
}

/// A session in a few words: `session 3 (bob, pty#2, Active)`.
pub(crate) fn describe(session: &Session) -> String {
    let parts = [
        session.user.as_deref(),
        session.name.as_deref(),
        session.label.as_deref(),
        Some(session.state.short()),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().map(visible).collect();
    format!("session {} ({})", session.id, parts.join(", "))
}

/// The words by which a session can be found.
pub(crate) fn candidates(sessions: &[Session]) -> Vec<Candidate<'_>> {
    sessions.iter().map(candidate).collect()
}

fn candidate(session: &Session) -> Candidate<'_> {
    Candidate {
        id: SessionId(session.id),
        name: session.name.as_deref(),
        user: session.user.as_deref(),
        label: session.label.as_deref(),
        state: session.state,
        idle_seconds: session.idle_seconds,
        source: match session.source {
            Source::Hosted => "hosted",
            Source::Ssh => "ssh",
            Source::Xrdp => "xrdp",
            Source::Console => "console",
            Source::Windows => "windows",
            Source::Other => "other",
        },
    }
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
