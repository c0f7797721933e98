//! Sequences and what they do, one by one.

use winsta_domain::TerminalSize;
use winsta_screen::{Attributes, Color, Screen, Underline};

fn screen(cols: u16, rows: u16, output: &str) -> Screen {
    let mut screen = Screen::new(TerminalSize::clamped(cols, rows));
    screen.feed(output.as_bytes());
    screen
}

/// Lines without those that are blank at the end, and the cursor.
fn seen(screen: &Screen) -> (String, (u16, u16, bool)) {
    let at = screen.cursor();
    let text = screen.text().trim_end_matches('\n').replace('\n', "|");
    (text, (at.row, at.col, at.pending_wrap))
}

/// Label, output on a terminal of 10 columns and 4 rows, text, cursor's row, column and whether
/// a wrap is pending.
type Case = (&'static str, &'static str, &'static str, (u16, u16, bool));

const CASES: &[Case] = &[
    ("text", "abc", "abc", (0, 3, false)),
    ("full line", "0123456789", "0123456789", (0, 9, true)),
    ("wrap", "0123456789a", "0123456789|a", (1, 1, false)),
    (
        "no wrap",
        "\x1b[?7l0123456789abc",
        "012345678c",
        (0, 9, true),
    ),
    (
        "line feed ends a wrap",
        "0123456789\nx",
        "0123456789|         x",
        (1, 9, true),
    ),
    (
        "backspace ends a wrap",
        "0123456789\x08x",
        "01234567x9",
        (0, 9, false),
    ),
    (
        "style keeps a wrap",
        "0123456789\x1b[1mx",
        "0123456789|x",
        (1, 1, false),
    ),
    ("scroll", "1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5", (3, 1, false)),
    ("new line mode", "\x1b[20hab\nc", "ab|c", (1, 1, false)),
    ("tab", "a\tb", "a       b", (0, 9, false)),
    (
        "tab stops",
        "\x1b[3g\x1b[4G\x1bH\r\tx\ty",
        "   x     y",
        (0, 9, true),
    ),
    ("back tab", "\x1b[10G\x1b[Zx", "        x", (0, 9, false)),
    ("forward tab", "\x1b[2Ix", "         x", (0, 9, true)),
    ("position", "\x1b[3;5Hx", "||    x", (2, 5, false)),
    (
        "position beyond",
        "\x1b[99;99Hx",
        "|||         x",
        (3, 9, true),
    ),
    (
        "up down left right",
        "\x1b[2B\x1b[5C\x1b[A\x1b[2Dx",
        "|   x",
        (1, 4, false),
    ),
    (
        "next and previous line",
        "ab\x1b[2Ec\x1b[Fd",
        "ab|d|c",
        (1, 1, false),
    ),
    (
        "column and row",
        "\x1b[4Gx\x1b[2dy",
        "   x|    y",
        (1, 5, false),
    ),
    ("erase to end", "abcdef\x1b[3G\x1b[K", "ab", (0, 2, false)),
    (
        "erase to start",
        "abcdef\x1b[3G\x1b[1K",
        "   def",
        (0, 2, false),
    ),
    (
        "erase below",
        "a\r\nb\r\nc\x1b[2;1H\x1b[J",
        "a",
        (1, 0, false),
    ),
    (
        "erase above",
        "a\r\nb\r\nc\x1b[2;1H\x1b[1J",
        "||c",
        (1, 0, false),
    ),
    ("erase all", "a\r\nb\x1b[2J", "", (1, 1, false)),
    (
        "erase characters",
        "abcdef\x1b[2G\x1b[3X",
        "a   ef",
        (0, 1, false),
    ),
    (
        "insert characters",
        "abcdefghij\x1b[2G\x1b[3@",
        "a   bcdefg",
        (0, 1, false),
    ),
    (
        "delete characters",
        "abcdef\x1b[2G\x1b[3P",
        "aef",
        (0, 1, false),
    ),
    ("insert mode", "abc\r\x1b[4hxy", "xyabc", (0, 2, false)),
    (
        "insert lines",
        "a\r\nb\r\nc\r\nd\x1b[2H\x1b[L",
        "a||b|c",
        (1, 0, false),
    ),
    (
        "delete lines",
        "a\r\nb\r\nc\r\nd\x1b[2H\x1b[2M",
        "a|d",
        (1, 0, false),
    ),
    (
        "scroll region",
        "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3H\nx",
        "a|c|x|d",
        (2, 1, false),
    ),
    (
        "reverse index",
        "a\r\nb\x1b[H\x1bMx",
        "x|a|b",
        (0, 1, false),
    ),
    ("scroll up", "a\r\nb\r\nc\x1b[2S", "c", (2, 1, false)),
    ("scroll down", "a\r\nb\x1b[T", "|a|b", (1, 1, false)),
    (
        "origin mode",
        "\x1b[2;3r\x1b[?6h\x1b[9;1Hx",
        "||x",
        (2, 1, false),
    ),
    (
        "index and next line",
        "a\x1bDb\x1bEc",
        "a| b|c",
        (2, 1, false),
    ),
    (
        "save and restore",
        "ab\x1b7\x1b[3;3Hx\x1b8y",
        "aby||  x",
        (0, 3, false),
    ),
    (
        "console's save and restore",
        "ab\x1b[s\x1b[3Hx\x1b[uy",
        "aby||x",
        (0, 3, false),
    ),
    (
        "a saved wrap",
        "0123456789\x1b7\x1b[H\x1b8x",
        "0123456789|x",
        (1, 1, false),
    ),
    ("repeat", "ab\x1b[3b", "abbbb", (0, 5, false)),
    (
        "repeat over lines",
        "a\x1b[12b",
        "aaaaaaaaaa|aaa",
        (1, 3, false),
    ),
    ("repeat after a control", "a\r\n\x1b[3b", "a", (1, 0, false)),
    (
        "alignment",
        "\x1b[2;3r\x1b#8",
        "EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE",
        (0, 0, false),
    ),
    ("wide", "a世b", "a世b", (0, 4, false)),
    (
        "wide wraps early",
        "123456789世",
        "123456789|世",
        (1, 2, false),
    ),
    (
        "wide without wrap",
        "\x1b[?7l123456789世",
        "123456789",
        (0, 9, false),
    ),
    (
        "half a wide one overwritten",
        "世界\x1b[2Gx",
        " x界",
        (0, 2, false),
    ),
    (
        "half a wide one erased",
        "世界\x1b[3G\x1b[1K",
        "",
        (0, 2, false),
    ),
    ("combining", "e\u{301}x", "e\u{301}x", (0, 2, false)),
    (
        "combining in the last column",
        "012345678e\u{301}",
        "012345678e\u{301}",
        (0, 9, true),
    ),
    ("combining with nothing", "\u{301}x", "x", (0, 1, false)),
    (
        "variation selector",
        "❤\u{fe0f}x",
        "❤\u{fe0f}x",
        (0, 2, false),
    ),
    (
        "joined emoji",
        "👩\u{200d}🚀x",
        "👩\u{200d}🚀x",
        (0, 5, false),
    ),
    ("line drawing", "\x1b(0lqk\x1b(Bq", "┌─┐q", (0, 4, false)),
    (
        "shift out and in",
        "\x1b)0q\x0eq\x0fq",
        "q─q",
        (0, 3, false),
    ),
    ("single shift", "\x1b*0\x1bNqq", "─q", (0, 2, false)),
    ("british", "\x1b(A#", "£", (0, 1, false)),
    (
        "invalid UTF-8 is replaced",
        "a\u{fffd}b",
        "a\u{fffd}b",
        (0, 3, false),
    ),
    (
        "clipboard and strings",
        "a\x1b]52;c;eA==\x07\x1bPq#0\x1b\\\x1b_G\x1b\\b",
        "ab",
        (0, 2, false),
    ),
    ("cancelled", "a\x1b[12\x18b", "ab", (0, 2, false)),
    (
        "control within a sequence",
        "a\x1b[1\r\nCb",
        "a| b",
        (1, 2, false),
    ),
    ("delete", "a\x7fb", "ab", (0, 2, false)),
    (
        "soft reset",
        "\x1b[2;3r\x1b[4h\x1b[?6h\x1b[!pab\r\x1b[99;1Hx",
        "|ab||x",
        (3, 1, false),
    ),
    ("reset", "a\x1b[31m\x1b[?1049hb\x1bc", "", (0, 0, false)),
    ("alternate screen", "ab\x1b[?1049hcd", "  cd", (0, 4, false)),
    (
        "and back",
        "ab\x1b[?1049h\x1b[3Hcd\x1b[?1049lx",
        "abx",
        (0, 3, false),
    ),
    (
        "47 keeps the cursor",
        "ab\x1b[?47h\x1b[3Hcd\x1b[?47lx",
        "ab||  x",
        (2, 3, false),
    ),
    (
        "1048",
        "ab\x1b[?1048h\x1b[3H\x1b[?1048lx",
        "abx",
        (0, 3, false),
    ),
];

#[test]
fn what_sequences_do() {
    for (label, output, text, cursor) in CASES {
        let screen = screen(10, 4, output);
        assert_eq!(
            seen(&screen),
            ((*text).to_owned(), *cursor),
            "{label}: {output:?}"
        );
    }
}

#[test]
fn modes() {
    let all = screen(
        80,
        24,
        "\x1b[?1;5;6;25;1004;2004;2026;4242h\x1b[?7;25l\x1b[?1002h\x1b[?1006h\x1b=\x1b[4;20h\x1b[5 q",
    );
    let modes = all.modes();
    assert!(modes.application_cursor && modes.reverse_video && modes.origin);
    assert!(modes.focus_events && modes.bracketed_paste && modes.application_keypad);
    assert!(modes.insert && modes.newline && !modes.autowrap && !modes.cursor_visible);
    assert!(modes.other(2026) && modes.other(4242) && !modes.other(1007));
    assert_eq!(
        (modes.mouse, modes.mouse_encoding),
        (Some(1002), Some(1006))
    );
    assert_eq!((all.cursor().style, all.cursor().visible), (5, false));
}

#[test]
fn styles() {
    let style = |sgr: &str| {
        screen(80, 24, &format!("\x1b[{sgr}mx"))
            .cell(0, 0)
            .unwrap()
            .style
    };
    assert_eq!(style("38;5;200").foreground, Color::Indexed(200));
    assert_eq!(style("48;2;1;2;3").background, Color::Rgb(1, 2, 3));
    assert_eq!(style("38:2:1:2:3").foreground, Color::Rgb(1, 2, 3));
    assert_eq!(style("38:2::1:2:3").foreground, Color::Rgb(1, 2, 3));
    assert_eq!(style("58:5:9").underline_color, Color::Indexed(9));
    assert_eq!(style("97").foreground, Color::Indexed(15));
    assert_eq!(style("4:3").underline, Underline::Curly);
    assert_eq!(style("4;24").underline, Underline::None);
    assert!(style("1;3;53;7").attributes.contains(Attributes::OVERLINE));
    assert!(!style("1;2;22").attributes.contains(Attributes::FAINT));
    assert_eq!(style("1;31;0"), style(""));
}

#[test]
fn erased_cells_take_the_background() {
    let erased = screen(4, 2, "\x1b[1;44mab\x1b[K").cell(0, 3).unwrap().style;
    assert_eq!(erased.background, Color::Indexed(4));
    assert!(!erased.attributes.contains(Attributes::BOLD));
    let scrolled_in = screen(4, 2, "\x1b[42m\n\n").cell(1, 2).unwrap().style;
    assert_eq!(scrolled_in.background, Color::Indexed(2));
}

#[test]
fn names_and_links() {
    let screen = screen(
        80,
        24,
        "\x1b]2;one\x07\x1b[22;0t\x1b]0;two; three\x1b\\\x1b]7;file://h/tmp\x07\
         \x1b]8;id=a;http://x/;y\x07l\x1b]8;;\x07n",
    );
    assert_eq!(
        (screen.title(), screen.folder()),
        ("two; three", "file://h/tmp")
    );
    let link = screen.cell(0, 0).unwrap().link.cloned().unwrap();
    assert_eq!((link.id.as_str(), link.uri.as_str()), ("a", "http://x/;y"));
    assert_eq!(screen.cell(0, 1).unwrap().link, None);
    let mut popped = screen.clone();
    popped.feed(b"\x1b[23;0t");
    assert_eq!(popped.title(), "one");
    assert!(popped != screen);
}

#[test]
fn what_scrolls_off_is_kept() {
    let mut screen = Screen::with_scrollback(TerminalSize::clamped(10, 2), 3);
    screen.feed(b"1\r\n2\r\n\x1b[31m3\x1b[m\r\n4\r\n5\r\n6");
    assert_eq!(screen.scrollback_text(9), "2\n3\n4\n");
    assert_eq!(screen.scrollback_ansi(2), "\x1b[0;31m3\x1b[m\n4\n");
    assert_eq!(
        (screen.text().as_str(), screen.scrollback_len()),
        ("5\n6\n", 3)
    );
    screen.feed(b"\x1b[3J");
    assert_eq!(
        (screen.text().as_str(), screen.scrollback_len()),
        ("5\n6\n", 0)
    );
}

#[test]
fn resizing_wraps_anew() {
    let mut screen = Screen::with_scrollback(TerminalSize::clamped(10, 4), 9);
    screen.feed("$ 0123456789abc\r\n世界世界世界\r\n$ ".as_bytes());
    screen.resize(TerminalSize::clamped(6, 4));
    assert_eq!(
        seen(&screen),
        ("abc|世界世|界世界|$".to_owned(), (3, 2, false))
    );
    assert_eq!(screen.scrollback_text(9), "$ 0123\n456789\n");
    screen.resize(TerminalSize::clamped(20, 4));
    assert_eq!(
        seen(&screen),
        ("$ 0123456789abc|世界世界世界|$".to_owned(), (2, 2, false))
    );
}

#[test]
fn resizing_leaves_the_alternate_screen_cut() {
    let mut screen = screen(10, 3, "0123456789ab\x1b[?1049h\x1b[Habcdefgh世\r\nx");
    screen.resize(TerminalSize::clamped(9, 2));
    assert_eq!(seen(&screen), ("abcdefgh|x".to_owned(), (1, 1, false)));
    screen.feed(b"\x1b[?1049l");
    assert_eq!(seen(&screen), ("012345678|9ab".to_owned(), (1, 3, false)));
}
