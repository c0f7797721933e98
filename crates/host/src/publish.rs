//! Listening for clients from elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use winsta_client::tls::files::FileError;

use crate::args::Network;
use crate::certificate::{self, CertificateError};
use crate::engine::Engine;
use crate::http::App;
use crate::http::passwords::Passwords;
use crate::http::{network, tls};
use crate::trust::{Place, Trust};
use crate::users::{Users, UsersError};

/// Why clients from elsewhere cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    /// The file of users cannot be used.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    /// There is nothing to show to them.
    #[error("cannot speak TLS")]
    Certificate(#[from] CertificateError),
    /// Who they may be cannot be read.
    #[error(transparent)]
    Trust(#[from] FileError),
}

/// Listens already, and serves nobody yet.
#[derive(Default)]
pub(crate) struct Publication {
    plain: Option<TcpListener>,
    tls: Option<Tls>,
    passwords: Option<Arc<Passwords>>,
}

struct Tls {
    listeners: Vec<TcpListener>,
    config: Arc<ServerConfig>,
    trust: Arc<Trust>,
}

impl Publication {
    /// Listens where `network` says.
    pub(crate) async fn prepare(network: &Network, engine: &Engine) -> Result<Self, PublishError> {
        let users = network.users.as_deref().map(Users::load).transpose()?;
        let uid = engine.owner.uid;
        let passwords = users.map(|users| Arc::new(Passwords::new(users, uid)));
        let plain = match network.plain {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let tls = if network.tls.is_empty() {
            None
        } else {
            Some(Tls::prepare(&network.tls, engine).await?)
        };
        Ok(Self {
            plain,
            tls,
            passwords,
        })
    }

    /// Whom the host knows within TLS.
    pub(crate) fn trust(&self) -> Option<Arc<Trust>> {
        self.tls.as_ref().map(|tls| Arc::clone(&tls.trust))
    }

    /// Serves, as long as the host lives.
    pub(crate) fn serve(self, app: &App) {
        if let (Some(listener), Some(passwords)) = (self.plain, &self.passwords) {
            let passwords = Arc::clone(passwords);
            tokio::spawn(network::serve(listener, app.clone(), passwords));
        }
        let Some(Tls {
            listeners,
            config,
            trust,
        }) = self.tls
        else {
            return;
        };
        let reception = tls::Reception::new(app.clone(), trust, self.passwords);
        let reception = Arc::new(reception);
        for listener in listeners {
            let config = Arc::clone(&config);
            tokio::spawn(tls::serve(listener, config, Arc::clone(&reception)));
        }
    }
}

impl Tls {
    async fn prepare(wanted: &[SocketAddr], engine: &Engine) -> Result<Self, PublishError> {
        let mut listeners = Vec::with_capacity(wanted.len());
        let mut addresses = Vec::with_capacity(wanted.len());
        for address in wanted {
            let listener = listen(*address).await?;
            // Asked for port 0, the kernel has chosen one.
            addresses.push(listener.local_addr().unwrap_or(*address));
            listeners.push(listener);
        }
        let settings = &engine.config.tls;
        let identity = certificate::identity(&engine.dirs, settings, &engine.host, &addresses)?;
        let config = Arc::new(certificate::server(&identity)?);
        let place = Place {
            machine: engine.host.clone(),
            shown: identity.fingerprint(),
            addresses,
        };
        let path = engine.dirs.tls().join("trusted.json");
        let trust = Arc::new(Trust::open(place, path, settings.token_seconds.time())?);
        Ok(Self {
            listeners,
            config,
            trust,
        })
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, PublishError> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|source| PublishError::Listen { address, source })?;
    tracing::info!(%address, "clients from elsewhere are served");
    Ok(listener)
}
