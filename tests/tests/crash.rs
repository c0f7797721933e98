//! Hosts that are killed or replaced while everybody works.

use std::collections::BTreeMap;
use std::time::Duration;

use winsta_api::{Attachment, Session};
use winsta_client::{Host, Listing};
use winsta_domain::SessionId;
use winsta_tests::chance::Chance;
use winsta_tests::desk::Desk;
use winsta_tests::numbered::{self, STATUS};
use winsta_tests::patience::until;
use winsta_tests::process::{Life, holder_of, murder};
use winsta_tests::trouble::Trouble;
use winsta_tests::watcher::{Seen, Watcher};

/// A number that the environment may scale.
fn scale(name: &str, usual: usize) -> usize {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Starts writers, and waits until all of them write.
fn writers(host: &Host, count: usize) -> Vec<Session> {
    let start = |n| host.new_session(&numbered::writer(&format!("writer {n}")));
    let sessions: Vec<_> = (0..count).map(|n| start(n).expect("it starts")).collect();
    for session in &sessions {
        numbered::read_beyond(host, session, 0);
    }
    sessions
}

/// What must be the same before and after, whatever happens between.
type Lasting = (Option<String>, Option<u32>, Option<String>, Option<String>);

fn lasting(listing: &Listing) -> BTreeMap<u32, Lasting> {
    let row = |s: &Session| {
        let (label, device, logon) = (s.label.clone(), s.device.clone(), s.logon_time.clone());
        (s.id, (label, s.leader_pid, device, logon))
    };
    listing.sessions.iter().map(row).collect()
}

fn lives(sessions: &[Session]) -> Vec<Life> {
    let leader = |s: &Session| Life::of(s.leader_pid.expect("a pid")).expect("it lives");
    sessions.iter().map(leader).collect()
}

/// Ends writers as their user would, and checks that their status is not lost either.
fn end_all(host: &Host, sessions: &[Session]) {
    for session in sessions {
        let id = SessionId(session.id);
        host.input(id, b"end\n").expect("it takes input");
        assert_eq!(host.wait(id).expect("it ends").exit_code, STATUS);
    }
    assert_eq!(host.status().expect("a status").sessions, 0);
}

/// Watches a session until it is over; the host's death must not end that.
fn watch(mut watcher: Watcher, trouble: &Trouble<'_>) -> Watcher {
    while !trouble.is_over() {
        let seen = watcher.look(Duration::from_millis(200));
        assert_eq!(seen, Seen::Open, "sent away: {:?}", watcher.closed);
    }
    watcher
}

#[test]
fn a_host_that_is_killed_again_and_again_loses_nothing() {
    let mut chance = Chance::announced();
    let desk = Desk::new();
    let host = desk.host();
    let sessions = writers(&host, scale("WINSTA_CRASH_SESSIONS", 200));
    let (before, leaders) = (host.sessions().expect("a list"), lives(&sessions));
    let before = lasting(&before);
    let trouble = Trouble::new(&desk, &sessions);
    let watchers = sessions[..2].iter().map(|session| {
        let id = SessionId(session.id);
        Watcher::attach(&host, id, Attachment::View).expect("it attaches")
    });
    let watchers: Vec<_> = watchers.collect();
    let watchers = std::thread::scope(|scope| {
        let shift = trouble.while_kept();
        let watching = watchers.into_iter();
        let watching: Vec<_> = watching
            .map(|watcher| scope.spawn(|| watch(watcher, &trouble)))
            .collect();
        for who in 0..4 {
            let (trouble, chance) = (&trouble, chance.fork());
            scope.spawn(move || trouble.work(who, chance));
        }
        kill_hosts(&desk, &mut chance, scale("WINSTA_CRASH_KILLS", 50));
        drop(shift);
        let watched = watching.into_iter();
        let watched = watched.map(|watching| watching.join().expect("it watches"));
        watched.collect::<Vec<_>>()
    });
    println!("{:?}", trouble.tally());

    let host = desk.host();
    assert_eq!(lasting(&host.sessions().expect("a list")), before);
    assert!(leaders.iter().all(Life::lives));
    for session in &sessions {
        let lines = numbered::read(&host, session);
        let lines = numbered::read_beyond(&host, session, lines.count());
        trouble.check_heard(session, &lines);
    }
    let (tally, status) = (trouble.tally(), host.status().expect("a status"));
    let counters = status.counters;
    assert_eq!(counters.created, sessions.len() as u64);
    // A client that leaves between two hosts is counted by neither, one that comes likewise.
    let attached = u64::from(tally.attached + tally.failed) + 2;
    assert!(counters.disconnected <= attached, "{counters:?}");
    assert!(counters.reconnected <= attached, "{counters:?}");
    assert_eq!(status.problems, Vec::<String>::new());
    for (mut watcher, session) in watchers.into_iter().zip(&sessions) {
        let row = host.session(SessionId(session.id)).expect("it is listed");
        let names: Vec<&str> = row.connections.iter().map(|c| c.name.as_str()).collect();
        assert!(names.contains(&watcher.name()), "{names:?}");
        let lines = numbered::read(&host, session).count();
        until("the watcher to see the same", || {
            assert_eq!(watcher.look(Duration::from_millis(5)), Seen::Open);
            (watcher.lines.count() >= lines).then_some(())
        });
    }
    end_all(&host, &sessions);
}

/// Kills whichever process is the host, at any moment of its life.
fn kill_hosts(desk: &Desk, chance: &mut Chance, times: usize) {
    let lock = desk.dirs().host_lock();
    for round in 0..times {
        let host = until("somebody to start a host", || holder_of(&lock));
        // Every third dies in its first moments, before it knows what there is.
        let most = if round % 3 == 0 { 40 } else { 500 };
        std::thread::sleep(chance.moment(Duration::from_millis(most)));
        murder(&[host]);
    }
}

#[test]
fn an_upgrade_loses_nothing_and_no_client() {
    let desk = Desk::new();
    let host = desk.host();
    let sessions = writers(&host, 20);
    let (before, leaders) = (host.sessions().expect("a list"), lives(&sessions));
    let before = lasting(&before);
    let first = host.status().expect("a status");
    let trouble = Trouble::new(&desk, &sessions);
    let id = SessionId(sessions[0].id);
    let watcher = Watcher::attach(&host, id, Attachment::Share).expect("it attaches");
    let mut chance = Chance::announced();
    let mut watcher = std::thread::scope(|scope| {
        let shift = trouble.while_kept();
        let watching = scope.spawn(|| watch(watcher, &trouble));
        for who in 0..2 {
            let (trouble, chance) = (&trouble, chance.fork());
            scope.spawn(move || trouble.work(who, chance));
        }
        for round in 0..scale("WINSTA_CRASH_UPGRADES", 10) {
            let begun = trouble.tally();
            until("users to do something of everything", || {
                trouble.tally().is_beyond(&begun).then_some(())
            });
            let ran = desk.run(&["host", "upgrade"]);
            assert_eq!(ran.status, 0, "{round}: {ran:?}");
        }
        drop(shift);
        watching.join().expect("it watches")
    });
    println!("{:?}", trouble.tally());
    assert_eq!(trouble.tally().failed, 0, "no request is refused meanwhile");
    let host = desk.host();
    let last = host.status().expect("a status");
    assert_eq!((last.pid, last.keeper_pid), (first.pid, first.keeper_pid));
    assert_eq!(last.problems, Vec::<String>::new());
    assert_eq!(lasting(&host.sessions().expect("a list")), before);
    assert!(leaders.iter().all(Life::lives));
    for session in &sessions {
        let lines = numbered::read(&host, session);
        trouble.check_heard(session, &lines);
    }
    watcher.type_in("still-there\n").expect("it is attached");
    until("the watcher's word", || {
        assert_eq!(watcher.look(Duration::from_millis(50)), Seen::Open);
        watcher.lines.heard.get("still-there").copied()
    });
    let row = host.session(id).expect("it is listed");
    assert_eq!(row.name.as_deref(), Some(watcher.name()));
    end_all(&host, &sessions);
}
