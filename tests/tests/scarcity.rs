//! When the machine runs out of something: what exists goes on, what is new is refused in words
//! that say why, and giving something up makes room again.

use std::fs;
use std::os::unix::fs::DirBuilderExt;

use rustix::process::geteuid;
use winsta_tests::desk::{Desk, Ran};
use winsta_tests::patience::until;
use winsta_tests::process::murder;

/// Most sessions that a test starts before it says that nothing runs out.
const MANY: usize = 60;

/// Runs the shell's `script`, at whose end `"$@"` is the program with these words.
fn under(desk: &Desk, script: &str, words: &[&str]) -> Ran {
    let program = winsta_tests::binary::winsta();
    let mut command = desk.command(&[]);
    let mut shell = std::process::Command::new("unshare");
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    shell.envs(variables);
    shell.args(["-m", "sh", "-ec", script, "sh"]);
    shell.arg(program).args(words);
    command = shell;
    command.output().expect("unshare runs").into()
}

/// Whether this test can mount; says so if not.
fn can_mount() -> bool {
    let tried = std::process::Command::new("unshare")
        .args(["-m", "true"])
        .output();
    let can = geteuid().is_root() && tried.is_ok_and(|ran| ran.status.success());
    if !can {
        println!("skipped: only root can have mounts of its own");
    }
    can
}

/// Starts sessions until one is refused; gives their ids and the refusal.
fn exhaust(desk: &Desk) -> (Vec<String>, Ran) {
    let mut ids = Vec::new();
    loop {
        let ran = desk.run(&["new", "-d", "--", "cat"]);
        if ran.status != 0 {
            return (ids, ran);
        }
        ids.push(ran.out.trim_end().to_owned());
        assert!(ids.len() < MANY, "nothing runs out");
    }
}

/// What exists works, and giving up one makes room for another.
fn goes_on(desk: &Desk, ids: &[String]) {
    assert_eq!(
        desk.sessions().len(),
        ids.len() + 2,
        "with console and listener"
    );
    for id in ids {
        desk.run(&["send", id, "--enter", "still here"]).done();
        desk.wait_screen(id, "still here");
    }
    desk.run(&["logoff", &ids[0]]).done();
    desk.start("cat");
    // A connection that was about to close when the limit was reached first has given its place.
    let (more, refused) = exhaust(desk);
    assert!(
        more.len() <= 1 && refused.status == 3,
        "{more:?} {refused:?}"
    );
    assert_eq!(desk.sessions().len(), ids.len() + more.len() + 2);
}

/// With cgroups the keeper runs out first, without them the host would.
fn without_descriptors(cgroups: &str) {
    let desk = Desk::new();
    // Host and keeper inherit what this first command may open.
    let mut first = std::process::Command::new("sh");
    first
        .args(["-c", "ulimit -n 64; exec \"$@\"", "sh"])
        .arg(winsta_tests::binary::winsta())
        .args(["query", "session"])
        .env("WINSTA_CGROUP", cgroups)
        .envs(desk.env());
    assert!(first.output().expect("sh runs").status.success());
    let (ids, refused) = exhaust(&desk);
    assert!(ids.len() >= 5, "{refused:?}");
    assert_eq!(refused.status, 3, "{refused:?}");
    assert!(refused.err.contains("open files"), "{refused:?}");
    goes_on(&desk, &ids);
    // Enough is left to save all that there is from a keeper's death.
    let keeper = || desk.host().status().expect("a status").keeper_pid;
    let old = keeper();
    let sessions = desk.sessions().len();
    murder(old.as_slice());
    until("another keeper", || {
        keeper().filter(|pid| Some(*pid) != old)
    });
    assert_eq!(desk.sessions().len(), sessions);
    for id in &ids[1..] {
        desk.run(&["send", id, "--enter", "and still"]).done();
        desk.wait_screen(id, "and still");
    }
}

#[test]
fn without_descriptors_new_sessions_are_refused_and_old_ones_work() {
    without_descriptors("auto");
}

#[test]
fn without_descriptors_or_cgroups_it_is_the_same() {
    without_descriptors("off");
}

#[test]
fn without_terminals_new_sessions_are_refused_and_old_ones_work() {
    if !can_mount() {
        return;
    }
    let desk = Desk::new();
    let script = "mount -t devpts -o newinstance,ptmxmode=0666,max=4 devpts /dev/pts
        mount --bind /dev/pts/ptmx /dev/ptmx
        exec \"$@\"";
    under(&desk, script, &["query", "session"]).done();
    let (ids, refused) = exhaust(&desk);
    assert_eq!((ids.len(), refused.status), (4, 3), "{refused:?}");
    assert!(
        refused.err.contains("cannot open a terminal"),
        "{refused:?}"
    );
    goes_on(&desk, &ids);
}

/// The trail is broken: everything works, and whoever asks is told.
fn works_without_a_trail(desk: &Desk, wanted: &str) {
    let id = desk.start("cat");
    desk.run(&["send", &id, "--enter", "hello"]).done();
    desk.wait_screen(&id, "hello");
    let ended = desk.run(&["logoff", &id]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(desk.session(&id).is_none());
    let trail = desk.run(&["audit"]);
    assert_eq!((trail.status, trail.out.as_str()), (3, ""), "{trail:?}");
    assert!(trail.err.contains(wanted), "{trail:?}");
    let status = desk.run(&["host", "status"]).done();
    let problem = status.lines().find(|line| line.starts_with("problem"));
    assert!(problem.is_some_and(|p| p.contains(wanted)), "{status}");
    let next = desk.run(&["new", "-d", "--", "true"]);
    assert!(
        next.status == 0 && next.err.contains("the host has a problem"),
        "{next:?}"
    );
}

#[test]
fn a_full_disk_is_said_and_stops_nobody() {
    if !can_mount() {
        return;
    }
    let desk = Desk::new();
    let state = desk.folder().join("state");
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&state)
        .expect("a folder");
    let script = "mount -t tmpfs -o size=64k,mode=0700 tmpfs \"$WINSTA_STATE_DIR\"
        cat /dev/zero > \"$WINSTA_STATE_DIR/filler\" 2>/dev/null || true
        exec \"$@\"";
    under(&desk, script, &["query", "session"]).done();
    works_without_a_trail(&desk, "database or disk is full");
}

#[test]
fn a_broken_database_is_said_and_stops_nobody() {
    let desk = Desk::new();
    let state = desk.folder().join("state");
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&state)
        .expect("a folder");
    fs::write(state.join("audit.db"), "this is no database ".repeat(500)).expect("a file");
    works_without_a_trail(&desk, "file is not a database");
}
