//! After two thousand sessions have come and gone, nothing of them is left.

use std::path::PathBuf;

use winsta_api::NewSession;
use winsta_domain::SessionId;
use winsta_tests::desk::Desk;
use winsta_tests::patience::until;
use winsta_tests::process::{descriptors, memory, of_folder};
use winsta_tests::remote::Remote;

/// Sessions at a time.
const BATCH: usize = 50;
/// KiB by which either process may have grown: fragments of the heap, pages of programs and of
/// the audit's cache that were touched for the first time.
const GROWTH: u64 = 1_536;

/// What the two processes have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Count {
    descriptors: [usize; 2],
    terminals: usize,
    folders: Vec<PathBuf>,
}

impl Count {
    /// Whether nothing was added since `before`. A connection that was still closing then may be
    /// gone by now, so there may be less of everything.
    fn adds_nothing_to(&self, before: &Count) -> bool {
        let pairs = self.descriptors.iter().zip(before.descriptors);
        pairs.into_iter().all(|(now, then)| *now <= then)
            && self.terminals <= before.terminals
            && self
                .folders
                .iter()
                .all(|path| before.folders.contains(path))
    }
}

/// Lets sessions come and go: every other one with pipes, every third is reset instead of ending.
fn come_and_go(desk: &Desk, sessions: usize) {
    let host = desk.host();
    for batch in 0..sessions.div_ceil(BATCH) {
        let wanted = |n: usize| NewSession {
            command: [
                "sh",
                "-c",
                if n.is_multiple_of(3) {
                    "sleep 1000"
                } else {
                    "echo x"
                },
            ]
            .map(str::to_owned)
            .to_vec(),
            pipes: n.is_multiple_of(2),
            ..NewSession::default()
        };
        let numbers = batch * BATCH..((batch + 1) * BATCH).min(sessions);
        let ids: Vec<(usize, SessionId)> = numbers
            .map(|n| (n, host.new_session(&wanted(n)).expect("it starts")))
            .map(|(n, session)| (n, SessionId(session.id)))
            .collect();
        let listing = host.sessions().expect("a list");
        for (n, id) in ids {
            if n.is_multiple_of(3) {
                let session = listing.sessions.iter().find(|s| s.id == id.0);
                let request = winsta_api::EndRequest {
                    how: winsta_api::How::Reset,
                    guard: listing.guard(session.expect("it is listed")),
                    warn: None,
                };
                assert!(host.end(id, &request).expect("it ends").ended);
            } else {
                assert_eq!(host.wait(id).expect("it ends").exit_code, 0);
            }
        }
    }
}

/// Descriptors that are ends of terminals.
fn terminals(pid: u32) -> usize {
    let links = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives");
    let targets = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
    let name = |target: PathBuf| target.display().to_string();
    let ends = targets
        .map(name)
        .filter(|n| n.contains("ptmx") || n.contains("/pts/"));
    ends.count()
}

/// Cgroups that were made for sessions of the keeper.
fn cgroups(keeper: u32) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(format!("/proc/{keeper}/cgroup")).expect("it lives");
    let own = text.lines().find_map(|line| line.strip_prefix("0::/"));
    let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
    let trees = mounts.map(|mount| {
        let folder = mount.join(own.unwrap_or_default());
        folder.join(format!("winsta-{keeper}"))
    });
    let folders = trees
        .iter()
        .filter_map(|tree| tree.read_dir().ok())
        .flatten();
    let paths = folders.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.is_dir()).collect()
}

#[test]
fn two_thousand_sessions_leave_nothing_behind() {
    let desk = Desk::with_config("[host]\nlinger_seconds = 0\n");
    come_and_go(&desk, 100);
    let status = desk.host().status().expect("a status");
    let both = [status.pid, status.keeper_pid.expect("a keeper")];
    let count = || Count {
        descriptors: both.map(descriptors),
        terminals: both.map(terminals).iter().sum(),
        folders: cgroups(both[1]),
    };
    // The host's connection of this very test closes a moment after it is dropped.
    let settled = until("connections to close", || {
        let (first, second) = (count(), count());
        (first == second && first.terminals == 0).then_some(first)
    });
    let before = both.map(memory);
    println!("{settled:?}, {before:?} KiB");
    come_and_go(&desk, 2_000);
    let mut seen = settled.clone();
    until("no more of anything than before", || {
        let now = count();
        if now != seen {
            println!("{now:?}");
            seen = now.clone();
        }
        now.adds_nothing_to(&settled).then_some(())
    });
    let after = both.map(memory);
    println!("{:?}, {after:?} KiB", count());
    for (name, (before, after)) in ["host", "keeper"].iter().zip(before.iter().zip(after)) {
        assert!(
            after <= before + GROWTH,
            "the {name} had {before} KiB and has {after}"
        );
    }
    let mut left = of_folder(desk.folder());
    left.sort_unstable();
    let mut both = both.to_vec();
    both.sort_unstable();
    assert_eq!(left, both, "nothing else is alive");
    assert_eq!(
        desk.host().status().expect("a status").counters.created,
        2_100
    );
}

#[test]
fn checked_passwords_leave_no_memory_behind() {
    let remote = Remote::plain("");
    let host = remote.desk.host().status().expect("a status").pid;
    let user = Desk::new();
    let many = vec![remote.uri(); 24].join(",");
    // A password is checked for each new connection, of which an agent keeps a few: so there are
    // two users, and many sessions at once.
    let ran = user.bash(&format!(
        "export WINSTA_PASSWORD=secret
        for user in ann bob; do
            made=$(New-PSSession -ConnectionUri {many} -Credential $user); wc -l <<< $made
            Remove-PSSession <<< $made
        done"
    ));
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("24\n24\n", ""));
    let left = memory(host);
    println!("{left} KiB");
    // Two passwords at a time take nearly 40 MB.
    assert!(left < 32 << 10, "the host still has {left} KiB");
}
