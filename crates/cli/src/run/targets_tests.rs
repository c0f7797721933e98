//! What a word, a filter or nothing means, to a listing and to a verb.

use super::*;
use crate::report::{Exit, Text};
use crate::table::sample;

fn sessions() -> Vec<Session> {
    let session = |id, name: Option<&str>, user: Option<&str>, state| Session {
        id,
        name: name.map(str::to_owned),
        user: user.map(str::to_owned),
        state,
        ..sample()
    };
    vec![
        session(0, Some("console"), None, State::Connected),
        session(1, None, Some("ann"), State::Disconnected),
        session(2, Some("pty#1"), Some("bob"), State::Active),
        session(3, None, Some("bob"), State::Disconnected),
        session(65_536, Some("pty"), None, State::Listen),
    ]
}

fn wanted(target: Option<&str>, all: bool, filter: Filter, own: Option<u32>) -> Wanted<'_> {
    Wanted {
        target,
        filter,
        all,
        own: own.map(SessionId),
    }
}

fn ids(wanted: &Wanted<'_>) -> Result<Vec<u32>, (Exit, String)> {
    let sessions = sessions();
    let result = several(&sessions, wanted).map(|found| found.iter().map(|s| s.id).collect());
    result.map_err(|failure| match failure.text {
        Text::Error(text) | Text::Plain(text) => (failure.exit, text),
        Text::Silent => (failure.exit, String::new()),
    })
}

#[test]
fn verbs_are_done_to_what_is_meant() {
    let disconnected = || Filter {
        states: vec![State::Disconnected],
        ..Filter::default()
    };
    let none = Filter::default;
    let cases: [(Wanted<'_>, &[u32]); 8] = [
        (wanted(Some("pty#1"), false, none(), None), &[2]),
        (wanted(Some("ann"), false, none(), None), &[1]),
        (wanted(Some("bob"), true, none(), None), &[2, 3]),
        (wanted(Some("bob"), false, disconnected(), None), &[3]),
        (wanted(None, false, none(), Some(3)), &[3]),
        (wanted(None, false, disconnected(), None), &[1, 3]),
        // Neither the idle console nor a listener is anybody's.
        (wanted(None, true, none(), None), &[1, 2, 3]),
        // The own session goes last.
        (wanted(None, true, none(), Some(1)), &[2, 3, 1]),
    ];
    for (wanted, expected) in cases {
        assert_eq!(ids(&wanted).unwrap(), expected, "{:?}", wanted.target);
    }
}

#[test]
fn verbs_without_a_clear_meaning_are_refused() {
    let none = Filter::default;
    let active = Filter {
        states: vec![State::Active],
        ..Filter::default()
    };
    let cases = [
        (
            wanted(Some("bob"), false, none(), None),
            Exit::Usage,
            "'bob' means several sessions:\n  session 2 (bob, pty#1, Active)\n  session 3 (bob, Disc)",
        ),
        (
            wanted(Some("eve"), false, none(), None),
            Exit::Nothing,
            "No session exists for eve",
        ),
        (
            wanted(Some("e\x1bve"), false, none(), None),
            Exit::Nothing,
            "No session exists for e^[ve",
        ),
        (
            wanted(Some("ann"), false, active, None),
            Exit::Nothing,
            "No session exists for ann",
        ),
        (
            wanted(None, false, none(), None),
            Exit::Usage,
            "no session is named, and this is not one",
        ),
        (
            wanted(None, false, none(), Some(9)),
            Exit::Nothing,
            "No session exists for 9",
        ),
    ];
    for (wanted, exit, text) in cases {
        assert_eq!(ids(&wanted), Err((exit, text.to_owned())));
    }
}

#[test]
fn listings_show_every_session_that_a_word_means() {
    let listing = || Listing {
        incarnation: "i".to_owned(),
        sessions: sessions(),
    };
    let ids = |target, filter: &Filter| {
        let found = listed(listing(), target, filter, "session");
        found.map(|found| found.iter().map(|s| s.id).collect::<Vec<_>>())
    };
    let none = Filter::default();
    assert_eq!(ids(None, &none).unwrap(), [0, 1, 2, 3, 65_536]);
    assert_eq!(ids(Some("BOB"), &none).unwrap(), [2, 3]);
    assert_eq!(ids(Some("65536"), &none).unwrap(), [65_536]);
    let users = Filter {
        users: vec!["ann".to_owned()],
        ..Filter::default()
    };
    assert_eq!(ids(None, &users).unwrap(), [1]);
    let missing = ids(Some("bob"), &users).unwrap_err();
    assert_eq!(missing.exit, Exit::Nothing);
}

#[test]
fn one_session_is_one() {
    let sessions = sessions();
    assert_eq!(one(&sessions, "3").unwrap().id, 3);
    assert_eq!(one(&sessions, "bob").unwrap_err().exit, Exit::Usage);
    assert_eq!(one(&sessions, "eve").unwrap_err().exit, Exit::Nothing);
}
