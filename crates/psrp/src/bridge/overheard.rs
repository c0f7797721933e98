//! Messages of some kinds, found among fragments that only pass by.

use serde::{Deserialize, Serialize};

use super::stored;
use crate::fragment::{Fragment, HEADER};
use crate::message::{Header, MessageKind};

/// Most bytes of a message that are put together: what is longer is told of, but not whole.
const MOST: usize = 256 << 10;
/// Most bytes of a fragment that has not come whole.
const MOST_WAITING: usize = 1 << 20;

/// What was heard so far of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Overheard {
    /// Bytes of a fragment that has not come whole.
    #[serde(with = "stored")]
    waiting: Vec<u8>,
    /// What came of a wanted message.
    #[serde(with = "stored")]
    message: Vec<u8>,
    /// Whether the message whose fragments come is a wanted one.
    is_wanted: bool,
}

impl Overheard {
    /// Takes bytes that pass by and gives the wanted messages that are whole with them. What makes no
    /// sense is passed over: those whom it is for will say so.
    pub(super) fn hear(&mut self, bytes: &[u8], wanted: &[MessageKind]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut all = std::mem::take(&mut self.waiting);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while let Ok(Some(fragment)) = Fragment::at_front(rest) {
            let behind = rest.get(HEADER..).unwrap_or_default();
            let Some((data, next)) = behind.split_at_checked(fragment.length as usize) else {
                if rest.len() < MOST_WAITING {
                    self.waiting = rest.to_vec();
                }
                return found;
            };
            rest = next;
            if fragment.start {
                self.message.clear();
                let kind = kind_of(data);
                self.is_wanted = kind.is_some_and(|kind| wanted.contains(&kind));
            }
            if !self.is_wanted {
                continue;
            }
            let room = MOST.saturating_sub(self.message.len());
            self.message
                .extend_from_slice(data.get(..room).unwrap_or(data));
            if fragment.end {
                self.is_wanted = false;
                found.push(std::mem::take(&mut self.message));
            }
        }
        if rest.len() < HEADER {
            self.waiting = rest.to_vec();
        }
        found
    }

    /// Whether a wanted message has begun and not ended.
    pub(super) fn is_within(&self) -> bool {
        self.is_wanted
    }
}

/// The kind of the message that begins with these bytes.
fn kind_of(data: &[u8]) -> Option<MessageKind> {
    let header = data.get(..Header::SIZE)?;
    Header::split(header).ok().map(|(header, _)| header.kind)
}

/// What is left of fragments from the first on that begins a message.
pub(super) fn from_start(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Ok(Some(fragment)) = Fragment::at_front(rest) {
        if fragment.start {
            return rest;
        }
        rest = rest
            .get(HEADER + fragment.length as usize..)
            .unwrap_or_default();
    }
    &[]
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::fragment::Outbox;
    use crate::ids::PoolId;
    use crate::message::Destination;

    const WANTED: [MessageKind; 1] = [MessageKind::PIPELINE_STATE];

    fn message(kind: MessageKind, body: usize) -> Vec<u8> {
        let header = Header {
            destination: Destination::CLIENT,
            kind,
            pool: PoolId(Uuid::nil()),
            pipeline: None,
        };
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        bytes.resize(Header::SIZE + body, b'x');
        bytes
    }

    #[test]
    fn wanted_messages_are_found_however_they_come() {
        let state = message(MessageKind::PIPELINE_STATE, 200);
        let mut outbox = Outbox::new(100);
        for message in [
            &message(MessageKind::PIPELINE_OUTPUT, 500),
            &state,
            &message(MessageKind::PIPELINE_OUTPUT, 3),
            &state,
        ] {
            outbox.push(1, |out| out.extend_from_slice(message));
        }
        let stream = outbox.take(usize::MAX).unwrap();
        for cut in 1..stream.len() {
            let mut heard = Overheard::default();
            let parts = stream.chunks(cut);
            let found: Vec<_> = parts.flat_map(|part| heard.hear(part, &WANTED)).collect();
            assert_eq!(found, [state.clone(), state.clone()], "cut {cut}");
            assert_eq!(heard, Overheard::default());
        }
    }

    #[test]
    fn what_is_too_long_is_told_of_and_not_kept() {
        let mut outbox = Outbox::new(32 << 10);
        let long = message(MessageKind::PIPELINE_STATE, 2 * MOST);
        outbox.push(1, |out| out.extend_from_slice(&long));
        let mut heard = Overheard::default();
        let mut found = Vec::new();
        while let Some(part) = outbox.take(1) {
            found.extend(heard.hear(&part, &WANTED));
            assert!(heard.message.len() <= MOST);
        }
        assert_eq!(found, [long[..MOST].to_vec()]);
    }

    #[test]
    fn a_message_begins_where_a_fragment_says_so() {
        let mut outbox = Outbox::new(100);
        let body = message(MessageKind::PIPELINE_OUTPUT, 200);
        outbox.push(1, |out| out.extend_from_slice(&body));
        outbox.push(2, |out| out.extend_from_slice(&body));
        let all = outbox.take(usize::MAX).unwrap();
        let half = all.len() / 2;
        assert_eq!(from_start(&all), all.as_slice());
        assert_eq!(from_start(&all[100..]), &all[half..]);
        assert_eq!(from_start(&all[100..half]), b"");
        assert_eq!(from_start(b"nonsense"), b"");
    }
}
