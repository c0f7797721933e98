//! Another user who can reach the sockets, though not through the folder's mode: what the kernel
//! says of who connects must be enough.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use winsta_tests::desk::Desk;

const NOBODY: u32 = 65_534;

/// Runs `work` in a thread that is another user; `None` without the right to become one.
fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    if !geteuid().is_root() {
        println!("skipped: only root can be somebody else");
        return None;
    }
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            set_thread_groups(&[]).expect("no groups");
            set_thread_res_gid(group, group, group).expect("another group");
            set_thread_res_uid(user, user, user).expect("another user");
            work()
        });
        Some(other.join().expect("it works"))
    })
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// Sends bytes and gives the whole answer.
fn ask(socket: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).expect("the socket is in reach");
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).expect("a timeout");
    // Whoever refuses may close before all is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn another_user_cannot_talk_to_the_agent() {
    let desk = Desk::new();
    desk.bash("New-PSSession -Name Mine").done();
    let run = desk.folder().join("run");
    let agent = run.join("agent.sock");
    for (path, mode) in [
        (desk.folder().to_owned(), 0o711),
        (run.clone(), 0o711),
        (agent.clone(), 0o666),
    ] {
        open(&path, mode);
    }
    let asks = [
        b"\"Known\"\n".to_vec(),
        b"{\"Connect\":{\"sessions\":[],\"throttle\":0}}\n".to_vec(),
        vec![b'x'; 1 << 20],
    ];
    // Its owner is answered, so that silence means something.
    assert!(first_line(&agent, &asks[0]).contains("Mine"));
    let answers = as_nobody(|| asks.each_ref().map(|bytes| ask(&agent, bytes)));
    open(&run, 0o700);
    let Some(answers) = answers else {
        return;
    };
    assert_eq!(answers, ["", "", ""]);
    let kept = desk.bash("Get-PSSession | Format-Table Name, State | tail -n +4");
    assert_eq!(
        (kept.out.as_str(), kept.err.as_str()),
        ("Mine Opened\n", "")
    );
}

/// The first line of an answer of the agent.
fn first_line(socket: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).expect("the socket is in reach");
    stream.write_all(bytes).expect("it reads");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("text");
    line
}

#[test]
fn another_user_may_look_at_the_list_and_nothing_else() {
    let desk = Desk::new();
    let id = desk.start("cat");
    let run = desk.folder().join("run");
    for (path, mode) in [
        (desk.folder().to_owned(), 0o711),
        (run.clone(), 0o711),
        (run.join("host.sock"), 0o666),
        (run.join("keeper.sock"), 0o666),
    ] {
        open(&path, mode);
    }
    let guard = r#"{"incarnation":"","logon_time":null}"#;
    let of = |what: &str| format!("/v1/sessions/{id}{what}");
    let attach = r#"{"mode":"view","client_name":null,"client_address":null}"#;
    let end = format!(r#"{{"how":"reset","guard":{guard}}}"#);
    let forbidden = [
        request("POST", "/v1/sessions", r#"{"command":["true"]}"#),
        request("POST", &of("/attach"), attach),
        request("POST", &of("/input"), "x"),
        request("POST", &of("/disconnect"), guard),
        request("DELETE", &of(""), &end),
        request("GET", &of("/output"), ""),
        request("GET", &of("/screen"), ""),
        request("GET", "/v1/audit", ""),
        request("GET", "/v1/session-configurations", ""),
        request("GET", "/v1/session-configurations/Microsoft.PowerShell", ""),
        request("POST", "/v1/session-configurations", r#"{"name":"x"}"#),
        request(
            "PATCH",
            "/v1/session-configurations/Microsoft.PowerShell",
            "{}",
        ),
        request(
            "DELETE",
            "/v1/session-configurations/Microsoft.PowerShell",
            "",
        ),
        request(
            "POST",
            &format!("{}?force=true", winsta_api::paths::STOP),
            "null",
        ),
    ];
    let hello = winsta_wire::Hello::Control {
        versions: winsta_wire::VERSIONS,
        pid: 1,
    };
    let mut control = Vec::new();
    winsta_wire::frame::encode_json(&mut control, winsta_wire::Kind::HELLO, &hello)
        .expect("a frame");
    let answers = as_nobody(|| {
        let host = run.join("host.sock");
        let list = ask(&host, request("GET", "/v1/sessions", "").as_bytes());
        let others = forbidden.iter().map(|bytes| ask(&host, bytes.as_bytes()));
        let others: Vec<String> = others.collect();
        (list, others, ask(&run.join("keeper.sock"), &control))
    });
    open(&run, 0o700);
    let Some((list, others, keeper)) = answers else {
        return;
    };
    assert!(list.starts_with("HTTP/1.1 200 "), "{list}");
    for (request, answer) in forbidden.iter().zip(others) {
        assert!(answer.starts_with("HTTP/1.1 403 "), "{request}\n{answer}");
        assert!(answer.contains("you lack the right to"), "{answer}");
    }
    assert_eq!(keeper, "", "the keeper does not even greet");
    let log = fs::read_to_string(run.join("keeper.log")).expect("a log");
    assert!(log.contains(&format!("of user {NOBODY}")), "{log}");
    assert_eq!(
        desk.session(&id).expect("it is listed")["state"],
        "Disconnected"
    );
    // What was tried is on the trail, under the stranger's name.
    let trail = desk.run(&["audit", "-o", "jsonl"]).done();
    let tries = trail.lines().filter(|line| line.contains("\"uid\":65534"));
    assert!(tries.count() >= forbidden.len() - 3, "{trail}");
}
