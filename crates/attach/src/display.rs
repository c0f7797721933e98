//! What the user's terminal shows, and what the keeper has to be asked for to show it.
//!
//! ```text
//!             snapshot              history read, sizes agree
//!  Awaiting ────────────▶ Rebuilding ────────────────────────▶ Passing (raw bytes)
//!     ▲                       │ sizes differ                       │
//!     │                       └────────────▶ Windowed (model)      │
//!     │ a new snapshot was asked for or         │                  │
//!     │ is on its way                           ▼                  ▼
//!     └───────────────────────────────────── any ◀──────────── Covered (a box)
//! ```
//!
//! What a session prints at its end while a box covers it comes as a last snapshot, which is kept
//! and shown when the keeper says goodbye ([`Display::finish`]).

use std::time::{Duration, Instant};

use winsta_domain::TerminalSize;
use winsta_screen::{Modes, PaintOptions, Screen};
use winsta_wire::{AttachMode, ClientMessage, Output, SnapshotInfo};

use crate::rebuild::Rebuild;
use crate::terminal::{CANCEL, Parting, Window};
use crate::trail::Trail;

/// Time between two paintings of a screen that is not passed through.
const FRAME: Duration = Duration::from_millis(33);

/// The state of the user's terminal.
///
/// After each call, [`take_painting`](Self::take_painting) is to be written to the terminal and
/// [`take_messages`](Self::take_messages) to be sent.
#[derive(Debug)]
pub(crate) struct Display {
    window: Window,
    mode: AttachMode,
    /// Size of the session, as far as is known.
    session: TerminalSize,
    phase: Phase,
    /// Lines of scrollback to paint.
    scrollback: usize,
    /// Whether nothing of the session was painted yet. The first painting leaves what the terminal
    /// showed before in its scrollback.
    fresh: bool,
    /// How far the session's output was shown in a way that leaves its lines in the terminal's
    /// scrollback.
    shown: Option<u64>,
    trail: Trail,
    painting: Vec<u8>,
    messages: Vec<ClientMessage>,
}

#[derive(Debug)]
enum Phase {
    Awaiting,
    Rebuilding(Underway),
    Passing,
    Windowed {
        screen: Box<Screen>,
        /// When to paint, if something changed since.
        paint_at: Option<Instant>,
        painted: Instant,
        /// What was last told to the terminal about how to send keys.
        typing: String,
    },
    Covered {
        /// A snapshot that came since. Only the last one counts, if the session ends.
        under: Option<Underway>,
    },
}

/// A screen that is being rebuilt.
#[derive(Debug)]
struct Underway {
    rebuild: Box<Rebuild>,
    /// A size that came in the meantime.
    resized: Option<TerminalSize>,
}

impl Display {
    pub(crate) fn new(window: Window, scrollback: usize) -> Self {
        Self {
            window,
            mode: AttachMode::View,
            session: window.size,
            phase: Phase::Awaiting,
            scrollback,
            fresh: true,
            shown: None,
            trail: Trail::default(),
            painting: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// The keeper said what this client may do.
    pub(crate) fn attached(&mut self, mode: AttachMode) {
        self.mode = mode;
        self.phase = Phase::Awaiting;
    }

    /// What is to be written to the terminal.
    pub(crate) fn take_painting(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.painting)
    }

    /// What is to be said to the keeper.
    pub(crate) fn take_messages(&mut self) -> Vec<ClientMessage> {
        std::mem::take(&mut self.messages)
    }

    /// Whether output goes to the terminal as it is.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.phase, Phase::Passing)
    }

    /// Whether the screen is there, so that a box can be drawn over it.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::Passing | Phase::Windowed { .. })
    }

    /// Whether a box is drawn over the screen.
    pub(crate) fn is_covered(&self) -> bool {
        matches!(self.phase, Phase::Covered { .. })
    }

    /// The terminal's window.
    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// A snapshot begins.
    pub(crate) fn snapshot(&mut self, snapshot: SnapshotInfo) {
        let underway = Underway {
            rebuild: Box::new(Rebuild::new(snapshot, self.scrollback, self.shown)),
            resized: None,
        };
        match &mut self.phase {
            // another one follows when the box is gone, unless the session ends
            Phase::Covered { under } => *under = Some(underway),
            phase => *phase = Phase::Rebuilding(underway),
        }
    }

    /// The screen that is being rebuilt, also under a box.
    fn underway(&mut self) -> Option<&mut Underway> {
        match &mut self.phase {
            Phase::Rebuilding(underway) => Some(underway),
            Phase::Covered { under } => under.as_mut(),
            Phase::Awaiting | Phase::Passing | Phase::Windowed { .. } => None,
        }
    }

    /// The snapshot's checkpoint.
    pub(crate) fn checkpoint(&mut self, now: Instant, paint: &[u8]) {
        if let Some(underway) = self.underway() {
            underway.rebuild.checkpoint(paint);
            self.settle(now);
        }
    }

    /// Output; gives back what is to be passed on to the terminal behind the painting.
    pub(crate) fn output<'a>(&mut self, now: Instant, output: Output<'a>) -> &'a [u8] {
        let mut rest = output.bytes;
        if let Some(underway) = self.underway() {
            let taken = underway.rebuild.output(output.offset, rest);
            rest = rest.get(taken..).unwrap_or_default();
            self.settle(now);
        }
        match &mut self.phase {
            Phase::Passing => {
                let taken = output.bytes.len() - rest.len();
                self.passed(Output {
                    offset: output.offset + taken as u64,
                    bytes: rest,
                    ..output
                });
                rest
            }
            Phase::Windowed {
                screen,
                paint_at,
                painted,
                ..
            } => {
                if !rest.is_empty() {
                    screen.feed(rest);
                    paint_at.get_or_insert(*painted + FRAME);
                }
                &[]
            }
            Phase::Awaiting | Phase::Rebuilding(_) | Phase::Covered { .. } => &[],
        }
    }

    /// Output that [`is_passing`](Self::is_passing) let go to the terminal as it is.
    pub(crate) fn passed(&mut self, output: Output<'_>) {
        self.shown = Some(output.offset + output.bytes.len() as u64);
        self.trail.pass(output.bytes);
    }

    /// Output was lost; a snapshot follows.
    pub(crate) fn missed(&mut self) {
        match &mut self.phase {
            Phase::Covered { under } => *under = None,
            phase => *phase = Phase::Awaiting,
        }
    }

    /// The session has a new size.
    pub(crate) fn resized(&mut self, now: Instant, size: TerminalSize) {
        self.session = size;
        let fits = self.fits();
        match &mut self.phase {
            Phase::Awaiting | Phase::Covered { under: None } => {}
            Phase::Rebuilding(underway)
            | Phase::Covered {
                under: Some(underway),
            } => underway.resized = Some(size),
            Phase::Passing if fits => {}
            Phase::Windowed {
                screen, paint_at, ..
            } if !fits => {
                screen.resize(size);
                *paint_at = Some(now);
            }
            Phase::Passing | Phase::Windowed { .. } => self.resync(),
        }
    }

    /// The terminal's window has a new size.
    pub(crate) fn window_changed(&mut self, now: Instant, window: Window) {
        if window == self.window {
            return;
        }
        self.window = window;
        if self.mode.controls() {
            self.messages
                .push(ClientMessage::Resize { size: window.size });
        }
        let fits = self.fits();
        match (&mut self.phase, self.mode) {
            // the keeper will follow, as a program's terminal does
            (Phase::Passing, AttachMode::TakeOver)
            | (Phase::Awaiting | Phase::Rebuilding(_) | Phase::Covered { .. }, _) => {}
            (Phase::Windowed { paint_at, .. }, _) if !fits => *paint_at = Some(now),
            // whoever typed last sizes the session: the snapshot will tell
            (Phase::Passing | Phase::Windowed { .. }, _) => self.resync(),
        }
    }

    /// Asks for a fresh snapshot; what comes before it is left out.
    pub(crate) fn resync(&mut self) {
        self.messages.push(ClientMessage::Resync);
        self.phase = Phase::Awaiting;
    }

    /// The terminal is somebody else's until [`resync`](Self::resync).
    pub(crate) fn away(&mut self) {
        self.phase = Phase::Awaiting;
    }

    /// A box is to be drawn over the screen.
    pub(crate) fn cover(&mut self) {
        if !self.is_covered() {
            self.messages.push(ClientMessage::Hold);
            self.phase = Phase::Covered { under: None };
        }
    }

    /// The session has ended, and its last output has come: shows what is not shown yet, and says
    /// how to leave the terminal.
    pub(crate) fn finish(&mut self, now: Instant) -> Parting {
        if let Phase::Covered { under } = &mut self.phase
            && let Some(underway) = under.take()
        {
            self.phase = Phase::Rebuilding(underway);
            self.settle(now);
        }
        if let Phase::Windowed { paint_at, .. } = &mut self.phase {
            *paint_at = paint_at.map(|_| now);
            self.tick(now);
        }
        match self.phase {
            Phase::Passing => Parting::Behind {
                alternate: self.trail.is_alternate(),
                at_line_start: self.trail.is_at_line_start(),
            },
            Phase::Awaiting
            | Phase::Rebuilding(_)
            | Phase::Windowed { .. }
            | Phase::Covered { .. } => Parting::Bottom,
        }
    }

    /// When [`tick`](Self::tick) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Windowed { paint_at, .. } => *paint_at,
            _ => None,
        }
    }

    /// Lets time pass.
    pub(crate) fn tick(&mut self, now: Instant) {
        if let Phase::Windowed {
            screen,
            paint_at,
            painted,
            typing,
        } = &mut self.phase
            && paint_at.is_some_and(|at| at <= now)
        {
            self.painting.extend(screen.paint_cropped(self.window.size));
            *paint_at = None;
            *painted = now;
            // who only watches types nothing
            let wanted = if self.mode.controls() {
                typing_modes(screen.modes())
            } else {
                String::new()
            };
            if wanted != *typing {
                self.painting.extend_from_slice(wanted.as_bytes());
                *typing = wanted;
            }
        }
    }

    /// Whether the session's size is that of the terminal.
    fn fits(&self) -> bool {
        self.window.exact && self.session == self.window.size
    }

    /// Shows the screen once it is rebuilt, unless a box covers it.
    fn settle(&mut self, now: Instant) {
        let whole = |underway: &Underway| underway.rebuild.is_done();
        if !matches!(&self.phase, Phase::Rebuilding(underway) if whole(underway)) {
            return;
        }
        let Phase::Rebuilding(Underway { rebuild, resized }) =
            std::mem::replace(&mut self.phase, Phase::Passing)
        else {
            return;
        };
        let end = rebuild.end();
        let (mut screen, mut size) = rebuild.finish();
        // whoever takes a session over sizes it; the keeper has been told already
        let follows = self.mode == AttachMode::TakeOver && resized.is_none();
        let wanted = if follows {
            self.window.size
        } else {
            resized.unwrap_or(size)
        };
        if wanted != size {
            screen.resize(wanted);
            size = wanted;
        }
        self.session = size;
        self.painting.push(CANCEL);
        let fresh = std::mem::replace(&mut self.fresh, false);
        if self.fits() {
            let options = PaintOptions {
                scrollback: self.scrollback,
                keep_screen: fresh,
            };
            self.painting.extend(screen.paint_on(options));
            self.shown = Some(end);
            self.trail = Trail::behind(&screen);
        } else {
            self.clear(fresh);
            self.phase = Phase::Windowed {
                screen: Box::new(screen),
                paint_at: Some(now),
                painted: now,
                typing: String::new(),
            };
            self.tick(now);
        }
    }

    /// Empties the terminal before a window of the session is painted on it.
    fn clear(&mut self, fresh: bool) {
        let (rows, cols) = (self.window.size.rows(), self.window.size.cols());
        self.painting.extend_from_slice(Screen::reset_terminal());
        if fresh {
            self.painting.extend(format!("\x1b[{rows};1H").into_bytes());
            self.painting
                .extend(std::iter::repeat_n(b'\n', rows.into()));
        }
        // backwards, so that no terminal puts what is erased in its scrollback
        let erase = format!("\x1b[{rows};{cols}H\x1b[1J\x1b[H");
        self.painting.extend_from_slice(erase.as_bytes());
    }
}

/// Tells a terminal how to send keys, the mouse and pasted text, as the program wants them.
fn typing_modes(modes: &Modes) -> String {
    let switch = |mode: u16, on: bool| format!("\x1b[?{mode}{}", if on { 'h' } else { 'l' });
    let keypad = if modes.application_keypad {
        "\x1b="
    } else {
        "\x1b>"
    };
    let mouse = [9, 1000, 1002, 1003, 1005, 1006, 1015, 1016].map(|mode| switch(mode, false));
    let wanted = [modes.mouse, modes.mouse_encoding];
    [
        switch(1, modes.application_cursor),
        switch(1004, modes.focus_events),
        switch(2004, modes.bracketed_paste),
        keypad.to_owned(),
        mouse.concat(),
    ]
    .into_iter()
    .chain(wanted.into_iter().flatten().map(|mode| switch(mode, true)))
    .collect()
}

#[cfg(test)]
#[path = "display_tests.rs"]
mod tests;
