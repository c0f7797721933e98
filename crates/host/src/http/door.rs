//! Room for connections, and who goes when there is none.
//!
//! A connection whose next request has not come whole costs nothing but its place, so when the
//! last place is taken, the one that has been silent for longest goes. Connections with a request
//! that is being worked on, or an answer that is being sent, stay.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Most connections at once; others wait in the kernel.
const MAX_CONNECTIONS: usize = 512;
/// Most of one user's, with the machine's host: nobody takes everybody's places.
const MAX_OF_A_USER: usize = 128;

/// Lets connections in.
#[derive(Debug)]
pub(crate) struct Door {
    room: Arc<Semaphore>,
    last: AtomicU64,
    /// Whether it is everybody's.
    shared: bool,
    /// Connections of users other than root.
    users: Mutex<HashMap<u32, usize>>,
    /// Connections that nothing is done for, longest first.
    silent: Mutex<VecDeque<Arc<Seat>>>,
}

/// A connection's place.
#[derive(Debug)]
struct Seat {
    number: u64,
    leave: Notify,
}

/// A connection that was let in; its place is free again when this and its requests are gone.
#[derive(Debug)]
pub(crate) struct Guest {
    door: Arc<Door>,
    seat: Arc<Seat>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Door {
    /// A door with nobody behind it; with one that all users share, each has a part of the room.
    pub(crate) fn new(shared: bool) -> Self {
        Self {
            room: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            last: AtomicU64::new(0),
            shared,
            users: Mutex::default(),
            silent: Mutex::default(),
        }
    }

    /// Waits for a place.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// Lets somebody in; one without a place is let in all the same.
    pub(crate) fn enter(self: &Arc<Self>, place: Option<OwnedSemaphorePermit>) -> Arc<Guest> {
        if self.room.available_permits() == 0
            && let Some(seat) = self.silent().pop_front()
        {
            seat.leave.notify_one();
        }
        let guest = Guest {
            door: Arc::clone(self),
            seat: Arc::new(Seat {
                number: self.last.fetch_add(1, Ordering::Relaxed),
                leave: Notify::new(),
            }),
            _place: place,
        };
        guest.rests();
        Arc::new(guest)
    }

    /// A part of the room for a connection of user `uid`; `None` if they have theirs.
    pub(crate) fn part(self: &Arc<Self>, uid: u32) -> Option<Part> {
        if self.shared && uid != 0 {
            let mut users = self.users();
            let count = users.entry(uid).or_default();
            if *count >= MAX_OF_A_USER {
                return None;
            }
            *count += 1;
        }
        Some(Part {
            door: Arc::clone(self),
            uid,
        })
    }

    fn users(&self) -> MutexGuard<'_, HashMap<u32, usize>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn silent(&self) -> MutexGuard<'_, VecDeque<Arc<Seat>>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A user's part of the room; given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Part {
    door: Arc<Door>,
    uid: u32,
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut users = self.door.users();
        if let Some(count) = users.get_mut(&self.uid) {
            *count -= 1;
            if *count == 0 {
                users.remove(&self.uid);
            }
        }
    }
}

impl Guest {
    /// A part of the room for its user.
    pub(crate) fn part(&self, uid: u32) -> Option<Part> {
        self.door.part(uid)
    }

    /// Waits until its place is needed.
    pub(crate) async fn unwanted(&self) {
        self.seat.leave.notified().await;
    }

    /// A request of it has come whole.
    fn speaks(&self) {
        let mut silent = self.door.silent();
        silent.retain(|seat| seat.number != self.seat.number);
    }

    /// It has been answered.
    fn rests(&self) {
        self.speaks();
        self.door.silent().push_back(Arc::clone(&self.seat));
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.speaks();
    }
}

/// A request's body: its guest has spoken when it has come whole.
pub(crate) struct Asking<B> {
    body: B,
    guest: Arc<Guest>,
}

impl<B> Asking<B>
where
    B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    pub(crate) fn body(body: B, guest: Arc<Guest>) -> Body {
        let asking = Self { body, guest };
        if asking.body.is_end_stream() {
            asking.guest.speaks();
        }
        Body::new(asking)
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Asking<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.guest.speaks();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body: its guest rests when it is gone.
pub(crate) struct Answering {
    body: Body,
    guest: Arc<Guest>,
}

impl Answering {
    pub(crate) fn new(body: Body, guest: Arc<Guest>) -> Self {
        Self { body, guest }
    }
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.guest.rests();
    }
}
