//! Hosts over TLS that are down, silent, slow or strange, and clients that are.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use winsta_tests::desk::{Desk, Ran};
use winsta_tests::patience::until;
use winsta_tests::published::{Published, curl, identity};
use winsta_tests::tmux::have;

/// How a host behaves that is none.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// It accepts and says nothing.
    Silent,
    /// It says the beginning of a handshake, a byte now and then.
    Slow,
    /// It speaks something else.
    Strange,
    /// It closes at once.
    Curt,
}

/// A port where such a host listens; it does as long as the test runs.
fn host(manner: Manner) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming().flatten() {
            match manner {
                Manner::Silent => kept.push(stream),
                Manner::Slow => drop(thread::spawn(move || dribble(stream))),
                Manner::Strange => {
                    let _ = (&stream).write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
                    kept.push(stream);
                }
                Manner::Curt => drop(stream.shutdown(Shutdown::Both)),
            }
        }
    });
    port
}

fn dribble(mut stream: TcpStream) {
    let _ = stream.write_all(&[22, 3, 3, 0x40, 0]);
    while stream.write_all(&[2]).is_ok() {
        thread::sleep(Duration::from_millis(100));
    }
}

/// A port that passes on to the host, and back only the first bytes; and how many it passed back.
fn stalls(port: u16, most: u64) -> (u16, Receiver<u64>) {
    let (count, counts) = channel();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let own = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let host = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
            let (mut up, mut to) = (
                client.try_clone().expect("a copy"),
                host.try_clone().expect("a copy"),
            );
            thread::spawn(move || std::io::copy(&mut up, &mut to));
            let count = count.clone();
            thread::spawn(move || {
                let passed = std::io::copy(&mut (&host).take(most), &mut (&client));
                let _ = count.send(passed.unwrap_or_default());
                thread::sleep(Duration::from_secs(60));
                drop((host, client));
            });
        }
    });
    (own, counts)
}

fn timed(desk: &Desk, words: &[&str]) -> (Ran, Duration) {
    let begun = Instant::now();
    let ran = desk.run(words);
    (ran, begun.elapsed())
}

#[test]
fn a_host_that_does_not_answer_is_given_up_in_one_line() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let shown = published.fingerprint();
    let through = |most| {
        let (port, counts) = stalls(published.port, most);
        let place = format!("127.0.0.1:{port}");
        let words = ["trust", &place, "--fingerprint", &shown];
        client.run(&words).done();
        (port, counts)
    };
    // In the middle of the handshake, and in the middle of the answer.
    let (whole, counts) = through(u64::MAX);
    let server = format!("tls://127.0.0.1:{whole}");
    client
        .run(&["query", "session", "--server", &server])
        .done();
    let passed = counts.recv().expect("a count");
    let (first, _) = through(200);
    let (second, _) = through(passed - 200);
    for (port, why) in [
        (host(Manner::Silent), "did not answer within 2 s"),
        (host(Manner::Slow), "did not answer within 2 s"),
        (first, "did not answer within 2 s"),
        (second, "did not answer within 2 s"),
        (host(Manner::Strange), "no agreement on TLS was reached"),
        (host(Manner::Curt), "the connection to the host failed"),
        (winsta_tests::sshd::free_port(), "Connection refused"),
    ] {
        let server = format!("tls://127.0.0.1:{port}");
        let words = ["query", "session", "--server", &server, "--timeout", "2"];
        let (ran, took) = timed(&client, &words);
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains(why), "{ran:?}");
        let lines = ran.err.lines().filter(|line| !line.starts_with("hint:"));
        assert_eq!(lines.count(), 1, "{ran:?}");
        assert!(took < Duration::from_secs(8), "{took:?}: {ran:?}");
    }
}

#[test]
fn a_host_that_hangs_keeps_nobody_from_the_others() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let id = published.desk.start("cat");
    let (silent, slow) = (host(Manner::Silent), host(Manner::Slow));
    let hosts = format!(
        "[hosts.good]\ntls = \"{}\"\n[hosts.silent]\ntls = \"127.0.0.1:{silent}\"\n\
         [hosts.slow]\ntls = \"127.0.0.1:{slow}\"\n[hosts.nowhere]\ntls = \"nowhere.invalid:1\"\n",
        published.place()
    );
    fs::write(client.folder().join("hosts.toml"), hosts).expect("a file");
    let all = "silent,good,slow,nowhere";
    let (ran, took) = timed(&client, &["quser", "--server", all, "--timeout", "3"]);
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.out.contains(&format!(" {id}  Disc ")), "{ran:?}");
    for (host, why) in [
        ("silent", "did not answer within 3 s"),
        ("slow", "did not answer within 3 s"),
        ("nowhere", ""),
    ] {
        let start = format!("winsta: {host}: ");
        let line = ran.err.lines().find(|line| line.starts_with(&start));
        assert!(line.is_some_and(|line| line.contains(why)), "{ran:?}");
    }
    assert_eq!(ran.err.lines().count(), 3, "{ran:?}");
    assert!(took < Duration::from_secs(9), "{took:?}");
}

#[test]
fn names_that_nobody_resolves_are_given_up() {
    // It takes every question and answers none.
    let Ok(_resolver) = UdpSocket::bind(("127.0.53.7", 53)) else {
        println!("skipped: this takes root");
        return;
    };
    let desk = Desk::new();
    let resolv = desk.folder().join("resolv.conf");
    fs::write(&resolv, "nameserver 127.0.53.7\noptions timeout:30\n").expect("a file");
    let script = "mount --bind \"$0\" /etc/resolv.conf && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", script])
        .arg(&resolv)
        .arg("-");
    let asked = desk.command(&[
        "quser",
        "--server",
        "tls://web01.example.org:1",
        "--timeout",
        "2",
    ]);
    command.arg(asked.get_program()).args(asked.get_args());
    let begun = Instant::now();
    let ran = Ran::from(command.envs(desk.env()).output().expect("unshare runs"));
    let took = begun.elapsed();
    if ran.err.contains("unshare") || ran.err.contains("mount") {
        println!("skipped: {}", ran.err);
        return;
    }
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("did not answer within 2 s"), "{ran:?}");
    assert!((1_900..6_000).contains(&took.as_millis()), "{took:?}");
}

/// Whether there is an independent peer; says so if not.
fn has_openssl() -> bool {
    let found = have("openssl");
    if !found {
        println!("skipped: there is no openssl");
    }
    found
}

/// What `openssl s_client` says of the host.
fn s_client(published: &Published, words: &[&str]) -> Ran {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &published.place()])
        .args(words)
        .stdin(Stdio::null())
        .output();
    output.expect("openssl runs").into()
}

#[test]
fn old_versions_of_tls_are_refused() {
    if !has_openssl() {
        return;
    }
    let published = Published::new();
    // openssl itself would not offer them otherwise.
    let weak = ["-cipher", "ALL:@SECLEVEL=0"];
    for (version, spoken) in [
        ("-tls1", false),
        ("-tls1_1", false),
        ("-tls1_2", true),
        ("-tls1_3", true),
    ] {
        let said = s_client(&published, &[&[version][..], &weak].concat());
        let agreed = said.out.contains("Cipher is") && !said.out.contains("Cipher is (NONE)");
        assert_eq!(agreed, spoken, "{version}: {said:?}");
        assert_eq!(said.err.contains(" alert "), !spoken, "{version}: {said:?}");
    }
    // What openssl takes for the certificate's fingerprint is what the host says.
    let said = s_client(&published, &["-tls1_3"]);
    let folder = published.desk.folder().join("shown.pem");
    fs::write(&folder, said.out).expect("a file");
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(&folder)
        .output();
    let said = Ran::from(output.expect("openssl runs")).done();
    let (_, digits) = said.trim().split_once('=').expect("a fingerprint");
    assert_eq!(
        digits.replace(':', "").to_lowercase(),
        published.fingerprint()
    );
}

fn knock(published: &Published) -> TcpStream {
    TcpStream::connect(("127.0.0.1", published.port)).expect("it listens")
}

/// The beginning of a real handshake.
fn hello() -> Vec<u8> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    let mut client = Command::new("openssl")
        .args(["s_client", "-connect", &place])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl runs");
    let (mut stream, _) = listener.accept().expect("it comes");
    let mut bytes = vec![0; 4096];
    let count = stream.read(&mut bytes).expect("it speaks");
    bytes.truncate(count);
    let _ = client.kill();
    let _ = client.wait();
    bytes
}

#[test]
fn clients_that_hang_or_rave_keep_nobody_out() {
    if !has_openssl() {
        return;
    }
    let limit = getrlimit(Resource::Nofile);
    let more = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, more).expect("it may be raised");
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let server = published.server();
    let words = ["query", "session", "--server", &server];
    let hello = hello();
    let mut crowd = Vec::new();
    for number in 0..1_000 {
        let mut stream = knock(&published);
        let said = match number % 4 {
            // Nothing, half of a handshake, all of it and then nothing, something else.
            0 => &b""[..],
            1 => &hello[..hello.len() / 2],
            2 => &hello,
            _ => b"POST /wsman HTTP/1.1\r\nhost: a\r\n\r\n",
        };
        let _ = stream.write_all(said);
        crowd.push(stream);
        if number % 250 == 249 {
            let (ran, took) = timed(&client, &words);
            ran.done();
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
    }
    for seed in 0..200_u32 {
        let mut stream = knock(&published);
        let mut state = seed;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        let noise = noise.take(600).collect::<Vec<u8>>();
        let mut bytes = hello.clone();
        // As it is, and as what follows the beginning of a handshake.
        bytes.truncate(if seed % 2 == 0 {
            0
        } else {
            5 + seed as usize % 100
        });
        bytes.extend(noise);
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
    }
    client.run(&words).done();
    let pem = identity(&client);
    assert_eq!(curl(&published, "/v1/status", &["--cert", &pem]).0, 200);
    drop(crowd);
}

#[test]
fn a_handshake_has_its_time() {
    if !has_openssl() {
        return;
    }
    let published = Published::new();
    let mut half = knock(&published);
    half.write_all(&hello()[..20]).expect("it takes it");
    half.set_read_timeout(Some(Duration::from_secs(25)))
        .expect("a time");
    let begun = Instant::now();
    let mut rest = Vec::new();
    // An end or a reset; not the end of this test's patience.
    if let Err(error) = half.read_to_end(&mut rest) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    let took = begun.elapsed();
    assert!((8..16).contains(&took.as_secs()), "{took:?}");
    until("the host to serve on", || {
        (curl(&published, "/v1/status", &[]).0 == 401).then_some(())
    });
}
