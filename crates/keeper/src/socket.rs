//! The keeper's socket: who comes, and what they send.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use winsta_wire::Kind;

use crate::conn::{Conn, ConnKey, Role};
use crate::server::{Server, Token};
use crate::sys::passing;

/// Most connections that may be open without having said what they are for; beyond that the
/// oldest of them goes.
const SILENT: usize = 256;
/// Bytes taken from a connection at a time.
pub(crate) const TURN: usize = 64 << 10;

/// Opens the listening socket at `path`, for this user only.
pub(crate) fn listen(path: &Path) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The folder is the user's own, mode 0700, so the moment before chmod is nobody's chance.
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::fs::chmod(path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    rustix::net::listen(&socket, 1_024)?;
    Ok(socket)
}

impl Server {
    /// Takes in everybody who waits at the door.
    pub(crate) fn accept(&mut self) {
        loop {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match rustix::net::accept_with(&self.listener, flags) {
                Ok(socket) => self.meet(socket),
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::MFILE | Errno::NFILE) if self.spare.take().is_some() => {
                    // Taken in and shut again: better than to leave it waiting for ever.
                    drop(rustix::net::accept_with(&self.listener, flags));
                    self.spare = spare();
                }
                Err(_) => return,
            }
        }
    }

    fn meet(&mut self, socket: OwnedFd) {
        let Ok(peer) = rustix::net::sockopt::socket_peercred(&socket) else {
            return;
        };
        let own = rustix::process::geteuid();
        // The service manager's socket has let in whom it lets in; what they want decides.
        if peer.uid != own && !peer.uid.is_root() && !self.home.is_unit() {
            return crate::log::say(&format!(
                "refused a connection of user {}: only user {} and root may talk to this keeper",
                peer.uid.as_raw(),
                own.as_raw()
            ));
        }
        self.make_room();
        let key = self.next_conn;
        self.next_conn = self.next_conn.wrapping_add(1);
        let pid = peer.pid.as_raw_nonzero().get().unsigned_abs();
        self.conns
            .insert(key, Conn::new(socket, pid, peer.uid.as_raw()));
        self.rearm_conn(key);
    }

    fn make_room(&mut self) {
        let silent = |conn: &Conn| matches!(conn.role, Role::New);
        let keys = self
            .conns
            .iter()
            .filter(|(_, conn)| silent(conn))
            .map(|(key, _)| *key);
        let keys: Vec<ConnKey> = keys.collect();
        if keys.len() >= SILENT
            && let Some(oldest) = keys.into_iter().min()
        {
            self.close(oldest);
        }
    }

    /// Something happened on a connection.
    pub(crate) fn conn_ready(&mut self, key: ConnKey, flags: EventFlags) {
        if flags.contains(EventFlags::OUT) {
            self.pump(key);
            self.client_moved(key);
        }
        if flags.contains(EventFlags::IN) {
            self.receive(key);
        } else if flags.intersects(EventFlags::HUP | EventFlags::RDHUP | EventFlags::ERR) {
            self.close(key);
        }
    }

    fn receive(&mut self, key: ConnKey) {
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        let buffer = &mut self.buffer;
        match passing::receive(conn.socket.as_fd(), buffer, &mut conn.descriptors) {
            Ok(0) => return self.close(key),
            Ok(count) => conn.decoder.push(buffer.get(..count).unwrap_or_default()),
            Err(Errno::AGAIN | Errno::INTR) => return,
            Err(_) => return self.close(key),
        }
        self.hear(key);
        self.rearm_conn(key);
    }

    /// Works through the frames that have come.
    pub(crate) fn hear(&mut self, key: ConnKey) {
        self.hear_on(key);
        while let Some(replacement) = self.replacement.take() {
            self.upgrade(&replacement);
            // This program it is, then.
            self.hear_on(key);
        }
    }

    /// Works through frames until none is left or one asks for another program.
    fn hear_on(&mut self, key: ConnKey) {
        let Some(conn) = self.conns.get_mut(&key) else {
            return;
        };
        let mut decoder = std::mem::take(&mut conn.decoder);
        let outcome = loop {
            let Some(conn) = self.conns.get(&key) else {
                return;
            };
            if conn.stuffed || conn.closing || self.replacement.is_some() {
                break Ok(());
            }
            let frame = match decoder.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            match conn.role {
                Role::New => self.greet(key, frame),
                Role::Attached(_) => self.hear_client(key, frame),
                Role::Control if frame.kind == Kind::REQUEST => match frame.tailed() {
                    Ok((request, tail)) => self.serve(key, request, tail),
                    Err(error) => break Err(error),
                },
                // Kinds of later versions are passed over.
                Role::Control => {}
            }
        };
        if let Err(error) = outcome {
            crate::log::say(&format!("connection {key}: {error}"));
            return self.close(key);
        }
        if let Some(conn) = self.conns.get_mut(&key) {
            conn.decoder = decoder;
        }
    }

    /// Watches the listener and the signals.
    pub(crate) fn watch_base(&self) {
        self.watch(&self.listener, Token::Listener, 0, EventFlags::IN);
        self.watch(&self.signals, Token::Signals, 0, EventFlags::IN);
    }
}

/// A descriptor to give up in need.
pub(crate) fn spare() -> Option<OwnedFd> {
    let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC;
    rustix::fs::open(c"/dev/null", flags, rustix::fs::Mode::empty()).ok()
}
