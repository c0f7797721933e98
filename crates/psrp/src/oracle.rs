//! What holds for any bytes a peer may send: functions that panic if it does not.
//!
//! Fuzz targets call them with bytes of the fuzzer, and a test with those in `corpus/`.

use crate::bridge::Bridge;
use crate::channel::Stream;
use crate::client::{PoolOptions, RunspacePool};
use crate::clixml::{self, Limits, Value};
use crate::fragment::{FragmentError, Inbox, Outbox};
use crate::ids::PoolId;
use crate::message::{Message, MessageKind};
use crate::packet::{Front, Packet};

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    values: 10_000,
    depth: 50,
};

/// A document is refused, or it holds a value that is written in one way only and is not larger
/// than it may be.
///
/// # Panics
///
/// If that does not hold.
pub fn clixml(data: &[u8]) {
    let Ok(value) = clixml::decode(data, &LIMITS) else {
        return;
    };
    assert!(count(&value) <= LIMITS.values, "more values than allowed");
    let once = clixml::encode(&value);
    let again = clixml::decode(&once, &roomy()).ok();
    assert_eq!(again.as_ref().map(clixml::encode), Some(once));
}

/// Limits that what was just within [`LIMITS`] cannot reach when it is written in full.
fn roomy() -> Limits {
    Limits {
        bytes: usize::MAX,
        values: usize::MAX,
        depth: LIMITS.depth * 2,
    }
}

/// Values that somebody sees who walks through one.
fn count(value: &Value) -> usize {
    use crate::clixml::Base;
    let members: usize = match value {
        Value::Object(object) => {
            let base: usize = match &object.base {
                Base::None => 0,
                Base::Value(value) => count(value),
                Base::Sequence(_, items) => items.iter().map(count).sum(),
                Base::Dictionary(entries) => {
                    let entries = entries.iter();
                    entries.map(|(key, value)| count(key) + count(value)).sum()
                }
            };
            let properties = object.adapted.iter().chain(&object.extended);
            base + properties.map(|p| count(&p.value)).sum::<usize>()
        }
        Value::Members(members) => members.iter().map(|p| count(&p.value)).sum(),
        _ => 0,
    };
    members + 1
}

/// A body is refused, or it is a message that is written in one way only. The first four bytes are
/// the message's kind, the lowest first.
///
/// # Panics
///
/// If that does not hold.
pub fn messages(data: &[u8]) {
    let Some((kind, body)) = data.split_first_chunk::<4>() else {
        return;
    };
    let kind = MessageKind(u32::from_le_bytes(*kind));
    let Ok(message) = Message::decode(kind, body, &LIMITS) else {
        return;
    };
    assert_eq!(message.kind(), kind);
    let once = encode(&message);
    let again = Message::decode(kind, &once, &roomy()).ok();
    assert_eq!(again.as_ref().map(encode), Some(once));
}

fn encode(message: &Message) -> Vec<u8> {
    let mut body = Vec::new();
    message.encode(&mut body);
    body
}

/// A stream gives the same messages however it is cut, and these come back from fragments of
/// another size. The first byte says how to cut, the others are the stream.
///
/// # Panics
///
/// If that does not hold.
pub fn fragments(data: &[u8]) {
    let Some((cut, stream)) = data.split_first() else {
        return;
    };
    let cut = usize::from(*cut).max(1);
    let whole = read(stream, stream.len().max(1));
    assert_eq!(whole, read(stream, cut), "how a stream is cut changes it");
    let mut outbox = Outbox::new(cut);
    for (object, message) in (1..).zip(&whole.0) {
        outbox.push(object, |out| out.extend_from_slice(message));
    }
    let again = outbox.take(usize::MAX).unwrap_or_default();
    assert_eq!(read(&again, cut), (whole.0, None));
}

fn read(stream: &[u8], cut: usize) -> (Vec<Vec<u8>>, Option<FragmentError>) {
    let mut inbox = Inbox::new(LIMITS.bytes);
    let mut messages = Vec::new();
    for part in stream.chunks(cut) {
        let each = |message: &[u8]| {
            messages.push(message.to_vec());
            Ok(())
        };
        if let Err(error) = inbox.read(part, each) {
            return (messages, Some(error));
        }
    }
    (messages, None)
}

/// An engine's output says the same however it is cut, each line of it is written in one way only,
/// and a bridge hears all of it. The first byte says how to cut, the others are the output.
///
/// # Panics
///
/// If that does not hold.
pub fn packets(data: &[u8]) {
    let Some((cut, stream)) = data.split_first() else {
        return;
    };
    let cut = usize::from(*cut).max(1);
    let (whole, length) = lines(stream);
    let mut waiting = Vec::new();
    let mut parts = Vec::new();
    for part in stream.chunks(cut) {
        waiting.extend_from_slice(part);
        let (packets, used) = lines(&waiting);
        parts.extend(packets);
        waiting.drain(..used);
    }
    assert_eq!(whole, parts, "how output is cut changes it");
    for packet in whole {
        let line = packet.to_line();
        assert_eq!(
            Packet::at_front(line.as_bytes()),
            Front::Packet(packet, line.len())
        );
    }
    let mut client = RunspacePool::new(PoolId(uuid::Uuid::max()), PoolOptions::default());
    client.open();
    let opening = client.take(Stream::Default, usize::MAX).unwrap_or_default();
    if let Ok(mut bridge) = Bridge::open(&opening) {
        bridge.hear(0, stream);
        assert_eq!(bridge.next_offset(), length as u64);
        assert!(bridge.needs() <= bridge.next_offset());
    }
}

/// The packets of a stream, and how many of its bytes they and what is between them are.
fn lines(stream: &[u8]) -> (Vec<Packet>, usize) {
    let (mut packets, mut used) = (Vec::new(), 0);
    while let Some(rest) = stream.get(used..) {
        match Packet::at_front(rest) {
            Front::Packet(packet, length) => {
                packets.push(packet);
                used += length;
            }
            Front::Junk(length) => used += length,
            Front::More => break,
        }
    }
    (packets, used)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clixml::tests::value;

    /// The corpus, with names.
    fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
        let folder = format!("{}/corpus/{folder}", env!("CARGO_MANIFEST_DIR"));
        let entries = std::fs::read_dir(&folder).unwrap();
        let files = entries.map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        });
        let files: Vec<_> = files.collect();
        assert!(files.len() > 5, "the corpus in {folder} is gone");
        files
    }

    /// A corpus that is refused would prove nothing.
    #[test]
    fn the_corpus_of_clixml() {
        for (name, data) in corpus("clixml") {
            clixml(&data);
            let understood = clixml::decode(&data, &LIMITS).is_ok();
            assert_eq!(understood, !name.starts_with("bad-"), "{name}");
        }
    }

    #[test]
    fn the_corpus_of_messages() {
        for (name, data) in corpus("messages") {
            messages(&data);
            let (kind, body) = data.split_first_chunk::<4>().unwrap();
            let kind = MessageKind(u32::from_le_bytes(*kind));
            let understood = Message::decode(kind, body, &LIMITS).is_ok();
            assert_eq!(understood, !name.starts_with("bad-"), "{name}");
        }
    }

    #[test]
    fn the_corpus_of_fragments() {
        for (name, data) in corpus("fragments") {
            fragments(&data);
            let (_, error) = read(&data[1..], data.len());
            assert_eq!(error.is_none(), !name.starts_with("bad-"), "{name}");
        }
    }

    #[test]
    fn the_corpus_of_packets() {
        for (name, data) in corpus("packets") {
            packets(&data);
            let (packets, _) = lines(&data[1..]);
            assert_eq!(packets.is_empty(), name.starts_with("bad-"), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..400)) {
            clixml(&data);
            messages(&data);
            fragments(&data);
            packets(&data);
        }

        /// Documents that are nearly right get further.
        #[test]
        fn changed_documents(
            value in value(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut document = clixml::encode(&value);
            for (index, byte) in changes {
                let at = index.index(document.len());
                document[at] = byte;
            }
            clixml(&document);
            for kind in [0x0002_1006_u32, 0x0004_1005, 0x0004_1100, 0x0001_0004] {
                messages(&[&kind.to_le_bytes(), document.as_slice()].concat());
            }
        }
    }
}
