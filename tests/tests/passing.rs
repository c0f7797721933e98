//! What passes between a terminal and a program through an attached client: mouse, clipboard,
//! pastes, keys however they are encoded, and the size of whoever types.

use winsta_tests::patience::until;
use winsta_tests::stage::Stage;
use winsta_tests::tmux::{Terminal, have};
use winsta_wire::AttachMode;

/// A terminal attached to a session in which `sh` runs `script`; it has printed `ready`.
fn attached(script: &str) -> Option<(Stage, Terminal)> {
    if !have("tmux") {
        return None;
    }
    let mut stage = Stage::new(env!("CARGO_BIN_EXE_bare-attach"), 80, 24, script);
    let terminal = Terminal::open(80, 24);
    terminal.line(&stage.client(AttachMode::TakeOver));
    terminal.wait_text("ready");
    Some((stage, terminal))
}

/// Asks the terminal for modes, and shows what comes from it.
fn shows_input(modes: &str) -> String {
    format!("stty raw -echo; printf '{modes}ready '; exec cat -v")
}

#[test]
fn the_mouse_reaches_the_program_if_it_wants_it() {
    let Some((_stage, terminal)) = attached(&shows_input(r"\033[?1002h\033[?1006h")) else {
        return;
    };
    let mouse = |terminal: &Terminal| {
        let state = terminal.state();
        state.into_iter().find(|mode| mode.starts_with("mouse="))
    };
    // Any, button, standard, SGR: as the program asked.
    assert_eq!(mouse(&terminal).as_deref(), Some("mouse=1101"));
    // Pressed, dragged, released; the wheel.
    let events = [
        "\x1b[<0;5;3M",
        "\x1b[<32;6;3M",
        "\x1b[<0;6;3m",
        "\x1b[<64;6;3M",
    ];
    for event in events {
        terminal.text(event);
    }
    terminal.wait_text("ready ^[[<0;5;3M^[[<32;6;3M^[[<0;6;3m^[[<64;6;3M");
    terminal.keys(&["C-\\", "d"]);
    terminal.wait_text("[detached from session 5]");
    assert_eq!(mouse(&terminal).as_deref(), Some("mouse=0000"));
}

#[test]
fn what_a_program_copies_is_on_the_terminals_clipboard() {
    let script = r"printf 'ready\n'; read x; printf '\033]52;c;Y29waWVkIHRleHQ=\007done'; exec cat";
    let Some((mut stage, terminal)) = attached(script) else {
        return;
    };
    assert_eq!(terminal.clipboard(), None);
    terminal.keys(&["Enter"]);
    let copied = until("the clipboard", || terminal.clipboard());
    assert_eq!(copied, "copied text");
    // Whoever attaches later did not copy that: a screen is painted without it.
    let later = Terminal::open(80, 24);
    later.line(&stage.client(AttachMode::TakeOver));
    later.wait_text("done");
    assert_eq!(later.clipboard(), None);
}

#[test]
fn a_paste_comes_in_brackets_if_the_program_wants_them() {
    let Some((_stage, terminal)) = attached(&shows_input(r"\033[?2004h")) else {
        return;
    };
    // The detach key is no key inside of it.
    terminal.paste("two\nlines \x1cd");
    terminal.wait_text("ready ^[[200~two^Mlines ^\\d^[[201~");
    let Some((_stage, plain)) = attached(&shows_input("")) else {
        return;
    };
    plain.paste("two\nlines");
    plain.wait_text("ready two^Mlines");
}

#[test]
fn the_detach_key_is_known_however_it_is_encoded() {
    let Some((mut stage, terminal)) = attached(&shows_input("")) else {
        return;
    };
    let mut typed = "ready ".to_owned();
    for (label, keys) in [
        ("kitty", "\x1b[92;5ud"),
        (
            "kitty with releases",
            "\x1b[92;5:1u\x1b[92;5:3u\x1b[100;1:1u",
        ),
        ("modifyOtherKeys", "\x1b[27;5;92~d"),
    ] {
        terminal.text("a");
        typed.push('a');
        terminal.wait_text(&typed);
        terminal.text(keys);
        terminal.wait_text("[detached from session 5]");
        terminal.line(&format!(
            "clear; echo '{label}'; {}",
            stage.client(AttachMode::TakeOver)
        ));
        terminal.wait_gone("[detached from session 5]");
        terminal.wait_text(&typed);
        assert!(!terminal.plain().contains("^["), "{}", terminal.plain());
    }
    // Other keys that are encoded so are the program's.
    terminal.text("\x1b[92;6u\x1b[27;5;93~");
    terminal.wait_text("^[[92;6u^[[27;5;93~");
}

#[test]
fn the_size_is_that_of_the_sharer_who_typed_last() {
    let script = "stty -echo; echo ready; while read x; do echo \"$x $(stty size)\"; done";
    let Some((mut stage, first)) = attached(script) else {
        return;
    };
    let second = Terminal::open(100, 30);
    first.keys(&["C-\\", "d"]);
    first.wait_text("[detached from session 5]");
    for terminal in [&first, &second] {
        terminal.line(&format!("clear; {}", stage.client(AttachMode::Share)));
        terminal.wait_text("ready");
    }
    for round in 0..3 {
        for (terminal, size) in [(&first, "24 80"), (&second, "30 100")] {
            let word = format!("round{round}-{}", size.replace(' ', "x"));
            terminal.line(&word);
            first.wait_text(&format!("{word} {size}"));
            second.wait_text(&format!("{word} {size}"));
        }
    }
    // Who typed last goes: the one who is left has it their way.
    second.keys(&["C-\\", "d"]);
    second.wait_text("[detached from session 5]");
    first.line("alone");
    first.wait_text("alone 24 80");
}
