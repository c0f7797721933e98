//! The process in front of one desktop: `winsta desktop`, run as the desktop's user.
//!
//! It reads lines and answers each with one: `idle` with `idle MILLISECONDS`; `tell SECONDS FROM`
//! and the lines of a message, apart by U+001F, with `shown` once it is on the screen. It ends when
//! its input does.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeGCAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, PropMode,
    Screen, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::SEPARATOR;

/// Most bytes of a line, and most messages that are shown at once.
const MAX_LINE: usize = 64 << 10;
const MAX_WINDOWS: usize = 16;
/// Size of the server's plain letters, and the window's margin, in pixels.
const LETTER: (u16, u16) = (6, 13);
const MARGIN: u16 = 16;
/// Most letters of a line, and most lines, that a window has room for.
const MAX_COLUMNS: usize = 100;
const MAX_ROWS: usize = 40;

type Failed = Box<dyn Error>;

/// Serves until the input ends.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever asked waits for a line.
            let _ = writeln!(io::stdout(), "failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A message on the screen.
struct Shown {
    window: Window,
    lines: Vec<String>,
    until: Option<Instant>,
    announced: bool,
}

struct Agent {
    x: RustConnection,
    screen: Screen,
    shown: Vec<Shown>,
}

fn serve() -> Result<(), Failed> {
    let (x, number) = x11rb::connect(None)?;
    let screen = x.setup().roots.get(number).ok_or("no screen")?.clone();
    let mut agent = Agent {
        x,
        screen,
        shown: Vec::new(),
    };
    let mut input = Vec::new();
    loop {
        while let Some(event) = agent.x.poll_for_event()? {
            agent.event(&event)?;
        }
        agent.close(|shown, now| shown.until.is_some_and(|until| until <= now))?;
        agent.x.flush()?;
        let typed = {
            let stdin = io::stdin();
            let stream = agent.x.stream();
            let mut waiting = [
                PollFd::new(&stdin, PollFlags::IN),
                PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN),
            ];
            let due = agent.shown.iter().filter_map(|shown| shown.until).min();
            let patience = due.map(|due| due.saturating_duration_since(Instant::now()));
            let patience = patience.map(Timespec::try_from).transpose()?;
            rustix::io::retry_on_intr(|| poll(&mut waiting, patience.as_ref()))?;
            let [stdin, _server] = waiting;
            !stdin.revents().is_empty()
        };
        if typed && !read(&mut input)? {
            return Ok(());
        }
        while let Some(end) = input.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = input.drain(..=end).collect();
            agent.command(String::from_utf8_lossy(&line).trim_end_matches('\n'))?;
        }
    }
}

/// Takes what has come; `false` at the end of the input.
fn read(input: &mut Vec<u8>) -> Result<bool, Failed> {
    let mut buffer = [0; 4_096];
    let count = io::stdin().read(&mut buffer)?;
    if input.len() + count > MAX_LINE {
        return Err("a line is too long".into());
    }
    input.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count > 0)
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

impl Agent {
    fn command(&mut self, line: &str) -> Result<(), Failed> {
        if line == "idle" {
            let info = self.x.screensaver_query_info(self.screen.root)?.reply()?;
            return Ok(say(&format!("idle {}", info.ms_since_user_input))?);
        }
        let mut parts = line.split(SEPARATOR);
        let first = parts.next().and_then(|first| first.strip_prefix("tell "));
        let Some((seconds, from)) = first.and_then(|first| first.split_once(' ')) else {
            return Ok(say("failed: what?")?);
        };
        let seconds: u64 = seconds.parse()?;
        if self.shown.len() >= MAX_WINDOWS {
            return Ok(say("failed: too many messages are on the screen already")?);
        }
        let title = format!("Message from {from}");
        let heading = [title.clone(), String::new()];
        let wrapped = parts.flat_map(wrap);
        let lines = heading.into_iter().chain(wrapped).take(MAX_ROWS).collect();
        self.show(&title, lines, seconds)
    }

    fn show(&mut self, title: &str, lines: Vec<String>, seconds: u64) -> Result<(), Failed> {
        let longest = lines.iter().map(|line| line.chars().count()).max();
        let columns = u16::try_from(longest.unwrap_or_default().max(30))?;
        let rows = u16::try_from(lines.len())?;
        let (width, height) = (
            columns * LETTER.0 + 2 * MARGIN,
            rows * LETTER.1 + 2 * MARGIN,
        );
        let centre = |room: u16, taken: u16| i16::try_from(room.saturating_sub(taken) / 2);
        let window = self.x.generate_id()?;
        let events = EventMask::EXPOSURE | EventMask::BUTTON_PRESS | EventMask::KEY_PRESS;
        let look = CreateWindowAux::new()
            .background_pixel(self.screen.white_pixel)
            .border_pixel(self.screen.black_pixel)
            .event_mask(events);
        self.x.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            window,
            self.screen.root,
            centre(self.screen.width_in_pixels, width)?,
            centre(self.screen.height_in_pixels, height)?,
            width,
            height,
            2,
            WindowClass::INPUT_OUTPUT,
            self.screen.root_visual,
            &look,
        )?;
        self.name(window, title)?;
        self.x.map_window(window)?;
        let until = (seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds));
        self.shown.push(Shown {
            window,
            lines,
            until,
            announced: false,
        });
        Ok(())
    }

    /// What window managers want to know: its name, and that it is to stay in front.
    fn name(&self, window: Window, title: &str) -> Result<(), Failed> {
        let atom = |name: &str| -> Result<u32, Failed> {
            Ok(self.x.intern_atom(false, name.as_bytes())?.reply()?.atom)
        };
        let utf8 = atom("UTF8_STRING")?;
        for (name, kind) in [
            (AtomEnum::WM_NAME.into(), AtomEnum::STRING.into()),
            (atom("_NET_WM_NAME")?, utf8),
        ] {
            self.x
                .change_property8(PropMode::REPLACE, window, name, kind, title.as_bytes())?;
        }
        let pairs = [
            ("_NET_WM_WINDOW_TYPE", "_NET_WM_WINDOW_TYPE_DIALOG"),
            ("_NET_WM_STATE", "_NET_WM_STATE_ABOVE"),
        ];
        for (name, value) in pairs {
            let (name, value) = (atom(name)?, atom(value)?);
            let kind: u32 = AtomEnum::ATOM.into();
            self.x
                .change_property32(PropMode::REPLACE, window, name, kind, &[value])?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Result<(), Failed> {
        match event {
            Event::Expose(exposed) if exposed.count == 0 => self.draw(exposed.window),
            Event::ButtonPress(pressed) => self.close(|shown, _| shown.window == pressed.event),
            Event::KeyPress(pressed) => self.close(|shown, _| shown.window == pressed.event),
            _ => Ok(()),
        }
    }

    fn draw(&mut self, window: Window) -> Result<(), Failed> {
        let Some(shown) = self.shown.iter_mut().find(|shown| shown.window == window) else {
            return Ok(());
        };
        let pen = self.x.generate_id()?;
        let colours = CreateGCAux::new()
            .foreground(self.screen.black_pixel)
            .background(self.screen.white_pixel);
        self.x.create_gc(pen, window, &colours)?;
        let font = self.x.generate_id()?;
        // Without the plain font the server's own is as good.
        if self.x.open_font(font, b"fixed")?.check().is_ok() {
            self.x.change_gc(pen, &ChangeGCAux::new().font(font))?;
            self.x.close_font(font)?;
        }
        let mut y = MARGIN + LETTER.1;
        for line in &shown.lines {
            // The server's plain letters are Latin ones.
            let latin = line.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
            let latin: Vec<u8> = latin.collect();
            let (x, at) = (i16::try_from(MARGIN)?, i16::try_from(y)?);
            self.x.image_text8(window, pen, x, at, &latin)?;
            y += LETTER.1;
        }
        self.x.free_gc(pen)?;
        self.x.sync()?;
        if !std::mem::replace(&mut shown.announced, true) {
            say("shown")?;
        }
        Ok(())
    }

    fn close(&mut self, which: impl Fn(&Shown, Instant) -> bool) -> Result<(), Failed> {
        let now = Instant::now();
        for shown in self.shown.extract_if(.., |shown| which(shown, now)) {
            self.x.destroy_window(shown.window)?;
        }
        Ok(())
    }
}

/// A line in pieces that a window has room for.
fn wrap(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    if letters.is_empty() {
        return vec![String::new()];
    }
    let pieces = letters.chunks(MAX_COLUMNS);
    pieces.map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_and_empty_ones_kept() {
        assert_eq!(wrap(""), [""]);
        assert_eq!(wrap("short"), ["short"]);
        let broken = wrap(&"é".repeat(MAX_COLUMNS + 1));
        assert_eq!(
            broken
                .iter()
                .map(|line| line.chars().count())
                .collect::<Vec<_>>(),
            [MAX_COLUMNS, 1]
        );
    }
}
