//! Fifty commands at once, in a folder where nothing runs yet.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};

use winsta_tests::desk::{Desk, Ran};
use winsta_tests::process::{command_line, holder_of, of_folder};

#[test]
fn fifty_commands_at_once_start_one_host_and_one_keeper() {
    let desk = Desk::new();
    let begin = |n: usize| {
        let words: &[&str] = if n.is_multiple_of(2) {
            &["new", "-d", "--", "cat"]
        } else {
            &["query", "session"]
        };
        let mut command = desk.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program runs")
    };
    let commands: Vec<Child> = (0..50).map(begin).collect();
    let mut ids = BTreeSet::new();
    for (n, command) in commands.into_iter().enumerate() {
        let ran = Ran::from(command.wait_with_output().expect("it ends"));
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
        if n.is_multiple_of(2) {
            let id: u64 = ran.out.trim_end().parse().expect("a number");
            assert!(ids.insert(id), "{id} was given twice");
        }
    }
    assert_eq!(ids, (1..=25).collect(), "each has a session of its own");
    let listed: BTreeSet<u64> = desk
        .sessions()
        .iter()
        .filter(|session| session["leader_pid"].is_u64())
        .filter_map(|session| session["id"].as_u64())
        .collect();
    assert_eq!(listed, ids);
    let count = |word: &str| {
        let processes = of_folder(desk.folder());
        let those = processes
            .into_iter()
            .filter(|pid| command_line(*pid).contains(word));
        those.collect::<Vec<u32>>()
    };
    let run = desk.folder().join("run");
    let (host, keeper) = (count(" host run "), count(" keeper --dir "));
    assert_eq!((host.len(), keeper.len()), (1, 1), "{host:?} {keeper:?}");
    assert_eq!(holder_of(&run.join("host.lock")), Some(host[0]));
    assert_eq!(holder_of(&run.join("keeper.lock")), Some(keeper[0]));
}
