//! Being attached, from the first byte to the last line.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use winsta_wire::Ticket;

use crate::input::{Shared, read_keys};
use crate::keys::{DetachKey, KeyFilter};
use crate::outbox::Outbox;
use crate::pump::Pump;
use crate::signals::Ears;
use crate::terminal::Terminal;
use crate::wake::{Letterbox, Wake};
use crate::{AttachError, Dial, Outcome, ThisMachine, connect, terminal_size};

/// How to be attached.
#[derive(Clone, Debug)]
pub struct Options {
    /// The keys that detach.
    pub detach: DetachKey,
    /// Lines of scrollback that are printed above the screen.
    pub scrollback: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            detach: DetachKey::default(),
            scrollback: 500,
        }
    }
}

/// Connects to the keeper behind `socket`, shows the ticket, and [`run`]s.
pub fn attach(socket: &Path, ticket: Ticket, options: &Options) -> Result<Outcome, AttachError> {
    attach_through(&ThisMachine, socket, ticket, options)
}

/// The same with a keeper that `dial` leads to.
pub fn attach_through(
    dial: &dyn Dial,
    socket: &Path,
    ticket: Ticket,
    options: &Options,
) -> Result<Outcome, AttachError> {
    let size = terminal_size()?;
    run(connect(dial, socket, ticket, size)?, dial, options)
}

/// Is attached until the user, the session, the host or a signal ends it; then the terminal is as
/// it was before, with one more line that says how it ended: right below the output of a session
/// that ended, else at the bottom.
///
/// `stream` comes from [`connect`], and `dial` leads to the other session when the host sends this
/// terminal there. Signals that ask this process to end are caught while this
/// runs; [`Ending::Signalled`](crate::Ending::Signalled) says so, and the caller should then end.
pub fn run(stream: UnixStream, dial: &dyn Dial, options: &Options) -> Result<Outcome, AttachError> {
    let system = |doing| move |source| AttachError::System { doing, source };
    let socket = Arc::new(OwnedFd::from(stream));
    let wake_input = Arc::new(Wake::new().map_err(system("make an eventfd"))?);
    let shared = Arc::new(Shared {
        outbox: Outbox::new(Arc::clone(&socket), Arc::clone(&wake_input)),
        letters: Letterbox::new().map_err(system("make an eventfd"))?,
        wake_input,
        to_program: AtomicBool::new(false),
        over: AtomicBool::new(false),
    });
    let ears = Ears::open(&shared).map_err(system("listen for signals"))?;
    let terminal = Terminal::enter()?;
    let keys = Keys::read(&terminal, &options.detach, &shared)?;
    let outcome = Pump::new(socket, dial, &terminal, &shared, options).run();
    keys.stop();
    drop(terminal);
    drop(ears);
    if let Ok(outcome) = &outcome {
        // a terminal that is gone does not want to know
        let _ = writeln!(io::stdout(), "{outcome}");
    }
    outcome
}

/// The input thread; dropping this ends it, so that it takes no key of whoever reads next.
struct Keys {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Keys {
    fn read(
        terminal: &Terminal,
        detach: &DetachKey,
        shared: &Arc<Shared>,
    ) -> Result<Self, AttachError> {
        let system = |doing| move |source| AttachError::System { doing, source };
        let input = terminal.input().map_err(system("duplicate a descriptor"))?;
        let filter = KeyFilter::new(detach.clone());
        let theirs = Arc::clone(shared);
        let read = move || {
            let guard = Gone(&theirs);
            read_keys(&input, filter, &theirs);
            drop(guard);
        };
        let thread = thread::Builder::new()
            .name("input".to_owned())
            .spawn(read)
            .map_err(system("start a thread"))?;
        Ok(Self {
            shared: Arc::clone(shared),
            thread: Some(thread),
        })
    }

    /// Ends the thread; if it panicked, so does this.
    fn stop(mut self) {
        if let Some(Err(panic)) = self.end() {
            resume_unwind(panic);
        }
    }

    fn end(&mut self) -> Option<thread::Result<()>> {
        self.shared.over.store(true, Ordering::Release);
        self.shared.wake_input.ring();
        self.thread.take().map(JoinHandle::join)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // a panic is on its way already if this still finds the thread
        let _ = self.end();
    }
}

/// Tells the output thread when the input thread ends in whatever way.
struct Gone<'a>(&'a Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.letters.post(|wishes| wishes.terminal_gone = true);
    }
}
