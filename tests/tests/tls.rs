//! Hosts that are reached over TLS: coming to know each other, and who gets in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use winsta_tests::desk::{Desk, Ran};
use winsta_tests::patience::until;
use winsta_tests::published::{Published, curl, identity};

fn audit(published: &Published) -> String {
    published.desk.run(&["audit", "-o", "jsonl"]).done()
}

#[test]
fn who_is_enrolled_is_the_owner_from_elsewhere() {
    let published = Published::new();
    let id = published.desk.start("echo hello; cat");
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let server = published.server();
    let list = client
        .run(&["query", "session", "--server", &server])
        .done();
    assert!(list.contains(&format!(" {id}  Disc ")), "{list}");
    let words = ["query", "session", "--server", &server, "-o", "json"];
    let rows: Vec<Value> = serde_json::from_str(&client.run(&words).done()).expect("rows");
    assert!(
        rows.iter().any(|row| row["id"].as_u64() == id.parse().ok()),
        "{rows:?}"
    );
    published.desk.wait_screen(&id, "hello");
    let screen = client.run(&["screen", &id, "--server", &server]).done();
    assert!(screen.starts_with("hello"), "{screen}");
    let other = client
        .run(&["new", "-d", "--server", &server, "--", "cat"])
        .done();
    client.run(&["logoff", &id, "--server", &server]).done();
    published.desk.wait_gone(&id);
    assert!(published.desk.session(other.trim_end()).is_some());
    let audit = audit(&published);
    for action in ["token", "enrol", "create", "logoff"] {
        assert!(
            audit.contains(&format!("\"action\":\"{action}\"")),
            "{audit}"
        );
    }
    assert!(
        audit.contains("\"origin\":\"tls 127.0.0.1 certificate "),
        "{audit}"
    );
}

#[test]
fn what_takes_its_time_comes_through() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let server = published.server();
    let id = published.desk.start("seq 1 200000; read line; exit 7");
    published.desk.wait_screen(&id, "200000");
    let read = client.command(&["read", &id, "--follow", "--server", &server]);
    let wait = client.command(&["wait", &id, "--server", &server, "--timeout", "1"]);
    let [reader, waiter] = [read, wait].map(|mut command| {
        command.stdout(Stdio::piped());
        command.spawn().expect("winsta runs")
    });
    // Longer than an ordinary answer may take.
    std::thread::sleep(Duration::from_millis(1_500));
    client
        .run(&["send", &id, "--enter", "--server", &server, "bye"])
        .done();
    let [reader, waiter] =
        [reader, waiter].map(|child| Ran::from(child.wait_with_output().expect("it ends")));
    assert_eq!(waiter.status, 7, "{waiter:?}");
    assert!(
        reader.out.ends_with("199999\r\n200000\r\nbye\r\n"),
        "the end is there"
    );
}

#[test]
fn a_host_that_is_replaced_is_published_still() {
    let mut published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let server = published.server();
    let id = published.desk.start("cat");
    let words = ["query", "session", &id, "--server", &server];
    client.run(&words).done();
    published.desk.run(&["host", "upgrade"]).done();
    until("the next host to know the client", || {
        (client.run(&words).status == 0).then_some(())
    });
    published.crash();
    client.run(&words).done();
}

#[test]
fn inventories_say_where_a_host_is_published() {
    let published = Published::new();
    let client = published.enrolled(&[]);
    let hosts = format!("[hosts.web01]\ntls = \"{}\"\n", published.place());
    fs::write(client.folder().join("hosts.toml"), hosts).expect("a file");
    let id = published.desk.start("cat");
    let list = client.run(&["quser", "--server", "web0?,web01"]).done();
    assert!(list.contains(&format!(" {id}  Disc ")), "{list}");
    let known = client
        .run(&["query", "termserver", "/address", "-o", "csv"])
        .done();
    assert!(known.contains(&published.server()), "{known}");
}

#[test]
fn keys_are_for_their_users_eyes() {
    let published = Published::new();
    let client = published.enrolled(&[]);
    let host = published.desk.folder().join("state/tls/host.pem");
    for path in [host, identity(&client).into()] {
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    // No token is anywhere in clear.
    let token = published.token(&[]);
    let secret = token.rsplit('/').next().expect("a secret").as_bytes();
    let mut folders = vec![published.desk.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = fs::read(&path).expect("a file");
                let found = bytes.windows(secret.len()).any(|part| part == secret);
                assert!(!found, "{}", path.display());
            }
        }
    }
}

#[test]
fn tokens_that_are_wrong_or_used_enrol_nobody() {
    let published = Published::new();
    let client = Desk::new();
    let token = published.token(&[]);
    let (rest, secret) = token.rsplit_once('/').expect("a token");
    let (start, _) = rest.rsplit_once('/').expect("a token");
    let wrong = format!("{rest}/{}", "0".repeat(32));
    let other = format!("{start}/{}/{secret}", "0".repeat(64));
    for (token, status, why) in [
        ("winsta1/x", 2, "this is no token"),
        (
            &wrong,
            4,
            "the token is wrong, was used already, or is too old",
        ),
        (&other, 3, "IS NOT THE HOST THAT IS MEANT"),
    ] {
        let ran = client.run(&["trust", token]);
        assert_eq!(ran.status, status, "{ran:?}");
        assert!(ran.err.contains(why), "{ran:?}");
        assert_eq!(published.trusted(), Vec::<Value>::new());
        let known = client.folder().join("state/tls/known_hosts");
        assert!(!known.exists(), "nothing is known by that");
    }
    // The host that was meant has not been told the secret by that: it is good still, once.
    client.run(&["trust", &token, "--name", "laptop"]).done();
    let again = Desk::new().run(&["trust", &token]);
    assert_eq!(again.status, 4, "{again:?}");
    let trusted = published.trusted();
    assert_eq!(trusted.len(), 1, "{trusted:?}");
    assert_eq!(trusted[0]["name"], "laptop");
    assert!(audit(&published).contains("the token is wrong"));
}

#[test]
fn a_token_is_good_for_its_time() {
    let published = Published::with_config("[tls]\ntoken_seconds = 1\n");
    let token = published.token(&[]);
    std::thread::sleep(Duration::from_millis(1_100));
    let ran = Desk::new().run(&["trust", &token]);
    assert_eq!(ran.status, 4, "{ran:?}");
    assert!(ran.err.contains("too old"), "{ran:?}");
    assert_eq!(published.trusted(), Vec::<Value>::new());
}

#[test]
fn who_guesses_tokens_waits() {
    let published = Published::new();
    let client = Desk::new();
    let token = published.token(&[]);
    let wrong = format!(
        "{}/{}",
        token.rsplit_once('/').expect("a token").0,
        "0".repeat(32)
    );
    until("guessing to take its time", || {
        let ran = client.run(&["trust", &wrong]);
        assert_eq!(ran.status, 4, "{ran:?}");
        let slow = "too many wrong tokens came from this address; wait";
        ran.err.contains(slow).then_some(())
    });
    assert_eq!(published.trusted(), Vec::<Value>::new());
    until("the right token to be taken", || {
        (client.run(&["trust", &token]).status == 0).then_some(())
    });
}

#[test]
fn nobody_else_gets_in() {
    let published = Published::new();
    published.desk.start("cat");
    let stranger = Desk::new();
    // It has a certificate, which it brought elsewhere.
    let elsewhere = Published::new();
    stranger.run(&["trust", &elsewhere.token(&[])]).done();
    let robot = published.enrolled(&["--user", "ann"]);
    let (stranger, robot) = (identity(&stranger), identity(&robot));
    let mutual =
        "Authorization: http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";
    let soap = [
        "-H",
        "Content-Type: application/soap+xml;charset=UTF-8",
        "--data-binary",
        "<a/>",
    ];
    for path in ["/v1/sessions", "/v1/status", "/v1/audit", "/v1/trusted"] {
        assert_eq!(curl(&published, path, &[]).0, 401, "{path}");
        assert_eq!(
            curl(&published, path, &["--cert", &stranger]).0,
            401,
            "{path}"
        );
        let (status, said) = curl(&published, path, &["--cert", &robot]);
        assert_eq!(status, 403, "{path}");
        assert!(said.contains("for remote shells of ann"), "{said}");
    }
    let stop = ["--cert", &stranger, "-X", "POST"];
    assert_eq!(curl(&published, "/v1/host/stop?force=true", &stop).0, 401);
    assert_eq!(
        curl(
            &published,
            "/v1/tokens",
            &[&stop[..], &["-d", "{}"]].concat()
        )
        .0,
        401
    );
    // Remote shells want the header as well.
    for (more, expected) in [
        (&[][..], 401),
        (&["-H", mutual], 401),
        (&["-H", mutual, "--cert", &stranger], 401),
        (&["--cert", &robot], 401),
        (&["-u", "ann:wrong", "--cert", &robot], 401),
        (&["-H", mutual, "--cert", &robot], 500),
        (&["-u", "ann:secret"], 500),
    ] {
        let words = [&soap[..], more].concat();
        assert_eq!(curl(&published, "/wsman", &words).0, expected, "{more:?}");
    }
    // 500 is a SOAP fault: they are in, and <a/> is no envelope.
}

#[test]
fn who_is_taken_off_the_list_is_out_at_once() {
    let published = Published::new();
    let client = published.enrolled(&["--address", "127.0.0.1"]);
    let server = published.server();
    let words = ["query", "session", "--server", &server];
    client.run(&words).done();
    let fingerprint = published.trusted()[0]["fingerprint"].to_string();
    let fingerprint = fingerprint.trim_matches('"');
    published
        .desk
        .run(&["host", "trusted", "--remove", &fingerprint[..12]])
        .done();
    let refused = client.run(&words);
    assert_eq!(refused.status, 4, "{refused:?}");
    assert!(
        refused
            .err
            .contains("the host does not know your certificate"),
        "{refused:?}"
    );
    assert!(refused.err.contains("winsta host token"), "{refused:?}");
    let unknown = published
        .desk
        .run(&["host", "trusted", "--remove", fingerprint]);
    assert_eq!(unknown.status, 1, "{unknown:?}");
    assert!(audit(&published).contains("\"action\":\"distrust\""));
}

#[test]
fn hosts_that_are_unknown_or_others_are_refused() {
    let published = Published::new();
    let (place, server) = (published.place(), published.server());
    let client = Desk::new();
    let words = ["query", "session", "--server", &server];
    let shown = published.fingerprint();
    let unknown = client.run(&words);
    assert_eq!(unknown.status, 3, "{unknown:?}");
    assert!(
        unknown
            .err
            .contains("is not known here; its certificate is"),
        "{unknown:?}"
    );
    assert!(unknown.err.contains(&shown), "{unknown:?}");

    let other = "0".repeat(64);
    client
        .run(&["trust", &place, "--fingerprint", &other])
        .done();
    let changed = client.run(&words);
    assert_eq!(changed.status, 3, "{changed:?}");
    assert!(
        changed.err.contains("HAS ANOTHER CERTIFICATE THAN BEFORE"),
        "{changed:?}"
    );

    // Now it is the right one, which does not know this client.
    client
        .run(&["trust", &server, "--fingerprint", &shown])
        .done();
    let refused = client.run(&words);
    assert_eq!(refused.status, 4, "{refused:?}");
    for wrong in [
        &["trust", "a b", "--fingerprint", &shown][..],
        &["trust", &place, "--fingerprint", "x"],
    ] {
        assert_eq!(client.run(wrong).status, 2, "{wrong:?}");
    }
}

#[test]
fn what_cannot_be_is_said() {
    let desk = Desk::new();
    desk.start("cat");
    for words in [&["host", "token"][..], &["host", "trusted"]] {
        let ran = desk.run(words);
        assert_eq!(ran.status, 4, "{ran:?}");
        assert!(ran.err.contains("not published over TLS"), "{ran:?}");
    }
    let cases: [(&[&str], &str); 5] = [
        (&["--system", "--tls", "0.0.0.0:1"], "speaks to no network"),
        (&["--tls", "web01"], "--tls takes ADDRESS:PORT"),
        (
            &["--wsman", "http://0.0.0.0:1", "--users", "u"],
            "https:// serves any",
        ),
        (&["--wsman", "http://127.0.0.1:1"], "belong together"),
        (&["--wsman", "https://web01:1"], "https://ADDRESS:PORT"),
    ];
    for (words, why) in cases {
        let ran = desk.run(&[&["host", "run"], words].concat());
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains(why), "{ran:?}");
    }
}

#[test]
fn programs_attach_with_a_websocket() {
    let published = Published::new();
    let client = published.enrolled(&[]);
    let id = published.desk.start("echo hello; exec cat");
    let path = format!("/v1/sessions/{id}/attach?cols=80&rows=24");
    let program = include_str!("tls/websocket.py");
    let ran = Command::new("python3")
        .args(["-c", program, &published.port.to_string()])
        .args([&identity(&client), &path])
        .output();
    let ran = Ran::from(ran.expect("python3 runs"));
    assert_eq!(ran.status, 0, "{ran:?}");
}
