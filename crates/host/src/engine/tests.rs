use std::sync::PoisonError;

use winsta_api::{EndRequest, Fields, How, NewSession};
use winsta_domain::{ConnectionId, State};
use winsta_wire::{Answer, Buffering, Conduit, Event, RingReport, SessionReport};

use super::*;
use crate::keeper::port::{Asked, KeeperError};
use crate::keeper::sink::Found;
use crate::meta::Transport;
use crate::people::Caller;

/// The user whose host it is.
const ANN: u32 = 7;
const ROOT: Caller = Caller {
    uid: 0,
    pid: None,
    remote: None,
};

/// A keeper that says yes to everything, at once.
#[derive(Default)]
struct FakeKeeper {
    heard: Mutex<Vec<Verb>>,
    refuses: AtomicBool,
}

impl FakeKeeper {
    fn heard(&self) -> Vec<Verb> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, verb: &Verb) -> Result<Answer, KeeperError> {
        if self.refuses.load(Ordering::Acquire) {
            return Err(KeeperError::Lost);
        }
        Ok(match verb {
            Verb::Spawn(spawn) => Answer::Spawned(Box::new(report(spawn.session))),
            Verb::Census { after: None } => Answer::Census {
                members: vec![member(1, 4_711), member(1, 4_712), member(2, 4_711)],
                more: true,
            },
            Verb::Census { .. } => Answer::Census {
                members: vec![member(2, 4_713), member(77, 4_714)],
                more: false,
            },
            Verb::Notify { .. } => Answer::Notified {
                connections: Vec::new(),
            },
            _ => Answer::Done,
        })
    }
}

impl KeeperPort for FakeKeeper {
    fn post(&self, verb: Verb) {
        self.heard.lock().unwrap().push(verb);
    }

    fn ask(&self, verb: Verb, _tail: Vec<u8>) -> Asked {
        let (reply, asked) = oneshot::channel();
        reply
            .send(self.answer(&verb).map(|answer| (answer, Vec::new())))
            .unwrap();
        self.heard.lock().unwrap().push(verb);
        asked
    }
}

fn report(session: SessionId) -> SessionReport {
    SessionReport {
        session,
        slot: session.0,
        leader: 4_711,
        device: Some("pts/9".to_owned()),
        conduit: Conduit::Pty(winsta_domain::TerminalSize::DEFAULT),
        buffering: Buffering::Drop,
        started: Timestamp(5),
        last_input: Timestamp(5),
        written: None,
        rings: vec![RingReport {
            base: 0,
            end: 0,
            capacity: 4_096,
        }],
        connections: Vec::new(),
        exit: None,
        ending: false,
        meta: String::new(),
    }
}

fn member(session: u32, pid: u32) -> (SessionId, winsta_wire::Member) {
    let image = "sh".to_owned();
    (
        SessionId(session),
        winsta_wire::Member { pid, image, uid: 0 },
    )
}

struct Scene {
    engine: Engine,
    keeper: Arc<FakeKeeper>,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Arc::new(FakeKeeper::default());
        let problems = Problems::default();
        let audit = Audit::start(folder.path().join("audit.db"), problems.clone()).unwrap();
        let engine = Engine::new(Parts {
            host: "h".to_owned(),
            owner: Owner {
                uid: ANN,
                name: "ann".to_owned(),
                home: "/home/ann".to_owned(),
                shell: "/bin/zsh".to_owned(),
            },
            config: Config::default(),
            dirs: Dirs::at(folder.path(), folder.path()),
            audit,
            problems,
            orphans: Arc::new(Orphans::default()),
            serves: Serves::Owner(Arc::clone(&keeper) as Arc<dyn KeeperPort>),
            numbering: Numbering::open(folder.path()).unwrap(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        Self {
            engine,
            keeper,
            runtime: runtime.unwrap(),
            _folder: folder,
        }
    }

    /// Starts a session, as the driver would: what the keeper says of it is taken in.
    fn start(&self) -> SessionId {
        let session = self
            .runtime
            .block_on(self.engine.create(NewSession::default(), ROOT))
            .unwrap();
        let id = SessionId(session.session.id);
        self.engine.spawned(&report(id), Vec::new());
        id
    }

    fn state(&self, id: SessionId) -> Option<State> {
        self.engine
            .session(id, None)
            .ok()
            .map(|session| session.state)
    }
}

fn spawn_of(heard: &[Verb]) -> &winsta_wire::Spawn {
    heard
        .iter()
        .find_map(|verb| match verb {
            Verb::Spawn(spawn) => Some(&**spawn),
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_session_without_a_command_is_a_login_shell() {
    let scene = Scene::new();
    let id = scene.start();
    let heard = scene.keeper.heard();
    let spawn = spawn_of(&heard);
    assert_eq!(spawn.argv, ["/bin/zsh"]);
    assert_eq!(spawn.arg0.as_deref(), Some("-zsh"));
    assert_eq!(spawn.cwd, "/home/ann");
    let value = |name: &str| {
        let mut found = spawn
            .env
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.as_str());
        let first = found.next();
        assert_eq!(found.next(), None, "{name} is set once");
        first
    };
    assert_eq!(value("WINSTA_SESSION"), Some(id.to_string().as_str()));
    assert!(value("WINSTA_SOCKET").unwrap().ends_with("/host.sock"));
    assert_eq!(scene.state(id), Some(State::Disconnected));
}

#[test]
fn a_session_that_cannot_be_started_leaves_nothing_but_its_number() {
    let scene = Scene::new();
    scene.keeper.refuses.store(true, Ordering::Release);
    let wanted = scene.engine.create(NewSession::default(), ROOT);
    assert!(scene.runtime.block_on(wanted).is_err());
    assert!(scene.engine.is_empty());
    scene.keeper.refuses.store(false, Ordering::Release);
    assert_eq!(scene.start(), SessionId(2), "numbers are not given twice");
}

#[test]
fn an_exit_is_collected_told_and_remembered() {
    let scene = Scene::new();
    let id = scene.start();
    let mut changes = scene.engine.changes.subscribe();
    scene.keeper.heard();
    let status = ExitStatus::Code(3);
    scene.engine.event(
        ANN,
        Event::Exited {
            session: id,
            status,
        },
    );
    assert_eq!(scene.keeper.heard(), [Verb::Collect { session: id }]);
    assert_eq!(changes.try_recv().unwrap().change, "ended");
    assert_eq!(scene.state(id), None);
    let report = scene.runtime.block_on(scene.engine.wait(id)).unwrap();
    assert_eq!(report.exit_code, 3);
}

#[test]
fn who_waits_is_told_which_step_did_it() {
    let scene = Scene::new();
    let id = scene.start();
    let request = EndRequest {
        how: How::Logoff,
        guard: Guard {
            incarnation: scene.engine.incarnation().0,
            logon_time: scene.engine.session(id, None).unwrap().logon_time,
        },
        warn: None,
    };
    let report = scene.runtime.block_on(async {
        let happens = async {
            tokio::task::yield_now().await;
            let heard = scene.keeper.heard();
            assert!(
                heard.iter().any(|verb| matches!(verb, Verb::End { .. })),
                "{heard:?}"
            );
            assert_eq!(scene.state(id), Some(State::Reset));
            let status = ExitStatus::Signal(15);
            scene.engine.event(
                ANN,
                Event::Exited {
                    session: id,
                    status,
                },
            );
            scene.engine.event(
                ANN,
                Event::Emptied {
                    session: id,
                    signal: 15,
                    left: 0,
                },
            );
        };
        tokio::join!(scene.engine.end(id, request, ROOT), happens).0
    });
    let report = report.unwrap();
    assert_eq!((report.ended, report.step.as_str()), (true, "TERM"));
}

#[test]
fn a_next_host_knows_what_this_one_wrote() {
    let scene = Scene::new();
    let id = scene.start();
    scene
        .engine
        .set_label(id, Some("build".to_owned()))
        .unwrap();
    let heard = scene.keeper.heard();
    let meta = heard.iter().rev().find_map(|verb| match verb {
        Verb::SetMeta { meta, .. } => Some(meta.clone()),
        _ => None,
    });
    let mut found = report(id);
    found.meta = meta.unwrap();
    found.connections.push(winsta_wire::ConnectionReport {
        connection: ConnectionId(12),
        mode: winsta_wire::AttachMode::Share,
        since: Timestamp(9),
        pid: 1,
        note: r#"{"client_name":"tty1"}"#.to_owned(),
        behind: false,
    });
    let before = scene.engine.session(id, None).unwrap();
    let next = Scene::new();
    next.engine.reconcile(
        ANN,
        vec![Found {
            report: found,
            keepsakes: Vec::new(),
        }],
    );
    let after = next.engine.session(id, None).unwrap();
    assert_eq!(after.label.as_deref(), Some("build"));
    assert_eq!(after.logon_time, before.logon_time);
    assert_eq!(
        (after.state, after.name.as_deref()),
        (State::Active, Some("pty#12"))
    );
    assert_eq!(after.client_name.as_deref(), Some("tty1"));
    assert_eq!(next.start(), SessionId(id.0 + 1), "its number is taken");
    assert_eq!(next.engine.core().next_connection, 13);
}

#[test]
fn a_lost_keeper_hands_everything_over() {
    let scene = Scene::new();
    let (one, two) = (scene.start(), scene.start());
    scene.engine.event(
        ANN,
        Event::Attached {
            session: one,
            connection: ConnectionId(1),
            pid: 1,
        },
    );
    assert_eq!(scene.state(one), Some(State::Active));
    let orphaned = scene.engine.lost(ANN);
    let handed = orphaned.iter().map(|orphan| orphan.adopt.report.session);
    assert_eq!(handed.collect::<Vec<_>>(), [one, two]);
    assert_eq!(
        scene.state(one),
        Some(State::Disconnected),
        "its client went with the keeper"
    );
    scene
        .engine
        .not_adopted(&orphaned[0], &KeeperError::Strange);
    assert_eq!(scene.state(one), None);
    let report = scene.runtime.block_on(scene.engine.wait(one)).unwrap();
    assert_eq!(report.exit_code, 255, "nobody knows how it ended");
    scene.engine.reconcile(ANN, Vec::new());
    assert_eq!(scene.state(two), None, "no keeper has it");
}

#[test]
fn the_processes_of_all_sessions_are_asked_for_together() {
    let scene = Scene::new();
    let (one, two) = (scene.start(), scene.start());
    scene.keeper.heard();
    scene.engine.event(
        ANN,
        Event::Attached {
            session: two,
            connection: ConnectionId(3),
            pid: 1,
        },
    );
    scene.keeper.heard();
    let all = scene.engine.all_processes(&ROOT, Some(one));
    let all = scene.runtime.block_on(all).unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|p| (p.id, p.pid, p.session_name.as_deref(), p.current))
        .collect();
    let name = Some("pty#3");
    let expected = [
        (1, 4_711, None, true),
        (1, 4_712, None, true),
        (2, 4_711, name, false),
        (2, 4_713, name, false),
    ];
    assert_eq!(all, expected, "and none of a session that nobody knows");
    let after = Some((two, 4_711));
    let asked = [Verb::Census { after: None }, Verb::Census { after }];
    assert_eq!(scene.keeper.heard(), asked);
}

#[test]
fn a_user_who_watches_is_in_shadow() {
    let scene = Scene::new();
    let (mine, theirs) = (scene.start(), scene.start());
    scene.engine.event(
        ANN,
        Event::Attached {
            session: mine,
            connection: ConnectionId(40),
            pid: 1,
        },
    );
    let request = winsta_api::AttachRequest {
        mode: winsta_api::Attachment::View,
        client_name: None,
        client_address: None,
        ask_consent: false,
        from_session: Some(mine.0),
    };
    let inside = scene
        .engine
        .ticket(mine, &request, ROOT, Transport::default());
    let inside = scene.runtime.block_on(inside).unwrap_err();
    assert_eq!(inside.code, ErrorCode::Conflict);
    let ticket = scene
        .engine
        .ticket(theirs, &request, ROOT, Transport::default());
    scene.runtime.block_on(ticket).unwrap();
    let connection = ConnectionId(scene.engine.core().next_connection - 1);
    scene.engine.event(
        ANN,
        Event::Attached {
            session: theirs,
            connection,
            pid: 1,
        },
    );
    assert_eq!(scene.state(mine), Some(State::Shadow));
    scene.engine.event(
        ANN,
        Event::Detached {
            session: theirs,
            connection,
        },
    );
    assert_eq!(scene.state(mine), Some(State::Active));
}

#[test]
fn the_list_is_the_sessions_in_order() {
    let scene = Scene::new();
    let ids = [scene.start(), scene.start()];
    let json = scene.engine.list(Fields::ALL, Some(ids[1]));
    let listed: Vec<winsta_api::Session> = serde_json::from_slice(&json).unwrap();
    let numbers = listed.iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(numbers, [0, 1, 2, SessionId::FIRST_LISTENER]);
    assert_eq!(
        listed[2],
        scene.engine.session(ids[1], Some(ids[1])).unwrap()
    );
}

/// What was found elsewhere is guarded as what is hosted: the number alone is not enough.
#[test]
fn a_session_elsewhere_is_acted_on_only_if_it_is_meant() {
    let scene = Scene::new();
    let found = crate::elsewhere::tests::found("login 1", None);
    let id = {
        let mut core = scene.engine.core();
        let core = &mut *core;
        let snapshot = Arc::new(winsta_sources::Snapshot {
            sessions: vec![found],
            ..winsta_sources::Snapshot::default()
        });
        let wanted = crate::config::SourcesConfig::default();
        core.elsewhere.learn(snapshot, &wanted, &mut core.numbering);
        core.elsewhere.all().map(|(id, _)| id).next().unwrap()
    };
    let guard = |incarnation: &str, time: u64| Guard {
        incarnation: incarnation.to_owned(),
        logon_time: Some(Timestamp(time).rfc3339().to_string()),
    };
    let now = scene.engine.incarnation();
    for (stale, why) in [
        (guard(&now.0, 4_999), "another logon"),
        (guard("another", 5_000), "another life of the numbering"),
    ] {
        let end = EndRequest {
            how: How::Reset,
            guard: stale.clone(),
            warn: None,
        };
        let engine = &scene.engine;
        let refused = scene
            .runtime
            .block_on(engine.end(id, end, ROOT))
            .unwrap_err();
        assert_eq!(refused.code, ErrorCode::Stale, "{why}");
        let refused = scene
            .runtime
            .block_on(engine.kill(id, 1, &stale))
            .unwrap_err();
        assert_eq!(refused.code, ErrorCode::Stale, "{why}");
    }
    // Its terminal does not exist, and that is said.
    let message = winsta_api::Message {
        text: "hello".to_owned(),
        seconds: None,
        wait: false,
        from: None,
    };
    let unheard = scene
        .runtime
        .block_on(scene.engine.message(id, message, "ann"));
    assert!(unheard.unwrap_err().message.contains("was not delivered"));
    let list: Vec<winsta_api::Session> =
        serde_json::from_slice(&scene.engine.list(Fields::ALL, None)).unwrap();
    let ids: Vec<u32> = list.iter().map(|session| session.id).collect();
    assert_eq!(ids, [0, id.0, SessionId::FIRST_LISTENER]);
    assert_eq!(scene.engine.session(id, None).unwrap(), list[1]);
}
