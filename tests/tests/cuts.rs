//! Connections that are cut at random moments, again and again: no command runs twice, no output
//! is lost or doubled, no session is left behind.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use winsta_tests::chance::Chance;
use winsta_tests::desk::Desk;
use winsta_tests::remote::Remote;
use winsta_tests::rounds::Rounds;

/// Rounds; `WINSTA_ROUNDS` says how many for a longer look.
const ROUNDS: usize = 8;
/// Bytes after which most connections are cut.
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
                // Every connection is cut: most before much has gone through, some after the
                // largest answer, or nothing would ever come through.
                let most = if chance.below(3) == 0 {
                    20 * MOST
                } else {
                    MOST
                };
                let budget = chance.below(most);
                let Ok(host) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                let left = Arc::new(AtomicUsize::new(budget));
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
        left.fetch_sub(passed, Ordering::Relaxed);
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
    let count = Rounds::count(ROUNDS);
    let remote = Remote::plain("");
    let cutter = Cutter::before(remote.port);
    let desk = Desk::new();
    let rounds = |uri| Rounds {
        desk: &desk,
        uri,
        out_of_reach: false,
    };
    let uri = format!("http://127.0.0.1:{}/wsman", cutter.port);
    (0..count).for_each(|round| rounds(&uri).play(round));
    let cuts = cutter.cuts.load(Ordering::Relaxed);
    println!("{cuts} cuts in {count} rounds");
    assert!(cuts > count, "too few cuts: {cuts}");
    rounds(&remote.uri()).expect_none_left();
}
