//! Accepts connections and hands their requests to the router.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{UnixListener, UnixStream};
use tower_service::Service;

use super::door::{Answering, Asking, Door, Guest};
use crate::people::Caller;

/// How long a client may take to send a request's head, and may keep a connection without one.
const HEAD: Duration = Duration::from_secs(30);
/// Most bytes of a head, and of what is read at once.
const BUFFER: usize = 64 << 10;
/// Pause after a failure to accept: without descriptors, none comes back sooner.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until this future is dropped; connections that are open by then go on.
pub(crate) async fn accept(listener: &UnixListener, router: Router, door: Arc<Door>) {
    loop {
        let place = door.place().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, router.clone(), door.enter(place)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Serves one connection to its end, or until its place is needed.
pub(crate) async fn serve(stream: UnixStream, router: Router, guest: Arc<Guest>) {
    let caller = match stream.peer_cred() {
        Ok(peer) => Caller {
            uid: peer.uid(),
            pid: peer.pid(),
            remote: None,
        },
        Err(error) => {
            tracing::warn!(%error, "the kernel does not say who connected");
            return;
        }
    };
    let Some(_part) = guest.part(caller.uid) else {
        return tracing::warn!(uid = caller.uid, "a user has too many connections");
    };
    let asked = routed(router, move |request| {
        request.extensions_mut().insert(caller);
    });
    converse(stream, guest, asked).await;
}

/// Has a router answer; `mark` puts into each request who asks.
pub(crate) fn routed(router: Router, mark: impl Fn(&mut Request)) -> impl Fn(Request) -> Answered {
    move |mut request| {
        mark(&mut request);
        let answer = router.clone().call(request);
        Box::pin(async move { Ok(answer.await.unwrap_or_else(|never| match never {})) })
    }
}

/// An answer on its way.
pub(crate) type Answered = Pin<Box<dyn Future<Output = Result<Response, Cut>> + Send>>;

/// A request that cannot be answered: whoever asked is to find the connection cut, as if it were
/// the network's fault, and may ask again.
#[derive(Debug, thiserror::Error)]
#[error("what was asked cannot be answered")]
pub(crate) struct Cut;

/// Serves one connection, whoever is at its other end: `answer` is given each request.
pub(crate) async fn converse<S>(stream: S, guest: Arc<Guest>, answer: impl Fn(Request) -> Answered)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let asker = Arc::clone(&guest);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let guest = Arc::clone(&asker);
        let answer = answer(request.map(|body| Asking::body(body, Arc::clone(&guest))));
        async move {
            let answer = answer.await?;
            Ok::<_, Cut>(answer.map(|body| Answering::new(body, guest)))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER);
    let serving = http
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        () = guest.unwanted() => tracing::debug!("a silent connection makes room for another"),
        served = serving => if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        },
    }
}
