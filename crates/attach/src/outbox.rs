//! What this client says to the keeper.
//!
//! Nobody waits for the keeper here: what the socket does not take at once is kept, and the input
//! thread sends it when the socket can take it. So the detach key works even while the program
//! does not read what was typed.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use winsta_wire::frame::{encode, encode_json};
use winsta_wire::{ClientMessage, Kind};

use crate::wake::Wake;

/// Bytes kept beyond which nothing more is read from the user.
const FULL: usize = 1 << 20;
/// Bytes kept beyond which messages are not even queued: the keeper is hung, and what the screen
/// needs can wait for the snapshot that it will send when it is back.
const STUCK: usize = 2 << 20;

/// The sending side of a connection; both threads use it.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Wakes the input thread when something was kept.
    wake: Arc<Wake>,
}

#[derive(Debug)]
struct State {
    socket: Arc<OwnedFd>,
    /// Frames, the first `sent` bytes of which are on their way already.
    queue: Vec<u8>,
    sent: usize,
}

impl Outbox {
    pub(crate) fn new(socket: Arc<OwnedFd>, wake: Arc<Wake>) -> Self {
        let state = State {
            socket,
            queue: Vec::new(),
            sent: 0,
        };
        Self {
            state: Mutex::new(state),
            wake,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // nothing in here panics half-way through a change
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Types into the session.
    pub(crate) fn input(&self, bytes: &[u8]) {
        self.put(|queue| encode(queue, Kind::INPUT, bytes).is_ok());
    }

    /// Says something to the keeper.
    pub(crate) fn say(&self, message: &ClientMessage) {
        self.put(|queue| queue.len() < STUCK && encode_json(queue, Kind::CLIENT, message).is_ok());
    }

    fn put(&self, encode: impl FnOnce(&mut Vec<u8>) -> bool) {
        let mut state = self.state();
        let was_empty = state.queue.is_empty();
        if !encode(&mut state.queue) || !was_empty {
            return;
        }
        state.flush();
        if !state.queue.is_empty() {
            self.wake.ring();
        }
    }

    /// Sends what was kept, as far as the socket takes it.
    pub(crate) fn flush(&self) {
        self.state().flush();
    }

    /// Whether something is kept, and then the socket that has to take it.
    pub(crate) fn blocked_on(&self) -> Option<Arc<OwnedFd>> {
        let state = self.state();
        (!state.queue.is_empty()).then(|| Arc::clone(&state.socket))
    }

    /// Whether so much is kept that the user's input has to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.state().queue.len() > FULL
    }

    /// From now on everything goes to another keeper or session.
    pub(crate) fn switch(&self, socket: Arc<OwnedFd>) {
        let mut state = self.state();
        state.socket = socket;
        state.queue.clear();
        state.sent = 0;
    }
}

impl State {
    fn flush(&mut self) {
        while let Some(rest) = self.queue.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match send(
                &self.socket,
                rest,
                SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
            ) {
                Ok(sent) => self.sent += sent,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // the keeper is gone: the reading side sees it too, and says so
                Err(_) => break,
            }
        }
        self.queue.clear();
        self.sent = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_a_hung_keeper_does_not_take_is_kept_and_sent_later() {
        let (mut keeper, client) = UnixStream::pair().unwrap();
        let outbox = Outbox::new(
            Arc::new(OwnedFd::from(client)),
            Arc::new(Wake::new().unwrap()),
        );
        let typed: Vec<u8> = (0..4096).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let mut frames = 0;
        while !outbox.is_full() {
            outbox.input(&typed);
            frames += 1;
        }
        assert!(outbox.blocked_on().is_some());
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            keeper.read_to_end(&mut all).unwrap();
            all
        });
        while outbox.blocked_on().is_some() {
            outbox.flush();
            std::thread::yield_now();
        }
        drop(outbox);
        let mut wanted = Vec::new();
        for _ in 0..frames {
            encode(&mut wanted, Kind::INPUT, &typed).unwrap();
        }
        assert!(reader.join().unwrap() == wanted);
    }
}
