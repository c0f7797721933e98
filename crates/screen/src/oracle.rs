//! What holds for any bytes, as plain functions that tests and fuzz targets call.

use winsta_domain::TerminalSize;

use crate::Screen;

/// Lines kept by the screens that the oracle makes.
const LINES: usize = 7;

/// Reads an input of a fuzz target: two bytes for the size, the rest is the program's output.
pub fn check(input: &[u8]) {
    let [cols, rows, output @ ..] = input else {
        return;
    };
    let size = TerminalSize::clamped(u16::from(cols % 90) + 1, u16::from(rows % 30) + 1);
    check_output(size, output);
}

/// Checks that the output leads to the same screen however it is cut and whether or not what
/// scrolls off is skipped, that painting this
/// screen gives it again, and that resizing keeps it whole.
///
/// # Panics
///
/// When it does not hold.
pub fn check_output(size: TerminalSize, output: &[u8]) {
    let mut whole = Screen::with_scrollback(size, LINES);
    whole.feed(output);
    let mut bytewise = Screen::with_scrollback(size, LINES);
    output.chunks(1).for_each(|byte| bytewise.feed(byte));
    let mut slow = Screen::with_scrollback(size, LINES);
    slow.feed_slowly(output);
    same(&whole, &slow, "with floods skipped and all laid out");
    same(&whole, &bytewise, "fed at once and byte by byte");
    check_paint(&whole);
    let other = TerminalSize::clamped(size.cols() / 2 + 3, size.rows() / 2 + 2);
    whole.resize(other);
    check_paint(&whole);
    whole.feed(output);
    check_paint(&whole);
    whole.resize(size);
    check_paint(&whole);
}

/// Checks that what paints a screen leads to the same screen.
///
/// # Panics
///
/// When it does not.
pub fn check_paint(screen: &Screen) {
    let paint = screen.paint();
    let mut painted = Screen::with_scrollback(screen.size(), LINES);
    painted.feed(&paint);
    same(
        screen,
        &painted,
        &format!("painted by {:?}", String::from_utf8_lossy(&paint)),
    );
}

fn same(left: &Screen, right: &Screen, what: &str) {
    assert!(left == right, "{what}:\n{left:#?}\n{right:#?}");
    assert!(
        left.scrollback_ansi(LINES) == right.scrollback_ansi(LINES),
        "{what}: scrollback\n{left:#?}\n{:?}\n{:?}",
        left.scrollback_ansi(LINES),
        right.scrollback_ansi(LINES)
    );
}
