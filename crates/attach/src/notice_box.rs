//! Drawing a box over the screen.

use unicode_width::UnicodeWidthChar;
use winsta_domain::TerminalSize;

use crate::notices::Content;

/// Widest text in a box, in columns.
const WIDEST: usize = 60;
/// Columns that the frame takes beside the text.
const FRAME: usize = 4;
/// Most characters of a text that are looked at: more than any terminal can show.
const LONGEST: usize = 8192;

/// The escape sequences that draw a box with `content` in the middle of a terminal of this size.
/// They leave the terminal's modes alone but for those that would misplace the box, all of which
/// painting the screen sets again.
pub(crate) fn draw(content: &Content, size: TerminalSize) -> Vec<u8> {
    // what the program may be in the middle of, synchronised output, insert mode, margins, a
    // character set of line drawings, wrapping and the cursor would all spoil the box
    let mut out =
        String::from("\x18\x1b[?2026l\x1b[4l\x1b[?6l\x1b[?69l\x1b(B\x0f\x1b[?7l\x1b[?25l");
    for line in lines(content, size) {
        out.push_str(&at(line.row, line.col));
        out.push_str("\x1b[0");
        out.push_str(if line.bold { ";1m" } else { "m" });
        out.push_str(&line.text);
        if let Some((col, end)) = line.end {
            // set apart, so that it stands right whatever width the terminal gives to the text
            out.push_str("\x1b[0m");
            out.push_str(&at(line.row, col));
            out.push_str(end);
        }
    }
    out.push_str("\x1b[0m");
    out.into_bytes()
}

fn at(row: usize, col: usize) -> String {
    format!("\x1b[{row};{col}H")
}

/// One line of a box: where it begins (from 1), and what stands there.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    row: usize,
    col: usize,
    text: String,
    /// Column and text of the frame's right side.
    end: Option<(usize, &'static str)>,
    bold: bool,
}

fn lines(content: &Content, size: TerminalSize) -> Vec<Line> {
    let (cols, rows) = (usize::from(size.cols()), usize::from(size.rows()));
    let room = cols.saturating_sub(FRAME).clamp(1, WIDEST);
    let body = body(content, room, rows.saturating_sub(2).max(1));
    let title: String = cut(&clean(&content.title), room);
    let widest = body.iter().map(|(text, _)| width(text)).max().unwrap_or(0);
    let inner = widest.max(width(&title)).max(room.min(20));
    let (left, top) = (
        cols.saturating_sub(inner + FRAME) / 2 + 1,
        rows.saturating_sub(body.len() + 2) / 2 + 1,
    );
    let rule = |count: usize| "─".repeat(count);
    let mut all = vec![format!("┌ {title} {}┐", rule(inner - width(&title)))];
    let mut bold = vec![true];
    for (text, strong) in &body {
        let pad = " ".repeat(inner.saturating_sub(width(text)));
        all.push(format!("│ {text}{pad}"));
        bold.push(*strong);
    }
    all.push(format!("└{}┘", rule(inner + 2)));
    bold.push(false);
    let last = all.len() - 1;
    let place = |(at, (text, bold)): (usize, (String, bool))| Line {
        row: top + at,
        col: left,
        text,
        end: (at > 0 && at < last).then_some((left + inner + 2, " │")),
        bold,
    };
    let placed = all.into_iter().zip(bold).enumerate().map(place);
    placed.filter(|line| line.row <= rows).collect()
}

/// What stands between the rules, and which of it is bold: the text, the answer, the keys.
fn body(content: &Content, room: usize, rows: usize) -> Vec<(String, bool)> {
    let keys = cut(content.hint, room);
    let answer = content
        .answer
        .as_ref()
        .map(|answer| tail(&format!("> {}_", clean(answer)), room));
    let below = 1 + usize::from(answer.is_some());
    let text_rows = rows.saturating_sub(below).max(1);
    let mut text = wrap(&clean(&content.text), room);
    // an empty line sets the keys apart where there is room for it
    let spaced = text.len() + below < rows;
    if text.len() > text_rows {
        text.truncate(text_rows);
        if let Some(last) = text.last_mut() {
            *last = cut(&format!("{last} …"), room);
            if !last.ends_with('…') {
                *last = format!("{}…", cut(last, room.saturating_sub(1)));
            }
        }
    }
    let mut body: Vec<_> = text.into_iter().map(|line| (line, false)).collect();
    if spaced {
        body.push((String::new(), false));
    }
    body.extend(answer.map(|answer| (answer, true)));
    body.push((keys, false));
    body.truncate(rows);
    body
}

/// The text with everything shown that a terminal would obey: control characters as `^X`, tabs as
/// blanks; newlines stay.
fn clean(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars().take(LONGEST) {
        match character {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            '\0'..='\x1f' | '\x7f' => {
                out.push('^');
                out.push(char::from(u8::try_from(character).unwrap_or(0) ^ 0x40));
            }
            // C1 controls, and marks that turn the direction of the text around them
            '\u{80}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

fn width(text: &str) -> usize {
    text.chars()
        .map(|character| character.width().unwrap_or(0))
        .sum()
}

/// As much of the front as fits in `room` columns.
fn cut(text: &str, room: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= room
        })
        .collect()
}

/// As much of the end as fits in `room` columns.
fn tail(text: &str, room: usize) -> String {
    let mut used = 0;
    let fitting = text.chars().rev().take_while(|character| {
        used += character.width().unwrap_or(0);
        used <= room
    });
    let start = text.len() - fitting.map(char::len_utf8).sum::<usize>();
    text.get(start..).unwrap_or_default().to_owned()
}

/// The text in lines of at most `room` columns, broken between words where they fit.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_inclusive(' ') {
            let bare = word.trim_end_matches(' ');
            if !line.is_empty() && width(&line) + width(bare) > room {
                lines.push(std::mem::take(&mut line));
            }
            for character in word.chars() {
                let fits = width(&line) + character.width().unwrap_or(0) <= room;
                if !fits && character != ' ' {
                    lines.push(std::mem::take(&mut line));
                }
                if fits || character != ' ' {
                    line.push(character);
                }
            }
        }
        lines.push(line);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(text: &str, answer: Option<&str>) -> Content {
        Content {
            title: "Message from bob".to_owned(),
            text: text.to_owned(),
            answer: answer.map(str::to_owned),
            hint: "Enter: ok",
        }
    }

    /// The box as a picture: what stands where on a terminal that clips.
    fn picture(content: &Content, cols: u32, rows: u32) -> String {
        let size = TerminalSize::new(cols, rows).unwrap();
        let line = |line: Line| {
            let end = line.end.map_or("", |(_, end)| end);
            format!("{:02},{:02} {}{end}\n", line.row, line.col, line.text)
        };
        lines(content, size).into_iter().map(line).collect()
    }

    #[test]
    fn a_box_stands_in_the_middle() {
        assert_eq!(
            picture(&content("The disk is full.", None), 80, 24),
            "\
10,29 ┌ Message from bob ────┐
11,29 │ The disk is full.    │
12,29 │                      │
13,29 │ Enter: ok            │
14,29 └──────────────────────┘
"
        );
    }

    #[test]
    fn the_smallest_terminal_shows_what_it_can() {
        assert_eq!(
            picture(&content("The disk is full, and nobody cares.", None), 20, 4),
            "\
01,01 ┌ Message from bob ┐
02,01 │ The disk is …    │
03,01 │ Enter: ok        │
04,01 └──────────────────┘
"
        );
    }

    #[test]
    fn text_is_wrapped_shown_and_answered() {
        assert_eq!(
            picture(
                &content("漢字 wide\n\tand \x1b[2Jred\u{202e}x", Some("yes")),
                24,
                12
            ),
            "\
03,01 ┌ Message from bob ────┐
04,01 │ 漢字 wide            │
05,01 │     and ^[[2Jred\u{fffd}x   │
06,01 │                      │
07,01 │ > yes_               │
08,01 │ Enter: ok            │
09,01 └──────────────────────┘
"
        );
    }

    proptest! {
        #[test]
        fn a_box_never_leaves_the_terminal(
            text in "(\\PC|[\n\t\x1b ]|漢){0,300}",
            answer in prop::option::of("\\PC{0,100}"),
            cols in 20u32..200,
            rows in 4u32..60,
        ) {
            let size = TerminalSize::new(cols, rows).unwrap();
            let content = content(&text, answer.as_deref());
            for line in lines(&content, size) {
                let text = line.col - 1 + width(&line.text);
                let end = line.end.map_or(0, |(col, end)| col - 1 + width(end));
                prop_assert!(text.max(end) <= cols as usize);
                prop_assert!((1..=rows as usize).contains(&line.row));
                prop_assert!(!line.text.chars().any(char::is_control));
            }
            let drawn = lines(&content, size).len();
            prop_assert!(drawn >= 3);
        }
    }
}
