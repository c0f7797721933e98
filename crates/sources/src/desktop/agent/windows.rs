//! Messages in windows of their own on an X server, and when its user last typed.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeGCAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, PropMode,
    Screen, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::{Failed, Message, say};

/// Most messages that are shown at once.
const MAX_WINDOWS: usize = 16;
/// Size of the server's plain letters, and the window's margin, in pixels.
const LETTER: (u16, u16) = (6, 13);
const MARGIN: u16 = 16;
/// Most letters of a line, and most lines, that a window has room for.
const MAX_COLUMNS: usize = 100;
const MAX_ROWS: usize = 40;

/// A message on the screen.
struct Shown {
    window: Window,
    lines: Vec<String>,
    until: Option<Instant>,
    announced: bool,
}

/// The windows on the desktop's X server.
pub(super) struct Windows {
    x: RustConnection,
    screen: Screen,
    shown: Vec<Shown>,
}

impl Windows {
    /// Connects to the server that `DISPLAY` names.
    pub(super) fn open() -> Result<Self, Failed> {
        std::env::var_os("DISPLAY").ok_or("there is no X server")?;
        let (x, number) = x11rb::connect(None)?;
        let screen = x.setup().roots.get(number).ok_or("no screen")?.clone();
        Ok(Self {
            x,
            screen,
            shown: Vec::new(),
        })
    }

    /// Does what the server and the time ask for.
    pub(super) fn tend(&mut self) -> Result<(), Failed> {
        while let Some(event) = self.x.poll_for_event()? {
            self.event(&event)?;
        }
        self.close(|shown, now| shown.until.is_some_and(|until| until <= now))?;
        Ok(self.x.flush()?)
    }

    /// What can be read from once the server says something.
    pub(super) fn server(&self) -> BorrowedFd<'_> {
        self.x.stream().as_fd()
    }

    /// When a window is to be closed.
    pub(super) fn due(&self) -> Option<Instant> {
        self.shown.iter().filter_map(|shown| shown.until).min()
    }

    /// For how many milliseconds the user has not typed nor moved the pointer.
    pub(super) fn idle(&self) -> Result<u32, Failed> {
        let info = self.x.screensaver_query_info(self.screen.root)?.reply()?;
        Ok(info.ms_since_user_input)
    }

    /// Puts a message on the screen; says so once it is drawn.
    pub(super) fn tell(&mut self, message: &Message<'_>) -> Result<(), Failed> {
        if self.shown.len() >= MAX_WINDOWS {
            return Ok(say("failed: too many messages are on the screen already")?);
        }
        let heading = [message.title.clone(), String::new()];
        let wrapped = message.lines.iter().flat_map(|line| wrap(line));
        let lines = heading.into_iter().chain(wrapped).take(MAX_ROWS).collect();
        self.show(&message.title, lines, message.seconds)
    }

    fn show(&mut self, title: &str, lines: Vec<String>, seconds: u32) -> Result<(), Failed> {
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
        let until = (seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds.into()));
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
