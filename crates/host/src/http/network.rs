//! The listener for clients of WS-Management without encryption, where one is asked for.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;

use super::door::Door;
use super::passwords::{Known, Passwords};
use super::{App, server, wsman};

/// Whose connection a request came on.
#[derive(Clone, Debug)]
struct Peer {
    address: IpAddr,
    known: Arc<Known>,
}

/// All routes of the network's side: one.
fn router(app: App, passwords: Arc<Passwords>) -> Router {
    Router::new()
        .route(wsman::PATH, post(wsman::by_password))
        .layer(DefaultBodyLimit::disable())
        .layer(axum::middleware::from_fn(admit))
        .layer(Extension(passwords))
        .with_state(app)
}

/// Lets in who shows a good password.
async fn admit(
    Extension(passwords): Extension<Arc<Passwords>>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    match passwords
        .who(peer.address, &peer.known, request.headers())
        .await
    {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(denied) => {
            tracing::info!(address = %peer.address, ?denied, "somebody is not let in");
            denied.into_response()
        }
    }
}

/// Serves until this future is dropped.
pub(crate) async fn serve(listener: TcpListener, app: App, passwords: Arc<Passwords>) {
    let router = router(app, passwords);
    let door = Arc::new(Door::new(false));
    loop {
        let place = door.place().await;
        match listener.accept().await {
            Ok((stream, from)) => {
                // Short answers are not held back; without it everything works, later.
                let _ = stream.set_nodelay(true);
                let peer = peer(from);
                let guest = door.enter(place);
                let asked = server::routed(router.clone(), move |request| {
                    request.extensions_mut().insert(peer.clone());
                });
                tokio::spawn(server::converse(stream, guest, asked));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(server::PAUSE).await;
            }
        }
    }
}

fn peer(from: SocketAddr) -> Peer {
    Peer {
        address: from.ip().to_canonical(),
        known: Arc::default(),
    }
}
