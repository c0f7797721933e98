//! Waking a thread that waits in `poll`, and what it is woken for.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::event::{EventfdFlags, eventfd};

/// Most keys that wait for the output thread, in bytes: they are answers to a box, not text.
const MOST_KEYS: usize = 4096;

/// A descriptor that becomes readable when somebody rings.
#[derive(Debug)]
pub(crate) struct Wake(OwnedFd);

impl Wake {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(eventfd(0, flags)?))
    }

    /// Makes the descriptor readable.
    pub(crate) fn ring(&self) {
        // this fails only when it rang 2^64 - 1 times already
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes it silent again.
    pub(crate) fn quiet(&self) {
        let mut count = [0; 8];
        let _ = rustix::io::read(&self.0, &mut count);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What the other threads want of the output thread. Each is a fact, not a queue, so that nothing
/// piles up.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish by itself, and any of them can come together"
)]
pub(crate) struct Wishes {
    /// The user pressed the detach key.
    pub(crate) detach: bool,
    /// Keys that are not for the program.
    pub(crate) keys: Vec<u8>,
    /// The terminal's window has a new size.
    pub(crate) window: bool,
    /// This process shall stop (SIGTSTP).
    pub(crate) suspend: bool,
    /// This process was continued (SIGCONT).
    pub(crate) continued: bool,
    /// A signal asked this process to end.
    pub(crate) terminate: Option<i32>,
    /// No more keys will come.
    pub(crate) terminal_gone: bool,
}

/// The output thread's letter box.
#[derive(Debug)]
pub(crate) struct Letterbox {
    wishes: Mutex<Wishes>,
    any: AtomicBool,
    /// Whether one of them cannot wait until the terminal takes more output.
    urgent: AtomicBool,
    wake: Wake,
}

impl Letterbox {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            wishes: Mutex::default(),
            any: AtomicBool::new(false),
            urgent: AtomicBool::new(false),
            wake: Wake::new()?,
        })
    }

    /// Notes a wish and wakes the output thread.
    pub(crate) fn post(&self, wish: impl FnOnce(&mut Wishes)) {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        wish(&mut wishes);
        wishes.keys.truncate(MOST_KEYS);
        let urgent =
            wishes.detach || wishes.suspend || wishes.terminate.is_some() || wishes.terminal_gone;
        self.urgent.store(urgent, Ordering::Release);
        self.any.store(true, Ordering::Release);
        drop(wishes);
        self.wake.ring();
    }

    /// All wishes since the last call, if there are any.
    pub(crate) fn collect(&self) -> Option<Wishes> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        self.any.store(false, Ordering::Release);
        self.urgent.store(false, Ordering::Release);
        self.wake.quiet();
        Some(std::mem::take(&mut wishes))
    }

    /// Whether a wish is there for which writing to the terminal has to be given up.
    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent.load(Ordering::Acquire)
    }

    /// What becomes readable when there are wishes.
    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }
}
