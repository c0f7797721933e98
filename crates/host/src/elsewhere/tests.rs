use winsta_domain::Incarnation;
use winsta_sources::Key;
use winsta_sources::parse::tty::Tty;

use super::*;
use crate::access::Verb;
use crate::sources::{Login, SessionSource, Support, unsupported};

pub(crate) fn found(key: &str, leader: Option<&str>) -> Found {
    Found {
        key: Key(key.to_owned()),
        leader_key: leader.map(|key| Key(key.to_owned())),
        origin: Origin::Ssh,
        user: "bob".to_owned(),
        uid: 1_002,
        state: State::Active,
        ttys: vec![Tty::Pts(99_999)],
        display: None,
        graphical: false,
        logon: Timestamp(5_000),
        disconnected: None,
        client_name: None,
        client_address: Some("10.0.0.5".to_owned()),
        leader: leader.map(|_| 77),
        login: Some("3".to_owned()),
        scope: None,
        cgroup: None,
        connection: None,
    }
}

fn snapshot(sessions: &[Found]) -> Arc<Snapshot> {
    Arc::new(Snapshot {
        sessions: sessions.to_vec(),
        ..Snapshot::default()
    })
}

/// A host's numbers and what it finds, on the same files as the one before it.
struct Host {
    numbering: Numbering,
    elsewhere: Elsewhere,
}

impl Host {
    fn start(folder: &std::path::Path) -> Self {
        let numbering = Numbering::open(folder).unwrap();
        let register = Register::open(folder, &numbering);
        Self {
            elsewhere: Elsewhere::new(register),
            numbering,
        }
    }

    fn learn(&mut self, sessions: &[Found]) -> Vec<u32> {
        let config = SourcesConfig::default();
        self.elsewhere
            .learn(snapshot(sessions), &config, &mut self.numbering);
        self.elsewhere.all().map(|(id, _)| id.0).collect()
    }
}

#[test]
fn numbers_outlive_the_host_and_are_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (found("login 1", None), found("login 2", None));
    let mut first = Host::start(folder.path());
    assert_eq!(first.learn(&[one.clone(), two.clone()]), [1, 2]);
    let mut second = Host::start(folder.path());
    assert_eq!(second.learn(std::slice::from_ref(&two)), [2]);
    let mut third = Host::start(folder.path());
    // The first has ended; were it there again, it would be another.
    assert_eq!(third.learn(&[one, two]), [2, 3]);
}

#[test]
fn a_session_that_is_found_in_another_way_keeps_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(folder.path());
    assert_eq!(host.learn(&[found("login 1", Some("process 77"))]), [1]);
    assert_eq!(host.learn(&[found("process 77", Some("process 77"))]), [1]);
    assert_eq!(host.learn(&[found("login 1", None)]), [1]);
}

#[test]
fn nothing_is_forgotten_while_less_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(folder.path());
    assert_eq!(host.learn(&[found("login 1", None)]), [1]);
    let trouble = Arc::new(Snapshot {
        trouble: Some("D-Bus does not answer".to_owned()),
        ..Snapshot::default()
    });
    let config = SourcesConfig::default();
    host.elsewhere.learn(trouble, &config, &mut host.numbering);
    assert_eq!(host.elsewhere.all().count(), 0);
    assert_eq!(host.learn(&[found("login 1", None)]), [1]);
}

#[test]
fn numbers_of_another_life_mean_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(folder.path());
    assert_eq!(
        host.learn(&[found("login 9", None), found("login 1", None)]),
        [1, 2]
    );
    std::fs::remove_file(folder.path().join("incarnation")).unwrap();
    let mut next = Host::start(folder.path());
    assert_ne!(next.numbering.incarnation(), &Incarnation(String::new()));
    assert_eq!(next.learn(&[found("login 1", None)]), [1]);
    std::fs::write(
        folder.path().join("sessions-elsewhere"),
        "{\"incarnation\":3",
    )
    .unwrap();
    assert_eq!(
        Host::start(folder.path()).learn(&[found("login 1", None)]),
        [2]
    );
}

#[test]
fn what_becomes_of_sessions_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(folder.path());
    let mut told = |sessions: &[Found]| -> Vec<(u32, &'static str)> {
        let config = SourcesConfig::default();
        let events = host
            .elsewhere
            .learn(snapshot(sessions), &config, &mut host.numbering);
        events
            .iter()
            .map(|event| (event.id.0, event.change))
            .collect()
    };
    let (one, two) = (found("login 1", None), found("login 2", None));
    let cut = Found {
        state: State::Down,
        ..one.clone()
    };
    assert_eq!(told(std::slice::from_ref(&one)), [], "it was there before");
    assert_eq!(told(&[one.clone(), two.clone()]), [(2, "created")]);
    assert_eq!(told(&[cut.clone(), two.clone()]), [(1, "disconnected")]);
    assert_eq!(told(&[cut, two.clone()]), []);
    assert_eq!(told(&[one, two.clone()]), [(1, "connected")]);
    assert_eq!(told(&[two]), [(1, "ended")]);
}

#[test]
fn only_what_is_wanted_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start(folder.path());
    let config: crate::config::Config = toml::from_str("sources = ['xrdp']").unwrap();
    host.elsewhere.learn(
        snapshot(&[found("login 1", None)]),
        &config.sources,
        &mut host.numbering,
    );
    assert_eq!(host.elsewhere.all().count(), 0);
    assert_eq!(host.numbering.give().unwrap(), SessionId(1));
}

#[test]
fn what_is_unknown_is_null() {
    let session = describe("h", SessionId(4), &found("login 1", None), None, None);
    assert_eq!(session.name.as_deref(), Some("ssh-tcp#4"));
    assert_eq!(session.kind, "ssh");
    // Its terminal is not there, so nothing is known of what was typed.
    assert_eq!(
        (session.idle_seconds, session.last_input_time),
        (None, None)
    );
    assert_eq!(
        (
            session.leader_pid,
            session.label,
            session.disconnected_since
        ),
        (None, None, None)
    );
}

/// What can be done to sessions of each origin, at a desktop and at a terminal.
#[test]
fn what_cannot_be_done_is_refused_with_a_reason_and_what_would_do() {
    let always = [
        Verb::List,
        Verb::End,
        Verb::Kill,
        Verb::Message,
        Verb::Inspect,
    ];
    let never = [
        Verb::Attach,
        Verb::Input,
        Verb::Output,
        Verb::Screen,
        Verb::Wait,
        Verb::Change,
    ];
    for (origin, graphical, can_disconnect) in [
        (Origin::Ssh, false, false),
        (Origin::Xrdp, true, true),
        (Origin::Console, false, false),
        (Origin::Console, true, true),
        (Origin::Other, false, false),
    ] {
        let found = Found {
            origin,
            graphical,
            ..found("x", None)
        };
        let login = Login {
            id: SessionId(3),
            found: &found,
        };
        assert!(login.owns(SessionId(3)) && !login.owns(SessionId(4)));
        for verb in always {
            assert_eq!(
                login.supports(verb),
                Support::Supported,
                "{origin:?} {verb:?}"
            );
        }
        for verb in never {
            let refusal = unsupported(&login, verb).unwrap();
            assert!(refusal.hint.is_some(), "{origin:?} {verb:?}");
        }
        let refusal = unsupported(&login, Verb::Disconnect);
        assert_eq!(refusal.is_none(), can_disconnect, "{origin:?} {graphical}");
    }
}
