//! Passwords are tried: how many at once, how often in a row, and what those hear who may not come in.
//!
//! A guess counts whatever becomes of whoever made it. One that could be taken back by hanging up,
//! because a wrong one takes longer, would be free.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::throttle::{Throttle, group};

/// Most checks at once for one address: nobody takes all turns.
const OF_AN_ADDRESS: usize = 2;
/// Most addresses that are remembered without need.
const MAX_ADDRESSES: usize = 1_024;

/// What is tried, everywhere.
#[derive(Debug)]
pub(crate) struct Attempts {
    throttle: Throttle,
    turns: Arc<Semaphore>,
    addresses: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Checked<T> {
    /// The password is right.
    Right(T),
    /// It is wrong, or it is nobody's.
    Wrong,
    /// Nobody could tell.
    Undecided,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Nothing was shown.
    Nothing,
    /// It was wrong.
    Wrong,
    /// It is no certificate that is enrolled, and nothing else is asked for.
    Certificate,
    /// Too much was wrong before.
    Wait(Duration),
    /// Nobody can tell now.
    Undecided,
    /// The user has all connections that one may have.
    Crowded,
}

impl Attempts {
    /// Nobody has tried anything; this many checks are made at once.
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            throttle: Throttle::default(),
            turns: Arc::new(Semaphore::new(at_once)),
            addresses: Mutex::default(),
        }
    }

    /// Has `check`, which may take its time, look at what somebody at this address shows.
    pub(crate) async fn check<T: Send + 'static>(
        self: &Arc<Self>,
        address: IpAddr,
        check: impl FnOnce() -> Checked<T> + Send + 'static,
    ) -> Result<T, Denied> {
        self.may_try(address)?;
        let own = self.turns_of(address).acquire_owned().await;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        // Those who came at the same moment may have been wrong meanwhile.
        self.may_try(address)?;
        let attempts = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || {
            let checked = check();
            match &checked {
                Checked::Right(_) => attempts.throttle.succeeded(address),
                Checked::Wrong => attempts.throttle.failed(address),
                Checked::Undecided => {}
            }
            drop((own, turn));
            checked
        });
        match work.await {
            Ok(Checked::Right(found)) => Ok(found),
            Ok(Checked::Wrong) => Err(Denied::Wrong),
            Ok(Checked::Undecided) | Err(_) => Err(Denied::Undecided),
        }
    }

    fn may_try(&self, address: IpAddr) -> Result<(), Denied> {
        match self.throttle.wait(address) {
            Some(wait) => Err(Denied::Wait(wait)),
            None => Ok(()),
        }
    }

    fn turns_of(&self, address: IpAddr) -> Arc<Semaphore> {
        let addresses = self.addresses.lock();
        let mut addresses = addresses.unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= MAX_ADDRESSES {
            addresses.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let turns = addresses.entry(group(address));
        let turns = turns.or_insert_with(|| Arc::new(Semaphore::new(OF_AN_ADDRESS)));
        Arc::clone(turns)
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Nothing => (
                StatusCode::UNAUTHORIZED,
                "a name and a password are needed\n",
            ),
            Self::Wrong => (StatusCode::UNAUTHORIZED, "name or password is wrong\n"),
            Self::Certificate => (
                StatusCode::UNAUTHORIZED,
                "a certificate is needed that is enrolled here\n",
            ),
            Self::Wait(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many wrong passwords came from this address\n",
            ),
            Self::Undecided => (
                StatusCode::SERVICE_UNAVAILABLE,
                "nobody can be let in now; the machine's journal says why\n",
            ),
            Self::Crowded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "this user has all connections that one may have\n",
            ),
        };
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Nothing | Self::Wrong => {
                let basic = HeaderValue::from_static("Basic realm=\"WSMAN\"");
                headers.insert(header::WWW_AUTHENTICATE, basic);
            }
            Self::Wait(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            }
            Self::Certificate | Self::Undecided | Self::Crowded => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn wrong_passwords_make_an_address_wait_and_no_other() {
        let attempts = Arc::new(Attempts::new(4));
        let here = at("192.0.2.1");
        for _ in 0..3 {
            let wrong = attempts.check(here, || Checked::<()>::Wrong).await;
            assert_eq!(wrong, Err(Denied::Wrong));
        }
        let wait = attempts.check(here, || Checked::Right(())).await;
        assert!(matches!(wait, Err(Denied::Wait(_))), "{wait:?}");
        let there = attempts
            .check(at("192.0.2.2"), || Checked::Right("in"))
            .await;
        assert_eq!(there, Ok("in"));
    }

    #[tokio::test]
    async fn a_guess_counts_though_its_maker_hangs_up() {
        let attempts = Arc::new(Attempts::new(4));
        let here = at("192.0.2.1");
        for _ in 0..3 {
            let (begun, begins) = mpsc::channel();
            let (goes_on, go_on) = mpsc::channel::<()>();
            let guess = attempts.check(here, move || {
                begun.send(()).unwrap();
                go_on.recv().unwrap();
                Checked::<()>::Wrong
            });
            tokio::select! {
                biased;
                _ = guess => panic!("it is not over"),
                () = async { tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap() } => {}
            }
            goes_on.send(()).unwrap();
            // The turn comes back once it has been counted.
            let turns = attempts.turns_of(here);
            drop(turns.acquire_many(2).await.unwrap());
        }
        let wait = attempts.check(here, || Checked::Right(())).await;
        assert!(matches!(wait, Err(Denied::Wait(_))), "{wait:?}");
    }

    #[tokio::test]
    async fn one_address_does_not_take_all_turns() {
        let attempts = Arc::new(Attempts::new(4));
        let running = Arc::new(AtomicUsize::new(0));
        let (goes_on, go_on) = mpsc::channel::<()>();
        let go_on = Arc::new(Mutex::new(go_on));
        let mut greedy = Vec::new();
        for _ in 0..8 {
            let (attempts, running) = (Arc::clone(&attempts), Arc::clone(&running));
            let go_on = Arc::clone(&go_on);
            greedy.push(tokio::spawn(async move {
                let check = move || {
                    running.fetch_add(1, Ordering::AcqRel);
                    // Ends with the channel.
                    let _ = go_on.lock().unwrap().recv();
                    Checked::Right(())
                };
                attempts.check(at("2001:db8::1"), check).await
            }));
        }
        let other = attempts.check(at("2001:db8:1::1"), || Checked::Right(()));
        assert_eq!(other.await, Ok(()));
        assert!(running.load(Ordering::Acquire) <= OF_AN_ADDRESS);
        drop(goes_on);
        for guess in greedy {
            assert_eq!(guess.await.unwrap(), Ok(()));
        }
    }
}
