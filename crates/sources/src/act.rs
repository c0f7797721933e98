//! Doing things to sessions that Winsta does not host.
//!
//! Whoever calls has decided already that it may be done; what the kernel or logind refuse to
//! this process all the same is an [`ActError::Denied`].

mod end;
mod members;
mod message;
mod signal;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

pub use end::{Ended, Ladder, Step};
pub use members::members;
pub use message::{sanitised, tell};

use crate::facts::{XRDP_FOLDER, attended_now};
use crate::found::{Found, Origin};
use crate::logind::BusError;
use crate::sources::Sources;

/// How long xrdp may take to send a client away.
const FAREWELL: Duration = Duration::from_secs(3);
/// How often it is looked whether it did.
const GLANCE: Duration = Duration::from_millis(50);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The kernel or logind do not let this process do it.
    #[error("this host's process may not do that")]
    Denied,
    /// The process is not one of the session's.
    #[error("the process is not one of this session's")]
    NotAMember,
    /// The session has nothing that it could be done to.
    #[error("{0}")]
    Impossible(&'static str),
    /// logind did not do it.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The kernel did not do it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Kills a process of a session; `own` are Winsta's processes, whose descendants are not killed.
///
/// # Errors
///
/// [`ActError::NotAMember`] if it is none, or one of Winsta's.
pub fn kill(found: &Found, pid: u32, own: &[u32]) -> Result<(), ActError> {
    let members = members(found, own);
    let member = members.iter().find(|process| process.stat.pid == pid);
    let member = member.ok_or(ActError::NotAMember)?;
    match signal::send(member, rustix::process::Signal::KILL) {
        Ok(_) => Ok(()),
        Err(rustix::io::Errno::PERM) => Err(ActError::Denied),
        Err(error) => Err(ActError::Io(error.into())),
    }
}

impl Sources {
    /// Sends the client of an xrdp session away; its programs run on. `false` if there was none.
    pub async fn disconnect(&self, found: &Found) -> Result<bool, ActError> {
        let display = found
            .display
            .filter(|_| found.origin == Origin::Xrdp)
            .ok_or(ActError::Impossible("the session has no display"))?;
        if !attended_now().contains_key(&display) {
            return Ok(false);
        }
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        let name = format!("xrdp_disconnect_display_{display}");
        let paths = [
            format!("{XRDP_FOLDER}/{}/{name}", found.uid),
            format!("{XRDP_FOLDER}/{name}"),
        ];
        let path = paths
            .iter()
            .find(|path| std::path::Path::new(path).exists())
            .ok_or(ActError::Impossible(
                "its X server takes no wish to disconnect; only Xorg does, not Xvnc",
            ))?;
        socket.send_to(b"sig\0", path).map_err(denied)?;
        let gone = async {
            // The kernel does not say when a connection between others ends.
            while attended_now().contains_key(&display) {
                tokio::time::sleep(GLANCE).await;
            }
        };
        match tokio::time::timeout(FAREWELL, gone).await {
            Ok(()) => Ok(true),
            Err(_elapsed) => Err(ActError::Impossible("xrdp does not send the client away")),
        }
    }

    /// Locks the screen of a session with a desktop.
    pub async fn lock(&self, found: &Found) -> Result<(), ActError> {
        let login = found
            .login
            .as_deref()
            .filter(|_| found.graphical)
            .ok_or(ActError::Impossible("only a desktop can be locked"))?;
        let bus = self.bus().await.ok_or(BusError::Stuck)?;
        Ok(bus.lock(login).await?)
    }
}

fn denied(error: std::io::Error) -> ActError {
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        ActError::Denied
    } else {
        ActError::Io(error)
    }
}
