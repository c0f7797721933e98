//! The terminal's switches.

/// Most private modes that are kept without the model knowing what they mean.
const MAX_OTHERS: usize = 64;

/// The terminal's switches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a terminal's modes are independent switches"
)]
pub struct Modes {
    /// The alternate screen is shown.
    pub alternate_screen: bool,
    /// Cursor keys send application sequences (DECCKM).
    pub application_cursor: bool,
    /// The keypad sends application sequences (DECKPAM).
    pub application_keypad: bool,
    /// Colours of the whole screen are swapped (DECSCNM).
    pub reverse_video: bool,
    /// Rows count from the scroll region's top (DECOM).
    pub origin: bool,
    /// Text wraps at the last column (DECAWM).
    pub autowrap: bool,
    /// The cursor is shown (DECTCEM).
    pub cursor_visible: bool,
    /// New characters push the rest of the line to the right (IRM).
    pub insert: bool,
    /// A line feed also returns to column 1 (LNM).
    pub newline: bool,
    /// Pasted text is bracketed.
    pub bracketed_paste: bool,
    /// Getting and losing the focus is reported.
    pub focus_events: bool,
    /// Which mouse events are reported: 9, 1000, 1001, 1002 or 1003.
    pub mouse: Option<u16>,
    /// How mouse events are written: 1005, 1006, 1015 or 1016.
    pub mouse_encoding: Option<u16>,
    /// Private modes that change nothing here, as last set or reset, oldest first.
    pub(crate) others: Vec<(u16, bool)>,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            alternate_screen: false,
            application_cursor: false,
            application_keypad: false,
            reverse_video: false,
            origin: false,
            autowrap: true,
            cursor_visible: true,
            insert: false,
            newline: false,
            bracketed_paste: false,
            focus_events: false,
            mouse: None,
            mouse_encoding: None,
            others: Vec::new(),
        }
    }
}

impl Modes {
    /// Whether a private mode that the model gives no meaning to is set.
    pub fn other(&self, mode: u16) -> bool {
        self.others.contains(&(mode, true))
    }

    /// Sets or resets a private mode that needs nothing but to be remembered.
    pub(crate) fn set_private(&mut self, mode: u16, on: bool) {
        match mode {
            1 => self.application_cursor = on,
            5 => self.reverse_video = on,
            7 => self.autowrap = on,
            25 => self.cursor_visible = on,
            66 => self.application_keypad = on,
            1004 => self.focus_events = on,
            2004 => self.bracketed_paste = on,
            // As in xterm these exclude each other, and resetting any turns the mouse off.
            9 | 1000..=1003 => self.mouse = on.then_some(mode),
            1005 | 1006 | 1015 | 1016 => self.mouse_encoding = on.then_some(mode),
            _ => {
                self.others.retain(|(other, _)| *other != mode);
                if self.others.len() == MAX_OTHERS {
                    self.others.remove(0);
                }
                self.others.push((mode, on));
            }
        }
    }

    /// The known private modes that differ from a fresh terminal's and move nothing when set.
    pub(crate) fn changed(&self) -> Vec<(u16, bool)> {
        let known = [
            (1, self.application_cursor, false),
            (5, self.reverse_video, false),
            (7, self.autowrap, true),
            (25, self.cursor_visible, true),
            (1004, self.focus_events, false),
            (2004, self.bracketed_paste, false),
        ];
        known
            .into_iter()
            .filter(|(_, now, fresh)| now != fresh)
            .map(|(mode, now, _)| (mode, now))
            .chain(
                [self.mouse, self.mouse_encoding]
                    .into_iter()
                    .flatten()
                    .map(|mode| (mode, true)),
            )
            .chain(self.others.iter().copied())
            .collect()
    }
}
