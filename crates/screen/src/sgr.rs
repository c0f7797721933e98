//! Select Graphic Rendition: from parameters to a style.

use crate::style::{Attributes as A, Color, Style, Underline};

/// Applies the parameters of one SGR, each with its sub-parameters.
pub(crate) fn apply<'a>(style: &mut Style, mut params: impl Iterator<Item = &'a [u16]>) {
    while let Some(param) = params.next() {
        let attributes = &mut style.attributes;
        match *param {
            [] | [0] => {
                *style = Style {
                    link: style.link,
                    ..Style::default()
                }
            }
            [1] => attributes.set(A::BOLD),
            [2] => attributes.set(A::FAINT),
            [3] => attributes.set(A::ITALIC),
            [4] => style.underline = Underline::Single,
            [4, n, ..] => style.underline = Underline::from_number(n).unwrap_or(style.underline),
            [5] => attributes.set(A::BLINK),
            [6] => attributes.set(A::RAPID_BLINK),
            [7] => attributes.set(A::INVERSE),
            [8] => attributes.set(A::HIDDEN),
            [9] => attributes.set(A::STRIKE),
            [21] => style.underline = Underline::Double,
            [22] => {
                attributes.clear(A::BOLD);
                attributes.clear(A::FAINT);
            }
            [23] => attributes.clear(A::ITALIC),
            [24] => style.underline = Underline::None,
            [25] => {
                attributes.clear(A::BLINK);
                attributes.clear(A::RAPID_BLINK);
            }
            [27] => attributes.clear(A::INVERSE),
            [28] => attributes.clear(A::HIDDEN),
            [29] => attributes.clear(A::STRIKE),
            [n @ 30..=37] => style.foreground = indexed(n - 30),
            [39] => style.foreground = Color::Default,
            [n @ 40..=47] => style.background = indexed(n - 40),
            [49] => style.background = Color::Default,
            [53] => attributes.set(A::OVERLINE),
            [55] => attributes.clear(A::OVERLINE),
            [59] => style.underline_color = Color::Default,
            [n @ 90..=97] => style.foreground = indexed(n - 82),
            [n @ 100..=107] => style.background = indexed(n - 92),
            [n @ (38 | 48 | 58), ref rest @ ..] => {
                let color = if rest.is_empty() {
                    semicolons(&mut params)
                } else {
                    colons(rest)
                };
                match (color, n) {
                    (None, _) => {}
                    (Some(color), 38) => style.foreground = color,
                    (Some(color), 48) => style.background = color,
                    (Some(color), _) => style.underline_color = color,
                }
            }
            _ => {}
        }
    }
}

/// Most numbers of an SGR that [`apply_plain`] reads.
const PLAIN: usize = 16;

/// Applies the usual kind of SGR, given without introducer and final byte: a few numbers
/// between semicolons. Says whether it was of this kind; if not, nothing happened.
pub(crate) fn apply_plain(style: &mut Style, params: &[u8]) -> bool {
    let mut numbers = [0_u16; PLAIN];
    let mut count = 0;
    for byte in params {
        match (byte, numbers.get_mut(count)) {
            (b'0'..=b'9', Some(number)) => {
                *number = number
                    .saturating_mul(10)
                    .saturating_add(u16::from(byte - b'0'));
            }
            (b';', Some(_)) => count += 1,
            _ => return false,
        }
    }
    let Some(numbers) = numbers.get(..=count) else {
        return false;
    };
    apply(style, numbers.chunks(1));
    true
}

fn indexed(number: u16) -> Color {
    u8::try_from(number).map_or(Color::Default, Color::Indexed)
}

fn rgb(r: u16, g: u16, b: u16) -> Option<Color> {
    Some(Color::Rgb(
        u8::try_from(r).ok()?,
        u8::try_from(g).ok()?,
        u8::try_from(b).ok()?,
    ))
}

/// The rest of `38:5:n`, `38:2:r:g:b` and `38:2:space:r:g:b` with what may follow.
fn colons(rest: &[u16]) -> Option<Color> {
    match *rest {
        [5, n, ..] => u8::try_from(n).ok().map(Color::Indexed),
        [2, r, g, b] | [2, _, r, g, b, ..] => rgb(r, g, b),
        _ => None,
    }
}

/// The rest of `38;5;n` and `38;2;r;g;b`.
fn semicolons<'a>(params: &mut impl Iterator<Item = &'a [u16]>) -> Option<Color> {
    let mut next = || params.next().and_then(<[u16]>::first).copied();
    match next()? {
        5 => u8::try_from(next()?).ok().map(Color::Indexed),
        2 => {
            let (r, g, b) = (next()?, next()?, next()?);
            rgb(r, g, b)
        }
        _ => None,
    }
}
