use std::sync::PoisonError;

use winsta_api::{AttachRequest, Attachment, ErrorCode, Guard, SwitchRequest};
use winsta_domain::{ConnectionId, State, TerminalSize};
use winsta_wire::{Answer, AttachMode, Buffering, Conduit, ConnectionReport, Event, SessionReport};

use super::rights::Subject;
use super::voice::Voice;
use super::*;
use crate::access::{Relation, Verb as Act};
use crate::keeper::port::Asked;
use crate::keeper::sink::{Found, KeeperSink};
use crate::meta::{Meta, Transport};
use crate::people::Caller;
use crate::roll::Roll;

const ROOT: u32 = 0;
const ANN: u32 = 60_001;
const BOB: u32 = 60_002;

fn caller(uid: u32) -> Caller {
    Caller {
        uid,
        pid: None,
        remote: None,
    }
}

#[derive(Default)]
struct FakeKeeper(Mutex<Vec<Verb>>);

impl KeeperPort for FakeKeeper {
    fn post(&self, verb: Verb) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(verb);
    }

    fn ask(&self, verb: Verb, _tail: Vec<u8>) -> Asked {
        let (reply, asked) = oneshot::channel();
        let answer = match &verb {
            Verb::Notify { .. } => Answer::Notified {
                connections: Vec::new(),
            },
            _ => Answer::Done,
        };
        reply.send(Ok((answer, Vec::new()))).unwrap();
        self.post(verb);
        asked
    }
}

/// A machine's host with keepers of Ann and Bob, each of whom has a session.
struct Scene {
    engine: Arc<Engine>,
    ann: Voice,
    bob: Voice,
    of_ann: SessionId,
    of_bob: SessionId,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

fn report(session: SessionId) -> SessionReport {
    SessionReport {
        session,
        slot: 0,
        leader: 4_711,
        device: None,
        conduit: Conduit::Pty(TerminalSize::DEFAULT),
        buffering: Buffering::Drop,
        started: Timestamp(5),
        last_input: Timestamp(5),
        written: None,
        rings: Vec::new(),
        connections: Vec::new(),
        exit: None,
        ending: false,
        meta: String::new(),
    }
}

fn found(report: SessionReport) -> Found {
    Found {
        report,
        keepsakes: Vec::new(),
    }
}

fn engine(folder: &std::path::Path) -> Arc<Engine> {
    let problems = Problems::default();
    let roll = Roll::open(folder).unwrap();
    let left = roll.read().unwrap();
    let engine = Arc::new(Engine::new(Parts {
        host: "h".to_owned(),
        owner: Owner {
            uid: ROOT,
            name: "root".to_owned(),
            home: "/root".to_owned(),
            shell: "/bin/sh".to_owned(),
        },
        config: Config::default(),
        dirs: Dirs::at(folder, folder),
        audit: Audit::start(folder.join("audit.db"), problems.clone()).unwrap(),
        problems,
        orphans: Arc::new(Orphans::default()),
        serves: Serves::Everybody(Shared::new(roll, left)),
        numbering: Numbering::open(folder).unwrap(),
    }));
    for uid in [ANN, BOB] {
        let port = Arc::new(FakeKeeper::default());
        engine.core().keepers.insert(uid, Kept::new(port));
    }
    engine
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(folder.path());
        let (ann, bob) = (
            Voice::new(Arc::clone(&engine), ANN),
            Voice::new(Arc::clone(&engine), BOB),
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let scene = Self {
            of_ann: begin(&engine, ANN, "ann"),
            of_bob: begin(&engine, BOB, "bob"),
            engine,
            ann,
            bob,
            runtime: runtime.unwrap(),
            folder,
        };
        scene.ann.spawned(&report(scene.of_ann), Vec::new());
        scene.bob.spawned(&report(scene.of_bob), Vec::new());
        scene
    }

    fn state(&self, id: SessionId) -> Option<State> {
        let session = self.engine.session(id, None);
        session.ok().map(|session| session.state)
    }

    /// A permit for a session, given to `uid`; its connection.
    fn permit(&self, uid: u32, id: SessionId, request: &AttachRequest) -> ConnectionId {
        let asked = self
            .engine
            .ticket(id, request, caller(uid), Transport::Unix);
        self.runtime.block_on(asked).unwrap();
        ConnectionId(self.engine.core().next_connection - 1)
    }
}

/// A session that is being started.
fn begin(engine: &Engine, uid: u32, user: &str) -> SessionId {
    let mut core = engine.core();
    let id = core.numbering.give().unwrap();
    let meta = Meta {
        user: user.to_owned(),
        uid,
        logon: clock::now(),
        ..Meta::default()
    };
    let machine = winsta_domain::session::SessionMachine::new(clock::now());
    core.sessions.insert(id, Hosted::new(machine, meta));
    engine.write_meta(&mut core, id);
    id
}

fn watching(from_session: Option<SessionId>) -> AttachRequest {
    AttachRequest {
        mode: Attachment::View,
        client_name: None,
        client_address: None,
        ask_consent: false,
        from_session: from_session.map(|id| id.0),
    }
}

fn attached(session: SessionId, connection: ConnectionId) -> Event {
    Event::Attached {
        session,
        connection,
        pid: 1,
    }
}

#[test]
fn each_session_is_its_users_and_the_host_is_roots() {
    let scene = Scene::new();
    let standing = |uid, subject| {
        let standing = scene.engine.standing(&caller(uid), subject);
        standing.map(|standing| standing.relation)
    };
    let of_bob = Subject::Session(scene.of_bob);
    assert_eq!(standing(BOB, of_bob), Some(Relation::Owner));
    assert_eq!(standing(ANN, of_bob), Some(Relation::Stranger));
    assert_eq!(standing(ROOT, of_bob), Some(Relation::Administrator));
    assert_eq!(standing(BOB, Subject::Host), Some(Relation::User));
    assert_eq!(standing(ROOT, Subject::Host), Some(Relation::Administrator));
    let console = Subject::Session(SessionId::CONSOLE);
    assert_eq!(standing(BOB, console), Some(Relation::Stranger));
    // By the time that a request is carried out, this could be somebody's.
    assert_eq!(standing(BOB, Subject::Session(SessionId(77))), None);
    assert_eq!(standing(BOB, Subject::Warning(77)), None);
}

#[test]
fn a_keeper_speaks_of_its_own_users_sessions_only() {
    let scene = Scene::new();
    let id = scene.of_ann;
    let permit = scene.permit(ANN, id, &watching(None));
    scene.bob.event(attached(id, permit));
    assert_eq!(scene.state(id), Some(State::Disconnected), "nobody came");
    scene.ann.event(attached(id, permit));
    assert_eq!(scene.state(id), Some(State::Active));
    let status = ExitStatus::Code(0);
    for lie in [
        Event::Detached {
            session: id,
            connection: permit,
        },
        Event::Exited {
            session: id,
            status,
        },
        Event::Emptied {
            session: id,
            signal: 9,
            left: 0,
        },
    ] {
        scene.bob.event(lie);
        assert_eq!(scene.state(id), Some(State::Active));
    }
    let mut claimed = report(id);
    claimed.leader = 1;
    scene.bob.spawned(&claimed, Vec::new());
    scene
        .bob
        .reconcile(vec![found(claimed), found(report(scene.of_bob))]);
    let session = scene.engine.session(id, None).unwrap();
    assert_eq!(session.leader_pid, Some(4_711));
    // A keeper that denies having anything denies only its own.
    scene.bob.reconcile(Vec::new());
    assert_eq!(scene.state(scene.of_bob), None);
    assert_eq!(scene.state(id), Some(State::Active));
    let lost = scene.ann.lost();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].adopt.report.session, id);
}

#[test]
fn a_next_host_believes_the_roll_and_not_the_keeper() {
    let scene = Scene::new();
    let permit = scene.permit(ANN, scene.of_ann, &watching(None));
    scene.ann.event(attached(scene.of_ann, permit));
    let next = engine(scene.folder.path());
    let (ann, bob) = (
        Voice::new(Arc::clone(&next), ANN),
        Voice::new(Arc::clone(&next), BOB),
    );
    let connection = |connection| ConnectionReport {
        connection,
        mode: AttachMode::View,
        since: Timestamp(9),
        pid: 12,
        note: r#"{"from_session":1}"#.to_owned(),
        behind: false,
    };
    let forged = Meta {
        user: "root".to_owned(),
        uid: ROOT,
        ..Meta::default()
    };
    // Bob's keeper claims Ann's session, one that never was, and that its own is root's.
    let mut own = report(scene.of_bob);
    own.meta = forged.to_json();
    own.connections = vec![connection(permit), connection(ConnectionId(u32::MAX))];
    bob.reconcile(vec![
        found(report(scene.of_ann)),
        found(report(SessionId(99))),
        found(own),
    ]);
    let ids = |engine: &Engine| engine.core().sessions.keys().copied().collect::<Vec<_>>();
    assert_eq!(ids(&next), [scene.of_bob]);
    let session = next.session(scene.of_bob, None).unwrap();
    assert_eq!(session.user.as_deref(), Some("bob"));
    assert_eq!(session.connections.len(), 0, "it was given none of these");
    let mut hers = report(scene.of_ann);
    hers.connections = vec![connection(permit)];
    ann.reconcile(vec![found(hers)]);
    assert_eq!(ids(&next), [scene.of_ann, scene.of_bob]);
    let session = next.session(scene.of_ann, None).unwrap();
    assert_eq!(
        (session.state, session.connections.len()),
        (State::Active, 1)
    );
    assert_eq!(next.core().next_connection, permit.0 + 1);
}

#[test]
fn nobody_seems_to_watch_from_a_session_that_is_not_theirs() {
    let scene = Scene::new();
    let view = |uid, from| {
        let session = if uid == BOB {
            scene.of_bob
        } else {
            scene.of_ann
        };
        let permit = scene.permit(uid, session, &watching(Some(from)));
        let voice = if uid == BOB { &scene.bob } else { &scene.ann };
        voice.event(attached(session, permit));
    };
    let other = begin(&scene.engine, ANN, "ann");
    scene.ann.spawned(&report(other), Vec::new());
    let seat = scene.permit(ANN, other, &watching(None));
    scene.ann.event(attached(other, seat));
    view(BOB, other);
    assert_eq!(scene.state(other), Some(State::Active));
    view(ANN, other);
    assert_eq!(scene.state(other), Some(State::Shadow), "she does");
}

#[test]
fn a_connection_that_shows_anothers_session_cannot_be_switched() {
    let scene = Scene::new();
    let permit = scene.permit(ANN, scene.of_ann, &watching(None));
    scene.ann.event(attached(scene.of_ann, permit));
    let request = SwitchRequest {
        destination: crate::meta::connection_name(permit),
        guard: Guard {
            incarnation: scene.engine.incarnation().0,
            logon_time: scene.engine.session(scene.of_bob, None).unwrap().logon_time,
        },
    };
    let switch = |uid| {
        let asked = scene.engine.switch(scene.of_bob, &request, caller(uid));
        scene.runtime.block_on(asked)
    };
    let refused = switch(BOB).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    let text = "shows another user's session, which you have no right to control";
    assert!(refused.message.ends_with(text), "{}", refused.message);
    assert!(switch(ROOT).is_ok());
}

#[test]
fn a_client_that_got_no_permit_is_none() {
    let scene = Scene::new();
    scene.bob.event(attached(scene.of_bob, ConnectionId(5)));
    assert_eq!(scene.state(scene.of_bob), Some(State::Disconnected));
    assert!(scene.engine.may(&caller(BOB), Act::Attach, scene.of_bob));
    let hers = scene.permit(ANN, scene.of_ann, &watching(None));
    scene.bob.event(attached(scene.of_bob, hers));
    assert_eq!(scene.state(scene.of_bob), Some(State::Disconnected));
}

#[test]
fn a_row_far_beyond_all_sessions_is_not_read() {
    let scene = Scene::new();
    let id = begin(&scene.engine, BOB, "bob");
    let mut far = report(id);
    far.slot = u32::MAX;
    scene.bob.spawned(&far, Vec::new());
    assert_eq!(scene.state(id), Some(State::Init));
}
