//! The attached client in a real terminal, with a real keeper.

use winsta_tests::stage::Stage;
use winsta_tests::tmux::{Terminal, have};
use winsta_wire::{AttachMode, Notice};

/// A keeper with one session, for the small program that only attaches.
fn stage(cols: u32, rows: u32, script: &str) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_bare-attach"), cols, rows, script)
}

fn detach(terminal: &Terminal) {
    terminal.keys(&["C-\\", "d"]);
    terminal.wait_text("[detached from session 5]");
}

/// Every row is compared.
fn all(_: &str) -> bool {
    true
}

/// Runs `script` in a session and undisturbed in a terminal, brings both into a state by `act`,
/// and compares all cells after attaching, detaching and attaching again, and at another size.
fn comes_back(script: &str, act: impl Fn(&Terminal), counts: impl Fn(&str) -> bool + Copy) {
    let plain = Terminal::open(80, 24);
    let mut stage = stage(80, 24, script);
    let attached = Terminal::open(80, 24);
    plain.line(&format!(
        "exec env PS1='session$ ' sh -c 'printf \"\\033[H\\033[J\\033[3J\"; {script}'"
    ));
    attached.line(&stage.client(AttachMode::TakeOver));
    act(&attached);
    act(&plain);
    attached.wait_same(&plain, counts);

    detach(&attached);
    attached.line(&stage.client(AttachMode::TakeOver));
    attached.wait_same(&plain, counts);

    detach(&attached);
    plain.resize(100, 30);
    attached.resize(100, 30);
    attached.line(&stage.client(AttachMode::TakeOver));
    attached.wait_same(&plain, counts);
    detach(&attached);
}

#[test]
fn vim_comes_back() {
    if have("vim") {
        let file = "/tmp/winsta-test-vim.txt";
        let script = format!("exec vim -u NONE -n -i NONE +\"set nocp number hlsearch\" {file}");
        comes_back(
            &script,
            |terminal| {
                terminal.wait_text("winsta-test-vim.txt");
                terminal.text("ihello world");
                terminal.keys(&["Enter"]);
                terminal.text("漢字 and words");
                terminal.keys(&["Escape"]);
                terminal.text("/wor");
                terminal.keys(&["Enter"]);
                terminal.wait_text("search hit BOTTOM");
            },
            all,
        );
    }
}

#[test]
fn less_comes_back() {
    if have("less") {
        comes_back(
            "seq 1 1000 | exec less -S",
            |terminal| {
                terminal.wait_text("23");
                terminal.text(" /50");
                terminal.keys(&["Enter"]);
                terminal.wait_text("50\n51\n");
            },
            all,
        );
    }
}

#[test]
fn htop_comes_back() {
    if have("htop") {
        // times, memory and the list of processes are never the same twice: what stays is where
        // things stand, and their colours
        let frame = |row: &str| row.contains("F1Help") || row.contains("PID USER");
        comes_back(
            "exec htop -d 100",
            |terminal| terminal.wait_text("F1"),
            frame,
        );
    }
}

#[test]
fn colours_and_wide_characters_come_back() {
    let script = "i=0; while [ $i -lt 256 ]; do printf \"\\033[48;5;${i}m%4d\\033[0m\" $i; \
                  i=$((i+1)); done; printf \"\\033[38;2;1;2;3m\\033[4m rgb \\033[0m\\r\\n\"; \
                  printf \"漢字かな 한국어 😀 e\\314\\201 x\\r\\n\"; printf \"\\033[1;3;7mbold\"; read x";
    comes_back(script, |terminal| terminal.wait_text("bold"), all);
}

#[test]
fn a_shell_comes_back_after_a_flood() {
    // debug builds are slow, and what is tested is the same
    let lines = if cfg!(debug_assertions) {
        200_000
    } else {
        26_000_000
    };
    let script = format!("seq 1 {lines}; exec sh");
    comes_back(&script, |terminal| terminal.wait_text("session$"), all);
}

#[test]
fn scrollback_is_there_and_the_title_comes_back() {
    let mut stage = stage(80, 24, "seq 1 300; printf '\\033]2;my title\\007'; read x");
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("300");
    let all = terminal.scrollback();
    let wanted: Vec<String> = (1..=300).map(|n| n.to_string()).collect();
    assert!(all.contains(&wanted.join("\n")), "{all}");
    assert!(
        all.starts_with("$ "),
        "what was there before is kept: {all}"
    );
    assert_eq!(terminal.title().trim(), "my title");
}

#[test]
fn the_detach_key_steals_nothing() {
    let mut stage = stage(80, 24, "stty raw -echo; printf ready; exec cat -v");
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("ready");
    terminal.keys(&["a", "C-\\", "x"]);
    terminal.wait_text("a^\\x");
    terminal.keys(&["C-\\"]);
    terminal.wait_text("a^\\x^\\");
    terminal.keys(&["C-\\", "C-\\", "y"]);
    terminal.wait_text("a^\\x^\\^\\y");
    detach(&terminal);
}

#[test]
fn the_terminal_is_as_it_was_whatever_ends_the_client() {
    let script = "stty raw -echo; printf '\\033[?1049h\\033[?1000h\\033[?2004h\\033[?25l'; \
                  printf ready; exec sleep 1000";
    let mut stage = stage(80, 24, script);
    let terminal = Terminal::open(80, 24);
    let settings = terminal.settings();
    // all but where the cursor is
    let modes = |terminal: &Terminal| terminal.state().split_off(1);
    let before = modes(&terminal);
    let mut check = |what: &str, environment: &str, end: &dyn Fn(&Terminal)| {
        terminal.line("clear");
        terminal.line(&format!(
            "{environment} {}",
            stage.client(AttachMode::TakeOver)
        ));
        terminal.wait_text("ready");
        assert_ne!(terminal.settings(), settings, "raw");
        end(&terminal);
        terminal.wait_gone("ready");
        terminal.wait_text("\n$");
        assert_eq!(terminal.settings(), settings, "{what}");
        assert_eq!(modes(&terminal), before, "{what}");
    };
    check("detach", "", &|terminal| terminal.keys(&["C-\\", "d"]));
    check("SIGTERM", "", &|terminal| signal(terminal, "-TERM"));
    check("SIGINT", "", &|terminal| signal(terminal, "-INT"));
    check("SIGHUP", "", &|terminal| signal(terminal, "-HUP"));
    check("a panic", "WINSTA_TEST_PANIC=500", &|terminal| {
        terminal.wait_text("the test wants a panic");
    });
}

#[test]
fn another_client_takes_over_or_watches() {
    let mut stage = stage(80, 24, "exec sh");
    let (first, second) = (Terminal::open(80, 24), Terminal::open(60, 15));
    first.line(&stage.client(AttachMode::TakeOver));
    first.wait_text("session$");
    first.line("echo on''e; tput cols");
    first.wait_text("80");

    second.line(&stage.client(AttachMode::View));
    second.wait_text("Watching session 5");
    second.wait_gone("Watching session 5");
    second.wait_text("one");
    second.line("echo typed");
    first.line("echo tw''o");
    second.wait_text("two");
    assert!(!first.plain().contains("typed"), "a viewer types nothing");
    second.keys(&["q"]);
    second.wait_text("[detached from session 5]");

    second.line(&stage.client(AttachMode::TakeOver));
    first.wait_text("[session 5 was taken over]");
    second.wait_text("two");
    second.line("tput cols; exit 7");
    second.wait_text("60");
    second.wait_text("[session 5 ended: exit status 7]");
}

#[test]
fn a_resize_reaches_the_program() {
    let mut stage = stage(80, 24, "exec sh");
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("session$");
    terminal.resize(101, 31);
    terminal.line("while [ $(tput cols) != 101 ]; do :; done; stty size");
    terminal.wait_text("31 101");
}

/// Sends a signal to the client in a terminal.
fn signal(terminal: &Terminal, signal: &str) {
    let tty = terminal.device();
    let tty = tty.trim_start_matches("/dev/");
    let status = std::process::Command::new("pkill")
        .args([signal, "-t", tty, "-x", "bare-attach"])
        .status();
    assert!(status.expect("pkill runs").success());
}

/// Lets the session print far more than is kept for a client that does not read.
fn overrun(stage: &mut Stage) {
    stage
        .host
        .type_in(5, "clear; seq 1 900000; echo over''run\n");
    winsta_tests::patience::until("the flood", || {
        let output = stage.host.output(5, winsta_wire::Stream::Out);
        String::from_utf8_lossy(&output)
            .contains("overrun")
            .then_some(())
    });
}

#[test]
fn a_suspended_client_gives_the_terminal_back_and_returns() {
    let mut stage = stage(80, 24, "exec sh");
    let terminal = Terminal::open(80, 24);
    let settings = terminal.settings();
    terminal.line("set -m");
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("session$");
    signal(&terminal, "-TSTP");
    terminal.wait_text("Stopped");
    assert_eq!(terminal.settings(), settings);
    overrun(&mut stage);
    terminal.line("fg");
    terminal.wait_text("overrun");
    terminal.wait_gone("Stopped");
    terminal.line("echo ag''ain");
    terminal.wait_text("again");
    detach(&terminal);
}

#[test]
fn a_stopped_client_comes_back_with_a_fresh_screen() {
    let mut stage = stage(80, 24, "exec sh");
    let (terminal, plain) = (Terminal::open(80, 24), Terminal::open(80, 24));
    terminal.line(&format!("exec {}", stage.client(AttachMode::TakeOver)));
    terminal.wait_text("session$");
    signal(&terminal, "-STOP");
    overrun(&mut stage);
    signal(&terminal, "-CONT");
    terminal.wait_text("overrun");
    plain.line("exec env PS1='session$ ' sh");
    plain.line("clear; seq 1 900000; echo over''run");
    plain.wait_text("overrun");
    terminal.wait_same(&plain, all);
}

#[test]
fn a_message_is_shown_answered_and_gone() {
    let mut stage = stage(80, 24, "seq 1 100 | exec less");
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("\n22\n23\n");
    let before = terminal.cells();
    stage.notify(&Notice::Message {
        id: 1,
        from: "bob".to_owned(),
        text: "The disk is full.\nReally \u{1b}[31mfull.".to_owned(),
        seconds: 0,
        wait: true,
    });
    terminal.wait_text("Message from bob");
    terminal.wait_text("Really ^[[31mfull.");
    // keys typed before anybody can have read it are no answer: type until they are taken
    winsta_tests::patience::until("the answer", || {
        terminal.keys(&["k"]);
        terminal.plain().contains("> k").then_some(())
    });
    terminal.keys(&["Enter"]);
    let answer = stage.answer();
    assert_eq!(answer.id, 1);
    assert_eq!(answer.answer.trim_matches('k'), "", "{answer:?}");
    terminal.wait_gone("Message from bob");
    winsta_tests::patience::until("the screen as it was", || {
        (terminal.cells() == before).then_some(())
    });
    terminal.keys(&["Space"]);
    terminal.wait_text("\n45\n46\n");
}

#[test]
fn a_countdown_counts_and_is_cancelled() {
    let mut stage = stage(80, 24, "exec sh");
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("session$");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now_ms = u64::try_from(now.expect("a clock").as_millis()).expect("this age");
    stage.notify(&Notice::Countdown {
        id: 2,
        text: "save your work".to_owned(),
        due_ms: now_ms + 60_000,
        may_cancel: true,
    });
    terminal.wait_text("in 58 s");
    terminal.keys(&["x"]);
    terminal.wait_gone("save your work");
    terminal.line("echo sa''ved");
    terminal.wait_text("saved");
    stage.notify(&Notice::Countdown {
        id: 3,
        text: "again".to_owned(),
        due_ms: now_ms + 60_000,
        may_cancel: true,
    });
    terminal.wait_text("again");
    terminal.wait_text("in 55 s");
    terminal.keys(&["c"]);
    let answer = stage.answer();
    assert_eq!((answer.id, answer.answer.as_str()), (3, "cancel"));
    terminal.wait_gone("again");
    terminal.wait_text("saved");
}

#[test]
fn pipes_are_refused_in_words() {
    let mut stage = stage(80, 24, "exec sleep 1000");
    let line = stage.client(AttachMode::TakeOver);
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .output();
    let output = output.expect("sh runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("standard output is not a terminal"), "{said}");
}

#[test]
fn a_session_of_another_size_is_shown_in_a_window() {
    let script = "printf '\\033[?1049h\\033[H'; seq 1 24 | tr '\\n' ' '; \
                  printf '\\033[24;70Hcorner\\033[12;1Hmiddle'; while read x; do \
                  printf \"\\033[12;1Hgot $x\"; done";
    let mut stage = stage(80, 24, script);
    let (large, small) = (Terminal::open(80, 24), Terminal::open(40, 14));
    large.line(&stage.client(AttachMode::TakeOver));
    large.wait_text("corner");
    small.line(&stage.client(AttachMode::View));
    small.wait_text("Watching session 5");
    small.wait_gone("Watching session 5");
    small.wait_text("middle");
    assert!(!small.plain().contains("corner"), "{}", small.plain());
    large.line("words");
    small.wait_text("got words");
    // a larger window shows it as it is
    small.resize(80, 24);
    small.wait_text("corner");
    small.wait_same(&large, all);
}

#[test]
fn a_client_is_sent_to_another_session() {
    let mut here = stage(80, 24, "printf 'first one'; read x");
    let mut there = stage(80, 24, "printf 'second one'; read x; exit 3");
    let terminal = Terminal::open(80, 24);
    terminal.line(&here.client(AttachMode::TakeOver));
    terminal.wait_text("first one");
    // a ticket that is not known changes nothing but what is said
    let socket = there
        .folder
        .path()
        .join("keeper.sock")
        .display()
        .to_string();
    here.notify(&Notice::Switch {
        socket: socket.clone(),
        ticket: "wrong".to_owned(),
    });
    terminal.wait_text("cannot be attached");
    winsta_tests::patience::until("the end of the box", || {
        terminal.keys(&["Escape"]);
        (!terminal.plain().contains("cannot be attached")).then_some(())
    });
    terminal.wait_text("first one");

    let ticket = there.client(AttachMode::TakeOver);
    let ticket = ticket.split(' ').next_back().expect("a ticket").to_owned();
    here.notify(&Notice::Switch { socket, ticket });
    terminal.wait_text("second one");
    terminal.keys(&["Enter"]);
    terminal.wait_text("[session 5 ended: exit status 3]");
}

#[test]
fn a_lost_keeper_is_said_in_words() {
    let mut stage = stage(80, 24, "printf ready; exec sleep 1000");
    let terminal = Terminal::open(80, 24);
    let settings = terminal.settings();
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("ready");
    stage.keeper.kill();
    terminal.wait_text("lost the keeper");
    assert_eq!(terminal.settings(), settings);
}
