//! Whether anybody needs the host.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// Requests that are being worked on, and when the last one was.
#[derive(Debug)]
pub(crate) struct Activity {
    open: AtomicUsize,
    last: Mutex<Instant>,
    quiet: Notify,
}

impl Activity {
    /// Nobody has asked for anything yet.
    pub(crate) fn new() -> Self {
        Self {
            open: AtomicUsize::new(0),
            last: Mutex::new(Instant::now()),
            quiet: Notify::new(),
        }
    }

    /// A request is being worked on until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Working {
        self.open.fetch_add(1, Ordering::AcqRel);
        Working(Arc::clone(self))
    }

    /// How many requests are being worked on.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// When the last request ended.
    pub(crate) fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no request is being worked on any more.
    pub(crate) async fn quiet(&self) {
        while self.open() > 0 {
            self.quiet.notified().await;
        }
    }

    /// Waits until a request ends with none left.
    pub(crate) async fn next_quiet(&self) {
        self.quiet.notified().await;
    }
}

/// A request that is being worked on.
#[derive(Debug)]
pub(crate) struct Working(Arc<Activity>);

impl Drop for Working {
    fn drop(&mut self) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.quiet.notify_one();
        }
    }
}
