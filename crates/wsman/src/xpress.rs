//! Compressed streams of shells: what `xpress` in the header `CompressionType` stands for.
//!
//! The bytes of each piece of a stream are blocks of at most 64 KiB: the length of the block's data
//! and of what stands for it, both less one, then that. Where both are the same it is the data
//! itself, else LZ77 with Huffman codes ([MS-XCA] 2.1, 2.2; [MS-WSMV] 3.2.4.1.19, note 134).

mod decode;
mod encode;

pub use decode::XpressError;

/// Bytes of data in a block.
const BLOCK: usize = 64 << 10;
/// Bytes of a block's two lengths.
const HEAD: usize = 4;
/// Data that is shorter is not compressed.
const SHORT: usize = 266;
/// Symbols of a code: bytes, and matches by length and distance.
const SYMBOLS: usize = 512;
/// Bytes of the table of their lengths.
const TABLE: usize = SYMBOLS / 2;
/// The symbol behind the last.
const END: usize = 256;

/// The blocks for a piece of a stream.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 2 + HEAD);
    for data in bytes.chunks(BLOCK) {
        let packed = (data.len() >= SHORT).then(|| encode::block(data));
        let packed = packed.filter(|packed| packed.len() < data.len());
        let body = packed.as_deref().unwrap_or(data);
        for length in [data.len(), body.len()] {
            // A block has at least one byte and at most 65,536.
            let less_one = u16::try_from(length.saturating_sub(1)).unwrap_or(u16::MAX);
            out.extend(less_one.to_le_bytes());
        }
        out.extend_from_slice(body);
    }
    out
}

/// What the blocks of a piece stand for, at most `most` bytes.
///
/// # Errors
///
/// What is no such block, or stands for more.
pub fn decompress(bytes: &[u8], most: usize) -> Result<Vec<u8>, XpressError> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (head, behind) = rest.split_first_chunk::<HEAD>().ok_or(XpressError::Short)?;
        let [a, b, c, d] = *head;
        let length = usize::from(u16::from_le_bytes([a, b])) + 1;
        let packed = usize::from(u16::from_le_bytes([c, d])) + 1;
        if out.len() + length > most {
            return Err(XpressError::Long { most });
        }
        let (body, next) = behind.split_at_checked(packed).ok_or(XpressError::Short)?;
        if length == packed {
            out.extend_from_slice(body);
        } else {
            decode::block(body, length, &mut out)?;
        }
        rest = next;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The examples of [MS-XCA] 3.2: bytes of the table that are not 0, and what is behind it.
    #[test]
    fn the_specifications_examples_are_read() {
        let alphabet: &[(usize, u8)] = &[
            (48, 0x50),
            (49, 0x55),
            (50, 0x55),
            (51, 0x55),
            (52, 0x55),
            (53, 0x55),
            (54, 0x55),
            (55, 0x55),
            (56, 0x55),
            (57, 0x55),
            (58, 0x55),
            (59, 0x45),
            (60, 0x44),
            (61, 0x04),
            (128, 0x04),
        ];
        let letters = [
            0xd8, 0x52, 0x3e, 0xd7, 0x94, 0x11, 0x5b, 0xe9, 0x19, 0x5f, 0xf9, 0xd6, 0x7c, 0xdf,
            0x8d, 0x04, 0, 0, 0, 0,
        ];
        let repeated: &[(usize, u8)] = &[(48, 0x30), (49, 0x23), (128, 0x02), (143, 0x20)];
        let match_of_297 = [0xa8, 0xdc, 0, 0, 0xff, 0x26, 0x01];
        let abc = "abc".repeat(100);
        for (table, codes, data) in [
            (alphabet, &letters[..], "abcdefghijklmnopqrstuvwxyz"),
            (repeated, &match_of_297[..], abc.as_str()),
        ] {
            let mut body = vec![0; TABLE];
            for (at, lengths) in table {
                body[*at] = *lengths;
            }
            body.extend_from_slice(codes);
            let mut out = Vec::new();
            decode::block(&body, data.len(), &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), data);
        }
    }

    #[test]
    fn blocks_say_how_long_they_are_less_one() {
        assert_eq!(compress(b""), b"");
        assert_eq!(compress(b"abc"), b"\x02\0\x02\0abc");
        let text = "<S>a line</S>\n".repeat(10_000);
        let packed = compress(text.as_bytes());
        assert!(packed.len() < text.len() / 20, "{}", packed.len());
        assert_eq!(
            packed.get(..2),
            Some(&[0xff, 0xff][..]),
            "64 KiB come first"
        );
        assert_eq!(decompress(&packed, text.len()), Ok(text.into_bytes()));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        let text = compress("it is long enough, it repeats. ".repeat(20).as_bytes());
        for cut in 1..text.len() {
            assert!(decompress(&text[..cut], 1 << 20).is_err(), "{cut}");
        }
        let bomb = compress(&vec![0; 1 << 20]);
        let most = 1_000_000;
        assert_eq!(decompress(&bomb, most), Err(XpressError::Long { most }));
        let mut no_code = text.clone();
        no_code[HEAD..HEAD + TABLE].fill(0x11);
        assert_eq!(decompress(&no_code, 1 << 20), Err(XpressError::Code));
        let mut far = text;
        far.truncate(HEAD + TABLE);
        far[2..4].copy_from_slice(&255_u16.to_le_bytes());
        assert_eq!(decompress(&far, 1 << 20), Err(XpressError::Short));
    }

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(
            words in proptest::collection::vec("[a-c]{0,9}|\\PC{0,30}", 0..200),
            times in 1..40_usize,
        ) {
            let text = words.concat().repeat(times);
            let packed = compress(text.as_bytes());
            prop_assert_eq!(decompress(&packed, text.len()), Ok(text.into_bytes()));
        }

        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..3_000)) {
            prop_assert_eq!(decompress(&compress(&bytes), bytes.len()), Ok(bytes));
        }
    }
}
