//! Frames on their way to a peer that may be slow.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::sys::passing;

/// Most bytes that may wait for a peer; one that lets more pile up is given up.
const MOST: usize = 8 << 20;

/// What waits to be sent, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pieces: VecDeque<Piece>,
    waiting: usize,
}

#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    sent: usize,
    descriptors: Vec<OwnedFd>,
}

impl Piece {
    fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }
}

/// The peer is gone, or lets too much pile up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

impl Outbox {
    /// What an earlier life of the keeper had not sent yet.
    ///
    /// `parcels` are the descriptors, each with the offset of the byte that they go with, lowest
    /// first.
    pub(crate) fn resume(mut bytes: Vec<u8>, parcels: Vec<(usize, Vec<OwnedFd>)>) -> Self {
        let mut outbox = Self::default();
        for (offset, descriptors) in parcels.into_iter().rev() {
            let piece = bytes.split_off(offset.min(bytes.len()));
            outbox.push_front(piece, descriptors);
        }
        outbox.push_front(bytes, Vec::new());
        outbox
    }

    /// All bytes that wait, for a later life of the keeper.
    pub(crate) fn remainder(&self) -> Vec<u8> {
        let unsent = self.pieces.iter().map(Piece::unsent);
        unsent.flatten().copied().collect()
    }

    /// The descriptors that wait, each with its offset in the [remainder](Self::remainder).
    pub(crate) fn parcels(&self) -> impl Iterator<Item = (usize, &[OwnedFd])> {
        let mut offset = 0;
        let parcels = self.pieces.iter().map(move |piece| {
            let at = offset;
            offset += piece.unsent().len();
            (at, piece.descriptors.as_slice())
        });
        parcels.filter(|(_, descriptors)| !descriptors.is_empty())
    }

    fn push_front(&mut self, bytes: Vec<u8>, descriptors: Vec<OwnedFd>) {
        if !bytes.is_empty() {
            self.waiting += bytes.len();
            self.pieces.push_front(Piece {
                bytes,
                sent: 0,
                descriptors,
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Puts whole frames at the end; descriptors go with their first byte.
    pub(crate) fn push(&mut self, bytes: Vec<u8>, descriptors: Vec<OwnedFd>) {
        self.waiting += bytes.len();
        self.pieces.push_back(Piece {
            bytes,
            sent: 0,
            descriptors,
        });
    }

    /// Sends what the socket takes. `Ok(true)`: nothing waits any more.
    pub(crate) fn flush(&mut self, socket: BorrowedFd<'_>) -> Result<bool, Lost> {
        while let Some(piece) = self.pieces.front_mut() {
            let descriptors: Vec<_> = piece.descriptors.iter().map(AsFd::as_fd).collect();
            match passing::send(socket, &[IoSlice::new(piece.unsent())], &descriptors) {
                Ok(sent) => {
                    piece.sent += sent;
                    piece.descriptors.clear();
                    self.waiting = self.waiting.saturating_sub(sent);
                    if piece.sent >= piece.bytes.len() {
                        self.pieces.pop_front();
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if self.waiting <= MOST => return Ok(false),
                Err(_) => return Err(Lost),
            }
        }
        Ok(true)
    }

    /// Sends one frame made of `parts` past the queue, which must be empty. What the socket does
    /// not take is copied and waits, so that the frame is never torn. `Ok(false)`: the socket
    /// took nothing, and nothing waits.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>, parts: [&[u8]; 3]) -> Result<bool, Lost> {
        let slices = parts.map(IoSlice::new);
        let sent = match passing::send(socket, &slices, &[]) {
            Ok(sent) => sent,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
            Err(_) => return Err(Lost),
        };
        let total: usize = parts.iter().map(|part| part.len()).sum();
        if sent < total {
            self.push(parts.concat().split_off(sent), Vec::new());
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_slow_peer_gets_every_byte_in_order() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut outbox = Outbox::default();
        let body: Vec<u8> = (0..600_000u32).flat_map(u32::to_le_bytes).collect();
        let (a, b) = body.split_at(1_000_000);
        assert_eq!(outbox.send(ours.as_fd(), [a, b, b"!"]), Ok(true));
        assert!(!outbox.is_empty());
        outbox.push(b"after".to_vec(), Vec::new());
        let expected = [&body[..], b"!after"].concat();
        let mut seen = vec![0; expected.len()];
        let mut at = 0;
        while at < seen.len() {
            outbox.flush(ours.as_fd()).unwrap();
            at += theirs.read(&mut seen[at..]).unwrap();
        }
        assert_eq!(seen, expected);
        assert!(outbox.is_empty());
        drop(theirs);
        outbox.push(b"x".to_vec(), Vec::new());
        assert_eq!(outbox.flush(ours.as_fd()), Err(Lost));
    }
}
