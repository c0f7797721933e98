use winsta_wire::{RingReport, SizeMark, Stream};

use super::*;

/// A display, and a terminal that shows what it paints.
struct Desk {
    display: Display,
    terminal: Screen,
    now: Instant,
    said: Vec<ClientMessage>,
}

fn size(cols: u32, rows: u32) -> TerminalSize {
    TerminalSize::new(cols, rows).unwrap()
}

fn window(cols: u32, rows: u32) -> Window {
    Window {
        size: size(cols, rows),
        exact: true,
    }
}

impl Desk {
    fn new(cols: u32, rows: u32, mode: AttachMode) -> Self {
        let mut display = Display::new(window(cols, rows), 100);
        display.attached(mode);
        Self {
            display,
            terminal: Screen::with_scrollback(size(cols, rows), 100),
            now: Instant::now(),
            said: Vec::new(),
        }
    }

    /// Does what the output thread does after each call.
    fn settle(&mut self, passed: &[u8]) {
        let painting = self.display.take_painting();
        self.terminal.feed(&painting);
        self.terminal.feed(passed);
        self.said.extend(self.display.take_messages());
    }

    /// A snapshot with a checkpoint that paints `paint`, at `offset`, history up to `end`.
    fn snapshot(
        &mut self,
        paint: &str,
        offset: u64,
        end: u64,
        at: TerminalSize,
        marks: &[SizeMark],
    ) {
        self.display.snapshot(SnapshotInfo {
            offset,
            size: at,
            marks: marks.to_vec(),
            ring: RingReport {
                base: 0,
                end,
                capacity: 1 << 20,
            },
            incomplete: false,
        });
        self.display.checkpoint(self.now, paint.as_bytes());
        self.settle(b"");
    }

    fn output(&mut self, offset: u64, text: &str) {
        let output = Output {
            stream: Stream::Out,
            offset,
            bytes: text.as_bytes(),
        };
        let passed = self.display.output(self.now, output).to_vec();
        self.settle(&passed);
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        self.display.tick(self.now);
        self.settle(b"");
    }

    fn shows(&self) -> String {
        self.terminal
            .text()
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned()
    }

    fn said(&mut self) -> Vec<ClientMessage> {
        std::mem::take(&mut self.said)
    }
}

#[test]
fn history_is_painted_once_and_what_follows_is_passed_on() {
    let mut desk = Desk::new(80, 24, AttachMode::TakeOver);
    desk.snapshot("ab", 10, 14, size(80, 24), &[]);
    assert_eq!(desk.shows(), "", "nothing before the history is whole");
    desk.output(10, "cd");
    assert_eq!(desk.shows(), "");
    desk.output(12, "efgh");
    assert!(desk.display.is_passing());
    assert_eq!(desk.shows(), "abcdefgh");
    assert_eq!(desk.said(), []);
}

#[test]
fn marks_resize_where_they_stand() {
    // a cursor that is sent to column 9 stops at the last column there is
    let mark = |offset, cols| SizeMark {
        offset,
        size: size(cols, 24),
    };
    let mut desk = Desk::new(80, 24, AttachMode::TakeOver);
    desk.snapshot("", 0, 14, size(80, 24), &[mark(0, 4), mark(7, 80)]);
    desk.output(0, "\x1b[1;9HX\x1b[2;9HY");
    assert!(desk.display.is_passing());
    assert_eq!(
        desk.terminal
            .text()
            .lines()
            .take(2)
            .map(str::trim_end)
            .collect::<Vec<_>>(),
        ["   X", "        Y"]
    );
}

#[test]
fn another_size_is_a_window_until_sizes_agree() {
    let mut desk = Desk::new(40, 10, AttachMode::View);
    desk.snapshot("hello", 0, 0, size(80, 24), &[]);
    assert!(!desk.display.is_passing());
    assert_eq!(desk.shows(), "hello");
    desk.output(0, " world");
    assert_eq!(desk.shows(), "hello", "not painted at once");
    desk.pass(33);
    assert_eq!(desk.shows(), "hello world");
    assert_eq!(desk.display.deadline(), None, "nothing changed since");
    desk.display.resized(desk.now, size(40, 10));
    desk.settle(b"");
    assert_eq!(desk.said(), [ClientMessage::Resync]);
    desk.output(6, "not for the screen");
    desk.snapshot("fresh", 30, 30, size(40, 10), &[]);
    assert!(desk.display.is_passing());
    assert_eq!(desk.shows(), "fresh");
}

#[test]
fn the_window_s_size_is_told_by_who_controls() {
    for (mode, wanted) in [
        (
            AttachMode::TakeOver,
            vec![ClientMessage::Resize { size: size(90, 30) }],
        ),
        (
            AttachMode::Share,
            vec![
                ClientMessage::Resize { size: size(90, 30) },
                ClientMessage::Resync,
            ],
        ),
        (AttachMode::View, vec![ClientMessage::Resync]),
    ] {
        let mut desk = Desk::new(80, 24, mode);
        desk.snapshot("", 0, 0, size(80, 24), &[]);
        desk.display.window_changed(desk.now, window(90, 30));
        desk.display.window_changed(desk.now, window(90, 30));
        desk.settle(b"");
        assert_eq!(desk.said(), wanted, "{mode:?}");
    }
}

#[test]
fn who_takes_over_sizes_the_session() {
    let mut desk = Desk::new(100, 30, AttachMode::TakeOver);
    desk.snapshot("hello", 0, 0, size(80, 24), &[]);
    assert!(desk.display.is_passing());
    // but the host may size it otherwise later
    desk.display.resized(desk.now, size(80, 24));
    desk.settle(b"");
    assert_eq!(desk.said(), [ClientMessage::Resync]);
    assert!(!desk.display.is_settled());
}

#[test]
fn under_a_box_nothing_is_drawn_until_a_fresh_snapshot() {
    let mut desk = Desk::new(80, 24, AttachMode::TakeOver);
    desk.snapshot("before", 0, 0, size(80, 24), &[]);
    desk.display.cover();
    desk.display.cover();
    desk.settle(b"");
    assert_eq!(desk.said(), [ClientMessage::Hold]);
    desk.output(0, "hidden");
    desk.display.missed();
    desk.snapshot("hidden too", 9, 9, size(80, 24), &[]);
    assert_eq!(desk.shows(), "before");
    assert!(desk.display.is_covered());
    desk.display.resync();
    desk.snapshot("after", 12, 12, size(80, 24), &[]);
    assert_eq!(desk.shows(), "after");
    assert_eq!(desk.said(), [ClientMessage::Resync]);
}

#[test]
fn keys_are_sent_as_the_program_wants_them_in_a_window_too() {
    let mut desk = Desk::new(40, 10, AttachMode::Share);
    desk.snapshot(
        "\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?1006h",
        0,
        0,
        size(80, 24),
        &[],
    );
    let modes = desk.terminal.modes();
    assert!(modes.application_cursor && modes.bracketed_paste);
    assert_eq!(
        (modes.mouse, modes.mouse_encoding),
        (Some(1002), Some(1006))
    );
    desk.output(0, "\x1b[?1002l\x1b[?1l");
    desk.pass(33);
    let modes = desk.terminal.modes();
    assert!(!modes.application_cursor && modes.bracketed_paste);
    assert_eq!(modes.mouse, None);
}

#[test]
fn lines_that_scrolled_by_under_a_box_enter_the_scrollback() {
    let mut desk = Desk::new(80, 4, AttachMode::TakeOver);
    desk.snapshot("", 0, 0, size(80, 4), &[]);
    desk.output(0, "1\r\n2\r\n3\r\n4\r\n5\r\n");
    assert_eq!(desk.terminal.scrollback_text(99).lines().last(), Some("2"));
    desk.display.cover();
    desk.display.resync();
    desk.settle(b"");
    // the checkpoint stands where the terminal had shown the third line
    desk.snapshot("1\r\n2\r\n3\r\n", 9, 27, size(80, 4), &[]);
    desk.output(9, "4\r\n5\r\n6\r\n7\r\n8\r\n9\r\n");
    assert!(desk.display.is_passing());
    let seen = desk.terminal.scrollback_text(99) + &desk.terminal.text();
    let lines: Vec<&str> = seen
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    assert_eq!(lines, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn what_a_session_prints_at_its_end_is_shown_under_a_box_too() {
    let mut desk = Desk::new(80, 24, AttachMode::TakeOver);
    desk.snapshot("before", 0, 0, size(80, 24), &[]);
    desk.display.cover();
    // stale, as it was on its way when the box came
    desk.snapshot("stale", 4, 4, size(80, 24), &[]);
    desk.snapshot("before", 6, 12, size(80, 24), &[]);
    desk.output(6, " last\n");
    assert_eq!(desk.shows(), "before", "the box is there");
    let parting = desk.display.finish(desk.now);
    desk.settle(b"");
    assert_eq!(desk.shows(), "before last");
    let behind = |alternate, at_line_start| Parting::Behind {
        alternate,
        at_line_start,
    };
    assert_eq!(parting, behind(false, false), "a newline alone");

    let mut desk = Desk::new(80, 24, AttachMode::TakeOver);
    desk.snapshot("", 0, 0, size(80, 24), &[]);
    desk.output(0, "hi\r\n\x1b[?1049h");
    assert_eq!(desk.display.finish(desk.now), behind(true, true));

    let mut desk = Desk::new(40, 10, AttachMode::View);
    desk.snapshot("", 0, 0, size(80, 24), &[]);
    desk.output(0, "last");
    assert_eq!(desk.display.finish(desk.now), Parting::Bottom);
    desk.settle(b"");
    assert_eq!(desk.shows(), "last", "though no frame was due");
}
