use proptest::prelude::*;

use super::Action::{Deliver, Detach};
use super::*;

/// What was typed, in parts with the milliseconds between them, and what came of it.
fn typed(spec: &str, parts: &[(u64, &[u8])], patient: bool) -> (Vec<u8>, Action) {
    let mut filter = KeyFilter::new(spec.parse().unwrap());
    let mut now = Instant::now();
    let mut out = Vec::new();
    for (pause, bytes) in parts {
        now += Duration::from_millis(*pause);
        // as the input thread does: a deadline that has come is served before what is read
        if filter.deadline().is_some_and(|at| at <= now) {
            filter.expire(now, &mut out);
        }
        if filter.feed(now, bytes, &mut out) == Detach {
            return (out, Detach);
        }
    }
    if patient {
        // the prefix and the front of a key behind it have a deadline each
        for _ in 0..2 {
            if let Some(at) = filter.deadline() {
                filter.expire(at, &mut out);
            }
        }
        assert_eq!(filter.deadline(), None, "nothing is held for ever");
    }
    (out, Deliver)
}

type Case<'a> = (&'a str, &'a str, &'a [(u64, &'a [u8])], &'a [u8], Action);

/// Of the default key unless another is named.
const D: &str = r"C-\ d";

#[rustfmt::skip]
const CASES: &[Case<'_>] = &[
    ("text", D, &[(0, b"hello\r")], b"hello\r", Deliver),
    ("pressed", D, &[(0, b"\x1c"), (100, b"d")], b"", Detach),
    ("in one read", D, &[(0, b"ab\x1cdxy")], b"ab", Detach),
    ("in time", D, &[(0, b"\x1c"), (599, b"d")], b"", Detach),
    ("too late", D, &[(0, b"\x1c"), (600, b"d")], b"\x1cd", Deliver),
    ("prefix, then half a key", D, &[(0, b"\x1c"), (551, b"\x1b")], b"\x1c\x1b", Deliver),
    ("prefix alone", D, &[(0, b"\x1c")], b"\x1c", Deliver),
    ("another key", D, &[(0, b"\x1c"), (9, b"x")], b"\x1cx", Deliver),
    ("an arrow", D, &[(0, b"\x1c"), (9, b"\x1b[A")], b"\x1c\x1b[A", Deliver),
    ("capital D", D, &[(0, b"\x1c"), (9, b"D")], b"\x1cD", Deliver),
    ("prefix twice", D, &[(0, b"\x1c\x1c")], b"\x1c", Deliver),
    ("prefix twice, then d", D, &[(0, b"\x1c\x1cd")], b"\x1cd", Deliver),
    ("prefix thrice, then d", D, &[(0, b"\x1c\x1c\x1cd")], b"\x1c", Detach),
    ("kitty", D, &[(0, b"\x1b[92;5u"), (9, b"d")], b"", Detach),
    ("kitty with releases", D, &[(0, b"\x1b[57442;5u\x1b[92;5:1u\x1b[92;5:3u\x1b[57442;1:3u\x1b[100u")], b"\x1b[57442;5u", Detach),
    ("kitty, another key", D, &[(0, b"\x1b[92;5u\x1b[92;5:3u\x1b[101u")], b"\x1b[92;5u\x1b[92;5:3u\x1b[101u", Deliver),
    ("kitty twice", D, &[(0, b"\x1b[92;5u\x1b[92;5u")], b"\x1b[92;5u", Deliver),
    ("modifyOtherKeys", D, &[(0, b"\x1b[27;5;92~d")], b"", Detach),
    ("shift too", D, &[(0, b"\x1b[27;6;92~d")], b"\x1b[27;6;92~d", Deliver),
    ("split", D, &[(0, b"\x1b[9"), (1, b"2;5"), (1, b"ud")], b"", Detach),
    // the Escape went to the program, since it might have been all there is
    ("split behind Escape", D, &[(0, b"\x1b"), (1, b"[92;5ud")], b"\x1b", Detach),
    ("split behind Escape, another key", D, &[(0, b"\x1b"), (1, b"[92;5u"), (1, b"x")], b"\x1b[92;5ux", Deliver),
    ("Escape, later [", D, &[(0, b"\x1b"), (60, b"[")], b"\x1b[", Deliver),
    ("half a sequence", D, &[(0, b"\x1b[9")], b"\x1b[9", Deliver),
    ("half a character", D, &[(0, b"\xc3"), (1, b"\xa9")], "é".as_bytes(), Deliver),
    ("in a paste", D, &[(0, b"\x1b[200~a\x1cd\x1b[201~b")], b"\x1b[200~a\x1cd\x1b[201~b", Deliver),
    ("in a paste, split", D, &[(0, b"\x1b[20"), (1, b"0~\x1cd\x1b[2"), (1, b"01~"), (1, b"\x1cd")], b"\x1b[200~\x1cd\x1b[201~", Detach),
    ("a paste behind the prefix", D, &[(0, b"\x1c\x1b[200~d\x1b[201~")], b"\x1c\x1b[200~d\x1b[201~", Deliver),
    ("mouse between", D, &[(0, b"\x1c\x1b[<35;1;1Md")], b"", Detach),
    ("one key", "C-]", &[(0, b"a\x1db")], b"a", Detach),
    ("two control keys", "C-a C-d", &[(0, b"\x01\x04")], b"", Detach),
    ("three keys", "C-b C-b q", &[(0, b"\x02\x02q")], b"", Detach),
    ("three keys, not the last", "C-b C-b q", &[(0, b"\x02\x02x")], b"\x02\x02x", Deliver),
    ("none", "none", &[(0, b"\x1cd\x1b")], b"\x1cd\x1b", Deliver),
];

#[test]
fn the_detach_key_is_found_and_nothing_else_is_taken() {
    for (label, spec, parts, wanted, action) in CASES {
        let (out, did) = typed(spec, parts, true);
        assert_eq!(
            out.escape_ascii().to_string(),
            wanted.escape_ascii().to_string(),
            "{label}"
        );
        assert_eq!(did, *action, "{label}");
    }
}

#[test]
fn an_escape_is_not_kept_waiting() {
    assert_eq!(typed(r"C-\ d", &[(0, b"\x1b")], false).0, b"\x1b");
    assert_eq!(typed(r"C-\ d", &[(0, b"\x1bO")], false).0, b"\x1bO");
    assert_eq!(
        typed(r"C-\ d", &[(0, b"\x1b]11;rgb:")], false).0,
        b"\x1b]11;rgb:"
    );
}

#[test]
fn specs_are_read_and_written() {
    let cases = [
        (r"C-\ d", r"C-\ d"),
        ("c-B  D", "C-b D"),
        ("^] Space", "C-] Space"),
        ("none", "none"),
        ("C-^", "C-^"),
    ];
    for (text, wanted) in cases {
        let key: DetachKey = text.parse().unwrap();
        assert_eq!(key.to_string(), wanted, "{text}");
        assert_eq!(wanted.parse(), Ok(key), "{text}");
    }
    let fails = [
        ("", KeyError::Empty),
        ("d", KeyError::Plain("d".into())),
        ("C-i", KeyError::Ambiguous("C-i".into(), "Tab")),
        ("C-[ d", KeyError::Ambiguous("C-[".into(), "Escape")),
        ("C-", KeyError::Unknown("C-".into())),
        ("C-é", KeyError::Unknown("C-é".into())),
        ("F1", KeyError::Unknown("F1".into())),
        ("C-a a a a a", KeyError::Long),
    ];
    for (text, wanted) in fails {
        assert_eq!(text.parse::<DetachKey>(), Err(wanted), "{text}");
    }
}

/// Bytes that make trouble, more often than chance would.
fn troublesome() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&'static [u8]> = vec![
        b"\x1c",
        b"d",
        b"x",
        b"\x1b",
        b"[",
        b"92;5u",
        b"\x1b[92;5u",
        b"\x1b[92;5:3u",
        b"\x1b[27;5;92~",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\x1b[<0;1;1M",
        b"\x1b]11;rgb:1\x07",
        b"\x1b[?1;2c",
        b"\xc3",
        b"\xc3\xa9",
        b"\x1b[M   ",
        b"\x1bP",
        b"9",
        b";",
    ];
    let part = prop_oneof![
        4 => prop::sample::select(parts).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    /// With a key that cannot be pressed, every byte comes out, in order.
    #[test]
    fn nothing_is_lost_or_reordered(bytes in troublesome(), cut in 1usize..9, pause in 0u64..700) {
        let parts: Vec<_> = bytes.chunks(cut).map(|part| (pause, part)).collect();
        let (out, action) = typed(r"C-\ C-z C-z", &parts, true);
        prop_assume!(action == Deliver);
        // a prefix pressed twice delivers one: take the doubles out of what was typed as well
        prop_assert!(is_subsequence(&out, &bytes));
        let dropped = bytes.len() - out.len();
        let prefixes = count(&bytes, b"\x1c") + 10 * count(&bytes, b"92");
        prop_assert!(dropped <= prefixes);
    }

    /// However the bytes are cut, a detach key is found, and at the same place.
    #[test]
    fn cuts_do_not_matter(bytes in troublesome(), cut in 1usize..9) {
        let whole = typed(r"C-\ d", &[(0, &bytes)], true);
        let parts: Vec<_> = bytes.chunks(cut).map(|part| (0, part)).collect();
        let (out, action) = typed(r"C-\ d", &parts, true);
        prop_assert_eq!(action, whole.1);
        // but for the front of the prefix's sequence, which may have been delivered already
        let more = out.strip_prefix(whole.0.as_slice());
        prop_assert!(matches!(more, Some([] | [0x1b])), "{:?} {:?}", out, whole.0);
    }
}

fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|byte| whole.any(|other| other == byte))
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .filter(|window| *window == part)
        .count()
}
