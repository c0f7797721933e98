//! The escape sequences that reproduce a screen.

use std::fmt::Write as _;

use winsta_domain::TerminalSize;

use crate::cell::Cell;
use crate::cursor::{Charsets, Cursor, Saved};
use crate::grid::Grid;
use crate::model::Model;
use crate::names::Link;
use crate::row::Row;
use crate::screen::Screen;
use crate::style::{Color, Style};

/// How a screen is painted on a user's terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct PaintOptions {
    /// How many of the lines that scrolled off go first, so that they enter the terminal's own
    /// scrollback.
    pub scrollback: usize,
    /// What the terminal shows now is scrolled into its scrollback; otherwise it is erased.
    pub keep_screen: bool,
}

macro_rules! reset {
    ($leave:literal) => {
        concat!(
            // Synchronised update first, so that what follows shows; then the alternate screen's
            // keys before that screen is left.
            "\x1b[?2026l\x1b[<64u\x1b[=0;1u",
            $leave,
            "\x1b[>4m",
            // With the cursor its style and character sets were restored.
            "\x1b[0m\x1b]8;;\x1b\\\x1b(B\x1b)B\x0f",
            "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?9l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l",
            "\x1b[?1004l\x1b[?2004l\x1b[?2031l",
            "\x1b[?1l\x1b>\x1b[?5l\x1b[4l\x1b[20l",
            // Margins move the cursor, which is put back. Origin mode would come back with it, and
            // resetting it moves the cursor too; the soft reset does not.
            "\x1b7\x1b[?69l\x1b[r\x1b8\x1b[!p",
            "\x1b[?7h\x1b[0 q\x1b[?25h",
        )
    };
}

/// Makes a real terminal usable again, in whatever state a program left it. Mode 1049 restores a
/// cursor also where there is no alternate screen to leave: the one saved before it, but in tmux
/// that of the last time there was an alternate screen.
const RESET: &str = reset!("\x1b7\x1b[?1049l\x1b[<64u\x1b[=0;1u");

/// The same for a terminal that shows its primary screen.
const RESET_PRIMARY: &str = reset!("");

impl Screen {
    /// What makes a fresh terminal of the same size equal to this one: both screens, cursors,
    /// switches and all, the lines that scrolled off too, and the bytes that still wait for the
    /// rest of their sequence.
    pub fn paint(&self) -> Vec<u8> {
        let mut painter = Painter::new(&self.model);
        painter.everything(usize::MAX);
        self.finish(painter)
    }

    /// What makes a user's terminal of the same size, in any state, show this one, without
    /// touching what is in its scrollback.
    pub fn paint_on(&self, options: PaintOptions) -> Vec<u8> {
        let mut painter = Painter::new(&self.model);
        painter.out.push_str(RESET);
        if options.keep_screen {
            let rows = self.model.rows();
            _ = write!(painter.out, "\x1b[?6l\x1b[{rows};1H");
            painter.out.extend(std::iter::repeat_n('\n', rows));
        }
        // Backwards: some terminals take what is erased from the top for worth keeping, and put it
        // in their scrollback.
        let (rows, cols) = (self.model.rows(), self.model.cols());
        _ = write!(
            painter.out,
            "\x1b[?6l\x1b[{rows};{cols}H\x1b[1J\x1b[H\x1b[?25l"
        );
        painter.everything(options.scrollback);
        if self.model.modes.cursor_visible {
            painter.out.push_str("\x1b[?25h");
        }
        self.finish(painter)
    }

    /// What repaints a viewer's terminal of another size: as much as fits of what is shown,
    /// with the cursor inside or hidden. It changes no switches but the cursor's and wrapping.
    pub fn paint_cropped(&self, view: TerminalSize) -> Vec<u8> {
        let (model, rows, cols) = (
            &self.model,
            usize::from(view.rows()),
            usize::from(view.cols()),
        );
        let at = model.cursor;
        // The first row shown: the top, or lower if the cursor's row would not be in view.
        let first = (at.row + 1).saturating_sub(rows);
        let mut painter = Painter::new(model);
        painter
            .out
            .push_str("\x1b[?25l\x1b[0m\x1b]8;;\x1b\\\x1b(B\x0f\x1b[r\x1b[?6l\x1b[4l\x1b[?7l");
        for line in 0..rows {
            _ = write!(painter.out, "\x1b[{};1H", line + 1);
            let row = model.grid().row(first + line);
            let end = row.map_or(0, |row| row.used(model.cols()).min(cols));
            painter.cells(row, end, cols);
            painter.set_pen(Style::default());
            if end < cols {
                painter.out.push_str("\x1b[K");
            }
        }
        painter.out.push_str("\x1b[?7h");
        _ = write!(
            painter.out,
            "\x1b[{};{}H",
            at.row - first + 1,
            at.col.min(cols - 1) + 1
        );
        if model.modes.cursor_visible && at.col < cols {
            painter.out.push_str("\x1b[?25h");
        }
        painter.out.into_bytes()
    }

    /// What leaves a user's terminal usable after its program's output stops in mid-flight. It
    /// clears nothing and shows the primary screen, the cursor where that screen has it; in tmux,
    /// if the primary screen is shown already, perhaps elsewhere.
    pub fn reset_terminal() -> &'static [u8] {
        RESET.as_bytes()
    }

    /// [`Screen::reset_terminal`] for a terminal that is known to show its primary screen: the
    /// cursor stays where it is.
    pub fn reset_primary() -> &'static [u8] {
        RESET_PRIMARY.as_bytes()
    }

    fn finish(&self, painter: Painter<'_>) -> Vec<u8> {
        let mut bytes = painter.out.into_bytes();
        bytes.extend_from_slice(&self.pending);
        bytes
    }
}

/// Writes sequences and knows in which state they leave the terminal.
pub(crate) struct Painter<'a> {
    model: &'a Model,
    pub(crate) out: String,
    pen: Style,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(model: &'a Model) -> Self {
        Self {
            model,
            out: String::new(),
            pen: Style::default(),
        }
    }

    /// Everything, with at most `history` of the lines that scrolled off.
    fn everything(&mut self, history: usize) {
        let model = self.model;
        model.names.write(&mut self.out);
        model.palette.write(&mut self.out);
        model.key_options.write(&mut self.out);
        self.tabs();
        self.grid(&model.primary, history);
        let [primary_keys, alternate_keys] = &model.kitty;
        let [primary_saved, alternate_saved] = &model.saved;
        primary_keys.write(&mut self.out);
        if let Some(alternate) = &model.alternate {
            // Mode 1049 saves the primary screen's cursor on the way.
            self.saved(&model.primary, primary_saved, "\x1b[?1049h");
            if self.pen.background != Color::Default {
                self.set_pen(Style::default());
                self.out.push_str("\x1b[2J");
            }
            self.out.push_str("\x1b[H");
            alternate_keys.write(&mut self.out);
            self.grid(alternate, 0);
            self.save(alternate, alternate_saved);
        } else {
            self.save(&model.primary, primary_saved);
        }
        self.switches();
        self.cursor();
    }

    /// Tab stops, if they are not the usual ones; the cursor is at home before and after.
    fn tabs(&mut self) {
        let (tabs, cols) = (&self.model.tabs, self.model.cols());
        if tabs.is_usual(cols) {
            return;
        }
        self.out.push_str("\x1b[3g");
        for col in (0..cols).filter(|col| tabs.is_set(*col)) {
            _ = write!(self.out, "\x1b[{}G\x1bH", col + 1);
        }
        self.out.push('\r');
    }

    /// The rows of a buffer from the home position on, as one flow of text, so that lines that
    /// wrapped wrap again and those that scrolled off scroll off.
    fn grid(&mut self, grid: &Grid, history: usize) {
        let history = history.min(grid.history().len());
        let skipped = grid.history().len() - history;
        let rows: Vec<&Row> = grid.history().skip(skipped).chain(grid.rows()).collect();
        let cols = grid.cols();
        // Blank rows at the end are there anyway, unless they push others off.
        let last = if history > 0 {
            rows.len()
        } else {
            let ends = rows.iter().enumerate().filter_map(|(number, row)| {
                if row.wrapped {
                    // The row where it goes on is needed too, be it blank.
                    return Some(number + 2);
                }
                (row.used(cols) > 0).then_some(number + 1)
            });
            ends.max().unwrap_or(0)
        };
        let mut wrapped = None;
        for row in rows.into_iter().take(last) {
            let mut end = if row.wrapped { cols } else { row.used(cols) };
            match wrapped {
                None => {}
                Some(false) => {
                    if self.pen.background != Color::Default {
                        self.set_pen(Style::default());
                    }
                    self.out.push_str("\r\n");
                }
                // The row comes in when its first character is written, and in the colour of
                // that one.
                Some(true) if self.style(row.get(0)).background != Color::Default => end = cols,
                Some(true) => end = end.max(1),
            }
            self.cells(Some(row), end, cols);
            wrapped = Some(row.wrapped);
        }
        self.set_pen(Style::default());
    }

    /// The cells of a row up to `end`; of a wide character that does not fit into `cols`
    /// columns, a blank.
    pub(crate) fn cells(&mut self, row: Option<&Row>, end: usize, cols: usize) {
        for col in 0..end {
            let cell = row.map_or(Cell::blank(0), |row| row.get(col));
            if cell.glyph.is_tail() {
                continue;
            }
            self.set_pen(self.style(cell));
            if cell.glyph.is_wide() && col + 2 > cols {
                self.out.push(' ');
            } else {
                cell.glyph.push_to(&mut self.out, &self.model.clusters);
            }
        }
    }

    fn style(&self, cell: Cell) -> Style {
        self.model
            .styles
            .get(cell.style)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn set_pen(&mut self, pen: Style) {
        if self.pen.link != pen.link {
            let link = self.model.links.get(pen.link).filter(|_| pen.link != 0);
            Link::write(link, &mut self.out);
        }
        if self.pen.unlinked() != pen.unlinked() {
            if pen.unlinked() == Style::default() {
                self.out.push_str("\x1b[m");
            } else {
                pen.write_sgr(&mut self.out);
            }
        }
        self.pen = pen;
    }

    /// Moves the cursor; a pending wrap comes from writing the last column once more.
    fn go(&mut self, grid: &Grid, to: Cursor, top: usize) {
        let Cursor { row, mut col, wrap } = to;
        if wrap && grid.cell(row, col).glyph.is_tail() {
            col = col.saturating_sub(1);
        }
        _ = write!(
            self.out,
            "\x1b[{};{}H",
            row.saturating_sub(top) + 1,
            col + 1
        );
        if wrap {
            let cell = grid.cell(row, col);
            self.set_pen(self.style(cell));
            cell.glyph.push_to(&mut self.out, &self.model.clusters);
        }
    }

    /// Saves a cursor, unless it is what a fresh terminal has saved.
    fn save(&mut self, grid: &Grid, saved: &Saved) {
        if *saved != Saved::default() {
            self.saved(grid, saved, "\x1b7");
        }
        self.set_pen(Style::default());
    }

    /// Puts everything that is saved in place, saves it with `how`, and undoes all but the pen.
    fn saved(&mut self, grid: &Grid, saved: &Saved, how: &str) {
        if saved.origin {
            self.out.push_str("\x1b[?6h");
        }
        self.go(grid, saved.at, 0);
        self.set_pen(saved.pen);
        self.charsets(Charsets::default(), saved.charsets);
        self.out.push_str(how);
        self.charsets(saved.charsets, Charsets::default());
        if saved.origin {
            self.out.push_str("\x1b[?6l");
        }
    }

    fn charsets(&mut self, from: Charsets, to: Charsets) {
        for ((from, to), slot) in from.sets.iter().zip(to.sets).zip(['(', ')', '*', '+']) {
            if *from != to {
                self.out.extend(['\x1b', slot, char::from(to)]);
            }
        }
        if from.active != to.active {
            self.out.push_str(match to.active {
                0 => "\x0f",
                1 => "\x0e",
                2 => "\x1bn",
                _ => "\x1bo",
            });
        }
    }

    /// Scroll region and switches, but those that change how the cursor is put in its place.
    fn switches(&mut self) {
        let model = self.model;
        let (top, bottom) = model.margins;
        if !model.scrolls_whole() {
            _ = write!(self.out, "\x1b[{};{}r", top + 1, bottom + 1);
        }
        for (mode, on) in model.modes.changed() {
            // Wrapping is needed to put the cursor in its place.
            if mode != 7 {
                _ = write!(self.out, "\x1b[?{mode}{}", if on { 'h' } else { 'l' });
            }
        }
        if model.modes.application_keypad {
            self.out.push_str("\x1b=");
        }
        if model.modes.newline {
            self.out.push_str("\x1b[20h");
        }
        if model.cursor_style != 0 {
            _ = write!(self.out, "\x1b[{} q", model.cursor_style);
        }
        if model.modes.origin {
            self.out.push_str("\x1b[?6h");
        }
    }

    /// Cursor, pen, character sets, and the switches that matter for what is printed next.
    fn cursor(&mut self) {
        let model = self.model;
        let top = if model.modes.origin {
            model.margins.0
        } else {
            0
        };
        self.go(model.grid(), model.cursor, top);
        self.set_pen(model.pen);
        if model.cursor.wrap {
            // Nothing that REP would repeat may be left of writing the last column.
            model.pen.write_sgr(&mut self.out);
        }
        self.charsets(Charsets::default(), model.charsets);
        if !model.modes.autowrap {
            self.out.push_str("\x1b[?7l");
        }
        if model.modes.insert {
            self.out.push_str("\x1b[4h");
        }
        if let Some(shift) = model.single_shift {
            self.out
                .push_str(if shift == 2 { "\x1bN" } else { "\x1bO" });
        }
        // A character that REP would repeat is written once more, now that everything is as it
        // was when it was written the first time.
        if let Some((last, col, glyph)) = model.last_at() {
            let row = model.cursor.row.saturating_sub(top);
            _ = write!(self.out, "\x1b[{};{}H", row + 1, col + 1);
            if model.modes.insert {
                _ = write!(self.out, "\x1b[{}P", if glyph.is_wide() { 2 } else { 1 });
            }
            self.out.push(last);
        }
    }
}
