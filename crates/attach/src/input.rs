//! The thread that reads what the user types.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::keys::{Action, KeyFilter};
use crate::outbox::Outbox;
use crate::wake::{Letterbox, Wake};

/// Bytes read at once; a terminal never gives more.
const READ: usize = 4096;

/// What the threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// To the keeper.
    pub(crate) outbox: Outbox,
    /// To the output thread.
    pub(crate) letters: Letterbox,
    /// Wakes the input thread.
    pub(crate) wake_input: Arc<Wake>,
    /// Whether keys go to the program; else the output thread gets them.
    pub(crate) to_program: AtomicBool,
    /// Whether the input thread shall end.
    pub(crate) over: AtomicBool,
}

/// Reads keys until it is all over.
pub(crate) fn read_keys(terminal: &OwnedFd, mut filter: KeyFilter, shared: &Shared) {
    let mut typed = [0; READ];
    let mut out = Vec::with_capacity(READ);
    loop {
        let Ok(ready) = wait(terminal, filter.deadline(), shared) else {
            return gone(shared);
        };
        if shared.over.load(Ordering::Acquire) {
            return;
        }
        out.clear();
        let action = match ready.then(|| rustix::io::read(terminal, &mut typed)) {
            None => {
                filter.expire(Instant::now(), &mut out);
                Action::Deliver
            }
            Some(Ok(read)) if read > 0 => {
                let typed = typed.get(..read).unwrap_or_default();
                filter.feed(Instant::now(), typed, &mut out)
            }
            Some(Err(Errno::INTR | Errno::AGAIN)) => Action::Deliver,
            Some(Ok(_) | Err(_)) => return gone(shared),
        };
        if !out.is_empty() {
            if shared.to_program.load(Ordering::Acquire) {
                shared.outbox.input(&out);
            } else {
                shared
                    .letters
                    .post(|wishes| wishes.keys.extend_from_slice(&out));
            }
        }
        if action == Action::Detach {
            shared.letters.post(|wishes| wishes.detach = true);
        }
    }
}

fn gone(shared: &Shared) {
    shared.letters.post(|wishes| wishes.terminal_gone = true);
}

/// Waits for keys, and meanwhile sends what the keeper did not take at once. Says whether there
/// are keys.
fn wait(terminal: &OwnedFd, deadline: Option<Instant>, shared: &Shared) -> Result<bool, Errno> {
    let timeout = deadline
        .map(|at| at.saturating_duration_since(Instant::now()))
        .and_then(|left| Timespec::try_from(left).ok());
    let socket = shared.outbox.blocked_on();
    let wake = shared.wake_input.as_fd();
    let (socket, room) = match &socket {
        Some(socket) => (socket.as_fd(), PollFlags::OUT),
        None => (wake, PollFlags::empty()),
    };
    let keys = if shared.outbox.is_full() {
        PollFlags::empty()
    } else {
        PollFlags::IN
    };
    let mut waited = [
        PollFd::new(terminal, keys),
        PollFd::from_borrowed_fd(wake, PollFlags::IN),
        PollFd::from_borrowed_fd(socket, room),
    ];
    match poll(&mut waited, timeout.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(false),
        Err(error) => return Err(error),
    }
    let [terminal, wake, socket] = waited.map(|fd| fd.revents());
    if !wake.is_empty() {
        shared.wake_input.quiet();
    }
    if !room.is_empty() && !socket.is_empty() {
        shared.outbox.flush();
    }
    Ok(!terminal.is_empty())
}
