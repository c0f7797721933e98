//! Lines of help.

/// Columns that a line of text may have before it is indented twice.
const WIDTH: usize = 71;

/// Breaks a text into lines between its words.
pub(super) fn wrapped(text: &str) -> String {
    filled(text.split_whitespace(), WIDTH, "")
}

/// Puts parts into lines of a width; lines after the first begin with `hang`. A part that is
/// longer than a line is broken at its blanks.
pub(super) fn filled<'a>(parts: impl Iterator<Item = &'a str>, width: usize, hang: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    let parts = parts.flat_map(|part| {
        let is_long = part.chars().count() + hang.len() > width;
        let (whole, words) = if is_long { ("", part) } else { (part, "") };
        let whole = Some(whole).filter(|whole| !whole.is_empty());
        whole.into_iter().chain(words.split_whitespace())
    });
    for part in parts {
        let length = part.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(hang);
            column = hang.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(part);
        column += length;
    }
    out
}

/// Indents each line by four columns; empty ones stay empty.
pub(super) fn indented(block: &str) -> String {
    block
        .lines()
        .map(|line| {
            if line.is_empty() {
                "\n".to_owned()
            } else {
                format!("    {line}\n")
            }
        })
        .collect()
}
