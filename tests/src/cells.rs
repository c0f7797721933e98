//! What stands in each cell of a terminal.

use std::collections::BTreeMap;

/// One row: each character with its colours and attributes.
pub type Row = Vec<(char, String)>;

/// Cuts what `tmux capture-pane -e` printed into cells.
///
/// Two ways to say the same are made one: the first sixteen of the 256 colours are the plain and
/// the bright ones, and a blank without colours at the end of a row is nothing.
pub fn parse(captured: &str) -> Vec<Row> {
    let mut style = BTreeMap::new();
    captured
        .lines()
        .map(|line| {
            let mut row = Row::new();
            let mut rest = line;
            while let Some(character) = rest.chars().next() {
                if let Some((parameters, behind)) = sequence(rest) {
                    apply(&mut style, parameters);
                    rest = behind;
                    continue;
                }
                row.push((character, describe(&style)));
                rest = &rest[character.len_utf8()..];
            }
            while row
                .last()
                .is_some_and(|(c, style)| *c == ' ' && style.is_empty())
            {
                row.pop();
            }
            row
        })
        .collect()
}

/// A row for people to read: its text, with each change of style in braces.
pub fn in_words(row: &Row) -> String {
    let mut words = String::new();
    let mut now = "";
    for (character, style) in row {
        if style != now {
            words += &["{", style, "}"].concat();
            now = style;
        }
        words.push(*character);
    }
    words
}

/// The parameters of an SGR sequence at the front, and what is behind it.
fn sequence(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix("\x1b[")?;
    inside.split_once('m')
}

fn describe(style: &BTreeMap<&'static str, String>) -> String {
    let parts = style.iter().map(|(what, value)| format!("{what}={value};"));
    parts.collect()
}

fn apply(style: &mut BTreeMap<&'static str, String>, parameters: &str) {
    let mut parameters = parameters.split(';');
    while let Some(parameter) = parameters.next() {
        let number = parameter
            .split(':')
            .next()
            .unwrap_or_default()
            .parse()
            .unwrap_or(0);
        match number {
            0 => style.clear(),
            1 | 2 => _ = style.insert(if number == 1 { "bold" } else { "dim" }, String::new()),
            22 => {
                style.remove("bold");
                style.remove("dim");
            }
            3 => _ = style.insert("italics", String::new()),
            4 | 21 => _ = style.insert("underline", parameter.to_owned()),
            5 => _ = style.insert("blink", String::new()),
            7 => _ = style.insert("reverse", String::new()),
            8 => _ = style.insert("hidden", String::new()),
            9 => _ = style.insert("struck", String::new()),
            23 => _ = style.remove("italics"),
            24 => _ = style.remove("underline"),
            25 => _ = style.remove("blink"),
            27 => _ = style.remove("reverse"),
            28 => _ = style.remove("hidden"),
            29 => _ = style.remove("struck"),
            30..=37 => _ = style.insert("front", (number - 30).to_string()),
            90..=97 => _ = style.insert("front", (number - 90 + 8).to_string()),
            40..=47 => _ = style.insert("back", (number - 40).to_string()),
            100..=107 => _ = style.insert("back", (number - 100 + 8).to_string()),
            38 => _ = style.insert("front", colour(&mut parameters)),
            48 => _ = style.insert("back", colour(&mut parameters)),
            58 => _ = style.insert("line", colour(&mut parameters)),
            39 => _ = style.remove("front"),
            49 => _ = style.remove("back"),
            59 => _ = style.remove("line"),
            other => panic!("what does tmux mean by SGR {other}?"),
        }
    }
}

fn colour<'a>(parameters: &mut impl Iterator<Item = &'a str>) -> String {
    let count = match parameters.next() {
        Some("5") => 1,
        _ => 3,
    };
    parameters.take(count).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_in_other_words_is_the_same() {
        let one = parse("\x1b[38;5;1ma\x1b[39mb  \n\x1b[48;5;9mc\x1b[0m");
        let other = parse("\x1b[31ma\x1b[0mb\n\x1b[101mc");
        assert_eq!(one, other);
        assert_ne!(parse("\x1b[7m "), parse(""));
        assert_ne!(parse("\x1b[38;5;1ma"), parse("\x1b[38;5;2ma"));
    }
}
