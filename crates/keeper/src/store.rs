//! Descriptors that the service manager keeps, so that a keeper that is killed loses nothing
//! (`sd_notify(3)`, "FDSTORE"; `sd_listen_fds(3)`).
//!
//! A host of root's takes no descriptors from users' keepers: whatever a user passes, root would
//! have to close one day, and closing a file can take as long as its owner wants.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use winsta_domain::SessionId;

use crate::ledger::Ledger;
use crate::sys::passing;

/// Number of the first descriptor that is handed over.
const FIRST: RawFd = 3;
/// Name of the ledger.
const LEDGER: &str = "ledger";
/// Most descriptors of one session.
const MOST: usize = 6;

/// What the service manager keeps.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// What an earlier keeper left, by session and place.
    left: HashMap<(SessionId, usize), OwnedFd>,
    /// The ledger of an earlier keeper.
    ledger: Option<OwnedFd>,
}

impl Store {
    /// A store from which nothing came.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// What was handed to this process: the store and the listening socket.
    pub(crate) fn inherit() -> io::Result<(Self, OwnedFd)> {
        let variable = |name| std::env::var(name).unwrap_or_default();
        if variable("LISTEN_PID") != std::process::id().to_string() {
            return Err(io::Error::other(
                "no socket was handed over; a keeper of this kind is started by systemd: \
                 systemctl start winsta-keeper@UID.socket",
            ));
        }
        let count: usize = variable("LISTEN_FDS").parse().unwrap_or(0);
        let names = variable("LISTEN_FDNAMES");
        let mut names = names.split(':');
        let mut store = Self::empty();
        let mut listener = None;
        for number in (FIRST..).take(count) {
            let descriptor = passing::take(number)?;
            let name = names.next().unwrap_or_default();
            if name == LEDGER {
                store.ledger = Some(descriptor);
                continue;
            }
            match parse(name) {
                Some(place) => {
                    store.left.insert(place, descriptor);
                }
                None => listener = listener.or(Some(descriptor)),
            }
        }
        let listener = listener.ok_or_else(|| io::Error::other("no socket was handed over"))?;
        rustix::io::ioctl_fionbio(&listener, true)?;
        Ok((store, listener))
    }

    /// The ledger that an earlier keeper left, or a new one, which is kept as well.
    pub(crate) fn ledger(&mut self) -> io::Result<Rc<Ledger>> {
        if let Some(ledger) = self
            .ledger
            .take()
            .and_then(|file| Ledger::reopen(file).ok())
        {
            return Ok(ledger);
        }
        let ledger = Ledger::create()?;
        notify(
            &format!("FDSTORE=1\nFDPOLL=0\nFDNAME={LEDGER}"),
            &[ledger.file()],
        )?;
        Ok(ledger)
    }

    /// Takes what an earlier keeper left of a session, in the order in which it was put there.
    pub(crate) fn take(&mut self, session: SessionId) -> Vec<OwnedFd> {
        let places = (0..MOST).map_while(|place| self.left.remove(&(session, place)));
        places.collect()
    }

    /// Has the service manager keep a session's descriptors.
    pub(crate) fn put(session: SessionId, descriptors: &[OwnedFd]) -> io::Result<()> {
        for (place, descriptor) in descriptors.iter().enumerate() {
            let words = format!("FDSTORE=1\nFDPOLL=0\nFDNAME={}", name(session, place));
            notify(&words, &[descriptor.as_fd()])?;
        }
        Ok(())
    }

    /// Has the service manager let go of one of a session's descriptors; as in what a keeper gives
    /// to a host, `/dev/null` stands in its place.
    pub(crate) fn blank(session: SessionId, place: usize) -> io::Result<()> {
        remove(session, place)?;
        let null = std::fs::File::open("/dev/null")?;
        let words = format!("FDSTORE=1\nFDPOLL=0\nFDNAME={}", name(session, place));
        notify(&words, &[null.as_fd()])
    }

    /// Has the service manager let go of all that a session had.
    pub(crate) fn forget(session: SessionId) -> io::Result<()> {
        (0..MOST).try_for_each(|place| remove(session, place))
    }
}

fn name(session: SessionId, place: usize) -> String {
    format!("session-{session}-{place}")
}

fn remove(session: SessionId, place: usize) -> io::Result<()> {
    let words = format!("FDSTOREREMOVE=1\nFDNAME={}", name(session, place));
    notify(&words, &[])
}

fn parse(name: &str) -> Option<(SessionId, usize)> {
    let (session, place) = name.strip_prefix("session-")?.split_once('-')?;
    let place = place.parse().ok().filter(|place| *place < MOST)?;
    Some((SessionId(session.parse().ok()?), place))
}

/// Tells the service manager something.
fn notify(words: &str, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let Some(place) = std::env::var_os("NOTIFY_SOCKET") else {
        return Ok(());
    };
    let address = match place.as_bytes() {
        [b'@', rest @ ..] => SocketAddrUnix::new_abstract_name(rest)?,
        path => SocketAddrUnix::new(path)?,
    };
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    rustix::net::connect(&socket, &address)?;
    passing::send(
        socket.as_fd(),
        &[IoSlice::new(words.as_bytes())],
        descriptors,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_others_mean_nothing() {
        for (session, place) in [(0, 0), (7, 4), (u32::MAX, MOST - 1)] {
            let session = SessionId(session);
            assert_eq!(parse(&name(session, place)), Some((session, place)));
        }
        for other in [
            "winsta-keeper@7.socket",
            "session-7",
            "session-7-6",
            "session-x-1",
            "",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
