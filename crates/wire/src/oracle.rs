//! What holds for any bytes a peer may send: functions that panic if it does not.
//!
//! Fuzz targets call them with bytes of the fuzzer, and a test with those in `corpus/`.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::frame::{Decoder, Frame, Kind, encode, encode_json, encode_tailed};
use crate::{
    Claim, ClientMessage, Event, Hello, KeeperMessage, Notice, NoticeAnswer, Output, Reply,
    Request, Verdict, Welcome,
};

/// A stream gives the same frames however it is cut, and frames encode to the bytes they came
/// from. The first byte says how to cut, the others are the stream.
///
/// # Panics
///
/// If that does not hold.
pub fn frames(data: &[u8]) {
    let Some((cut, stream)) = data.split_first() else {
        return;
    };
    let whole = decode(stream, stream.len().max(1));
    let parts = decode(stream, usize::from(*cut).max(1));
    assert_eq!(whole, parts, "how a stream is cut changes its frames");
    let mut again = Vec::new();
    for (kind, payload) in &whole.frames {
        assert!(encode(&mut again, *kind, payload).is_ok());
    }
    assert_eq!(Some(again.as_slice()), stream.get(..again.len()));
    if !whole.failed {
        assert_eq!(stream.get(again.len()..), Some(whole.remainder.as_slice()));
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    frames: Vec<(Kind, Vec<u8>)>,
    failed: bool,
    remainder: Vec<u8>,
}

fn decode(stream: &[u8], cut: usize) -> Decoded {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for part in stream.chunks(cut) {
        decoder.push(part);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push((frame.kind, frame.payload.to_vec())),
                Ok(None) => break,
                // The connection is closed here; what is left means nothing.
                Err(_) => {
                    return Decoded {
                        frames,
                        failed: true,
                        remainder: Vec::new(),
                    };
                }
            }
        }
    }
    Decoded {
        frames,
        failed: false,
        remainder: decoder.remainder().to_vec(),
    }
}

/// A payload is refused, or it is a message that encodes and reads as itself. The first byte is
/// the frame's kind; behind the last kind there are notices and their answers.
///
/// # Panics
///
/// If that does not hold.
pub fn messages(data: &[u8]) {
    let Some((kind, payload)) = data.split_first() else {
        return;
    };
    let kind = Kind(*kind);
    let frame = Frame { kind, payload };
    match kind {
        Kind::HELLO => json::<Hello>(frame),
        Kind::WELCOME => json::<Welcome>(frame),
        Kind::REQUEST => tailed::<Request>(frame),
        Kind::REPLY => tailed::<Reply>(frame),
        Kind::EVENT => json::<Event>(frame),
        Kind::CLIENT => json::<ClientMessage>(frame),
        Kind::KEEPER => json::<KeeperMessage>(frame),
        Kind::OUTPUT => output(payload),
        NOTICE => json::<Notice>(frame),
        NOTICE_ANSWER => json::<NoticeAnswer>(frame),
        _ => {}
    }
}

/// Stands for JSON that travels within other messages.
const NOTICE: Kind = Kind(0xf0);
const NOTICE_ANSWER: Kind = Kind(0xf1);

fn json<T: Serialize + DeserializeOwned + Debug + PartialEq>(frame: Frame) {
    let Ok(message) = frame.json::<T>() else {
        return;
    };
    let mut bytes = Vec::new();
    // What came in one frame may be too long for another, once numbers are written in full.
    if encode_json(&mut bytes, frame.kind, &message).is_err() {
        return;
    }
    let mut decoder = Decoder::resume(bytes);
    let again = decoder.next_frame().ok().flatten();
    assert_eq!(again.and_then(|frame| frame.json().ok()), Some(message));
}

fn tailed<T: Serialize + DeserializeOwned + Debug + PartialEq>(frame: Frame) {
    let Ok((message, tail)) = frame.tailed::<T>() else {
        return;
    };
    let mut bytes = Vec::new();
    if encode_tailed(&mut bytes, frame.kind, &message, tail).is_err() {
        return;
    }
    let mut decoder = Decoder::resume(bytes);
    let again = decoder.next_frame().ok().flatten();
    let again = again.and_then(|frame| frame.tailed().ok());
    assert_eq!(again, Some((message, tail)));
}

fn output(payload: &[u8]) {
    let Ok(output) = Output::parse(payload) else {
        return;
    };
    let prefix = Output::prefix(output.stream, output.offset);
    assert_eq!([&prefix, output.bytes].concat(), payload);
}

/// What stands behind a record's length is refused, or it is a claim or a verdict that encodes to
/// the same bytes, within what a record may have.
///
/// # Panics
///
/// If that does not hold.
pub fn claims(data: &[u8]) {
    let same = |record: Vec<u8>| {
        let (head, body) = record.split_first_chunk::<2>().unwrap_or((&[0; 2], &[]));
        assert_eq!(crate::claim::length(*head), Ok(body.len()));
        assert_eq!(body, data);
    };
    if let Ok(claim) = Claim::parse(data) {
        same(claim.encode());
    }
    if let Ok(verdict) = Verdict::parse(data) {
        same(verdict.encode());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replay(folder: &str, oracle: fn(&[u8])) {
        let folder = format!("{}/corpus/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut files = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            oracle(&std::fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 5, "the corpus in {folder} is gone");
    }

    #[test]
    fn the_corpus_of_frames() {
        replay("frames", frames);
    }

    #[test]
    fn the_corpus_of_messages() {
        replay("messages", messages);
    }

    #[test]
    fn the_corpus_of_claims() {
        replay("claims", claims);
        let folder = format!("{}/corpus/claims", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            let understood = Claim::parse(&data).is_ok() || Verdict::parse(&data).is_ok();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(understood, !name.starts_with("bad-"), "{name}");
        }
    }

    /// A corpus whose messages are all refused would prove nothing.
    #[test]
    fn most_of_the_corpus_is_understood() {
        let folder = format!("{}/corpus/messages", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            let (kind, payload) = data.split_first().unwrap();
            let frame = Frame {
                kind: Kind(*kind),
                payload,
            };
            let understood = match frame.kind {
                Kind::HELLO => frame.json::<Hello>().is_ok(),
                Kind::WELCOME => frame.json::<Welcome>().is_ok(),
                Kind::REQUEST => frame.tailed::<Request>().is_ok(),
                Kind::REPLY => frame.tailed::<Reply>().is_ok(),
                Kind::EVENT => frame.json::<Event>().is_ok(),
                Kind::CLIENT => frame.json::<ClientMessage>().is_ok(),
                Kind::KEEPER => frame.json::<KeeperMessage>().is_ok(),
                Kind::OUTPUT => Output::parse(payload).is_ok(),
                NOTICE => frame.json::<Notice>().is_ok(),
                NOTICE_ANSWER => frame.json::<NoticeAnswer>().is_ok(),
                _ => false,
            };
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(understood, !name.starts_with("bad-"), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..400)) {
            frames(&data);
            messages(&data);
            claims(&data);
        }
    }
}
