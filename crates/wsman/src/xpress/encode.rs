//! Writing a block ([MS-XCA] 2.1.4).
//!
//! The code is the same for all blocks: seven bits for what text is made of, ten for matches at
//! middling distances, eleven for all else. It is not the best for any, needs no look at the data
//! before, and every reader takes it.

use super::{END, SYMBOLS, TABLE};

/// Bits of the table that finds what was there before.
const HASH: u32 = 12;
/// The shortest match, and the shortest of one that is far.
const MATCH: usize = 3;
const FAR_MATCH: usize = 4;
const FAR: usize = 1 << 10;

/// What stands for `data`, at most 64 KiB.
pub(super) fn block(data: &[u8]) -> Vec<u8> {
    let codes = codes();
    let mut bits = Bits::new();
    let mut seen = vec![usize::MAX; 1 << HASH];
    let mut at = 0;
    while let Some(byte) = data.get(at) {
        let here = data.get(at..).unwrap_or_default();
        let before = here.first_chunk().and_then(|three| {
            let place = seen.get_mut(hash(*three))?;
            Some(std::mem::replace(place, at)).filter(|before| *before < at)
        });
        let found = before.and_then(|before| {
            let there = data.get(before..).unwrap_or_default();
            let same = there.iter().zip(here).take_while(|(a, b)| a == b).count();
            let distance = at - before;
            let shortest = if distance < FAR { MATCH } else { FAR_MATCH };
            (same >= shortest).then_some((same, distance))
        });
        if let Some((length, distance)) = found {
            repeat(&mut bits, &codes, length, distance);
            at += length;
        } else {
            bits.code(&codes, usize::from(*byte));
            at += 1;
        }
    }
    bits.code(&codes, END);
    bits.finish()
}

fn hash(three: [u8; 3]) -> usize {
    let [a, b, c] = three;
    let number = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1);
    (number >> (u32::BITS - HASH)) as usize
}

fn repeat(bits: &mut Bits, codes: &[(u32, u32)], length: usize, distance: usize) {
    let far = distance.ilog2();
    let length = length - MATCH;
    bits.code(codes, END + length.min(15) + 16 * far as usize);
    if let Some(more) = length.checked_sub(15) {
        match u8::try_from(more) {
            Ok(more) if more < 255 => bits.out.push(more),
            _ => {
                bits.out.push(255);
                let length = u16::try_from(length).unwrap_or(u16::MAX);
                bits.out.extend(length.to_le_bytes());
            }
        }
    }
    let low = u32::try_from(distance).unwrap_or_default() & ((1 << far) - 1);
    bits.write(far, low);
}

/// How many bits a symbol's code has.
fn length(symbol: usize) -> u32 {
    match symbol {
        // 96 of them, and 96, and 320: together all codes that there are.
        0x20..=0x7f => 7,
        0x140..=0x19f => 10,
        _ => 11,
    }
}

/// Length and code of each symbol.
fn codes() -> Vec<(u32, u32)> {
    let mut codes = vec![(0, 0); SYMBOLS];
    let mut next = 0;
    let mut before = 7;
    for own in [7, 10, 11] {
        next <<= own - before;
        before = own;
        for (_, code) in (0..SYMBOLS)
            .zip(codes.iter_mut())
            .filter(|(symbol, _)| length(*symbol) == own)
        {
            *code = (own, next);
            next += 1;
        }
    }
    codes
}

/// Bits in words of 16, and bytes between the words where a reader looks for them: it is two words
/// ahead.
struct Bits {
    out: Vec<u8>,
    /// Where the word goes that is being filled, and the one behind it.
    first: usize,
    second: usize,
    word: u32,
    free: u32,
}

impl Bits {
    fn new() -> Self {
        let mut out: Vec<u8> = (0..TABLE)
            .map(|pair| length(2 * pair) | length(2 * pair + 1) << 4)
            .map(|pair| u8::try_from(pair).unwrap_or_default())
            .collect();
        out.extend([0; 4]);
        Self {
            out,
            first: TABLE,
            second: TABLE + 2,
            word: 0,
            free: 16,
        }
    }

    fn code(&mut self, codes: &[(u32, u32)], symbol: usize) {
        if let Some((count, code)) = codes.get(symbol) {
            self.write(*count, *code);
        }
    }

    /// At most 16 bits.
    fn write(&mut self, count: u32, bits: u32) {
        if let Some(free) = self.free.checked_sub(count) {
            self.free = free;
            self.word = self.word << count | bits;
            return;
        }
        let over = count - self.free;
        self.word = self.word << self.free | bits >> over;
        self.put();
        self.first = self.second;
        self.second = self.out.len();
        self.out.extend([0; 2]);
        self.free = 16 - over;
        self.word = bits & ((1 << over) - 1);
    }

    fn put(&mut self) {
        let [low, high, ..] = self.word.to_le_bytes();
        for (at, byte) in [(self.first, low), (self.first + 1, high)] {
            if let Some(place) = self.out.get_mut(at) {
                *place = byte;
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.word <<= self.free;
        self.put();
        self.out
    }
}
