//! A real terminal: a pane of a tmux server of its own.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cells::{self, Row};
use crate::patience::LONG;

/// Whether a program is on this machine. Says so when it is not, since the test will be skipped.
pub fn have(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

/// A terminal of a given size with a shell in it.
#[derive(Debug)]
pub struct Terminal {
    folder: TempDir,
}

impl Terminal {
    /// Opens one; a plain `sh` with the prompt `$ ` runs in it.
    pub fn open(cols: u16, rows: u16) -> Self {
        let terminal = Self {
            folder: tempfile::tempdir().expect("a folder for the socket"),
        };
        let (cols, rows) = (cols.to_string(), rows.to_string());
        terminal.tmux(&[
            "new-session",
            "-d",
            "-x",
            &cols,
            "-y",
            &rows,
            "env",
            "-u",
            "TMUX",
            "PS1=$ ",
            "ENV=",
            "LC_ALL=C.UTF-8",
            "TERM=tmux-256color",
            "sh",
        ]);
        terminal.tmux(&["set-option", "-g", "status", "off"]);
        terminal.tmux(&["set-option", "-g", "set-clipboard", "on"]);
        terminal.tmux(&["set-option", "-sg", "escape-time", "0"]);
        terminal.resize(cols.parse().unwrap_or(80), rows.parse().unwrap_or(24));
        terminal.wait_text("$");
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(self.folder.path().join("tmux"))
            .args(["-f", "/dev/null", "-u"])
            .args(arguments)
            .env_remove("TMUX")
            .output()
            .expect("tmux runs");
        assert!(output.status.success(), "tmux {arguments:?}: {output:?}");
        output
    }

    /// Types keys, as tmux names them.
    pub fn keys(&self, keys: &[&str]) {
        let mut arguments = vec!["send-keys"];
        arguments.extend_from_slice(keys);
        self.tmux(&arguments);
    }

    /// Types text as it is.
    pub fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Types a line into the shell.
    pub fn line(&self, text: &str) {
        self.text(text);
        self.keys(&["Enter"]);
    }

    /// Pastes text, in brackets if the program asked for them.
    pub fn paste(&self, text: &str) {
        self.tmux(&["set-buffer", "--", text]);
        self.tmux(&["paste-buffer", "-p"]);
    }

    /// What programs have put on the terminal's clipboard last.
    pub fn clipboard(&self) -> Option<String> {
        let buffers = self.capture(&["list-buffers"]);
        (!buffers.is_empty()).then(|| self.capture(&["show-buffer"]))
    }

    /// Gives the window another size.
    pub fn resize(&self, cols: u16, rows: u16) {
        let (cols, rows) = (cols.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &cols, "-y", &rows]);
    }

    /// What the terminal shows: one line a row, without colours.
    pub fn plain(&self) -> String {
        self.capture(&["capture-pane", "-p"])
    }

    /// What stands in each cell.
    pub fn cells(&self) -> Vec<Row> {
        cells::parse(&self.capture(&["capture-pane", "-p", "-e", "-N"]))
    }

    /// Where the cursor is, and the modes that tmux knows of: each as `name=value`.
    pub fn state(&self) -> Vec<String> {
        let format = "cursor=#{cursor_x},#{cursor_y} visible=#{cursor_flag} \
                      alternate=#{alternate_on} keypad=#{keypad_flag} \
                      cursorkeys=#{keypad_cursor_flag} wrap=#{wrap_flag} insert=#{insert_flag} \
                      origin=#{origin_flag} mouse=#{mouse_any_flag}#{mouse_button_flag}\
                      #{mouse_standard_flag}#{mouse_sgr_flag} \
                      region=#{scroll_region_upper}-#{scroll_region_lower}";
        let state = self.capture(&["display-message", "-p", format]);
        state.split_whitespace().map(str::to_owned).collect()
    }

    /// The title.
    pub fn title(&self) -> String {
        self.capture(&["display-message", "-p", "#{pane_title}"])
    }

    /// What the terminal shows, and what scrolled off it.
    pub fn scrollback(&self) -> String {
        self.capture(&["capture-pane", "-p", "-S", "-"])
    }

    /// Device of the terminal.
    pub fn device(&self) -> String {
        let device = self.capture(&["display-message", "-p", "#{pane_tty}"]);
        device.trim().to_owned()
    }

    fn capture(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.tmux(arguments).stdout).into_owned()
    }

    /// Waits until the terminal shows this text.
    pub fn wait_text(&self, text: &str) {
        let shows = || self.plain().contains(text).then_some(());
        wait(&format!("{text:?}"), shows, || self.plain());
    }

    /// Waits until the terminal no longer shows this text.
    pub fn wait_gone(&self, text: &str) {
        let shows = || (!self.plain().contains(text)).then_some(());
        wait(&format!("the end of {text:?}"), shows, || self.plain());
    }

    /// Waits until the terminal shows the same as another one in the rows that `counts` picks,
    /// and is in the same state.
    pub fn wait_same(&self, other: &Self, counts: impl Fn(&str) -> bool) {
        let shows = |terminal: &Self| {
            let text = |row: &Row| {
                row.iter()
                    .map(|(character, _)| *character)
                    .collect::<String>()
            };
            let mut rows = terminal.cells();
            rows.retain(|row| counts(&text(row)));
            (rows, terminal.state())
        };
        let same = || (shows(self) == shows(other)).then_some(());
        wait("equal terminals", same, || {
            let ((here, state), (there, other_state)) = (shows(self), shows(other));
            let mut text = String::new();
            for (here, there) in here.iter().zip(&there).filter(|(a, b)| a != b) {
                let (here, there) = (cells::in_words(here), cells::in_words(there));
                text += &["- ", &here, "\n+ ", &there, "\n"].concat();
            }
            format!("{text}- {state:?}\n+ {other_state:?}")
        });
    }

    /// The terminal's line settings, as `stty` prints them.
    pub fn settings(&self) -> String {
        let output = Command::new("stty")
            .args(["-a", "-F", &self.device()])
            .output();
        String::from_utf8_lossy(&output.expect("stty runs").stdout).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // it may be gone already, with its last program
        let _ = Command::new("tmux")
            .arg("-S")
            .arg(self.folder.path().join("tmux"))
            .arg("kill-server")
            .output();
    }
}

/// Looks until `look` is content; panics with what there was instead if it never is.
fn wait(what: &str, mut look: impl FnMut() -> Option<()>, state: impl FnOnce() -> String) {
    let start = Instant::now();
    while look().is_none() {
        assert!(
            start.elapsed() < LONG,
            "waited {LONG:?} for {what}; there is:\n{}",
            state()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
