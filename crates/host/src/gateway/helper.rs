//! Root's part: whether a password or a certificate is a user's, and a connection that leads to them.
//!
//! One process for one claim: `winsta authenticate`, which systemd starts with the connection as its
//! standard input. Nothing of one claim is there when the next one is read.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use nix::unistd::User;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use winsta_api::Trusted;
use winsta_client::Dirs;
use winsta_client::tls::Fingerprint;
use winsta_pam::{Refused, Service, Step, Visitor};
use winsta_wire::{Claim, Shown, Verdict};

use super::enrolled::Enrolled;
use super::passing;
use crate::access::{self, Decision};
use crate::{failure, process, systemd};

/// The service by whose rules PAM decides: `/etc/pam.d/winsta-remote`.
const SERVICE: Service<'static> = Service("winsta-remote");
/// How long the gateway may take to say what it claims, for each part of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long somebody is kept waiting whose password is right, and who may not come in all the same:
/// about as long as PAM takes for a wrong one, so that nobody finds the right one by that.
const AS_IF_WRONG: Duration = Duration::from_secs(2);

/// Why a claim was not heard.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    /// It was not started as it should be.
    #[error("this is started by systemd for each connection to winsta-authenticate.socket")]
    NoSocket,
    /// The connection failed.
    #[error("the claim cannot be heard")]
    Io(#[from] io::Error),
    /// Somebody else than the gateway.
    #[error("user {0} lacks the right to {words}", words = .1.words())]
    Stranger(u32, access::Right),
    /// It is no claim.
    #[error("what came is no claim")]
    Claim(#[from] winsta_wire::RecordError),
}

/// Why there is no way to a user's host.
#[derive(Debug, thiserror::Error)]
enum NoWay {
    /// Nobody listens, or too many wait.
    #[error("cannot connect to the user's relay")]
    Io(#[from] io::Error),
    /// systemd does not listen there.
    #[error(transparent)]
    Unit(#[from] systemd::UnitError),
}

/// Hears one claim and answers it: `winsta authenticate`.
pub fn main() -> ExitCode {
    process::in_unit(hear)
}

fn hear() -> Result<(), Unheard> {
    let stream = process::handed_connection().ok_or(Unheard::NoSocket)??;
    let asking = sockopt::socket_peercred(&stream).map_err(io::Error::from)?;
    let asking = asking.uid.as_raw();
    let gateway = User::from_name(super::USER).ok().flatten();
    let gateway = gateway.map(|user| user.uid.as_raw());
    if let Decision::Deny(right) = access::may_vouch(asking, gateway) {
        return Err(Unheard::Stranger(asking, right));
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Plain reading: descriptors that come with it are the kernel's to close.
    let record = passing::receive(|buffer| (&stream).read(buffer))?;
    let claim = Claim::parse(&record)?;
    let (verdict, way) = decide(&claim);
    let way = way.as_ref().map(AsFd::as_fd);
    passing::send(&stream, &verdict.encode(), way)?;
    Ok(())
}

fn decide(claim: &Claim) -> (Verdict, Option<UnixStream>) {
    let client = claim.client().to_string();
    let admitted = match claim.shown() {
        Shown::Password { user, password } => {
            let visitor = Visitor {
                user,
                password,
                client: &client,
            };
            winsta_pam::authenticate(SERVICE, visitor)
        }
        Shown::Certificate(certificate) => {
            match Enrolled::of_machine().who((*certificate).into()) {
                Ok(Some(user)) => winsta_pam::admit(SERVICE, &user, &client),
                Ok(None) => return (Verdict::Refused, None),
                Err(error) => return (undecided(claim, &error), None),
            }
        }
        Shown::Token {
            certificate,
            secret,
            name,
        } => return (enrol(claim, (*certificate).into(), *secret, name), None),
    };
    match admitted {
        Ok(account) => let_in(claim, account.name),
        Err(refused @ Refused::Denied { step, .. }) => {
            tracing::info!(?claim, "not let in: {refused}");
            if step == Step::Account && matches!(claim.shown(), Shown::Password { .. }) {
                std::thread::sleep(AS_IF_WRONG);
            }
            (Verdict::Refused, None)
        }
        Err(refused @ Refused::Broken(_)) => (undecided(claim, &refused), None),
    }
}

/// What is said of a user whom PAM has let in.
fn let_in(claim: &Claim, user: String) -> (Verdict, Option<UnixStream>) {
    let Some(known) = User::from_name(&user).ok().flatten() else {
        tracing::error!(user, "PAM lets in whom the machine does not know");
        return (Verdict::Undecided, None);
    };
    let uid = known.uid.as_raw();
    match lead(uid) {
        Ok(way) => {
            tracing::info!(user, client = %claim.client(), "let in");
            (Verdict::LetIn { uid, user }, Some(way))
        }
        Err(error) => (undecided(claim, &error), None),
    }
}

fn enrol(claim: &Claim, certificate: Fingerprint, secret: [u8; 16], name: &str) -> Verdict {
    let from = claim.client().to_string();
    let enrolled = Enrolled::of_machine();
    match enrolled.enrol(&secret.into(), certificate, name, from) {
        Ok(Some(Trusted { user, .. })) => {
            let user = user.unwrap_or_default();
            tracing::info!(%certificate, user, name, client = %claim.client(), "enrolled");
            Verdict::Enrolled { user }
        }
        Ok(None) => {
            tracing::warn!(%certificate, client = %claim.client(), "a token is wrong or too old");
            Verdict::Refused
        }
        Err(error) => undecided(claim, &error),
    }
}

fn undecided(claim: &Claim, error: &dyn std::error::Error) -> Verdict {
    tracing::error!(?claim, "{}", failure::in_words(error));
    Verdict::Undecided
}

/// A connection to the relay of user `uid`. systemd starts that when it is connected to, and is told
/// to listen for it where it does not yet.
fn lead(uid: u32) -> Result<UnixStream, NoWay> {
    let path = Dirs::system().remote_socket(uid);
    match connect(&path) {
        Err(error) if is_nobody(&error) => {}
        connected => return Ok(connected?),
    }
    let socket = format!("winsta-remote@{uid}.socket");
    let service = format!("winsta-remote@{uid}.service");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(systemd::listen(&socket, &service))?;
    Ok(connect(&path)?)
}

/// Connects without waiting: a user may hold up their own relay, and root waits for nobody.
fn connect(path: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket.into())
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}
