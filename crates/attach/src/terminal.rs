//! The user's terminal: raw while attached, and as it was before, whatever happens.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{
    OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, ttyname,
};
use winsta_domain::TerminalSize;
use winsta_screen::Screen;

use crate::AttachError;
use crate::wake::Letterbox;

/// How long a terminal that takes no output may keep us from saying goodbye to it.
const GOODBYE: Duration = Duration::from_millis(300);

/// The device that has to be restored if this process panics.
static ATTACHED: Mutex<Option<Arc<Device>>> = Mutex::new(None);
static PANIC_HOOK: Once = Once::new();

/// The size of the present terminal.
///
/// # Errors
/// [`AttachError::NotATerminal`] if there is none that could be attached.
pub fn terminal_size() -> Result<TerminalSize, AttachError> {
    let stdout = io::stdout();
    if !isatty(&stdout) {
        return Err(AttachError::NotATerminal("standard output"));
    }
    Ok(Window::of(stdout.as_fd()).size)
}

/// The size of a terminal's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The nearest size that a session can have.
    pub(crate) size: TerminalSize,
    /// Whether that is the window's size; it is not if the window is larger than any session or
    /// has no size at all.
    pub(crate) exact: bool,
}

impl Window {
    fn of(terminal: BorrowedFd<'_>) -> Self {
        let (cols, rows) = match tcgetwinsize(terminal) {
            Ok(window) => (window.ws_col, window.ws_row),
            Err(_) => (0, 0),
        };
        let size = TerminalSize::clamped(cols, rows);
        Self {
            size,
            // without a size, 80 by 24 is as good a guess for the terminal as for the session
            exact: (cols == 0 || cols == size.cols()) && (rows == 0 || rows == size.rows()),
        }
    }
}

/// Where the fresh line is on which a terminal is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parting {
    /// At the bottom, below all that the terminal shows.
    Bottom,
    /// Where the session's output came to its end.
    Behind {
        /// Whether the terminal shows the alternate screen.
        alternate: bool,
        /// Whether the primary screen's cursor is on a fresh line already.
        at_line_start: bool,
    },
}

impl Parting {
    fn bytes(self, rows: u16) -> Vec<u8> {
        let mut bytes = vec![CANCEL];
        match self {
            Self::Behind {
                alternate: false, ..
            } => bytes.extend_from_slice(Screen::reset_primary()),
            Self::Bottom | Self::Behind { .. } => {
                bytes.extend_from_slice(Screen::reset_terminal());
            }
        }
        match self {
            Self::Bottom => bytes.extend_from_slice(format!("\x1b[{rows};1H\r\n").as_bytes()),
            Self::Behind {
                at_line_start: true,
                ..
            } => bytes.push(b'\r'),
            Self::Behind { .. } => bytes.extend_from_slice(b"\r\n"),
        }
        bytes
    }
}

/// The user's terminal in raw mode. Dropping it restores the terminal.
#[derive(Debug)]
pub(crate) struct Terminal(Arc<Device>);

#[derive(Debug)]
struct Device {
    input: OwnedFd,
    output: OwnedFd,
    before: Termios,
    raw: AtomicBool,
}

impl Terminal {
    /// Takes the present terminal over.
    pub(crate) fn enter() -> Result<Self, AttachError> {
        let device = Arc::new(Device::open()?);
        PANIC_HOOK.call_once(|| {
            let earlier = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                restore_for_panic();
                earlier(panic);
            }));
        });
        *lock_attached() = Some(Arc::clone(&device));
        let terminal = Self(device);
        terminal.resume()?;
        Ok(terminal)
    }

    /// Makes the terminal raw, also after [`leave`](Self::leave).
    pub(crate) fn resume(&self) -> Result<(), AttachError> {
        let mut raw = self.0.before.clone();
        raw.make_raw();
        self.0.raw.store(true, Ordering::SeqCst);
        tcsetattr(&self.0.input, OptionalActions::Now, &raw).map_err(|source| {
            AttachError::Terminal {
                doing: "make raw",
                source: source.into(),
            }
        })
    }

    /// Puts the terminal back as it was, the cursor on a fresh line.
    pub(crate) fn leave(&self, parting: Parting) {
        self.0.restore(parting);
    }

    /// The size of its window now.
    pub(crate) fn window(&self) -> Window {
        Window::of(self.0.output.as_fd())
    }

    /// Where keys come from.
    pub(crate) fn input(&self) -> io::Result<OwnedFd> {
        self.0.input.try_clone()
    }

    /// Writes everything, unless something urgent is in the letter box before the terminal takes
    /// it: then the rest is dropped, since the terminal is about to be left.
    pub(crate) fn write(
        &self,
        parts: &mut [IoSlice<'_>],
        letters: &Letterbox,
    ) -> Result<(), Errno> {
        let mut parts = parts;
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            match rustix::io::writev(&self.0.output, parts) {
                Ok(written) => IoSlice::advance_slices(&mut parts, written),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if letters.is_urgent() {
                        return Ok(());
                    }
                    self.wait_writable(letters)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait_writable(&self, letters: &Letterbox) -> Result<(), Errno> {
        let wake = letters.wake();
        let mut waited = [
            PollFd::new(&self.0.output, PollFlags::OUT),
            PollFd::new(wake, PollFlags::IN),
        ];
        match poll(&mut waited, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let [_, rang] = &waited;
        if !rang.revents().is_empty() {
            // what it rang for stays in the letter box, where it is looked for before the next wait
            wake.quiet();
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.0.restore(Parting::Bottom);
        *lock_attached() = None;
    }
}

impl Device {
    fn open() -> Result<Self, AttachError> {
        let stdout = io::stdout();
        if !isatty(&stdout) {
            return Err(AttachError::NotATerminal("standard output"));
        }
        let failed = |doing| {
            move |source: Errno| AttachError::Terminal {
                doing,
                source: source.into(),
            }
        };
        let stdin = io::stdin();
        let input = if isatty(&stdin) {
            rustix::io::fcntl_dupfd_cloexec(&stdin, 0).map_err(failed("open"))?
        } else {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            rustix::fs::open("/dev/tty", flags, Mode::empty())
                .map_err(|_| AttachError::NotATerminal("standard input"))?
        };
        let before = tcgetattr(&input).map_err(failed("read the settings of"))?;
        let output = own_description(stdout.as_fd()).map_err(failed("open"))?;
        Ok(Self {
            input,
            output,
            before,
            raw: AtomicBool::new(false),
        })
    }

    /// Restores the terminal, once, without ever waiting long: it may be hung or gone, and nobody
    /// is left to be told.
    fn restore(&self, parting: Parting) {
        if !self.raw.swap(false, Ordering::SeqCst) {
            return;
        }
        let rows = Window::of(self.output.as_fd()).size.rows();
        let bytes = parting.bytes(rows);
        let deadline = Instant::now() + GOODBYE;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match rustix::io::write(&self.output, rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if self.writable_before(deadline) => {}
                Err(_) => break,
            }
        }
        let _ = tcsetattr(&self.input, OptionalActions::Now, &self.before);
    }

    fn writable_before(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else {
            return false;
        };
        let mut output = [PollFd::new(&self.output, PollFlags::OUT)];
        !left.is_zero()
            && matches!(
                poll(&mut output, Some(&timeout)),
                Ok(1..) | Err(Errno::INTR)
            )
    }
}

/// Ends whatever sequence the terminal is in the middle of.
pub(crate) const CANCEL: u8 = 0x18;

/// Opens the terminal anew, so that its being non-blocking is nobody else's business. If that is
/// not allowed (after `su`), the old description has to do, and writing may wait for the terminal.
fn own_description(terminal: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = ttyname(terminal, Vec::new())
        .and_then(|name| rustix::fs::open(name.as_c_str(), flags, Mode::empty()));
    match opened {
        Ok(opened) if isatty(&opened) => Ok(opened),
        _ => rustix::io::fcntl_dupfd_cloexec(terminal, 0),
    }
}

fn lock_attached() -> std::sync::MutexGuard<'static, Option<Arc<Device>>> {
    ATTACHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Restores the terminal before a panic's message is written to it.
fn restore_for_panic() {
    // who panics might hold the lock; then the drop of `Terminal` does it
    if let Ok(attached) = ATTACHED.try_lock()
        && let Some(device) = attached.as_ref()
    {
        device.restore(Parting::Bottom);
    }
}
