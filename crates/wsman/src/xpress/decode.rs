//! Reading a block ([MS-XCA] 2.2.4).

use super::{END, SYMBOLS, TABLE};

/// Longest code, in bits.
const LONGEST: usize = 15;

/// What is compressed cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XpressError {
    /// It ends too early.
    #[error("compressed data ends in the middle")]
    Short,
    /// It stands for more than is wanted.
    #[error("compressed data stands for more than {most} bytes")]
    Long {
        /// The most that is wanted.
        most: usize,
    },
    /// Its lengths of codes make no code.
    #[error("compressed data has no Huffman code")]
    Code,
    /// It repeats what is not there, or more than belongs to it.
    #[error("compressed data repeats what is not there")]
    Match,
}

/// Puts the `length` bytes behind `out` that a block stands for.
pub(super) fn block(body: &[u8], length: usize, out: &mut Vec<u8>) -> Result<(), XpressError> {
    let (table, codes) = body.split_at_checked(TABLE).ok_or(XpressError::Short)?;
    let code = Code::read(table)?;
    let mut bits = Bits::new(codes)?;
    let start = out.len();
    let end = start + length;
    while out.len() < end {
        let symbol = bits.symbol(&code)?;
        let Some(which) = symbol.checked_sub(END) else {
            // A symbol below 256 is a byte.
            out.push(u8::try_from(symbol).unwrap_or_default());
            continue;
        };
        let (size, far) = (which % 16, which / 16);
        let size = bits.length(size)?;
        let distance = (1 << far) + bits.take(far)?;
        let from = out.len().checked_sub(distance).filter(|at| *at >= start);
        let from = from.ok_or(XpressError::Match)?;
        if out.len() + size > end {
            return Err(XpressError::Match);
        }
        // It may repeat what it has just written.
        for at in from..from + size {
            let byte = out.get(at).copied().unwrap_or_default();
            out.push(byte);
        }
    }
    Ok(())
}

/// A canonical Huffman code: its symbols by length, then value.
struct Code {
    /// For each length, how many symbols have it.
    counts: [usize; LONGEST + 1],
    sorted: Vec<usize>,
}

impl Code {
    fn read(table: &[u8]) -> Result<Self, XpressError> {
        let lengths: Vec<usize> = table
            .iter()
            .flat_map(|pair| [pair & 15, pair >> 4])
            .map(usize::from)
            .collect();
        let mut counts = [0; LONGEST + 1];
        let mut sorted = Vec::with_capacity(SYMBOLS);
        let mut room = 0;
        for length in 1..=LONGEST {
            let own = lengths.iter().enumerate();
            let own = own.filter(|(_, own)| **own == length);
            let before = sorted.len();
            sorted.extend(own.map(|(symbol, _)| symbol));
            if let Some(count) = counts.get_mut(length) {
                *count = sorted.len() - before;
                room += *count << (LONGEST - length);
            }
        }
        // All of the room is used, neither less nor more.
        if room == 1 << LONGEST {
            Ok(Self { counts, sorted })
        } else {
            Err(XpressError::Code)
        }
    }
}

/// Bits in words of 16, and bytes between the words.
struct Bits<'a> {
    rest: &'a [u8],
    /// The bits that come next, from the highest.
    next: u32,
    /// How many more than 16 there are.
    extra: usize,
}

impl<'a> Bits<'a> {
    fn new(rest: &'a [u8]) -> Result<Self, XpressError> {
        let mut bits = Self {
            rest,
            next: 0,
            extra: 16,
        };
        let high = bits.word()?;
        bits.next = high << 16 | bits.word()?;
        Ok(bits)
    }

    fn word(&mut self) -> Result<u32, XpressError> {
        let (word, rest) = self.rest.split_first_chunk().ok_or(XpressError::Short)?;
        self.rest = rest;
        Ok(u16::from_le_bytes(*word).into())
    }

    fn byte(&mut self) -> Result<usize, XpressError> {
        let (byte, rest) = self.rest.split_first().ok_or(XpressError::Short)?;
        self.rest = rest;
        Ok(usize::from(*byte))
    }

    /// At most 16 bits, as a number.
    fn take(&mut self, count: usize) -> Result<usize, XpressError> {
        if count == 0 {
            return Ok(0);
        }
        let taken = self.next >> (32 - count);
        self.next <<= count;
        if let Some(extra) = self.extra.checked_sub(count) {
            self.extra = extra;
        } else {
            let missing = count - self.extra;
            self.next |= self.word()? << missing;
            self.extra = 16 - missing;
        }
        Ok(taken as usize)
    }

    fn symbol(&mut self, code: &Code) -> Result<usize, XpressError> {
        // Codes of one length follow each other, and the next length begins behind them.
        let (mut first, mut before) = (0, 0);
        for (length, count) in code.counts.iter().enumerate().skip(1) {
            let seen = (self.next >> (32 - length)) as usize;
            if let Some(at) = seen.checked_sub(first).filter(|at| at < count) {
                self.take(length)?;
                return code
                    .sorted
                    .get(before + at)
                    .copied()
                    .ok_or(XpressError::Code);
            }
            before += count;
            first = (first + count) << 1;
        }
        Err(XpressError::Code)
    }

    /// The length of a match, of which this is the beginning.
    fn length(&mut self, short: usize) -> Result<usize, XpressError> {
        let mut length = short;
        if length == 15 {
            length += self.byte()?;
            if length == 15 + 255 {
                length = self.word()? as usize;
                if length == 0 {
                    length = (self.word()? | self.word()? << 16) as usize;
                }
                if length < 15 {
                    return Err(XpressError::Match);
                }
            }
        }
        Ok(length.saturating_add(3))
    }
}
