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
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::people::Caller;

/// Most connections at once; others wait in the kernel.
const MAX_CONNECTIONS: usize = 512;
/// How long a client may take to send a request's head, and may keep a connection without one.
const HEAD: Duration = Duration::from_secs(30);
/// Most bytes of a head, and of what is read at once.
const BUFFER: usize = 64 << 10;
/// Pause after a failure to accept: without descriptors, none comes back sooner.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until this future is dropped; connections that are open by then go on.
pub(crate) async fn accept(listener: &UnixListener, router: Router, places: Arc<Semaphore>) {
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    serve(stream, router).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Room for as many connections as there may be.
pub(crate) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MAX_CONNECTIONS))
}

/// Serves one connection to its end.
pub(crate) async fn serve(stream: UnixStream, router: Router) {
    let caller = match stream.peer_cred() {
        Ok(peer) => Caller {
            uid: peer.uid(),
            pid: peer.pid(),
        },
        Err(error) => {
            tracing::warn!(%error, "the kernel does not say who connected");
            return;
        }
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(caller);
        let answer = router.clone().call(request);
        async move { Ok::<Response, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER);
    let served = http
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
