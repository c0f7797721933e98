//! Several things at once, but not too many.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;

use crate::endpoint::lock;

/// Most threads for one question, whatever it asks for.
const MOST: usize = 512;
/// Bytes of a thread's stack.
const STACK: usize = 512 << 10;

/// Does `what` with each of the items, with at most `limit` at once; 0 stands for the usual 32.
/// Items may be done in any order.
pub(super) fn each<T: Send>(items: Vec<T>, limit: usize, what: impl Fn(T) + Sync) {
    let limit = if limit == 0 { 32 } else { limit };
    let threads = limit.min(items.len()).min(MOST);
    if threads <= 1 {
        items.into_iter().for_each(what);
        return;
    }
    let items = Mutex::new(VecDeque::from(items));
    let work = || {
        while let Some(item) = next(&items) {
            what(item);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            let builder = thread::Builder::new().stack_size(STACK);
            if builder.spawn_scoped(scope, work).is_err() {
                // Those that there are do it.
                break;
            }
        }
        work();
    });
}

fn next<T>(items: &Mutex<VecDeque<T>>) -> Option<T> {
    lock(items).pop_front()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_more_than_wanted_at_once() {
        let (now, most, done) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        each((0..40).collect::<Vec<u32>>(), 4, |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(2));
            now.fetch_sub(1, Ordering::SeqCst);
            done.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(done.into_inner(), 40);
        assert!((2..=4).contains(&most.into_inner()));
    }
}
