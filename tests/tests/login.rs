//! Logins through a real ssh server that gives them hosted sessions.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use winsta_api::{AttachRequest, Attachment, NewSession};
use winsta_tests::binary::winsta;
use winsta_tests::desk::Desk;
use winsta_tests::patience::until;
use winsta_tests::sshd::{Machines, free_port};
use winsta_tests::tmux::{Terminal, have};

const ADDRESS: &str = "127.0.0.1";

/// A machine called `web01` with this configuration.
fn machine(config: &str) -> Option<Machines> {
    let mut machines = Machines::new()?;
    machines.add_hosting("web01", config);
    Some(machines)
}

/// OpenSSH's `program` to that machine.
fn openssh(machines: &Machines, program: &str) -> Command {
    let words = machines.openssh(program, "web01");
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).arg("-q");
    command
}

/// Hosted sessions of the machine.
fn hosted(desk: &Desk) -> Vec<Value> {
    let mut sessions = desk.sessions();
    sessions.retain(|session| session["leader_pid"].is_u64() && session["source"] == "hosted");
    sessions
}

/// A terminal in which somebody logs in to the machine.
fn log_in(machines: &Machines) -> Option<Terminal> {
    if !have("tmux") {
        return None;
    }
    let terminal = Terminal::open(80, 24);
    let words = machines.openssh("ssh", "web01").join(" ");
    terminal.line(&format!("clear; {words} -t {ADDRESS}; echo left with $?"));
    Some(terminal)
}

/// Types into a login's shell until it answers.
fn greet(terminal: &Terminal, word: &str) {
    terminal.line(&format!("echo {word}$((40 + 2))"));
    terminal.wait_text(&format!("{word}42"));
}

/// The only session of the machine, in this state.
fn only(desk: &Desk, state: &str) -> Value {
    until(&format!("one session that is {state}"), || {
        let sessions = hosted(desk);
        let [session] = &sessions[..] else {
            return None;
        };
        (session["state"] == state).then(|| session.clone())
    })
}

/// The network is cut: the client of the machine's only session dies without a word.
fn cut(terminal: &Terminal) {
    let device = terminal.device();
    let device = device.trim_start_matches("/dev/");
    let killed = Command::new("pkill")
        .args(["-KILL", "-t", device, "-x", "ssh"])
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    terminal.wait_text("left with");
}

#[test]
fn what_is_no_interactive_login_passes_untouched() {
    let Some(machines) = machine("") else { return };
    let folder = machines.folder();

    let ran = openssh(&machines, "ssh")
        .args([
            ADDRESS,
            "echo out; echo err >&2; echo $SSH_ORIGINAL_COMMAND; exit 7",
        ])
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(7), "{ran:?}");
    assert_eq!(ran.stdout, b"out\n\n");
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "err\n");

    let bytes: Vec<u8> = (0..=255).cycle().take(1_000_001).collect();
    fs::write(folder.join("sent"), &bytes).unwrap();
    let mut cat = openssh(&machines, "ssh")
        .args([ADDRESS, "cat"])
        .stdin(fs::File::open(folder.join("sent")).unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut back = Vec::new();
    cat.stdout.take().unwrap().read_to_end(&mut back).unwrap();
    assert!(back == bytes, "{} bytes came back", back.len());
    assert!(cat.wait().unwrap().success());

    let shell = openssh(&machines, "ssh")
        .args(["-T", ADDRESS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = shell.stdin.as_ref().unwrap();
    stdin.write_all(b"echo script $0; exit 3\n").unwrap();
    let ran = shell.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(3));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(said.contains("script -"), "a login shell: {said}");

    // scp speaks sftp, `scp -O` runs a command.
    for (name, option) in [("new", "-s"), ("old", "-O")] {
        let to = format!("{ADDRESS}:{}", folder.join(name).display());
        let ran = openssh(&machines, "scp")
            .arg(option)
            .arg(folder.join("sent"))
            .arg(to)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert!(fs::read(folder.join(name)).unwrap() == bytes, "{name}");
    }
    assert_eq!(
        hosted(machines.desk("web01")).len(),
        0,
        "no session was made"
    );
}

#[test]
fn ports_are_forwarded() {
    let Some(machines) = machine("") else { return };
    let listener = TcpListener::bind((ADDRESS, 0)).unwrap();
    let (far, near) = (listener.local_addr().unwrap().port(), free_port());
    let mut ssh = openssh(&machines, "ssh")
        .args(["-N", "-L", &format!("{near}:{ADDRESS}:{far}"), ADDRESS])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut here = until("the forwarded port", || {
        TcpStream::connect((ADDRESS, near)).ok()
    });
    let (mut there, _) = listener.accept().unwrap();
    there.write_all(b"hello").unwrap();
    let mut said = [0; 5];
    here.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"hello");
    ssh.kill().unwrap();
    ssh.wait().unwrap();
}

#[test]
fn git_and_rsync_work() {
    let Some(machines) = machine("") else { return };
    if !have("git") {
        return;
    }
    let folder = machines.folder();
    let git = |words: &[&str]| {
        let ssh = machines.openssh("ssh", "web01").join(" ");
        let ran = Command::new("git")
            .args(words)
            .current_dir(folder)
            .env("GIT_SSH_COMMAND", ssh)
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "safe.directory")
            .env("GIT_CONFIG_VALUE_0", "*")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    git(&["init", "-q", "--bare", "far.git"]);
    let far = format!("ssh://{ADDRESS}{}", folder.join("far.git").display());
    git(&["clone", "-q", &far, "near"]);
    assert!(folder.join("near/.git").exists());

    if have("rsync") {
        fs::write(folder.join("a"), "content").unwrap();
        let ran = Command::new("rsync")
            .args(["-e", &machines.openssh("ssh", "web01").join(" ")])
            .arg(folder.join("a"))
            .arg(format!("{ADDRESS}:{}", folder.join("b").display()))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert_eq!(fs::read(folder.join("b")).unwrap(), b"content");
    }
}

#[test]
fn a_login_whose_connection_breaks_is_gone_back_to() {
    let Some(machines) = machine("") else { return };
    let Some(terminal) = log_in(&machines) else {
        return;
    };
    let desk = machines.desk("web01");
    greet(&terminal, "first");
    let session = only(desk, "Active");
    assert_eq!(session["client_address"], ADDRESS);
    terminal.line("read line; echo \"and then $line\"");
    cut(&terminal);
    let left = only(desk, "Disconnected");
    assert_eq!(left["id"], session["id"]);

    let Some(again) = log_in(&machines) else {
        return;
    };
    eprintln!(
        "{:#?} {}",
        hosted(desk),
        fs::read_to_string(desk.folder().join("run/host.log")).unwrap()
    );
    again.wait_text("first42");
    only(desk, "Active");
    again.line("it goes on");
    again.wait_text("and then it goes on");
    again.line("exit 5");
    again.wait_text("left with 5");
    until("the session to be gone", || {
        hosted(desk).is_empty().then_some(())
    });
}

/// What is built: so many objects with a real compiler, a moment apart.
const OBJECTS: usize = 40;
const MAKEFILE: &str = "N := $(shell seq 40)
all: $(N:%=%.o)
\techo linked > finished
%.o:
\tsleep 0.1; echo 'int f$*;' | cc -x c -c -o $@ -
";

#[test]
fn an_editor_and_a_build_outlive_the_connection() {
    if !(have("vim") && have("make") && have("cc")) {
        return;
    }
    let Some(machines) = machine("") else { return };
    let Some(terminal) = log_in(&machines) else {
        return;
    };
    let desk = machines.desk("web01");
    let work = desk.folder().join("work");
    fs::create_dir(&work).unwrap();
    fs::write(work.join("Makefile"), MAKEFILE).unwrap();
    let built = || {
        let made = (1..=OBJECTS).filter(|number| work.join(format!("{number}.o")).exists());
        made.count()
    };
    greet(&terminal, "first");
    terminal.line(&format!(
        "cd {} && (make > log 2>&1 &); vim -u NONE -n -i NONE text",
        work.display()
    ));
    terminal.wait_text("[New");
    terminal.text("iwords that nobody saved");
    terminal.wait_text("nobody saved");
    until("the build to run", || (built() > 0).then_some(()));
    cut(&terminal);
    let at_the_cut = built();
    assert!(at_the_cut < OBJECTS, "the build was over before the cut");
    only(desk, "Disconnected");
    until("the build to go on", || {
        (built() > at_the_cut).then_some(())
    });

    let Some(again) = log_in(&machines) else {
        return;
    };
    again.wait_text("words that nobody saved");
    again.keys(&["Escape"]);
    again.text(":wq");
    again.keys(&["Enter"]);
    until("the text to be saved", || {
        let text = fs::read_to_string(work.join("text")).unwrap_or_default();
        (text == "words that nobody saved\n").then_some(())
    });
    until("the build to end", || {
        work.join("finished").exists().then_some(())
    });
    assert_eq!(built(), OBJECTS);
    again.line("exit");
    again.wait_text("left with 0");
}

#[test]
fn the_rule_can_close_or_leave_what_was_left() {
    for (rule, stays) in [("close", false), ("new", true)] {
        let config = format!("[login]\nreconnect = \"{rule}\"\n");
        let Some(machines) = machine(&config) else {
            return;
        };
        let Some(terminal) = log_in(&machines) else {
            return;
        };
        let desk = machines.desk("web01");
        greet(&terminal, "first");
        cut(&terminal);
        let left = only(desk, "Disconnected");
        let Some(again) = log_in(&machines) else {
            return;
        };
        greet(&again, "second");
        let found = desk.session(&left["id"].to_string());
        assert_eq!(found.is_some(), stays, "{rule}");
        assert!(!again.plain().contains("first42"), "{rule}");
        again.line("exit");
        again.wait_text("left with 0");
    }
}

#[test]
fn two_logins_at_once_do_not_get_the_same_session() {
    let desk = Desk::new();
    let wanted = NewSession {
        command: vec!["cat".to_owned()],
        login: true,
        attach: Some(AttachRequest {
            mode: Attachment::TakeOver,
            client_name: None,
            client_address: None,
            ask_consent: false,
            from_session: None,
        }),
        ..NewSession::default()
    };
    let ordinary = desk.start("cat");
    let host = desk.host();
    let logins: Vec<_> = (0..3)
        .map(|_| host.create(&wanted).expect("a session"))
        .collect();
    let ids: Vec<u32> = logins.iter().map(|login| login.session.id).collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
    assert!(logins.iter().all(|login| !login.back));
    assert!(!ids.iter().any(|id| id.to_string() == ordinary));
}

#[test]
fn a_broken_host_locks_nobody_out() {
    let Some(machines) = machine("") else { return };
    let desk = machines.desk("web01");
    let run = desk.folder().join("run");
    fs::create_dir(&run).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o777)).unwrap();
    let Some(terminal) = log_in(&machines) else {
        return;
    };
    terminal.wait_text("plain shell");
    greet(&terminal, "inside");
    terminal.line("exit 4");
    terminal.wait_text("left with 4");

    // One that accepts and says nothing.
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).unwrap();
    let _silent = UnixListener::bind(run.join("host.sock")).unwrap();
    let Some(terminal) = log_in(&machines) else {
        return;
    };
    terminal.wait_text("plain shell");
    greet(&terminal, "inside");
}

/// The program as a login shell is called, by `name`.
fn as_login_shell(desk: &Desk, name: &str, words: &[&str]) -> (i32, String) {
    let path = desk.folder().join("winsta-login");
    if !Path::new(&path).exists() {
        symlink(winsta(), &path).unwrap();
    }
    let script = format!("exec -a {name} {} \"$@\"", path.display());
    let ran = Command::new("bash")
        .args(["-c", &script, "bash"])
        .args(words)
        .envs(desk.env())
        .env_remove("WINSTA_SESSION")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    (ran.status.code().unwrap_or(-1), out)
}

#[test]
fn as_a_login_shell_it_runs_commands_with_the_real_one() {
    let desk = Desk::new();
    let words = ["-c", "echo \"$1\"; exit 6", "sh", "-x y"];
    for name in ["winsta-login", "-winsta-login"] {
        assert_eq!(
            as_login_shell(&desk, name, &words),
            (6, "-x y\n".to_owned()),
            "{name}"
        );
    }
    assert!(!desk.folder().join("run").exists(), "no host was wanted");
}

#[test]
fn a_profile_goes_on_where_there_is_no_ssh() {
    let desk = Desk::new();
    let Some(terminal) = desk.terminal() else {
        return;
    };
    terminal.line("winsta login --profile; echo went on with $?");
    terminal.wait_text("went on with 1");
    terminal.line("clear; export SSH_CONNECTION='10.0.0.9 4711 10.0.0.1 22'");
    terminal.line("winsta login --profile; echo came back with $?");
    until("a session", || {
        let sessions = hosted(&desk);
        let [session] = &sessions[..] else {
            return None;
        };
        (session["client_address"] == "10.0.0.9").then_some(())
    });
    greet(&terminal, "inside");
    terminal.line("winsta login --profile; echo nested $?");
    terminal.wait_text("nested 1");
    terminal.line("exit 9");
    terminal.wait_text("came back with 0");
}
