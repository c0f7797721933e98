//! Frames: `length: u32le`, `kind: u8`, then `length` bytes of payload.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest payload that a peer may send, in bytes.
pub const MAX_PAYLOAD: usize = 1 << 20;
/// Bytes of output that one frame carries at most.
pub const MAX_OUTPUT: usize = 64 << 10;
/// Bytes in front of each payload.
pub const HEADER: usize = 5;

/// What a frame's payload is. Unknown kinds are kept, and their frames can be passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind(pub u8);

impl Kind {
    /// The first frame of a connection: JSON [`Hello`](crate::Hello).
    pub const HELLO: Self = Self(1);
    /// The keeper's answer to it: JSON [`Welcome`](crate::Welcome).
    pub const WELCOME: Self = Self(2);
    /// Control, host to keeper: JSON [`Request`](crate::Request) and a tail of bytes
    /// ([`encode_tailed`]).
    pub const REQUEST: Self = Self(3);
    /// Control, keeper to host: JSON [`Reply`](crate::Reply) and a tail of bytes.
    pub const REPLY: Self = Self(4);
    /// Control, keeper to host: JSON [`Event`](crate::Event).
    pub const EVENT: Self = Self(5);
    /// Attach, client to keeper: what the user typed, raw.
    pub const INPUT: Self = Self(6);
    /// Attach, client to keeper: JSON [`ClientMessage`](crate::ClientMessage).
    pub const CLIENT: Self = Self(7);
    /// Attach, keeper to client: JSON [`KeeperMessage`](crate::KeeperMessage).
    pub const KEEPER: Self = Self(8);
    /// Attach, keeper to client: [`Output`](crate::Output).
    pub const OUTPUT: Self = Self(9);
    /// Attach, keeper to client: the escape sequences that paint the screen as it was at a
    /// snapshot's offset, raw; follows [`KeeperMessage::Snapshot`](crate::KeeperMessage).
    pub const CHECKPOINT: Self = Self(10);
}

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the payload is.
    pub kind: Kind,
    /// The payload, at most [`MAX_PAYLOAD`] bytes.
    pub payload: &'a [u8],
}

/// Why bytes are no frame or a payload no message.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A frame is longer than [`MAX_PAYLOAD`].
    #[error("frame of {length} bytes, at most {MAX_PAYLOAD} are allowed")]
    TooLong {
        /// Length that the header gives, in bytes.
        length: usize,
    },
    /// A payload ends before its fixed part does.
    #[error("frame of kind {} ends in the middle", kind.0)]
    Short {
        /// The frame's kind.
        kind: Kind,
    },
    /// A JSON payload is not what its kind says.
    #[error("frame of kind {} does not hold the message it should", kind.0)]
    Message {
        /// The frame's kind.
        kind: Kind,
        /// What the JSON parser found.
        source: serde_json::Error,
    },
}

/// Appends a frame to `out`. A payload beyond [`MAX_PAYLOAD`] is refused and `out` unchanged.
pub fn encode(out: &mut Vec<u8>, kind: Kind, payload: &[u8]) -> Result<(), FrameError> {
    encode_parts(out, kind, &[payload])
}

/// Appends a frame whose payload is `parts`, one after the other.
pub fn encode_parts(out: &mut Vec<u8>, kind: Kind, parts: &[&[u8]]) -> Result<(), FrameError> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    out.reserve(HEADER + length.min(MAX_PAYLOAD));
    out.extend_from_slice(&header(kind, length)?);
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(())
}

/// The header of a frame whose payload has `length` bytes.
pub fn header(kind: Kind, length: usize) -> Result<[u8; HEADER], FrameError> {
    let too_long = FrameError::TooLong { length };
    let Some(wire) = u32::try_from(length).ok().filter(|_| length <= MAX_PAYLOAD) else {
        return Err(too_long);
    };
    let [a, b, c, d] = wire.to_le_bytes();
    Ok([a, b, c, d, kind.0])
}

/// Appends a frame that holds `message` as JSON.
pub fn encode_json<T: Serialize>(
    out: &mut Vec<u8>,
    kind: Kind,
    message: &T,
) -> Result<(), FrameError> {
    let json =
        serde_json::to_vec(message).map_err(|source| FrameError::Message { kind, source })?;
    encode(out, kind, &json)
}

/// Appends a frame that holds `message` as JSON and then `tail`: `json_length: u32le`, JSON, tail.
pub fn encode_tailed<T: Serialize>(
    out: &mut Vec<u8>,
    kind: Kind,
    message: &T,
    tail: &[u8],
) -> Result<(), FrameError> {
    let json =
        serde_json::to_vec(message).map_err(|source| FrameError::Message { kind, source })?;
    let length = u32::try_from(json.len())
        .map_err(|_| FrameError::TooLong { length: json.len() })?
        .to_le_bytes();
    encode_parts(out, kind, &[&length, &json, tail])
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` begin with, `None` if more bytes are needed: for readers that keep
    /// a buffer of their own.
    pub fn at_front(bytes: &'a [u8]) -> Result<Option<Self>, FrameError> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let [a, b, c, d, kind] = *header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > MAX_PAYLOAD {
            return Err(FrameError::TooLong { length });
        }
        Ok(rest.get(..length).map(|payload| Self {
            kind: Kind(kind),
            payload,
        }))
    }

    /// Bytes that the frame takes on the wire, its header included.
    pub fn length(&self) -> usize {
        HEADER + self.payload.len()
    }

    /// The message in a JSON payload.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, FrameError> {
        parse(self.kind, self.payload)
    }

    /// The message and the tail in a payload that [`encode_tailed`] made.
    pub fn tailed<T: DeserializeOwned>(&self) -> Result<(T, &'a [u8]), FrameError> {
        let short = FrameError::Short { kind: self.kind };
        let Some((length, rest)) = self.payload.split_first_chunk::<4>() else {
            return Err(short);
        };
        let length = u32::from_le_bytes(*length) as usize;
        let Some((json, tail)) = rest.split_at_checked(length) else {
            return Err(short);
        };
        Ok((parse(self.kind, json)?, tail))
    }
}

fn parse<T: DeserializeOwned>(kind: Kind, json: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(json).map_err(|source| FrameError::Message { kind, source })
}

/// Collects bytes as they come and gives whole frames back.
///
/// It holds at most one frame and what was pushed behind it; memory grows with bytes that really
/// came, never with what a header promises.
///
/// Order of calls: [`push`](Self::push), then [`next_frame`](Self::next_frame) until it gives
/// `None`.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    taken: usize,
}

impl Decoder {
    /// An empty decoder.
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder that continues where [`remainder`](Self::remainder) was taken.
    pub fn resume(bytes: Vec<u8>) -> Self {
        Self { bytes, taken: 0 }
    }

    /// Bytes that came and were not given back as frames yet.
    pub fn remainder(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// Takes bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        if self.bytes.is_empty() && self.bytes.capacity() > MAX_OUTPUT * 2 {
            self.bytes = Vec::new();
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame, `None` if more bytes are needed.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let waiting = self.bytes.get(self.taken..).unwrap_or_default();
        let frame = Frame::at_front(waiting)?;
        if let Some(frame) = frame {
            self.taken += frame.length();
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_beyond_the_limit_is_refused() {
        let mut decoder = Decoder::new();
        decoder.push(&[0xff, 0xff, 0xff, 0xff, 1]);
        assert!(matches!(
            decoder.next_frame(),
            Err(FrameError::TooLong { .. })
        ));
        let mut out = Vec::new();
        let long = vec![0; MAX_PAYLOAD + 1];
        assert!(encode(&mut out, Kind::INPUT, &long).is_err());
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut(
            frames in prop::collection::vec((0u8..20, prop::collection::vec(any::<u8>(), 0..300)), 0..8),
            cut in 1usize..64,
        ) {
            let mut bytes = Vec::new();
            for (kind, payload) in &frames {
                encode(&mut bytes, Kind(*kind), payload).unwrap();
            }
            let mut decoder = Decoder::new();
            let mut seen = Vec::new();
            for part in bytes.chunks(cut) {
                decoder.push(part);
                while let Some(frame) = decoder.next_frame().unwrap() {
                    seen.push((frame.kind.0, frame.payload.to_vec()));
                }
            }
            prop_assert_eq!(seen, frames);
            prop_assert!(decoder.remainder().is_empty());
        }

        #[test]
        fn a_tail_comes_back(tail in prop::collection::vec(any::<u8>(), 0..300), text in ".*") {
            let mut out = Vec::new();
            encode_tailed(&mut out, Kind::REQUEST, &text, &tail).unwrap();
            let mut decoder = Decoder::new();
            decoder.push(&out);
            let frame = decoder.next_frame().unwrap().unwrap();
            let (back, rest): (String, _) = frame.tailed().unwrap();
            prop_assert_eq!(back, text);
            prop_assert_eq!(rest, &tail[..]);
        }
    }
}
