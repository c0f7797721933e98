//! Accepts connections and hands their requests to the router.

use std::convert::Infallible;
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
    converse(stream, router, guest, move |request| {
        request.extensions_mut().insert(caller);
    })
    .await;
}

/// Serves one connection, whoever is at its other end: `mark` puts that into each request.
pub(crate) async fn converse<S>(
    stream: S,
    router: Router,
    guest: Arc<Guest>,
    mark: impl Fn(&mut Request),
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let asker = Arc::clone(&guest);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let guest = Arc::clone(&asker);
        let mut request: Request = request.map(|body| Asking::body(body, Arc::clone(&guest)));
        mark(&mut request);
        let answer = router.clone().call(request);
        async move {
            let answer: Response = answer.await.unwrap_or_else(|never| match never {});
            Ok::<_, Infallible>(answer.map(|body| Answering::new(body, guest)))
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
