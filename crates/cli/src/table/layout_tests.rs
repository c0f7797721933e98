//! Columns, cuts and characters that must not reach a terminal.

use super::*;

const COLUMNS: [Column; 3] = [
    Column::left("NAME", 1, 6),
    Column::right("ID", 12),
    Column::left("LAST", 15, usize::MAX),
];

fn one(marker: char, cells: [&str; 3]) -> String {
    let mut out = String::new();
    line(&COLUMNS, marker, &cells.map(Cow::Borrowed), &mut out);
    out
}

#[test]
fn cells_stand_where_their_columns_are() {
    let cases = [
        (' ', ["bob", "3", "x"], " bob        3  x\n"),
        ('>', ["bob", "3", ""], ">bob        3\n"),
        (' ', ["", "3", "x"], "            3  x\n"),
        ('>', ["", "", ""], ">\n"),
        (' ', ["", "", ""], "\n"),
        // Names are cut, in time for a long number.
        (' ', ["bobbobbob", "3", "x"], " bobbob     3  x\n"),
        (' ', ["bobbobbob", "12345678", "x"], " bob 12345678  x\n"),
        // A number is never cut.
        (' ', ["bob", "123456789012345", "x"], " 123456789012345 x\n"),
        // Wide characters take two columns, and are not halved.
        (
            ' ',
            ["\u{65e5}\u{672c}\u{8a9e}", "3", "x"],
            " \u{65e5}\u{672c}\u{8a9e}     3  x\n",
        ),
        (
            ' ',
            ["a\u{65e5}\u{672c}\u{8a9e}", "3", "x"],
            " a\u{65e5}\u{672c}      3  x\n",
        ),
        // A combining mark goes with its letter.
        (
            ' ',
            ["aaaaae\u{301}z", "3", "x"],
            " aaaaae\u{301}     3  x\n",
        ),
        // The last column is not cut, and ends without blanks.
        (
            ' ',
            ["b", "3", "a very long text  "],
            " b          3  a very long text\n",
        ),
    ];
    for (marker, cells, expected) in cases {
        assert_eq!(one(marker, cells), expected, "{cells:?}");
    }
}

#[test]
fn what_could_command_a_terminal_is_spelled_out() {
    let cases = [
        ("plain", "plain"),
        ("\u{65e5}", "\u{65e5}"),
        ("\x1b]0;x\x07", "^[]0;x^G"),
        ("a\nb\tc", "a^Jb^Ic"),
        ("\x7f", "^?"),
        ("\u{9b}31m", "<U+009B>31m"),
        ("\u{202e}txt.exe", "<U+202E>txt.exe"),
        ("a\u{200b}b", "a<U+200B>b"),
    ];
    for (text, expected) in cases {
        assert_eq!(visible(text), expected);
    }
    assert_eq!(one(' ', ["\x1b[2J", "3", "x"]), " ^[[2J      3  x\n");
}

proptest::proptest! {
    #[test]
    fn no_line_has_a_control_character(name in ".*", id in "[0-9]{0,20}", last in ".*") {
        let line = one(' ', [&name, &id, &last]);
        let body = line.strip_suffix('\n').unwrap();
        proptest::prop_assert!(!body.chars().any(char::is_control));
        let digits: String = id;
        proptest::prop_assert!(line.contains(&digits));
    }
}
