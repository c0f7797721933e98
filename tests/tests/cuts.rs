//! Connections that are cut at random moments, again and again: no command runs twice, no output
//! is lost or doubled, no session is left behind.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use winsta_tests::chance::Chance;
use winsta_tests::desk::Desk;
use winsta_tests::remote::Remote;

/// Rounds; `WINSTA_ROUNDS` says how many for a longer look.
const ROUNDS: usize = 8;
/// Bytes after which a connection is cut, at most.
const MOST: usize = 12_000;

/// A way to a host that is cut again and again.
struct Cutter {
    port: u16,
    cuts: Arc<AtomicUsize>,
}

impl Cutter {
    fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let own = listener.local_addr().expect("it has one").port();
        let cuts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&cuts);
        let mut chance = Chance::announced();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a connection");
                // Most are cut somewhere, or none would ever come through.
                let budget = chance.below(3).checked_sub(1).map(|_| chance.below(MOST));
                let Ok(host) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                let left = Arc::new(AtomicUsize::new(budget.unwrap_or(usize::MAX)));
                for (from, to) in [(&client, &host), (&host, &client)] {
                    let (from, to) = (copy(from), copy(to));
                    let (left, count) = (Arc::clone(&left), Arc::clone(&count));
                    thread::spawn(move || pump(from, to, &left, &count));
                }
            }
        });
        Self { port: own, cuts }
    }
}

fn copy(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a copy")
}

/// Passes bytes on until the connection is to be cut, which ends both directions at once, in the
/// middle of whatever was on its way.
fn pump(mut from: TcpStream, mut to: TcpStream, left: &AtomicUsize, cuts: &AtomicUsize) {
    let mut buffer = [0; 4_096];
    loop {
        let count = from.read(&mut buffer).unwrap_or_default();
        let before = left.load(Ordering::Relaxed);
        let passed = count.min(before);
        let ends = count == 0 || before == 0 || passed < count;
        if before != usize::MAX {
            left.fetch_sub(passed, Ordering::Relaxed);
        }
        let written = to.write_all(buffer.get(..passed).unwrap_or_default());
        if ends || written.is_err() {
            if count > 0 {
                cuts.fetch_add(1, Ordering::Relaxed);
            }
            let _gone = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            return;
        }
    }
}

#[test]
fn nothing_is_lost_doubled_or_left_behind() {
    let rounds = std::env::var("WINSTA_ROUNDS");
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    let remote = Remote::plain("");
    let cutter = Cutter::before(remote.port);
    let desk = Desk::new();
    let runs = desk.folder().join("runs");
    let numbers: Vec<String> = (1..=300).map(|number| number.to_string()).collect();
    let numbers = numbers.join("\n") + "\n";
    for round in 0..rounds {
        let ran = desk.bash(&format!(
            "export WINSTA_PASSWORD=secret; U=http://127.0.0.1:{port}/wsman
            s=$(New-PSSession -ConnectionUri $U -Credential ann) || echo new $?
            Invoke-Command $s '{{echo {round} a >> {runs}; seq 300}}' || echo invoke $?
            t=$(Invoke-Command -ConnectionUri $U -Credential ann -InDisconnectedSession \
                '{{echo {round} b >> {runs}; seq 300}}') || echo start $?
            Disconnect-PSSession $s > /dev/null || echo disconnect $?
            Connect-PSSession $s > /dev/null || echo connect $?
            seq 300 | Invoke-Command $s '{{echo {round} c >> {runs}; cat}}' || echo input $?
            Receive-PSSession $t || echo receive $?
            Remove-PSSession $s || echo remove $?; Remove-PSSession $t || echo remove $?",
            port = cutter.port,
            runs = runs.display()
        ));
        let expected = numbers.repeat(3);
        assert!(
            ran.out == expected,
            "round {round}: {}\n{}",
            ran.out,
            ran.err
        );
        let ran = fs::read_to_string(&runs).expect("they ran");
        assert_eq!(ran, format!("{round} a\n{round} b\n{round} c\n"));
        fs::remove_file(&runs).expect("it is there");
    }
    let cuts = cutter.cuts.load(Ordering::Relaxed);
    println!("{cuts} cuts in {rounds} rounds");
    assert!(cuts > rounds, "too few cuts: {cuts}");
    let left = desk.bash(&format!(
        "export WINSTA_PASSWORD=secret; Get-PSSession -ConnectionUri {} -Credential ann",
        remote.uri()
    ));
    assert_eq!((left.out.as_str(), left.err.as_str()), ("", ""));
}
