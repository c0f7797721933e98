//! Fragments: messages cut into pieces that fit the transport ([MS-PSRP] 2.2.4).

/// Bytes in front of a fragment's data.
pub const HEADER: usize = 21;

const START: u8 = 1;
const END: u8 = 2;

/// Why bytes of a peer are no fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FragmentError {
    /// A message is longer than this side takes.
    #[error("a message of more than {limit} bytes")]
    TooLong {
        /// What is allowed.
        limit: usize,
    },
    /// A fragment has flags that are not known.
    #[error("a fragment with the flags {0:#04x}")]
    Flags(u8),
    /// A fragment is not the next of its message.
    #[error("fragment {index} of object {object}, where fragment {expected} had to come")]
    Gap {
        /// The message's object.
        object: u64,
        /// Which fragment came.
        index: u64,
        /// Which had to come.
        expected: u64,
    },
    /// A message begins before the one before it has ended.
    #[error("object {object} in the middle of object {within}")]
    Within {
        /// The object that came.
        object: u64,
        /// The object whose fragments are not all here.
        within: u64,
    },
}

/// What stands in front of a fragment's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The message that it is of.
    pub object: u64,
    /// Which of that message's fragments it is, from 0.
    pub index: u64,
    /// Whether it is the first.
    pub start: bool,
    /// Whether it is the last.
    pub end: bool,
    /// Bytes of its data.
    pub length: u32,
}

impl Fragment {
    /// The header that `bytes` begin with, `None` if more bytes are needed.
    pub fn at_front(bytes: &[u8]) -> Result<Option<Self>, FragmentError> {
        let mut rest = bytes;
        let (Some(object), Some(index)) = (take(&mut rest), take(&mut rest)) else {
            return Ok(None);
        };
        let (Some([flags]), Some(length)) = (take(&mut rest), take(&mut rest)) else {
            return Ok(None);
        };
        if flags & !(START | END) != 0 {
            return Err(FragmentError::Flags(flags));
        }
        Ok(Some(Self {
            object: u64::from_be_bytes(object),
            index: u64::from_be_bytes(index),
            start: flags & START != 0,
            end: flags & END != 0,
            length: u32::from_be_bytes(length),
        }))
    }

    /// The header's bytes.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let flags = if self.start { START } else { 0 } | if self.end { END } else { 0 };
        let mut bytes = [0; HEADER];
        let parts = self.object.to_be_bytes().into_iter();
        let parts = parts.chain(self.index.to_be_bytes()).chain([flags]);
        let parts = parts.chain(self.length.to_be_bytes());
        for (byte, part) in bytes.iter_mut().zip(parts) {
            *byte = part;
        }
        bytes
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*taken)
}

/// Messages as fragments, until the transport takes them.
#[derive(Debug)]
pub struct Outbox {
    bytes: Vec<u8>,
    max_fragment: usize,
}

impl Outbox {
    /// Bytes of a fragment, header included, that fit in each envelope that peers allow.
    pub const MAX_FRAGMENT: usize = 32 << 10;

    /// With fragments of at most `max_fragment` bytes, header included.
    pub fn new(max_fragment: usize) -> Self {
        let max_fragment = max_fragment.max(HEADER + 1);
        Self {
            bytes: Vec::new(),
            max_fragment,
        }
    }

    /// Bytes that the transport has not taken.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the transport has taken all.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Adds the message that `write` appends, as object number `object`.
    pub fn push(&mut self, object: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.bytes.len();
        let data = begin + HEADER;
        self.bytes.resize(data, 0);
        write(&mut self.bytes);
        let max = self.max_fragment - HEADER;
        let length = self.bytes.len() - data;
        if length <= max
            && let Some(header) = self.bytes.get_mut(begin..data)
        {
            header.copy_from_slice(&fragment(object, 0, true, length).to_bytes());
            return;
        }
        let message = self.bytes.split_off(data);
        self.bytes.truncate(begin);
        self.bytes
            .reserve(message.len() + message.len().div_ceil(max) * HEADER);
        let last = message.len().div_ceil(max) - 1;
        for (index, part) in message.chunks(max).enumerate() {
            let header = fragment(object, index, index == last, part.len());
            self.bytes.extend_from_slice(&header.to_bytes());
            self.bytes.extend_from_slice(part);
        }
    }

    /// Takes whole fragments, together at most `max` bytes, but always one if there is any.
    pub fn take(&mut self, max: usize) -> Option<Vec<u8>> {
        if self.bytes.is_empty() {
            return None;
        }
        if self.bytes.len() <= max {
            return Some(std::mem::take(&mut self.bytes));
        }
        let mut cut = 0;
        while let Some(Ok(Some(next))) = self.bytes.get(cut..).map(Fragment::at_front) {
            let end = cut + HEADER + next.length as usize;
            if end > max && cut > 0 {
                break;
            }
            cut = end;
        }
        let rest = self.bytes.split_off(cut.min(self.bytes.len()));
        Some(std::mem::replace(&mut self.bytes, rest))
    }
}

fn fragment(object: u64, index: usize, end: bool, length: usize) -> Fragment {
    Fragment {
        object,
        index: index as u64,
        start: index == 0,
        end,
        // A fragment is far shorter than that: its limit is that of an envelope.
        length: u32::try_from(length).unwrap_or(u32::MAX),
    }
}

/// Puts messages together from the fragments of one stream.
///
/// Objects may come in any order: to a client that connects, Windows says once more what the
/// client before it had not confirmed.
///
/// It holds at most one message and the fragment behind it; memory grows with bytes that really
/// came, never with what a header promises.
#[derive(Debug)]
pub struct Inbox {
    limit: usize,
    /// Bytes of a fragment that has not come whole.
    waiting: Vec<u8>,
    message: Vec<u8>,
    /// The fragment that has to come next, while a message is not whole.
    next: Option<u64>,
    /// The object that the message is.
    object: u64,
}

impl Inbox {
    /// For messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            waiting: Vec::new(),
            message: Vec::new(),
            next: None,
            object: 0,
        }
    }

    /// Forgets all, for a peer that counts anew.
    pub fn reset(&mut self) {
        *self = Self::new(self.limit);
    }

    /// Whether a message has begun that has not ended.
    pub fn is_in_message(&self) -> bool {
        self.next.is_some() || !self.waiting.is_empty()
    }

    /// Takes bytes that came, however they are cut, and does something with each message that is
    /// whole. After an error the stream cannot go on.
    pub fn read<E: From<FragmentError>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.waiting.is_empty() {
            let rest = self.fragments(bytes, &mut each)?;
            self.waiting.extend_from_slice(rest);
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.extend_from_slice(bytes);
        let rest = self.fragments(&waiting, &mut each)?.len();
        waiting.drain(..waiting.len() - rest);
        self.waiting = waiting;
        Ok(())
    }

    /// Reads whole fragments and gives back what is left.
    fn fragments<'b, E: From<FragmentError>>(
        &mut self,
        mut bytes: &'b [u8],
        each: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<&'b [u8], E> {
        while let Some(fragment) = Fragment::at_front(bytes)? {
            let length = fragment.length as usize;
            self.check(fragment, length)?;
            let behind = bytes.get(HEADER..).unwrap_or_default();
            let Some((data, rest)) = behind.split_at_checked(length) else {
                break;
            };
            bytes = rest;
            self.object = fragment.object;
            if fragment.start && fragment.end {
                each(data)?;
                continue;
            }
            self.message.extend_from_slice(data);
            if fragment.end {
                self.next = None;
                let message = std::mem::take(&mut self.message);
                each(&message)?;
            } else {
                self.next = Some(fragment.index + 1);
            }
        }
        Ok(bytes)
    }

    fn check(&self, fragment: Fragment, length: usize) -> Result<(), FragmentError> {
        let Fragment { object, index, .. } = fragment;
        let within = self.object;
        if self.next.is_some() && object != within {
            return Err(FragmentError::Within { object, within });
        }
        let expected = self.next.unwrap_or(0);
        if index != expected || fragment.start != (index == 0) {
            return Err(FragmentError::Gap {
                object,
                index,
                expected,
            });
        }
        let limit = self.limit;
        if self.message.len().saturating_add(length) > limit {
            return Err(FragmentError::TooLong { limit });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The messages of `parts`, and the error that ended them.
    fn read<'a>(
        inbox: &mut Inbox,
        parts: impl Iterator<Item = &'a [u8]>,
    ) -> (Vec<Vec<u8>>, Option<FragmentError>) {
        let mut messages = Vec::new();
        for part in parts {
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

    fn part(object: u64, index: u64, start: bool, end: bool, data: &[u8]) -> Vec<u8> {
        let header = Fragment {
            object,
            index,
            start,
            end,
            length: u32::try_from(data.len()).unwrap(),
        };
        [&header.to_bytes(), data].concat()
    }

    #[test]
    fn refused() {
        let too_long = FragmentError::TooLong { limit: 10 };
        let gap = |index, expected| FragmentError::Gap {
            object: 1,
            index,
            expected,
        };
        let within = FragmentError::Within {
            object: 2,
            within: 1,
        };
        let first = || part(1, 0, true, false, b"123456");
        let cases: &[(Vec<Vec<u8>>, FragmentError)] = &[
            (vec![part(1, 0, true, true, &[0; 11])], too_long),
            (vec![first(), part(1, 1, false, true, b"12345")], too_long),
            (vec![part(1, 1, false, true, b"x")], gap(1, 0)),
            (vec![part(1, 0, false, true, b"x")], gap(0, 0)),
            (vec![part(1, 1, true, true, b"x")], gap(1, 0)),
            (vec![first(), first()], gap(0, 1)),
            (vec![first(), part(1, 2, false, true, b"x")], gap(2, 1)),
            (vec![first(), part(2, 1, false, true, b"x")], within),
            (vec![first(), part(2, 0, true, true, b"x")], within),
        ];
        for (parts, error) in cases {
            let parts = parts.iter().map(Vec::as_slice);
            assert_eq!(read(&mut Inbox::new(10), parts), (vec![], Some(*error)));
        }
        let mut flags = part(1, 0, true, true, b"x");
        flags[16] = 7;
        let read = read(&mut Inbox::new(10), [flags.as_slice()].into_iter());
        assert_eq!(read.1, Some(FragmentError::Flags(7)));
    }

    /// A header may promise anything: only its own bytes are held.
    #[test]
    fn promises_take_no_memory() {
        let mut inbox = Inbox::new(usize::MAX);
        let mut header = part(1, 0, true, false, b"");
        header[17..].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(read(&mut inbox, [header.as_slice()].into_iter()).1, None);
        assert!(inbox.is_in_message());
        assert!(inbox.waiting.capacity() < 100 && inbox.message.capacity() == 0);
        inbox.reset();
        assert!(!inbox.is_in_message());
    }

    proptest! {
        #[test]
        fn messages_survive_any_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
            fragment in 0usize..120,
            take in 1usize..400,
            cut in 1usize..64,
        ) {
            let mut outbox = Outbox::new(fragment);
            for (object, message) in (1..).zip(&messages) {
                outbox.push(object, |out| out.extend_from_slice(message));
            }
            let mut bytes = Vec::new();
            while let Some(part) = outbox.take(take) {
                let single = HEADER + Fragment::at_front(&part).unwrap().unwrap().length as usize;
                prop_assert!(part.len() <= take.max(single));
                prop_assert!(single <= fragment.max(HEADER + 1));
                bytes.extend(part);
            }
            prop_assert!(outbox.is_empty());
            let mut inbox = Inbox::new(300);
            prop_assert_eq!(read(&mut inbox, bytes.chunks(cut)), (messages, None));
            prop_assert!(!inbox.is_in_message());
        }
    }
}
