//! Connections from elsewhere, up to where both sides have agreed on TLS.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use winsta_client::tls::{Fingerprint, keep_alive};

use super::door::{Door, Guest};
use super::server;

/// How long both sides may take to agree.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Somebody with whom TLS is spoken.
pub(crate) struct Client {
    /// What is said.
    pub(crate) stream: TlsStream<TcpStream>,
    /// From where.
    pub(crate) address: IpAddr,
    /// Their place.
    pub(crate) guest: Arc<Guest>,
}

impl Client {
    /// The certificate that the client has shown to have the key of.
    pub(crate) fn certificate(&self) -> Option<Fingerprint> {
        let (_, connection) = self.stream.get_ref();
        let first = connection.peer_certificates()?.first()?;
        Some(Fingerprint::of(first))
    }
}

/// Accepts until this future is dropped, and has each client served who agrees on TLS.
pub(crate) async fn accept<F>(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    door: Door,
    serve: impl Fn(Client) -> F + Clone + Send + 'static,
) where
    F: Future<Output = ()> + Send,
{
    let acceptor = TlsAcceptor::from(config);
    let door = Arc::new(door);
    loop {
        let place = door.place().await;
        match listener.accept().await {
            Ok((stream, from)) => {
                // Short answers are not held back, and who is gone is noticed; without it
                // everything works, later.
                let _ = stream.set_nodelay(true);
                let _ = keep_alive(&stream);
                let (acceptor, guest) = (acceptor.clone(), door.enter(place));
                let serve = serve.clone();
                tokio::spawn(async move {
                    let address = from.ip().to_canonical();
                    if let Some(client) = welcome(stream, address, &acceptor, guest).await {
                        serve(client).await;
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(server::PAUSE).await;
            }
        }
    }
}

/// Agrees on TLS, unless that takes too long or the place is needed.
async fn welcome(
    stream: TcpStream,
    address: IpAddr,
    acceptor: &TlsAcceptor,
    guest: Arc<Guest>,
) -> Option<Client> {
    let agreed = tokio::select! {
        () = guest.unwanted() => return None,
        agreed = timeout(HANDSHAKE, acceptor.accept(stream)) => agreed,
    };
    match agreed {
        Ok(Ok(stream)) => {
            return Some(Client {
                stream,
                address,
                guest,
            });
        }
        Ok(Err(error)) => tracing::debug!(%address, %error, "no agreement on TLS was reached"),
        Err(_) => tracing::debug!(%address, "somebody takes too long to agree on TLS"),
    }
    None
}
