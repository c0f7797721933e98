//! Random output of every kind: however it is cut, painted or resized, the screen stays right.

use proptest::prelude::*;
use winsta_domain::TerminalSize;
use winsta_screen::Screen;
use winsta_screen::oracle::{check_output, check_paint};

/// A number as it stands in a sequence: mostly small, sometimes left out or huge.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        8 => (0..12_u32).prop_map(|n| n.to_string()),
        2 => (0..90_u32).prop_map(|n| n.to_string()),
        1 => (0..70_000_u32).prop_map(|n| n.to_string()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{1,12}",
        1 => "[ -~]{30,100}",
        1 => "[世界👍🏽한글]{1,6}",
        1 => "[a-e\u{301}\u{fe0f}\u{200d}❤👩世]{1,8}",
        1 => "\\PC{1,4}",
    ]
}

fn sgr() -> impl Strategy<Value = String> {
    let color = any::<(u8, u8)>().prop_map(|(form, n)| match form % 4 {
        0 => format!(";5;{n}"),
        1 => format!(":5:{n}"),
        2 => format!(":2::{n}:3:4"),
        _ => format!(";2;{n};3;4"),
    });
    let one = prop_oneof![
        Just(String::new()),
        (0..10_u8).prop_map(|n| n.to_string()),
        (21..60_u8).prop_map(|n| n.to_string()),
        (90..108_u8).prop_map(|n| n.to_string()),
        (0..6_u8).prop_map(|n| format!("4:{n}")),
        (prop::sample::select(vec![38, 48, 58]), color)
            .prop_map(|(n, color)| format!("{n}{color}")),
    ];
    prop::collection::vec(one, 0..4).prop_map(|all| format!("\x1b[{}m", all.join(";")))
}

fn mode() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec![
        1_u16, 3, 5, 6, 6, 7, 7, 9, 12, 25, 45, 47, 66, 69, 1000, 1002, 1003, 1004, 1005, 1006,
        1007, 1015, 1016, 1047, 1048, 1049, 1049, 2004, 2026, 2027, 2031, 4242,
    ]);
    prop_oneof![
        4 => (number, any::<bool>())
            .prop_map(|(n, on)| format!("\x1b[?{n}{}", if on { 'h' } else { 'l' })),
        1 => prop::sample::select(vec!["\x1b[4h", "\x1b[4l", "\x1b[20h", "\x1b[20l"])
            .prop_map(str::to_owned),
    ]
}

fn fixed() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "\r\n",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        "\t",
        "\x08",
        "\x07",
        "\x0b",
        "\x0e",
        "\x0f",
        "\x18",
        "\x7f",
        "\x1b7",
        "\x1b8",
        "\x1b=",
        "\x1b>",
        "\x1bD",
        "\x1bE",
        "\x1bH",
        "\x1bM",
        "\x1bN",
        "\x1bO",
        "\x1bc",
        "\x1bn",
        "\x1bo",
        "\x1b#8",
        "\x1b(0",
        "\x1b(B",
        "\x1b)0",
        "\x1b*0",
        "\x1b+A",
        "\x1b)K",
        "\x1b[!p",
        "\x1b[s",
        "\x1b[u",
        "\x1b[3 q",
        "\x1b[0 q",
        "\x1b[>1u",
        "\x1b[>13u",
        "\x1b[<u",
        "\x1b[=5;1u",
        "\x1b[=2;2u",
        "\x1b[=4;3u",
        "\x1b[>4;2m",
        "\x1b[>4n",
        "\x1b[>m",
        "\x1b[>4m",
        "\x1b]0;both\x07",
        "\x1b]1;icon\x1b\\",
        "\x1b]2;a;b\x1b\\",
        "\x1b]7;file://host/tmp\x07",
        "\x1b[22;0t",
        "\x1b[22;1t",
        "\x1b[22;2t",
        "\x1b[23;0t",
        "\x1b[23;2t",
        "\x1b]8;;http://a/\x1b\\",
        "\x1b]8;id=7;http://b/;c\x07",
        "\x1b]8;;\x07",
        "\x1b]4;1;red;2;#123456\x07",
        "\x1b]10;#fff;#000\x07",
        "\x1b]12;?\x07",
        "\x1b]104;1\x07",
        "\x1b]104\x07",
        "\x1b]111\x07",
        "\x1b]52;c;aGk=\x07",
        "\x1bP1$r0m\x1b\\",
        "\x1b_Gx\x1b\\",
        "\x1b[",
        "\x1b[3",
        "\x1b",
        "\x1b]2;half",
        "\x1bPhalf",
        "\x1b(",
        "\x1b[<<",
        "\x1b[1 2m",
        "\x1b[2\nC",
        "\x1b[99999999999A",
    ])
    .prop_map(str::to_owned)
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let moving = (number(), number(), "[A-IJKLMPSTXZ@`abdefgr^q]")
        .prop_map(|(a, b, end)| format!("\x1b[{a};{b}{end}"));
    let single =
        (number(), "[A-IJKLMPSTXZ@`abdefgr^]").prop_map(|(a, end)| format!("\x1b[{a}{end}"));
    let repeated = ("[ -~世]", 0..40_u8).prop_map(|(char, n)| format!("{char}\x1b[{n}b"));
    let strings = prop_oneof![
        10 => text(),
        4 => sgr(),
        3 => mode(),
        6 => fixed(),
        3 => single,
        3 => moving,
        1 => repeated,
        1 => "\\PC{0,3}".prop_map(|title| format!("\x1b]2;{title}\x1b\\")),
    ];
    prop_oneof![
        30 => strings.prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..6),
        1 => prop::sample::select(vec![&b"\xe4\xb8"[..], b"\xf0\x9f", b"\xc3", b"\xe0\x80", b"\x9b"])
            .prop_map(<[u8]>::to_vec),
    ]
}

/// Lines that scroll off, coloured or not, as commands write them in bulk.
fn flood() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        3 => "[ -~]{0,40}",
        1 => "\x1b\\[(0|)1;3[1-7]m[a-z]{1,12}\x1b\\[(0|)m",
        1 => "\x1b\\[3[1-7]m[a-z]{1,12}",
        1 => "[a-z]{0,9}\t[a-z]{0,4}[世界]{0,40}",
        1 => "\x1b\\]8;;http://[a-c]/\x1b\\\\[a-z]{1,5}(\x1b\\]8;;\x1b\\\\|)",
        1 => "\x1b\\]2;[a-z]{0,4}\x07[a-z]{0,30}\r[a-z]{0,4}",
        1 => "\x1b\\(0[a-z]{0,5}(\x1b\\(B|)",
        1 => "[a-z]{0,9}\x08[a-z]{0,2}\x0b[a-z]{0,2}[\x0e\x0f]{0,2}",
        1 => "[a-z]{50,300}",
    ];
    let ends = prop_oneof![12 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r"), 1 => Just("\n\r")];
    prop::collection::vec((line, ends), 1..120).prop_map(|lines| {
        lines
            .into_iter()
            .flat_map(|(line, end)| (line + end).into_bytes())
            .collect()
    })
}

fn output() -> impl Strategy<Value = Vec<u8>> {
    let pieces = || prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat());
    prop_oneof![
        3 => pieces(),
        1 => (pieces(), flood(), pieces()).prop_map(|(a, b, c)| [a, b, c].concat()),
    ]
}

fn size() -> impl Strategy<Value = TerminalSize> {
    prop_oneof![
        4 => (1..30_u16, 1..10_u16),
        1 => (1..4_u16, 1..4_u16),
        1 => Just((80, 24)),
    ]
    .prop_map(|(cols, rows)| TerminalSize::clamped(cols, rows))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn output_of_every_kind(size in size(), output in output()) {
        check_output(size, &output);
    }

    #[test]
    fn any_bytes(size in size(), output in prop::collection::vec(any::<u8>(), 0..400)) {
        check_output(size, &output);
    }

    #[test]
    fn resizes_in_between(steps in prop::collection::vec((size(), output()), 1..5)) {
        let mut screen = Screen::with_scrollback(TerminalSize::DEFAULT, 7);
        for (size, output) in steps {
            screen.feed(&output);
            screen.resize(size);
            prop_assert_eq!(screen.size(), size);
            check_paint(&screen);
        }
    }

    #[test]
    fn cuts_anywhere(size in size(), output in output(), cuts in prop::collection::vec(1..200_usize, 1..20)) {
        let mut whole = Screen::with_scrollback(size, 3);
        whole.feed(&output);
        let mut cut = Screen::with_scrollback(size, 3);
        let mut rest = &output[..];
        for len in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(len.min(rest.len()));
            cut.feed(now);
            rest = later;
        }
        prop_assert_eq!(whole, cut);
    }
}
