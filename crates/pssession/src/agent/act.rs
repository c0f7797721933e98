//! Something that is being done, and can be interrupted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::endpoint::lock;
use crate::patience::Patience;
use crate::running::Stopper;

/// How long an interruption may try to get through.
const STOPPING: Duration = Duration::from_secs(10);

/// Something that is being done.
#[derive(Debug, Default)]
pub(super) struct Act {
    /// Nothing is tried again once this is set.
    pub(super) stop: AtomicBool,
    /// Nobody listens any more.
    gone: AtomicBool,
    stoppers: Mutex<Vec<(u32, Stopper)>>,
}

impl Act {
    /// A pipeline belongs to it.
    pub(super) fn begins(&self, session: u32, stopper: Stopper) {
        if self.is_stopped() {
            stop(stopper.clone());
        }
        lock(&self.stoppers).push((session, stopper));
    }

    /// The pipeline of a session has ended.
    pub(super) fn ends(&self, session: u32) {
        lock(&self.stoppers).retain(|(of, _)| *of != session);
    }

    /// Has everything stop.
    pub(super) fn interrupt(&self) {
        self.stop.store(true, Ordering::Relaxed);
        for (_, stopper) in lock(&self.stoppers).iter() {
            stop(stopper.clone());
        }
    }

    /// Sessions in which something of it runs.
    pub(super) fn sessions(&self) -> Vec<u32> {
        lock(&self.stoppers).iter().map(|(id, _)| *id).collect()
    }

    /// Nobody listens any more.
    pub(super) fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_left(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Interrupts, without waiting for it.
fn stop(stopper: Stopper) {
    let stopper = Arc::new(stopper);
    thread::spawn(move || {
        // What cannot be stopped is waited for.
        let _ = stopper.stop(&Patience::silent(STOPPING));
    });
}
