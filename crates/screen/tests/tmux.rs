//! The model against a real terminal: both take the same output, then cells, cursor and
//! switches are compared.
//!
//! Where tmux and xterm differ the model follows xterm, so the output compared here stays clear
//! of these (all with a pending wrap in the last column, but for the last ten):
//!
//! - line feed, backspace, ICH, DCH and erasing end a pending wrap in xterm; in tmux the cursor
//!   stays beyond the last column;
//! - DECSC saves a pending wrap in xterm, tmux restores the cursor without it;
//! - SGR 6 is SGR 5 in tmux, and its captures leave overlines out;
//! - ICH by more columns than are left to move leaves characters behind in tmux;
//! - REP is limited to the rest of the line in tmux;
//! - IL and DL outside the scroll region do nothing in xterm; in tmux they move the rest of the
//!   screen;
//! - erasing or moving half of a wide character blanks the other half in xterm, not in tmux;
//! - tmux has no CHT, and DECSTBM in origin mode moves to the screen's first row there;
//! - DECRC in origin mode may leave the scroll region in tmux, not in xterm;
//! - tmux has no soft reset (DECSTR);
//! - ED 2 moves the screen into tmux's history; xterm erases it;
//! - tmux has one saved cursor for both screens, xterm one for each.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may fail this way, and need not be fast"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use winsta_domain::TerminalSize;
use winsta_screen::{PaintOptions, Screen};

/// Shows a file, waits until the terminal answers that it has read all of it, and says so.
const SHOW: &str = r#"
stty raw -echo
cat "$1"
printf '\033[5n'
last=...
until [ "$last" = '[0n' ]; do
    byte=$(dd bs=1 count=1 2>/dev/null)
    last=${last#?}${byte:-.}
done
tmux -S "$2" wait-for -S "$3"
exec sleep 1000
"#;

/// A tmux server of our own, gone when dropped.
struct Tmux {
    folder: PathBuf,
    shown: usize,
}

impl Tmux {
    /// Starts a server; `None` where there is no tmux.
    fn start(name: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("skipped: tmux is not installed");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("screen-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let tmux = Self { folder, shown: 0 };
        tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            "sleep 1000",
        ]);
        tmux.run(&["set", "-g", "status", "off"]);
        tmux.run(&["set", "-g", "default-terminal", "xterm-256color"]);
        tmux.run(&["set", "-g", "window-size", "manual"]);
        Some(tmux)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    fn output(&self, args: &[&str]) -> Output {
        Command::new("tmux")
            .arg("-u")
            .arg("-S")
            .arg(self.socket())
            .args(args)
            .output()
            .unwrap()
    }

    fn run(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert!(output.status.success(), "tmux {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What tmux shows after `output`, as cells and as facts.
    fn show(&mut self, size: TerminalSize, output: &[u8]) -> (Capture, String) {
        self.shown += 1;
        let channel = format!("shown-{}", self.shown);
        let file = self.folder.join(&channel);
        std::fs::write(&file, output).unwrap();
        let (cols, rows) = (size.cols().to_string(), size.rows().to_string());
        self.run(&["resize-window", "-x", &cols, "-y", &rows]);
        let (file, socket) = (file.to_str().unwrap(), self.socket());
        let socket = socket.to_str().unwrap();
        self.run(&[
            "respawn-pane",
            "-k",
            "sh",
            "-c",
            SHOW,
            "sh",
            file,
            socket,
            &channel,
        ]);
        self.run(&["wait-for", &channel]);
        let cells = read_capture(size, &self.run(&["capture-pane", "-p", "-e", "-N"]));
        (cells, self.run(&["display-message", "-p", FACTS]))
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.output(&["kill-server"]);
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Cursor, switches and scroll region as tmux writes them.
const FACTS: &str = "#{e|<|:#{cursor_x},#{pane_width}} #{cursor_x},#{cursor_y} \
     visible #{cursor_flag} alternate #{alternate_on} insert #{insert_flag} wrap #{wrap_flag} \
     origin #{origin_flag} keypad #{keypad_flag} cursor #{keypad_cursor_flag} \
     mouse #{mouse_standard_flag}#{mouse_button_flag}#{mouse_all_flag} sgr #{mouse_sgr_flag} \
     region #{scroll_region_upper}-#{scroll_region_lower}";

/// The same of the model.
fn facts(screen: &Screen) -> String {
    let (modes, cursor, bit) = (screen.modes(), screen.cursor(), u8::from);
    let (top, bottom) = screen.scroll_region();
    format!(
        "{} {},{} visible {} alternate {} insert {} wrap {} origin {} keypad {} cursor {} \
         mouse {}{}{} sgr {} region {top}-{bottom}\n",
        bit(!cursor.pending_wrap),
        cursor.col + u16::from(cursor.pending_wrap),
        cursor.row,
        bit(cursor.visible),
        bit(modes.alternate_screen),
        bit(modes.insert),
        bit(modes.autowrap),
        bit(modes.origin),
        bit(modes.application_keypad),
        bit(modes.application_cursor),
        bit(modes.mouse == Some(1000)),
        bit(modes.mouse == Some(1002)),
        bit(modes.mouse == Some(1003)),
        bit(modes.mouse_encoding == Some(1006)),
    )
}

/// What tmux shows.
struct Capture {
    cells: Screen,
    /// How far each line goes: after that there are blanks, of which tmux does not say the
    /// background.
    ends: Vec<u16>,
}

/// Reads lines with SGR into cells. Line drawing characters come between SO and SI.
fn read_capture(size: TerminalSize, capture: &str) -> Capture {
    let (mut cells, mut ends) = (Screen::new(size), Vec::new());
    cells.feed(b"\x1b)0\x1b[?7l");
    for (row, line) in capture.lines().enumerate() {
        cells.feed(format!("\x1b[{}H{line}", row + 1).as_bytes());
        let end = cells.cursor();
        ends.push(end.col + u16::from(end.pending_wrap));
    }
    Capture { cells, ends }
}

/// The first difference between the model and tmux, if there is any.
fn difference(tmux: &mut Tmux, size: TerminalSize, output: &[u8]) -> Option<String> {
    let mut model = Screen::new(size);
    model.feed(output);
    let (shown, their_facts) = tmux.show(size, output);
    let places = (0..size.rows()).flat_map(|row| (0..size.cols()).map(move |col| (row, col)));
    for (row, col) in places {
        let cell = |screen: &Screen| {
            let cell = screen.cell(row, col).unwrap();
            let said = col < shown.ends[usize::from(row)];
            (cell.text, cell.width, said.then_some(cell.style))
        };
        let (ours, theirs) = (cell(&model), cell(&shown.cells));
        if ours != theirs {
            return Some(format!(
                "row {row} column {col}\nmodel {ours:?}\n{}\ntmux {theirs:?}\n{}\noutput: {}",
                model.text(),
                shown.cells.text(),
                output.escape_ascii(),
            ));
        }
    }
    let facts = facts(&model);
    (facts != their_facts).then(|| format!("{facts}\n{their_facts}\n{}", output.escape_ascii()))
}

fn compare(tmux: &mut Tmux, name: &str, size: TerminalSize, output: &[u8]) {
    if let Some(difference) = difference(tmux, size, output) {
        panic!("{name}: {difference}");
    }
}

#[test]
fn recorded_sessions() {
    let Some(mut tmux) = Tmux::start("recorded") else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    for name in ["vim", "less", "bash", "htop"] {
        let output = std::fs::read(folder.join(name).with_extension("raw")).unwrap();
        // Also in the middle of it, before a control sequence.
        let starts: Vec<usize> = memchr::memmem::find_iter(&output, b"\x1b[").collect();
        for end in [starts.len() / 3, starts.len() * 2 / 3].map(|at| starts[at]) {
            compare(&mut tmux, name, TerminalSize::DEFAULT, &output[..end]);
        }
        compare(&mut tmux, name, TerminalSize::DEFAULT, &output);
    }
}

#[test]
fn painted_sessions() {
    let Some(mut tmux) = Tmux::start("painted") else {
        return;
    };
    let size = TerminalSize::DEFAULT;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    for name in ["vim", "less", "bash", "htop"] {
        let mut screen = Screen::with_scrollback(size, 50);
        screen.feed(&std::fs::read(folder.join(name).with_extension("raw")).unwrap());
        let options = PaintOptions {
            scrollback: 50,
            keep_screen: true,
        };
        for paint in [screen.paint(), screen.paint_on(options)] {
            compare(&mut tmux, name, size, &paint);
            let (shown, facts) = tmux.show(size, &paint);
            assert_eq!(shown.cells.text(), screen.text(), "{name}: {facts}");
        }
        // What scrolled off is in the terminal's own scrollback, below what it showed before.
        let kept = tmux.run(&["capture-pane", "-p", "-S", "-", "-E", "-1"]);
        assert!(
            kept.ends_with(&screen.scrollback_text(50)),
            "{name}: {kept}"
        );
    }
}

#[test]
fn reset_terminal_undoes_everything() {
    let Some(mut tmux) = Tmux::start("reset") else {
        return;
    };
    let output = "kept\x1b[?1h\x1b=\x1b[?7l\x1b[4h\x1b[?25l\x1b[?1003;1006h\x1b[2;5r\
        \x1b)0\x0e\x1b[3;3H\x1b[31mq";
    for enter in ["", "\x1b[?1049h"] {
        let mut output = output.replace("kept", &format!("kept{enter}")).into_bytes();
        output.extend_from_slice(Screen::reset_terminal());
        output.extend_from_slice(b"\r\nqq");
        let (shown, facts) = tmux.show(TerminalSize::DEFAULT, &output);
        assert!(
            shown.cells.text().starts_with("kept"),
            "{}",
            shown.cells.text()
        );
        let qq = shown
            .cells
            .text()
            .lines()
            .find(|line| line.ends_with("qq"))
            .map(str::len);
        assert_eq!(qq, Some(2), "{}", shown.cells.text());
        let mut fresh = Screen::new(TerminalSize::DEFAULT);
        let at = facts.split(' ').nth(1).unwrap().split_once(',').unwrap().1;
        let row: u16 = at.parse().unwrap();
        fresh.feed(format!("\x1b[{};3H", row + 1).as_bytes());
        assert_eq!(self::facts(&fresh), facts);
    }
}

/// Output made up line by line: colours, wide characters, line drawing.
fn made_up() -> Vec<(&'static str, String)> {
    let mut colours = String::new();
    for n in 0..256 {
        colours += &format!("\x1b[48;5;{n}m{n:4}\x1b[0m\x1b[38;5;{n}m{n:4}\x1b[m");
        if n % 9 == 8 {
            colours += "\r\n";
        }
    }
    let true_colours = (0..80).fold(String::new(), |line, n| {
        line + &format!("\x1b[38;2;{};{n};7;48:2::{}:3:{n}m#", n * 3, 255 - n)
    });
    let attributes = [1, 2, 3, 4, 5, 7, 8, 9, 21]
        .iter()
        .map(|n| {
            format!("\x1b[{n}mattribute {n}\x1b[0m and \x1b[1;{n};4:3mmore\x1b[22;24;29m.\r\n")
        })
        .collect();
    let wide = "\
        世界 a世b界c 한국어 ﾊﾝｶｸ ＦＵＬＬ\r\n\
        e\u{301}a\u{308}\u{323}o\u{302} combined, ok\r\n\
        👍 🎉 🚀 emoji 😀x\r\n\
        0123456789012345678901234567890123456789012345678901234567890123456789012345678世界\r\n\
        世界世界世界\x1b[5G-\x1b[8G=\x1b[1G世\x1b[3Gx\r\n\
        世界世界世界\x1b[3G\x1b[K\x1b[1G\x1b[2X.\r\n\
        世界世界世界\x1b[3G\x1b[2P\x1b[1G\x1b[@.\r\n\
        世界世界世界\x1b[2G世\x1b[7G界x\x1b[12G.\r\n";
    let lines = "\x1b(0lqqqqwqqqqk\r\nx    x    x\r\ntqqqqnqqqqu\r\nmqqqqvqqqqj\x1b(B plain\r\n\
        \x1b)0\x0eaabb\x0faabb\r\n";
    let tabs = "a\tb\tc\r\n\x1b[3g\x1b[5G\x1bH\x1b[11G\x1bH\r1\t2\t3\t4\x1b[2Z5\r\n\x1b#8";
    vec![
        ("colours", colours),
        ("true colours", true_colours),
        ("attributes", attributes),
        ("wide", wide.to_owned()),
        ("line drawing", lines.to_owned()),
        ("tabs", tabs.to_owned()),
        ("tabs without alignment", tabs.replace("\x1b#8", "")),
    ]
}

#[test]
fn made_up_output() {
    let Some(mut tmux) = Tmux::start("made-up") else {
        return;
    };
    for (name, output) in made_up() {
        compare(&mut tmux, name, TerminalSize::DEFAULT, output.as_bytes());
    }
}

/// Random numbers, the same ones every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// Cursor soup: text and whatever moves, erases, inserts, deletes and scrolls.
fn soup(dice: &mut Dice, cols: u64, rows: u64) -> Vec<String> {
    let mut soup = Vec::new();
    for _ in 0..60 {
        let (n, m) = (dice.below(rows + 2), dice.below(cols + 2));
        soup.push(match dice.below(14) {
            0..=2 => {
                // Short enough not to end in the last column, where tmux and xterm differ.
                let len = usize::try_from(dice.below(cols / 2) + 1).unwrap();
                let word = dice.pick(&["abcdefgh", "ab-cd ef", "ünïcödé ", "x  "]);
                let text: String = word.chars().cycle().take(len / 2 + 1).collect();
                format!("\x1b[{}G{text}", dice.below(cols / 3) + 1)
            }
            3 => format!("\x1b[{n};{m}H"),
            4 => format!(
                "\x1b[{n}{}",
                dice.pick(&["A", "B", "C", "D", "E", "F", "d"])
            ),
            5 => format!("\x1b[{m}{}", dice.pick(&["G", "C", "D"])),
            6 => format!("\x1b[{}{}", dice.below(3), dice.pick(&["J", "K", "K"])),
            7 if dice.below(3) == 0 => {
                format!("\x1b[{}G\x1b[{}@", dice.below(cols / 3) + 1, dice.below(3))
            }
            7 => format!("\x1b[{}{}", dice.below(cols), dice.pick(&["X", "P"])),
            8 if dice.below(2) == 0 => {
                let (top, bottom) = (dice.below(rows - 1) + 1, rows);
                let row = top + dice.below(bottom + 1 - top);
                let end = dice.pick(&["L", "M"]);
                format!("\x1b[?6l\x1b[{top};{bottom}r\x1b[{row}H\x1b[{n}{end}")
            }
            8 => format!("\x1b[{n}{}", dice.pick(&["S", "T"])),
            9 => format!("\x1b[{n};{}r\x1b[H", dice.below(rows) + 1),
            10 => format!("\x1b[{};{}m", dice.below(6), 30 + dice.below(8)),
            11 => dice
                .pick(&["\x1b[?6h", "\x1b[?6l", "\x1b[m", "\x1b[4h", "\x1b[4l"])
                .to_owned(),
            12 => dice
                .pick(&["\x1bM", "\x1bD", "\x1bE", "\x1b[?6l\x1b7", "\x1b8"])
                .to_owned(),
            _ => dice.pick(&["\r\n", "\n", "\r", "\t", "\x08"]).to_owned(),
        });
    }
    soup
}

#[test]
fn cursor_soup() {
    let Some(mut tmux) = Tmux::start("soup") else {
        return;
    };
    let mut dice = Dice(0x5eed);
    for round in 0..60 {
        let (cols, rows) = (8 + dice.below(40), 2 + dice.below(12));
        let size = TerminalSize::new(cols.try_into().unwrap(), rows.try_into().unwrap()).unwrap();
        let mut soup = soup(&mut dice, cols, rows);
        let Some(mut found) = difference(&mut tmux, size, soup.concat().as_bytes()) else {
            continue;
        };
        // Leave out what has nothing to do with it.
        for at in (0..soup.len()).rev() {
            let mut less = soup.clone();
            less.remove(at);
            if let Some(still) = difference(&mut tmux, size, less.concat().as_bytes()) {
                (soup, found) = (less, still);
            }
        }
        panic!("soup {round} at {size}: {found}");
    }
}
