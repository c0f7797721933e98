//! What the keeper sent, kept in one buffer that frames are taken from without copying.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use winsta_wire::frame::{HEADER, MAX_PAYLOAD};
use winsta_wire::{Frame, FrameError};

/// Bytes read at once.
const READ: usize = 256 << 10;

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// Bytes.
    Some,
    /// Nothing yet.
    Nothing,
    /// The keeper closed the connection.
    End,
}

/// The receiving side of a connection.
#[derive(Debug)]
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; READ],
            start: 0,
            end: 0,
        }
    }

    /// Takes the place of one whose bytes are being looked at.
    pub(crate) fn empty() -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
        }
    }

    /// Reads what has come, without waiting.
    pub(crate) fn fill(&mut self, socket: impl AsFd) -> Result<Filled, Errno> {
        self.make_room();
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match recv(socket, room, RecvFlags::DONTWAIT) {
            Ok((0, _)) => Ok(Filled::End),
            Ok((read, _)) => {
                self.end += read;
                Ok(Filled::Some)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(Filled::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Moves what is left to the front, and grows for a frame that does not fit: at most to the
    /// longest frame there is.
    fn make_room(&mut self) {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            // a single huge checkpoint shall not cost memory for as long as the client lives
            if self.buffer.len() > READ {
                self.buffer = vec![0; READ];
            }
        } else if self.buffer.len() - self.end < READ / 2 && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let grown = (self.buffer.len() * 2).min(HEADER + MAX_PAYLOAD + READ);
            self.buffer.resize(grown, 0);
        }
    }

    /// All that came and was not taken.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Marks this many bytes as taken.
    pub(crate) fn take(&mut self, length: usize) {
        self.start = (self.start + length).min(self.end);
    }
}

/// The whole frames that `bytes` begin with.
pub(crate) struct Frames<'a>(pub(crate) &'a [u8]);

impl<'a> Frames<'a> {
    /// The next whole frame.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame<'a>>, FrameError> {
        let frame = Frame::at_front(self.0)?;
        if let Some(frame) = frame {
            self.0 = self.0.get(frame.length()..).unwrap_or_default();
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use proptest::prelude::*;
    use winsta_wire::Kind;
    use winsta_wire::frame::encode;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn frames_of_any_length_come_through(
            lengths in prop::collection::vec(prop_oneof![0usize..200, 60_000usize..70_000, Just(MAX_PAYLOAD)], 1..12),
        ) {
            let (mut keeper, client) = UnixStream::pair().unwrap();
            let mut bytes = Vec::new();
            for (at, length) in lengths.iter().enumerate() {
                encode(&mut bytes, Kind::OUTPUT, &vec![u8::try_from(at).unwrap(); *length]).unwrap();
            }
            let writer = std::thread::spawn(move || keeper.write_all(&bytes).unwrap());
            let (mut inbox, mut seen) = (Inbox::new(), Vec::new());
            loop {
                let filled = inbox.fill(&client).unwrap();
                let mut frames = Frames(inbox.waiting());
                while let Some(frame) = frames.next_frame().unwrap() {
                    let at = u8::try_from(seen.len()).unwrap();
                    prop_assert!(frame.payload.iter().all(|&byte| byte == at));
                    seen.push(frame.payload.len());
                }
                let taken = inbox.waiting().len() - frames.0.len();
                inbox.take(taken);
                match filled {
                    Filled::End => break,
                    Filled::Nothing => std::thread::yield_now(),
                    Filled::Some => {}
                }
            }
            writer.join().unwrap();
            prop_assert_eq!(seen, lengths);
        }
    }
}
