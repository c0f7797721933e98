//! The way to a place: its addresses, a connection, an agreement.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rustix::net::sockopt;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use winsta_domain::Endpoint;

use super::failure::TlsFailure;
use super::fingerprint::Fingerprint;
use super::identity::Identity;
use super::known::KnownHosts;
use super::stream::TlsStream;
use super::verify::{Expected, Inspector};
use crate::error::Cause;
use crate::ssh::Deadline;

/// Most addresses of a name that are tried.
const MAX_ADDRESSES: usize = 8;
/// After this time without a word the kernel asks whether the other side is still there …
const KEEP_IDLE: Duration = Duration::from_secs(60);
/// … so often …
const KEEP_INTERVAL: Duration = Duration::from_secs(15);
/// … and so many times.
const KEEP_COUNT: u32 = 4;

/// Whom to believe to be the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Whoever has this certificate.
    Pinned(Fingerprint),
    /// Whoever has the certificate that this file says.
    Known(KnownHosts),
    /// Anybody. What is sent may be read by whoever is in between.
    Anybody,
}

/// Makes connections within TLS to one place.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Where.
    pub place: Endpoint,
    /// To whom.
    pub trust: Trust,
    /// As whom, if the host is to know.
    pub identity: Option<Arc<Identity>>,
    /// How long until both sides have agreed.
    pub patience: Duration,
    /// Until when all of it must be done.
    pub deadline: Deadline,
}

impl Dial {
    /// Connects, or says why not, within the time that it has.
    pub fn connect(&self) -> Result<TlsStream, Cause> {
        let until = Deadline::after(self.patience).or(self.deadline);
        let late = Cause::Timeout {
            seconds: rounded(until.left().unwrap_or(self.patience)),
        };
        let expected = self.expected()?;
        let addresses = match resolve(&self.place, until) {
            Ok(addresses) => addresses,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(late),
            Err(source) => return Err(self.unreachable(source)),
        };
        let socket = match reach(&addresses, until) {
            Ok(socket) => socket,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(late),
            Err(source) => return Err(self.unreachable(source)),
        };
        let provider = provider();
        let inspector = Arc::new(Inspector::new(Arc::clone(&provider), expected));
        let config = self.config(provider, Arc::clone(&inspector));
        let connection = config
            .and_then(|config| ClientConnection::new(Arc::new(config), self.server_name(&socket)?));
        let connection = connection.map_err(|error| Cause::from(TlsFailure::Protocol(error)))?;
        let mut stream = TlsStream::new(connection, socket, self.deadline);
        match stream.shake_hands(until) {
            Ok(()) => Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(late),
            Err(error) => Err(self.failed(expected, inspector.seen(), error)),
        }
    }

    fn expected(&self) -> Result<Expected, Cause> {
        match &self.trust {
            Trust::Pinned(fingerprint) => Ok(Expected::This(*fingerprint)),
            Trust::Anybody => Ok(Expected::Any),
            Trust::Known(known) => match known.get(&self.place) {
                Ok(Some(fingerprint)) => Ok(Expected::This(fingerprint)),
                Ok(None) => Ok(Expected::Unknown),
                Err(error) => Err(Cause::from(TlsFailure::File(error))),
            },
        }
    }

    fn config(
        &self,
        provider: Arc<CryptoProvider>,
        inspector: Arc<Inspector>,
    ) -> Result<ClientConfig, rustls::Error> {
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(inspector);
        let mut config = match &self.identity {
            Some(identity) => {
                let (chain, key) = identity.parts();
                config.with_client_auth_cert(chain, key)?
            }
            None => config.with_no_client_auth(),
        };
        config.resumption = rustls::client::Resumption::disabled();
        Ok(config)
    }

    /// The name that the host is told; who has no name that could be told is called by address.
    fn server_name(&self, socket: &TcpStream) -> Result<ServerName<'static>, rustls::Error> {
        if let Ok(name) = ServerName::try_from(self.place.name().to_owned()) {
            return Ok(name);
        }
        let address = socket.peer_addr();
        let address = address.map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(ServerName::from(address.ip()))
    }

    fn unreachable(&self, source: io::Error) -> Cause {
        Cause::Unreachable {
            place: self.place.to_string(),
            source,
        }
    }

    /// Why no agreement was reached.
    fn failed(&self, expected: Expected, seen: Option<Fingerprint>, error: io::Error) -> Cause {
        let place = || self.place.clone();
        match (expected, seen) {
            (Expected::Unknown, Some(shown)) => Cause::from(TlsFailure::Unknown {
                place: place(),
                shown,
            }),
            (Expected::This(known), Some(shown)) if known != shown => {
                let place = place();
                Cause::from(match self.trust {
                    Trust::Known(_) => TlsFailure::Changed {
                        place,
                        known,
                        shown,
                    },
                    Trust::Pinned(_) | Trust::Anybody => TlsFailure::Other {
                        place,
                        known,
                        shown,
                    },
                })
            }
            _ => match error.downcast::<rustls::Error>() {
                Ok(error) => Cause::from(TlsFailure::Protocol(error)),
                Err(error) => Cause::Connection(error),
            },
        }
    }
}

/// Whole seconds, for people.
fn rounded(time: Duration) -> u64 {
    (time + Duration::from_millis(500)).as_secs()
}

/// What encrypts and signs.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Has the kernel notice when the other side of a connection has gone without a word.
pub fn keep_alive(socket: impl std::os::fd::AsFd) -> io::Result<()> {
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, KEEP_IDLE)?;
    sockopt::set_tcp_keepintvl(&socket, KEEP_INTERVAL)?;
    Ok(sockopt::set_tcp_keepcnt(&socket, KEEP_COUNT)?)
}

/// The addresses of a place. The resolver cannot be told when to stop, so that it is left to
/// itself when the time is over.
fn resolve(place: &Endpoint, until: Deadline) -> io::Result<Vec<SocketAddr>> {
    let (name, port) = (place.name().to_owned(), place.port());
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (answer, answers) = channel();
    std::thread::Builder::new().spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs();
        // Nobody may be waiting any more.
        let _late = answer.send(found.map(Iterator::collect::<Vec<_>>));
    })?;
    let found = match until.left() {
        Some(left) => answers.recv_timeout(left),
        None => answers.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    match found {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the resolver failed")),
    }
}

/// Connects to the first address that answers. Each has its share of the time, so that one that
/// is silent does not stand before the others.
fn reach(addresses: &[SocketAddr], until: Deadline) -> io::Result<TcpStream> {
    let count = addresses.len().min(MAX_ADDRESSES);
    let mut failure = io::Error::other("the name has no address");
    for (at, address) in addresses.iter().take(count).enumerate() {
        let others = u32::try_from(count - at).unwrap_or(1);
        let connected = match until.left() {
            Some(left) => TcpStream::connect_timeout(address, left / others),
            None => TcpStream::connect(address),
        };
        match connected {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                keep_alive(&socket)?;
                return Ok(socket);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
