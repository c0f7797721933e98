//! What paints a screen on other terminals, and on the one it was on before.

use winsta_domain::TerminalSize;
use winsta_screen::{PaintOptions, Screen};

fn screen(cols: u16, rows: u16, output: &str) -> Screen {
    let mut screen = Screen::new(TerminalSize::clamped(cols, rows));
    screen.feed(output.as_bytes());
    screen
}

/// Text without the blank lines at its end, and the cursor's row and column.
fn seen(screen: &Screen) -> (String, (u16, u16)) {
    let at = screen.cursor();
    let text = screen.text().trim_end_matches('\n').replace('\n', "|");
    (text, (at.row, at.col))
}

#[test]
fn a_half_received_sequence_is_painted() {
    for pending in ["\x1b", "\x1b[3", "\x1b]2;tit", "\x1b(", "\x1bPq"] {
        let screen = screen(10, 2, &format!("ab{pending}"));
        assert!(screen.paint().ends_with(pending.as_bytes()), "{pending:?}");
    }
    let mut screen = Screen::new(TerminalSize::DEFAULT);
    screen.feed(b"ab\xe4\xb8");
    let mut copy = Screen::new(TerminalSize::DEFAULT);
    copy.feed(&screen.paint());
    copy.feed(b"\x96c");
    assert_eq!(copy.text().lines().next(), Some("ab世c"));
}

#[test]
fn endless_sequences_are_bounded() {
    for begin in ["\x1b]2;", "\x1bP", "\x1b[", "\x1b]8;;"] {
        let mut screen = Screen::new(TerminalSize::DEFAULT);
        screen.feed(begin.as_bytes());
        for _ in 0..1_000 {
            screen.feed(" 12345678".repeat(100).as_bytes());
        }
        let paint = screen.paint();
        assert!(paint.len() < 8_192, "{begin:?}: {}", paint.len());
        screen.feed(b"\x1b\\ok");
        assert_eq!(
            (screen.text().trim_end(), screen.title()),
            ("ok", ""),
            "{begin:?}"
        );
    }
}

#[test]
fn a_cropped_view_shows_the_cursor_or_hides_it() {
    let wide = screen(20, 6, "1\r\n2\r\n3\r\n4\r\n0123456789世abc\r\n\x1b[1m6");
    let view = TerminalSize::clamped(11, 3);
    let mut viewer = Screen::new(view);
    viewer.feed(&wide.paint_cropped(view));
    assert_eq!(seen(&viewer), ("4|0123456789|6".to_owned(), (2, 1)));
    assert!(viewer.cursor().visible && viewer.modes().autowrap);

    let mut far = wide.clone();
    far.feed(b"\x1b[2;15H");
    viewer.feed(&far.paint_cropped(view));
    assert_eq!(viewer.text(), "1\n2\n3\n");
    assert!(!viewer.cursor().visible);

    let mut bigger = Screen::new(TerminalSize::clamped(30, 8));
    bigger.feed(b"\x1b[2Jold\x1b[8Hold");
    bigger.feed(&wide.paint_cropped(bigger.size()));
    assert_eq!(bigger.text().trim_end(), wide.text().trim_end());
}

#[test]
fn painting_on_a_used_terminal() {
    let size = TerminalSize::clamped(12, 4);
    let mut screen = Screen::with_scrollback(size, 9);
    screen.feed(b"1\r\n2\r\n3\r\n4\r\n5\r\n6\x1b[?2004h");
    let mut used = Screen::with_scrollback(size, 99);
    used.feed(b"shell\r\n$ \x1b[?1049h\x1b[?1003h\x1b[2;3r\x1b[?6hmess\x1b[31m");
    used.feed(&screen.paint_on(PaintOptions {
        scrollback: 1,
        keep_screen: true,
    }));
    assert_eq!(used.text(), screen.text());
    assert_eq!(used.scrollback_text(99), "shell\n$\n\n\n2\n");
    assert_eq!(used.modes().mouse, None);
    assert!(used.modes().bracketed_paste);
}

#[test]
fn a_reset_terminal_is_as_if_fresh() {
    let mess = "\x1b[?1;5;9;1003;1004;1006;2004;2026;2031h\x1b[?7;25l\x1b=\x1b[4;20h\x1b[3 q\
        \x1b(0\x0e\x1b[31;4m\x1b]8;;http://a/\x07\x1b[>1u\x1b[=3u\x1b[>4;2m\x1b[2;3r\x1b[?6h";
    for (output, text, cursor) in [
        (format!("ab\r\ncd{mess}\x1b[2;3H"), "ab|cd", (2, 2)),
        (
            format!("ab{mess}\x1b[?1049h\x1b[>1ualternate"),
            "ab",
            (1, 0),
        ),
        ("0123456789".to_owned(), "0123456789", (0, 9)),
    ] {
        let mut screen = screen(10, 4, &output);
        screen.feed(Screen::reset_terminal());
        assert_eq!(seen(&screen), (text.to_owned(), cursor), "{output:?}");
        // All else is as on a fresh terminal, but that modes without meaning here are off by word.
        screen.feed(b"\x1b[H\x1b[J\x1b7");
        let paint = String::from_utf8(screen.paint()).unwrap();
        assert_eq!(
            paint, "\x1b[?2026l\x1b[?2031l\x1b[?69l\x1b[1;1H",
            "{output:?}"
        );
    }
}
