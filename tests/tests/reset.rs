//! Signals and the kill ladder: nothing of a session survives its end.

use winsta_domain::{ExitStatus, SessionId};
use winsta_tests::keeper::{Host, Keeper, contains, script};
use winsta_tests::patience::until;
use winsta_wire::{Answer, RefusalKind, Signalled, Spawn, Stream, Verb};

#[test]
fn signals_reach_the_foreground() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::start(folder.path());
    let mut host = keeper.host();
    host.spawn(script(
        1,
        "trap 'echo int; exit 4' INT; echo ready; while :; do sleep 0.05; done",
    ));
    until("ready", || {
        contains(&host.output(1, Stream::Out), b"ready").then_some(())
    });
    let verb = |to| Verb::Signal {
        session: SessionId(1),
        signal: 2,
        to,
    };
    let strange = host.ask(verb(Signalled::Process(1))).unwrap_err();
    assert_eq!(strange.kind, RefusalKind::Unknown);
    host.must(verb(Signalled::Foreground));
    assert_eq!(host.exit_of(1), ExitStatus::Code(4));
}

/// Processes that do their best to outlive their session; each writes its process id.
const NASTY: &str = r#"
    sleep 1000 & echo $! >>pids
    setsid sh -c 'echo $$ >>pids; exec sleep 1000' &
    nohup sh -c 'echo $$ >>pids; exec sleep 1000' >/dev/null 2>&1 &
    (setsid sh -c '(env -i setsid sh -c "echo \$\$ >>pids; exec /bin/sleep 1000" &)' &)
    sh -c 'trap "" HUP TERM INT; echo $$ >>pids; while :; do sleep 1; done' &
    sh -c 'echo $$ >>pids; kill -STOP $$; sleep 1000' &
    wait_for() { while [ "$(wc -l <pids)" -lt 6 ]; do sleep 0.01; done; }
    wait_for; echo ready; trap '' HUP; while :; do sleep 1; done
"#;

fn nothing_survives(cgroup: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, work) = (folder.path().join("keeper"), folder.path().join("work"));
    std::fs::create_dir(&keeper).unwrap();
    std::fs::create_dir(&work).unwrap();
    let keeper = Keeper::start_with(&keeper, &[("WINSTA_CGROUP", cgroup)]);
    let mut host = keeper.host();
    for (id, steps) in [(1, &[(9, 0)][..]), (2, &[(1, 300), (15, 300), (9, 0)])] {
        let _ = std::fs::remove_file(work.join("pids"));
        host.spawn(Spawn {
            cwd: work.display().to_string(),
            ..script(id, NASTY)
        });
        until("the nasty ones", || {
            contains(&host.output(id, Stream::Out), b"ready").then_some(())
        });
        let Answer::Members(members) = host.must(Verb::Members {
            session: SessionId(id),
        }) else {
            panic!("no members")
        };
        assert!(members.len() >= 7, "{members:?}");
        assert_eq!(host.end(id, steps), 9);
        for pid in std::fs::read_to_string(work.join("pids")).unwrap().lines() {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
        }
        assert!(matches!(host.exit_of(id), ExitStatus::Signal(9 | 15)));
        host.must(Verb::Collect {
            session: SessionId(id),
        });
    }
}

#[test]
fn one_census_finds_what_each_session_has() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::start(folder.path());
    let mut host = keeper.host();
    let helpers = "sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &); echo ready; cat";
    let mut expected = Vec::new();
    for id in 1..=3 {
        host.spawn(script(id, helpers));
        until("its processes", || {
            contains(&host.output(id, Stream::Out), b"ready").then_some(())
        });
        let session = SessionId(id);
        let mut members = until("all of them", || {
            let answer = host.must(Verb::Members { session });
            let Answer::Members(members) = answer else {
                panic!("no members: {answer:?}")
            };
            let images = members.iter().map(|member| member.image.as_str());
            let sleepers = images.clone().filter(|image| *image == "sleep").count();
            (sleepers == 3 && images.clone().any(|image| image == "cat")).then_some(members)
        });
        members.sort_unstable_by_key(|member| member.pid);
        expected.extend(members.into_iter().map(|member| (session, member)));
    }
    for skipped in [0, 1, 5, expected.len()] {
        let (before, behind) = expected.split_at(skipped);
        let after = before
            .last()
            .map(|(session, member)| (*session, member.pid));
        let members = behind.to_vec();
        let answer = host.must(Verb::Census { after });
        assert_eq!(
            answer,
            Answer::Census {
                members,
                more: false
            },
            "{skipped}"
        );
    }
}

#[test]
fn nothing_survives_a_reset_without_cgroups() {
    nothing_survives("off");
}

#[test]
fn nothing_survives_a_reset_with_cgroups() {
    nothing_survives("auto");
}

#[test]
fn a_fork_bomb_is_put_out() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::start_with(folder.path(), &[("WINSTA_CGROUP", "off")]);
    let mut host = keeper.host();
    // One that grows up to a bound, and one whose processes live for an instant, each in a
    // terminal session of its own.
    let grows = "b() { [ $1 -gt 7 ] || { b $(($1+1)) & b $(($1+1)) & }; sleep 1000; }; b 0";
    let flees = "echo x; f='setsid sh -c \"$f\" &'; export f; eval \"$f\"; sleep 1000";
    for (id, bomb) in [(1, grows), (2, flees)] {
        host.spawn(script(id, bomb));
        let many = |host: &mut Host| {
            let members = host.must(Verb::Members {
                session: SessionId(id),
            });
            matches!(members, Answer::Members(members) if members.len() > 2).then_some(())
        };
        until("the bomb", || many(&mut host));
        host.end(id, &[(9, 0)]);
        let left = host.must(Verb::Members {
            session: SessionId(id),
        });
        assert_eq!(left, Answer::Members(vec![]));
    }
}
