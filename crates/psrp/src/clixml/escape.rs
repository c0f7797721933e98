//! How text is written in CLIXML: `_xHHHH_` for what XML cannot hold ([MS-PSRP] 2.2.5.3.2), then
//! XML's own escapes.

use super::text::{Builder, Text};

/// What has to be done about a byte of UTF-8 text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Nothing: it is written as it is.
    None,
    /// It is markup in XML.
    Markup,
    /// It is a control character.
    Control,
    /// An underscore, which begins an escape if `x` follows.
    Underscore,
    /// It begins a character from U+0080, some of which are control characters.
    Latin,
    /// It begins a character among which are U+FFFE and U+FFFF, which XML does not have.
    High,
    /// It begins a character beyond U+FFFF, which is written as two surrogates.
    Pair,
}

const CARE: [Care; 256] = care();

#[expect(clippy::indexing_slicing, reason = "the index runs over the array")]
const fn care() -> [Care; 256] {
    let mut table = [Care::None; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte {
            0..=0x1f | 0x7f => Care::Control,
            // `<`, `>`, `&`, `"`
            0x3c | 0x3e | 0x26 | 0x22 => Care::Markup,
            0x5f => Care::Underscore,
            0xc2 => Care::Latin,
            0xef => Care::High,
            0xf0..=0xff => Care::Pair,
            _ => Care::None,
        };
        byte += 1;
    }
    table
}

/// Appends `text` to the content of an element, or to an attribute between double quotes.
pub(super) fn write_str(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut rest = bytes;
    loop {
        let plain = rest
            .iter()
            .position(|byte| CARE.get(usize::from(*byte)) != Some(&Care::None))
            .unwrap_or(rest.len());
        let (run, special) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        out.extend_from_slice(run);
        let Some(taken) = write_special(out, special) else {
            return;
        };
        rest = special.get(taken..).unwrap_or_default();
    }
}

/// Writes the character that `bytes`, which are UTF-8, begin with, and says how long it was.
fn write_special(out: &mut Vec<u8>, bytes: &[u8]) -> Option<usize> {
    let (first, rest) = bytes.split_first()?;
    let length = match CARE.get(usize::from(*first))? {
        Care::None | Care::Underscore | Care::Control | Care::Markup => 1,
        Care::Latin => 2,
        Care::High => 3,
        Care::Pair => 4,
    };
    match (CARE.get(usize::from(*first))?, rest) {
        (Care::Markup, _) => out.extend_from_slice(match first {
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'&' => b"&amp;",
            _ => b"&quot;",
        }),
        (Care::Control, _) => write_unit(out, u16::from(*first)),
        (Care::Underscore, [b'x' | b'X', ..]) => write_unit(out, u16::from(b'_')),
        (Care::Latin, [second @ 0x80..=0x9f, ..]) => write_unit(out, u16::from(*second)),
        (Care::High, [0xbf, last @ 0xbe..=0xbf, ..]) => write_unit(out, 0xff40 | u16::from(*last)),
        (Care::Pair, _) => {
            let text = bytes.get(..length).and_then(|b| str::from_utf8(b).ok())?;
            for unit in text.encode_utf16() {
                write_unit(out, unit);
            }
        }
        _ => out.extend_from_slice(bytes.get(..length)?),
    }
    Some(length)
}

/// Appends `text`, which may have surrogates that stand alone.
pub(super) fn write_text(out: &mut Vec<u8>, text: &Text) {
    if let Some(text) = text.as_str() {
        return write_str(out, text);
    }
    // Whole runs, for an underscore has to be seen with what follows it.
    let mut run = String::new();
    for part in char::decode_utf16(text.to_utf16()) {
        match part {
            Ok(c) => run.push(c),
            Err(lone) => {
                write_str(out, &run);
                run.clear();
                write_unit(out, lone.unpaired_surrogate());
            }
        }
    }
    write_str(out, &run);
}

fn write_unit(out: &mut Vec<u8>, unit: u16) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(b"_x");
    for shift in [12, 8, 4, 0] {
        let digit = DIGITS.get(usize::from(unit >> shift & 0xf));
        out.extend(digit);
    }
    out.push(b'_');
}

/// The text that `written` stands for, once XML's own escapes are undone.
pub(super) fn read(written: &str) -> Text {
    let Some(first) = next_escape(written, 0) else {
        return written.into();
    };
    let mut text = Builder::with_capacity(written.len());
    let mut done = 0;
    let mut escape = Some(first);
    while let Some((at, unit)) = escape {
        text.push_str(written.get(done..at).unwrap_or_default());
        text.push_unit(unit);
        done = at + ESCAPE;
        escape = next_escape(written, done);
    }
    text.push_str(written.get(done..).unwrap_or_default());
    text.finish()
}

/// Bytes of `_xHHHH_`.
const ESCAPE: usize = 7;

/// Where the next escape begins, and the code unit that it stands for.
fn next_escape(written: &str, mut from: usize) -> Option<(usize, u16)> {
    let bytes = written.as_bytes();
    loop {
        let at = from + memchr::memchr(b'_', bytes.get(from..)?)?;
        if let Some(unit) = escape_at(bytes.get(at..at + ESCAPE)?) {
            return Some((at, unit));
        }
        from = at + 1;
    }
}

fn escape_at(bytes: &[u8]) -> Option<u16> {
    let [b'_', b'x' | b'X', digits @ .., b'_'] = bytes else {
        return None;
    };
    digits.iter().try_fold(0, |unit: u16, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &Text) -> String {
        let mut out = Vec::new();
        write_text(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn table() {
        let cases: &[(&str, &str)] = &[
            ("", ""),
            ("plain", "plain"),
            ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;'"),
            ("line\r\n\ttab", "line_x000D__x000A__x0009_tab"),
            ("\u{7f}\u{80}\u{9f}\u{a0}", "_x007F__x0080__x009F_\u{a0}"),
            ("_x000A_", "_x005F_x000A_"),
            ("_X_ _y_", "_x005F_X_ _y_"),
            ("\u{10437}", "_xD801__xDC37_"),
            ("\u{fffd}\u{fffe}\u{ffff}", "\u{fffd}_xFFFE__xFFFF_"),
            ("こんにちは", "こんにちは"),
        ];
        for (text, expected) in cases {
            assert_eq!(written(&Text::from(*text)), *expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["_", "_x", "_x00", "_x000G_", "_x000A", "x000A_", "__x0 41_"] {
            assert_eq!(read(text), Text::from(text));
        }
        assert_eq!(read("__x0041_"), Text::from("_A"));
        assert_eq!(read("_x005f_x0041_"), Text::from("_x0041_"));
        assert_eq!(read("_xD801__xDC37_!"), Text::from("\u{10437}!"));
    }

    #[test]
    fn lone_surrogates_are_kept() {
        for units in [
            &[0xd801][..],
            &[0xdc37],
            &[0x61, 0xdc37, 0xd801, 0x62],
            &[0xd801, 0xd801],
        ] {
            let text = Text::from_utf16(units);
            assert_eq!(text.as_str(), None);
            assert_eq!(read(&written(&text)), text);
            assert_eq!(text.to_utf16(), units);
        }
    }

    /// Often one that means something here.
    fn unit() -> impl Strategy<Value = u16> {
        let special = prop::sample::select("_xX0041<&".encode_utf16().collect::<Vec<_>>());
        prop_oneof![any::<u16>(), special, 0xd7f0_u16..0xe010]
    }

    proptest! {
        #[test]
        fn any_units_come_back(units in prop::collection::vec(unit(), 0..40)) {
            let text = Text::from_utf16(&units);
            let raw = written(&text);
            let unmarked = quick_xml::escape::unescape(&raw).unwrap();
            prop_assert_eq!(read(&unmarked), text);
        }

        #[test]
        fn any_text_comes_back(text in ".*") {
            let raw = written(&Text::from(text.as_str()));
            let unmarked = quick_xml::escape::unescape(&raw).unwrap();
            prop_assert_eq!(read(&unmarked), Text::from(text));
        }
    }
}
