//! What control characters and escape sequences do.

use vte::{Params, Perform};

use crate::model::Model;
use crate::sgr;

/// A parameter; 0 and none at all stand for `default`.
fn arg(params: &Params, at: usize, default: u16) -> usize {
    let value = raw(params, at).filter(|value| *value != 0);
    usize::from(value.unwrap_or(default))
}

fn raw(params: &Params, at: usize) -> Option<u16> {
    params
        .iter()
        .nth(at)
        .and_then(|param| param.first())
        .copied()
}

impl Model {
    /// A C0 control character. Those not named do nothing, nor do C1 controls: terminals that
    /// read UTF-8 have long stopped to obey them, and so has xterm's peer tmux.
    pub(crate) fn control(&mut self, byte: u8) {
        self.last = None;
        match byte {
            b'\n' | 0x0b | 0x0c => {
                self.line_down();
                if self.modes.newline {
                    self.cursor.col = 0;
                }
            }
            b'\r' => {
                self.cursor.col = 0;
                self.cursor.wrap = false;
            }
            b'\t' => self.tab(1),
            0x08 => self.go(self.cursor.row, self.cursor.col.saturating_sub(1)),
            0x0e => self.charsets.active = 1,
            0x0f => self.charsets.active = 0,
            _ => {}
        }
    }

    /// CHT. At the last column a pending wrap stays, as in xterm.
    fn tab(&mut self, count: usize) {
        let cols = self.cols();
        for _ in 0..count.min(cols) {
            self.cursor.col = self.tabs.after(self.cursor.col, cols);
        }
    }

    fn tab_back(&mut self, count: usize) {
        let mut col = self.cursor.col;
        for _ in 0..count.min(self.cols()) {
            col = self.tabs.before(col);
        }
        self.go(self.cursor.row, col);
    }

    /// CSI without intermediates or a private marker.
    fn plain_csi(&mut self, params: &Params, action: char) {
        let count = arg(params, 0, 1);
        let (row, col) = (self.cursor.row, self.cursor.col);
        match action {
            'A' => self.up(count),
            'B' | 'e' => self.down(count),
            'C' | 'a' => self.go(row, col + count),
            'D' => self.go(row, col.saturating_sub(count)),
            'E' => {
                self.down(count);
                self.cursor.col = 0;
            }
            'F' => {
                self.up(count);
                self.cursor.col = 0;
            }
            'G' | '`' => self.go(row, count - 1),
            'H' | 'f' => self.go_origin(count - 1, arg(params, 1, 1) - 1),
            'I' => self.tab(count),
            'J' => self.erase_display(raw(params, 0).unwrap_or(0)),
            'K' => self.erase_line(raw(params, 0).unwrap_or(0)),
            'L' => self.shift_lines(count, true),
            'M' => self.shift_lines(count, false),
            'P' => self.delete_chars(count),
            'S' => self.scroll_up(count),
            // With more parameters it is highlight tracking.
            'T' if params.len() <= 1 => self.scroll_down(count),
            '^' => self.scroll_down(count),
            'X' => self.erase(col, count),
            'Z' => self.tab_back(count),
            '@' => self.insert_blanks(count),
            'b' => self.repeat(count),
            'd' => self.go_origin(count - 1, col),
            'g' => match raw(params, 0) {
                Some(0) | None => self.tabs.set(col, false),
                Some(3) => self.tabs.clear(),
                Some(_) => {}
            },
            'h' | 'l' => self.ansi_modes(params, action == 'h'),
            'm' => {
                sgr::apply(&mut self.pen, params.iter());
                self.pen_changed();
            }
            'r' => self.set_margins(arg(params, 0, 1), arg(params, 1, 0)),
            // With left and right margins (mode 69, which the model leaves out) and parameters
            // it would set those.
            's' if !self.modes.other(69) || params.len() <= 1 => self.save_cursor(),
            't' => self.title_stack(params),
            'u' => self.restore_cursor(),
            _ => {}
        }
    }

    fn title_stack(&mut self, params: &Params) {
        let which = raw(params, 1).unwrap_or(0);
        match (raw(params, 0), which) {
            (Some(22), 0..=2) => self.names.push(which),
            (Some(23), 0..=2) => self.names.pop(which),
            _ => {}
        }
    }

    fn ansi_modes(&mut self, params: &Params, on: bool) {
        for param in params {
            match param {
                [4] => self.modes.insert = on,
                [20] => self.modes.newline = on,
                _ => {}
            }
        }
    }

    fn private_modes(&mut self, params: &Params, on: bool) {
        for param in params {
            let &[mode] = param else { continue };
            match (mode, on) {
                // Changing the width of the window (DECCOLM) is refused by default; 0 is none.
                (0 | 3, _) => {}
                (6, _) => {
                    self.modes.origin = on;
                    self.go_origin(0, 0);
                }
                (47 | 1047, true) => self.enter_alternate(),
                (47 | 1047, false) => self.leave_alternate(),
                (1048, true) => self.save_cursor(),
                (1048, false) => self.restore_cursor(),
                (1049, true) => {
                    self.save_cursor();
                    self.enter_alternate();
                    self.erase_display(2);
                }
                (1049, false) => {
                    self.leave_alternate();
                    self.restore_cursor();
                }
                _ => self.modes.set_private(mode, on),
            }
        }
    }

    fn kitty_or_keys(&mut self, params: &Params, marker: u8, action: char) {
        let first = raw(params, 0).unwrap_or(0);
        match (marker, action) {
            (b'>', 'u') => self.kitty_mut().push(first),
            (b'<', 'u') => self.kitty_mut().pop(first.max(1)),
            (b'=', 'u') => {
                let how = raw(params, 1).filter(|how| *how != 0).unwrap_or(1);
                self.kitty_mut().set(first, how);
            }
            // No parameter at all cannot be told from a single 0, which is resource 0 alone and
            // of no use to anybody.
            (b'>', 'm') => {
                let option = raw(params, 0).filter(|_| params.len() > 1 || first != 0);
                self.key_options.set(option, raw(params, 1));
            }
            (b'>', 'n') => self.key_options.disable(if first == 0 { 2 } else { first }),
            _ => {}
        }
    }

    fn charset(&mut self, slot: u8, byte: u8) {
        if let Some(set) = self.charsets.sets.get_mut(usize::from(slot)) {
            *set = byte;
        }
    }
}

impl Perform for Model {
    fn print(&mut self, char: char) {
        Self::print(self, char);
    }

    fn execute(&mut self, byte: u8) {
        self.control(byte);
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if !(intermediates.is_empty() && action == 'b') {
            self.last = None;
        }
        if ignore {
            return;
        }
        match (intermediates, action) {
            ([], _) => self.plain_csi(params, action),
            (b"?", 'h' | 'l') => self.private_modes(params, action == 'h'),
            // Without protected characters the selective erases are the usual ones.
            (b"?", 'J') => self.erase_display(raw(params, 0).unwrap_or(0).min(4)),
            (b"?", 'K') => self.erase_line(raw(params, 0).unwrap_or(0)),
            (b" ", 'q') => {
                if let style @ 0..=6 = raw(params, 0).unwrap_or(0) {
                    self.cursor_style = style;
                }
            }
            (b"!", 'p') => self.soft_reset(),
            ([marker @ (b'<' | b'=' | b'>')], _) => self.kitty_or_keys(params, *marker, action),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], ignore: bool, byte: u8) {
        self.last = None;
        if ignore {
            return;
        }
        match (intermediates, byte) {
            ([], b'7') => self.save_cursor(),
            ([], b'8') => self.restore_cursor(),
            ([], b'=') => self.modes.application_keypad = true,
            ([], b'>') => self.modes.application_keypad = false,
            ([], b'D') => self.line_down(),
            ([], b'E') => {
                self.line_down();
                self.cursor.col = 0;
            }
            ([], b'H') => self.tabs.set(self.cursor.col, true),
            ([], b'M') => self.line_up(),
            ([], b'N') => self.single_shift = Some(2),
            ([], b'O') => self.single_shift = Some(3),
            ([], b'c') => self.reset(),
            ([], b'n') => self.charsets.active = 2,
            ([], b'o') => self.charsets.active = 3,
            (b"#", b'8') => self.align(),
            (b"(", _) => self.charset(0, byte),
            (b")", _) => self.charset(1, byte),
            (b"*", _) => self.charset(2, byte),
            (b"+", _) => self.charset(3, byte),
            _ => {}
        }
    }
}
