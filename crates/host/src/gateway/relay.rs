//! The user's part: leads whom root's helper has let in to the user's own host.
//!
//! `winsta remote` is a unit of systemd's, started as its user in a login that PAM opens. The host
//! that it starts lives in that login, so it is in the runtime folder that the user's other logins
//! see, and with the limits and the environment that PAM gives. The login is held open as long as
//! there is something in it to come back to.

use std::future::pending;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use winsta_client::{DirError, Dirs, Host};

use crate::access::{self, Decision};
use crate::activity::Activity;
use crate::{failure, process};

/// Most connections at once: as many as the gateway gives one user.
const MAX_CONNECTIONS: usize = 128;
/// How long it stays without connections before it looks whether it is needed.
const LINGER: Duration = Duration::from_secs(10);

/// Why nobody can be led anywhere.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    /// It was not started as it should be.
    #[error("this is started by systemd for each connection to winsta-remote@UID.socket")]
    NoSocket,
    /// Its socket cannot be used.
    #[error("cannot use the socket")]
    Io(#[from] io::Error),
    /// Nobody knows where the user's host is.
    #[error(transparent)]
    Dirs(#[from] DirError),
}

/// Leads clients to the user's own host: `winsta remote`.
pub fn main() -> ExitCode {
    process::in_unit(run)
}

fn run() -> Result<(), RelayError> {
    let listener = process::handed().ok_or(RelayError::NoSocket)??;
    let dirs = Dirs::from_env()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = UnixListener::from_std(listener)?;
        let open = Arc::new(Activity::new());
        tokio::select! {
            () = accept(&listener, &open) => {}
            () = unneeded(&dirs, &open) => tracing::info!("nothing is left to lead to"),
        }
        Ok(())
    })
}

/// Accepts until this future is dropped.
async fn accept(listener: &UnixListener, open: &Arc<Activity>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return pending().await;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let working = open.begin();
                tokio::spawn(async move {
                    lead(stream).await;
                    drop((working, place));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(crate::http::server::PAUSE).await;
            }
        }
    }
}

/// Leads one client to the host, which is started if it does not run.
async fn lead(mut client: UnixStream) {
    match client.peer_cred().map(|peer| access::may_lead(peer.uid())) {
        Ok(Decision::Allow) => {}
        Ok(Decision::Deny(right)) => {
            return tracing::warn!("somebody lacks the right to {}", right.words());
        }
        Err(error) => return tracing::warn!(%error, "the kernel does not say who connected"),
    }
    let found = tokio::task::spawn_blocking(Host::own_stream).await;
    let words = match found {
        Ok(Ok(host)) => match carry(&mut client, host).await {
            Ok(()) => return,
            Err(error) => return tracing::debug!(%error, "a connection ended early"),
        },
        Ok(Err(error)) => failure::in_words(&error),
        Err(error) => error.to_string(),
    };
    tracing::error!("the user's own host cannot be reached: {words}");
    // The only request that this answers itself: the client would learn nothing otherwise.
    let text = format!("your own host cannot be reached: {words}\n");
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain;charset=UTF-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
    // Whoever asked may have gone.
    let _ = client.write_all(answer.as_bytes()).await;
}

async fn carry(client: &mut UnixStream, host: std::os::unix::net::UnixStream) -> io::Result<()> {
    host.set_nonblocking(true)?;
    let mut host = UnixStream::from_std(host)?;
    copy_bidirectional(client, &mut host).await?;
    Ok(())
}

/// Waits until nobody is connected and neither a host nor a keeper of the user's runs.
async fn unneeded(dirs: &Dirs, open: &Activity) {
    let uid = rustix::process::geteuid().as_raw();
    let sockets = [dirs.host_socket(), dirs.keeper_socket(uid)];
    loop {
        open.quiet().await;
        tokio::time::sleep(LINGER).await;
        if open.open() > 0 {
            continue;
        }
        match sockets.iter().find_map(|path| at(path)) {
            Some(process) => ended(process).await,
            None => return,
        }
    }
}

/// The process that listens there, if one does.
fn at(path: &Path) -> Option<OwnedFd> {
    let stream = std::os::unix::net::UnixStream::connect(path).ok()?;
    let listens = rustix::net::sockopt::socket_peercred(&stream).ok()?;
    pidfd_open(
        Pid::from_raw(listens.pid.as_raw_nonzero().get())?,
        PidfdFlags::empty(),
    )
    .ok()
}

/// Waits until a process has ended; in a thread, where it costs nothing meanwhile.
async fn ended(process: OwnedFd) {
    let waited = tokio::task::spawn_blocking(move || {
        let mut waiting = [PollFd::new(&process, PollFlags::IN)];
        rustix::io::retry_on_intr(|| poll(&mut waiting, None))
    });
    if let Ok(Err(error)) = waited.await {
        tracing::warn!(%error, "a process cannot be waited for");
        tokio::time::sleep(LINGER).await;
    }
}
