//! Text that needs no care.

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Splits off a beginning that stands in XML as it is, without looking at single characters: some
/// of it, if not all.
pub(super) fn split_plain(text: &str) -> (&str, &str) {
    let blocks = text.as_bytes().chunks(BLOCK);
    let plain =
        blocks.take_while(|block| block.iter().fold(true, |all, byte| all & is_plain(*byte)));
    // ASCII alone, so a character ends there.
    text.split_at(plain.map(<[u8]>::len).sum())
}

fn is_plain(byte: u8) -> bool {
    (0x20..0x7f).contains(&byte) && !matches!(byte, b'<' | b'>' | b'&' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_care_is_left() {
        let long = "x".repeat(3 * BLOCK + 5);
        for (text, plain) in [
            ("", 0),
            ("plain", 5),
            (long.as_str(), long.len()),
            ("a<b", 0),
            ("tab\t", 0),
            ("\u{e9}", 0),
        ] {
            assert_eq!(split_plain(text), text.split_at(plain), "{text:?}");
        }
        let mixed = format!("{long}\u{e9}&{long}");
        assert_eq!(split_plain(&mixed), mixed.split_at(3 * BLOCK));
    }
}
