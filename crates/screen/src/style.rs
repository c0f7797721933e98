//! How a character looks.

use std::fmt::Write as _;

/// A colour as a program asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Color {
    /// The terminal's own.
    #[default]
    Default,
    /// Number in the palette.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a character is underlined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Underline {
    /// Not at all.
    #[default]
    None,
    /// A line.
    Single,
    /// Two lines.
    Double,
    /// A wave.
    Curly,
    /// Dots.
    Dotted,
    /// Dashes.
    Dashed,
}

impl Underline {
    /// From the sub-parameter of `SGR 4:n`.
    pub(crate) fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::Single,
            2 => Self::Double,
            3 => Self::Curly,
            4 => Self::Dotted,
            5 => Self::Dashed,
            _ => return None,
        })
    }
}

/// On and off attributes of a character, a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes(u16);

impl Attributes {
    /// Bold.
    pub const BOLD: Self = Self(1);
    /// Faint.
    pub const FAINT: Self = Self(1 << 1);
    /// Italic.
    pub const ITALIC: Self = Self(1 << 2);
    /// Blinking slowly.
    pub const BLINK: Self = Self(1 << 3);
    /// Blinking fast.
    pub const RAPID_BLINK: Self = Self(1 << 4);
    /// Colours swapped.
    pub const INVERSE: Self = Self(1 << 5);
    /// Not shown.
    pub const HIDDEN: Self = Self(1 << 6);
    /// Struck through.
    pub const STRIKE: Self = Self(1 << 7);
    /// A line above.
    pub const OVERLINE: Self = Self(1 << 8);

    /// Each with its SGR number.
    const NUMBERS: [(Self, u8); 9] = [
        (Self::BOLD, 1),
        (Self::FAINT, 2),
        (Self::ITALIC, 3),
        (Self::BLINK, 5),
        (Self::RAPID_BLINK, 6),
        (Self::INVERSE, 7),
        (Self::HIDDEN, 8),
        (Self::STRIKE, 9),
        (Self::OVERLINE, 53),
    ];

    /// Whether all of `other` are on.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn clear(&mut self, other: Self) {
        self.0 &= !other.0;
    }
}

/// Everything about how a character looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// Colour of the character.
    pub foreground: Color,
    /// Colour behind it.
    pub background: Color,
    /// Colour of its underline.
    pub underline_color: Color,
    /// Its underline.
    pub underline: Underline,
    /// What else is on.
    pub attributes: Attributes,
    /// Number of its hyperlink in the screen's table, 0 for none.
    pub(crate) link: u32,
}

impl Style {
    /// What erased cells take of this: the background alone (`bce`).
    pub(crate) fn erased(self) -> Self {
        Self {
            background: self.background,
            ..Self::default()
        }
    }

    /// Without its hyperlink, whose number means nothing on another screen.
    pub(crate) fn unlinked(self) -> Self {
        Self { link: 0, ..self }
    }

    /// A number that is mostly different for styles that are.
    pub(crate) fn slot(self) -> usize {
        let color = |color| match color {
            Color::Default => 0,
            Color::Indexed(n) => 1 + usize::from(n),
            Color::Rgb(r, g, b) => usize::from(r) + usize::from(g) * 3 + usize::from(b) * 5,
        };
        let Self {
            foreground,
            background,
            attributes,
            ..
        } = self;
        color(foreground) + color(background) * 3 + usize::from(attributes.0) * 7
    }

    /// Appends the SGR sequence that sets this style from any other.
    pub(crate) fn write_sgr(self, out: &mut String) {
        out.push_str("\x1b[0");
        for (attribute, number) in Attributes::NUMBERS {
            if self.attributes.contains(attribute) {
                // Writing into a String cannot fail.
                let _ = write!(out, ";{number}");
            }
        }
        match self.underline {
            Underline::None => {}
            Underline::Single => out.push_str(";4"),
            Underline::Double => out.push_str(";21"),
            Underline::Curly => out.push_str(";4:3"),
            Underline::Dotted => out.push_str(";4:4"),
            Underline::Dashed => out.push_str(";4:5"),
        }
        write_color(out, self.foreground, 30, 38);
        write_color(out, self.background, 40, 48);
        match self.underline_color {
            Color::Default => {}
            Color::Indexed(n) => _ = write!(out, ";58:5:{n}"),
            Color::Rgb(r, g, b) => _ = write!(out, ";58:2::{r}:{g}:{b}"),
        }
        out.push('m');
    }
}

/// The eight base colours in their short form, all others in the `;` form that every terminal
/// reads.
fn write_color(out: &mut String, color: Color, base: u8, extended: u8) {
    match color {
        Color::Default => {}
        Color::Indexed(n @ 0..8) => _ = write!(out, ";{}", base + n),
        Color::Indexed(n @ 8..16) => _ = write!(out, ";{}", base + 60 + n - 8),
        Color::Indexed(n) => _ = write!(out, ";{extended};5;{n}"),
        Color::Rgb(r, g, b) => _ = write!(out, ";{extended};2;{r};{g};{b}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sgr_of_a_style() {
        let mut style = Style {
            foreground: Color::Indexed(9),
            background: Color::Rgb(1, 2, 3),
            underline: Underline::Curly,
            underline_color: Color::Indexed(4),
            ..Style::default()
        };
        style.attributes.set(Attributes::BOLD);
        let mut out = String::new();
        style.write_sgr(&mut out);
        assert_eq!(out, "\x1b[0;1;4:3;91;48;2;1;2;3;58:5:4m");
    }
}
