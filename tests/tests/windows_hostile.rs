//! Services that mean no good, and the cmdlets' one line about each: no hang, and no memory beyond
//! what an answer may have.

use std::fs;
use std::os::unix::net::UnixStream;

use winsta_tests::desk::{Desk, Ran};
use winsta_tests::windows::Windows;

/// Most memory that the agent may ever have had, in kilobytes.
const MEMORY: u64 = 400_000;

/// Runs `cases` at the same time: each a user, which is how the service behaves, and a command.
fn all(windows: &Windows, cases: &[(&str, &str)]) -> Vec<Ran> {
    // They share an agent, as they would with one user.
    windows.bash("New-PSSession $AT -Name Kept").done();
    let run = |(user, command): &(&str, &str)| {
        let place = windows.place(user);
        let script = format!(
            "Invoke-Command {place} {{{command}}} -SessionOption \
             $(New-PSSessionOption -OpenTimeout 2000 -OperationTimeout 2000)"
        );
        windows.bash(&script)
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = cases.iter().map(|case| scope.spawn(|| run(case))).collect();
        all.into_iter()
            .map(|one| one.join().expect("it runs"))
            .collect()
    })
}

/// The most memory that a desk's agent has had, in kilobytes.
fn most_memory(desk: &Desk) -> u64 {
    let agent = UnixStream::connect(desk.folder().join("run/agent.sock")).expect("it answers");
    let peer = rustix::net::sockopt::socket_peercred(&agent).expect("the kernel knows");
    let pid = peer.pid.as_raw_nonzero();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it is there");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let most = most.expect("a line").trim().trim_end_matches(" kB");
    most.parse().expect("a number")
}

fn check(windows: &Windows, cases: &[(&str, &str, &str)]) {
    let asked: Vec<_> = cases
        .iter()
        .map(|(user, command, _)| (*user, *command))
        .collect();
    for (ran, (user, command, why)) in all(windows, &asked).iter().zip(cases) {
        assert_eq!(
            (ran.status, ran.out.as_str()),
            (3, ""),
            "{user} {command}: {ran:?}"
        );
        let said: Vec<_> = ran
            .err
            .lines()
            .filter(|line| !line.starts_with("winsta: the network connection to 127.0.0.1 is"))
            .collect();
        let [said] = said.as_slice() else {
            panic!("{user} {command}: {}", ran.err);
        };
        assert!(said.contains("127.0.0.1"), "{user} {command}: {said}");
        assert!(said.contains(why), "{user} {command}: {said}");
        assert!(said.chars().all(|c| !c.is_control()), "{said:?}");
    }
    let most = most_memory(&windows.desk);
    assert!(most < MEMORY, "{most} kB");
    // The agent holds what it held, and nothing else is left on the service.
    let next = windows.bash("Invoke-Command $(Get-PSSession -Name Kept) {strings} | head -1");
    assert_eq!((next.out.as_str(), next.err.as_str()), ("plain\n", ""));
    let left = windows.bash("Get-PSSession $AT | Format-Table Name | tail -n +4");
    assert_eq!((left.out.as_str(), left.err.as_str()), ("Kept\n", ""));
}

#[test]
fn answers_that_are_none() {
    let Some(windows) = Windows::new() else {
        return;
    };
    check(
        &windows,
        &[
            ("truncated", "strings", "cannot be read"),
            ("half", "strings", "ended in the middle of the answer"),
            ("flood", "strings", "longer than 67108864 bytes"),
            ("head", "strings", "longer than 32768 bytes"),
            ("drip", "strings", "timed out"),
            ("silence", "strings", "timed out"),
            ("redirect", "strings", "status 302"),
            (
                "failing",
                "strings",
                "\"html\" is no message of WS-Management",
            ),
            ("busy", "strings", "status 503 of HTTP: Service Unavailable"),
            ("nothing", "strings", "status 200"),
            ("stranger", "strings", "does not answer what was asked"),
            ("nested", "strings", "too many elements within elements"),
            ("entities", "strings", "document types are not allowed"),
            (
                "escapes",
                "strings",
                "status 418 of HTTP: ^[]0;owned^G^[[31mred",
            ),
        ],
    );
}

#[test]
fn output_that_is_none() {
    let Some(windows) = Windows::new() else {
        return;
    };
    check(
        &windows,
        &[
            (
                "ann",
                "gap",
                "fragment 2 of object 900, where fragment 1 had to come",
            ),
            (
                "ann",
                "middle",
                "fragment 7 of object 900, where fragment 0 had to come",
            ),
            ("ann", "absurd", "a message of more than 52428840 bytes"),
            ("ann", "empty", "has no header"),
            ("ann", "endless", "a message of more than 52428840 bytes"),
            ("ann", "deep", "deep inside of each other"),
            ("ann", "shared", "more than 1000000 values"),
            ("ann", "noise", "not well-formed"),
            ("ann", "stranger", "message 0x00071234 is not known"),
            ("drip-output", "strings", "timed out"),
            ("flood-output", "strings", "longer than 67108864 bytes"),
        ],
    );
}
