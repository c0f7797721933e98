//! The thread that hears signals.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals};

use crate::input::Shared;

/// Hears signals until dropped.
#[derive(Debug)]
pub(crate) struct Ears {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Ears {
    /// Hands signals on to the output thread from now on.
    pub(crate) fn open(shared: &Arc<Shared>) -> io::Result<Self> {
        let mut signals =
            Signals::new([SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT])?;
        let handle = signals.handle();
        let shared = Arc::clone(shared);
        let hear = move || {
            for signal in signals.forever() {
                shared.letters.post(|wishes| match signal {
                    SIGWINCH => wishes.window = true,
                    SIGTSTP => wishes.suspend = true,
                    SIGCONT => wishes.continued = true,
                    other => wishes.terminate = Some(other),
                });
            }
        };
        let thread = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(hear)?;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // it ends at once now, and has nothing to say
            let _ = thread.join();
        }
    }
}
