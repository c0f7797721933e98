//! A terminal without a terminal: bytes of a program's output in, the exact state of a screen
//! out, and the escape sequences that reproduce that state on a fresh terminal.
//!
//! ```
//! use winsta_domain::TerminalSize;
//! use winsta_screen::Screen;
//!
//! let mut screen = Screen::new(TerminalSize::DEFAULT);
//! screen.feed(b"\x1b[31mred\x1b[0m alert\r\n\x1b]2;trouble\x07");
//! assert_eq!(screen.text().lines().next(), Some("red alert"));
//! assert_eq!(screen.title(), "trouble");
//!
//! let mut copy = Screen::new(TerminalSize::DEFAULT);
//! copy.feed(&screen.paint());
//! assert!(copy == screen);
//! ```
//!
//! It does no I/O, answers no queries, never panics, and all it keeps is bounded. It follows
//! xterm; what is left out or different:
//!
//! - left and right margins (DECSLRM), selective erase (DECSCA), double-size lines, reverse
//!   wrap (mode 45), saving modes (XTSAVE) and changing the width (DECCOLM);
//! - C1 control characters do nothing: programs that write UTF-8 send their ESC forms;
//! - the alternate screen is blank whenever it is entered, also by mode 47, and its saved
//!   cursor is forgotten when it is left;
//! - widths are those of single code points, as in xterm: joiners and variation selectors join
//!   the character before them and change no width;
//! - a command (OSC) longer than 4 kB does nothing.

mod cell;
mod control;
mod cursor;
mod edit;
mod equal;
mod flood;
mod frame;
mod grid;
mod intern;
mod keys;
mod model;
mod modes;
mod names;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
mod osc;
mod paint;
mod resize;
mod row;
mod screen;
mod sgr;
mod style;
mod tabs;
mod text;

pub use modes::Modes;
pub use names::Link;
pub use paint::PaintOptions;
pub use screen::Screen;
pub use style::{Attributes, Color, Style, Underline};
pub use text::{CellView, CursorView};
