//! The way from the network to the remote shells of all users, in four processes of which none has
//! both the network and root's rights.
//!
//! ```text
//!  client ──TLS──▶ gateway ──name, password──▶ helper ──▶ PAM
//!                  (winsta-gateway)            (root)
//!                     ▲  └────── a connection ◀──┘ │ connects
//!                     │                            ▼
//!                     └───────HTTP───────────────▶ relay ──▶ the user's own host ──▶ keeper
//!                                                  (the user, in a login of theirs)
//! ```
//!
//! * The **gateway** (this file, `visit`, `way`) reads what comes from the network, as a user who
//!   may do nothing. systemd gives it the listening socket, so it needs no network of its own.
//! * The **helper** (`helper`) is root's. It lives for one claim, which has fixed fields; it asks PAM
//!   and the list of certificates (`enrolled`), connects to the user's relay and passes that
//!   connection to the gateway. So a gateway that has been broken into reaches nobody who has not
//!   shown it their password, or had a certificate enrolled.
//! * The **relay** (`relay`) is a unit of the user's, in a login that PAM opens. It takes connections
//!   from root only, and leads them to the user's own host.

mod enrolled;
mod helper;
mod passing;
mod relay;
mod visit;
mod way;

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use winsta_client::Dirs;
use winsta_client::tls::Fingerprint;

pub use self::enrolled::{EnrolError, Enrolled};
pub use self::helper::main as authenticate;
pub use self::relay::main as remote;
use self::visit::{Gateway, Visit};
use crate::certificate::{self, CertificateError};
use crate::config::{Config, ConfigError};
use crate::http::door::Door;
use crate::http::{handshake, server};
use crate::process;

/// The user as whom the gateway runs.
const USER: &str = "winsta-gateway";

/// Why there is no gateway.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// It was not started as it should be.
    #[error(
        "the gateway is started by systemd with a socket: systemctl enable --now winsta-gateway"
    )]
    NoSocket,
    /// Its socket cannot be used.
    #[error("cannot use the socket")]
    Io(#[from] std::io::Error),
    /// It might show another certificate than it should.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to show.
    #[error("cannot speak TLS")]
    Certificate(#[from] CertificateError),
}

/// What tokens for the gateway are made of.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The certificate that it shows.
    pub shown: Fingerprint,
    /// How long a token is good.
    pub life: Duration,
}

/// Why no tokens can be made.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// They would be good for another time than is configured.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The gateway has not been started yet.
    #[error("the gateway has shown no certificate yet: systemctl enable --now winsta-gateway")]
    Shown(#[source] rustls::pki_types::pem::Error),
}

/// How this machine's gateway is set up; for root.
pub fn settings() -> Result<Settings, SettingsError> {
    let path = Dirs::gateway().tls().join("host.crt");
    let shown = CertificateDer::from_pem_file(path).map_err(SettingsError::Shown)?;
    Ok(Settings {
        shown: Fingerprint::of(&shown),
        life: Config::load()?.tls.token_seconds.time(),
    })
}

/// Is the gateway: `winsta gateway`.
pub fn main() -> ExitCode {
    process::in_unit(run)
}

fn run() -> Result<(), StartError> {
    let socket = process::handed_socket().ok_or(StartError::NoSocket)??;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?;
    let config = tls(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        process::ready()?;
        tracing::info!(%address, "clients from elsewhere are served");
        // Each user has a part of the room: who lets their own host hang fills no more than that.
        let door = Door::new(true);
        let gateway = Arc::new(Gateway::new(Dirs::gateway()));
        handshake::accept(listener, Arc::new(config), door, move |client| {
            let visit = Arc::new(Visit::new(Arc::clone(&gateway), &client));
            server::converse(client.stream, client.guest, move |request| {
                let visit = Arc::clone(&visit);
                Box::pin(async move { visit.answer(request).await })
            })
        })
        .await;
        Ok(())
    })
}

/// What is shown to clients: the certificate that is configured for the machine, else one that is
/// made at the first start.
fn tls(address: SocketAddr) -> Result<ServerConfig, StartError> {
    let config = Config::load()?;
    let name = rustix::system::uname();
    let machine = name.nodename().to_string_lossy();
    let dirs = Dirs::gateway();
    let identity = certificate::identity(&dirs, &config.tls, &machine, &[address])?;
    tracing::info!(fingerprint = %identity.fingerprint(), "the certificate that is shown");
    Ok(certificate::server(&identity)?)
}
