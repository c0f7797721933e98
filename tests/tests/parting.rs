//! What a terminal shows when an attached client has left it, and what is in its scrollback.

use winsta_tests::patience::until;
use winsta_tests::stage::Stage;
use winsta_tests::tmux::{Terminal, have};
use winsta_wire::{AttachMode, Notice};

fn stage(script: &str) -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_bare-attach"), 80, 24, script)
}

/// Lines of a terminal from the one that has `first` on, up to the last that is not empty.
fn lines_from(terminal: &Terminal, first: &str) -> Vec<String> {
    let shown = terminal.plain();
    let lines = shown.trim_end().lines().map(str::to_owned);
    lines.skip_while(|line| !line.contains(first)).collect()
}

/// The lines that are numbers; the ticket, which may wrap into a line of its own, begins with 0.
fn numbers(lines: &str) -> Vec<u32> {
    let lines = lines.lines().filter(|line| !line.starts_with('0'));
    lines.filter_map(|line| line.parse().ok()).collect()
}

fn message(id: u32) -> Notice {
    Notice::Message {
        id,
        from: "bob".to_owned(),
        text: "something".to_owned(),
        seconds: 0,
        wait: false,
    }
}

const ENDED: &str = "[session 5 ended: exit status 3]";

#[test]
fn a_session_s_end_stands_right_below_its_output() {
    if !have("tmux") {
        return;
    }
    let cases: [(&str, &str, &[&str]); 5] = [
        (
            "echo hi; read x; echo bye; exit 3",
            "hi",
            &["hi", "bye", ENDED, "$"],
        ),
        (
            "echo hi; read x; printf \"no newline\"; exit 3",
            "hi",
            &["hi", "no newline", ENDED, "$"],
        ),
        (
            "echo hi; read x; printf \"\\033[?1049h\\033[5;5Hdrawn\"; exit 3",
            "hi",
            &["hi", ENDED, "$"],
        ),
        (
            "printf \"hi\\n\\033[?1049h\\033[5;5Hdrawn\"; read x; printf \"\\033[?1049l\"; exit 3",
            "drawn",
            &["hi", ENDED, "$"],
        ),
        (
            "printf \"hi\\n\\033[?1049h\\033[5;5Hdrawn\"; read x; exit 3",
            "drawn",
            &["hi", ENDED, "$"],
        ),
    ];
    for (script, shown, wanted) in cases {
        let mut stage = stage(&format!("stty -echo; {script}"));
        let terminal = Terminal::open(80, 24);
        // tmux remembers where the cursor was when there was an alternate screen
        terminal.line("printf '\\033[?1049h\\033[?1049l'; clear; echo earl''ier");
        terminal.wait_text("earlier");
        terminal.line(&stage.client(AttachMode::TakeOver));
        terminal.wait_text(shown);
        terminal.keys(&["Enter"]);
        terminal.wait_text("exit status 3]\n$");
        assert_eq!(lines_from(&terminal, "hi"), wanted, "{script}");
    }
}

#[test]
fn the_last_output_is_shown_though_a_box_covers_the_screen() {
    if !have("tmux") {
        return;
    }
    let mut stage = stage("stty -echo; echo hi; read x; echo last words; exit 3");
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("hi");
    stage.notify(&message(1));
    terminal.wait_text("Message from bob");
    stage.host.type_in(5, "\n");
    terminal.wait_text("exit status 3]\n$");
    let wanted = ["hi", "last words", ENDED, "$"];
    assert_eq!(lines_from(&terminal, "hi"), wanted);
}

#[test]
fn lines_that_scroll_by_under_a_box_are_in_the_scrollback_once() {
    if !have("tmux") {
        return;
    }
    let mut stage = stage("seq 1 40; stty -echo; read x; seq 41 200; read x");
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("40");
    stage.notify(&message(1));
    terminal.wait_text("Message from bob");
    stage.host.type_in(5, "\n");
    until("the lines to be printed", || {
        let output = stage.host.output(5, winsta_wire::Stream::Out);
        output.ends_with(b"200\r\n").then_some(())
    });
    until("the box to go", || {
        terminal.keys(&["Enter"]);
        (!terminal.plain().contains("Message from bob")).then_some(())
    });
    terminal.wait_text("200");
    let all = terminal.scrollback();
    let numbers = numbers(&all);
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>(), "{all}");
}

#[test]
fn an_overtaken_terminal_has_the_newest_lines_in_its_scrollback() {
    if !have("tmux") {
        return;
    }
    let mut stage = stage("stty -echo; echo begun; read x; seq 1 900000; read x");
    let terminal = Terminal::open(80, 24);
    terminal.line(&format!("exec {}", stage.client(AttachMode::TakeOver)));
    terminal.wait_text("begun");
    let client = |signal| {
        let tty = terminal.device();
        let tty = tty.trim_start_matches("/dev/").to_owned();
        let status = std::process::Command::new("pkill")
            .args([signal, "-t", &tty, "-x", "bare-attach"])
            .status();
        assert!(status.expect("pkill runs").success());
    };
    client("-STOP");
    stage.host.type_in(5, "\n");
    until("the lines to be printed", || {
        let output = stage.host.output(5, winsta_wire::Stream::Out);
        output.ends_with(b"900000\r\n").then_some(())
    });
    client("-CONT");
    terminal.wait_text("900000");
    let all = terminal.scrollback();
    let numbers = numbers(&all);
    let newest = numbers.last_chunk::<500>().expect("so many lines");
    assert!(newest.is_sorted() && newest[0] == 900_000 - 499, "{all}");
}
