//! What a user's terminal was left like by the output that went past.

use memchr::memmem;
use winsta_screen::Screen;

/// Most bytes of the newest output that are looked back at; no switch is longer.
const REACH: usize = 64;

/// Follows output without laying it out: which screen it shows, and whether it ends with a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    alternate: bool,
    /// Whether the primary screen was left at the beginning of a line.
    left_at_start: bool,
    /// The newest output, at most [`REACH`] bytes.
    recent: Vec<u8>,
}

impl Trail {
    /// Behind the painting of `screen`.
    pub(crate) fn behind(screen: &Screen) -> Self {
        Self {
            alternate: screen.is_alternate(),
            left_at_start: screen.is_at_line_start(),
            recent: line_like(screen.is_at_line_start()).to_vec(),
        }
    }

    /// Whether the alternate screen is shown.
    pub(crate) fn is_alternate(&self) -> bool {
        self.alternate
    }

    /// Whether the primary screen's cursor is at the beginning of a line, as far as can be told.
    pub(crate) fn is_at_line_start(&self) -> bool {
        if self.alternate {
            self.left_at_start
        } else {
            ends_a_line(&self.recent)
        }
    }

    /// Takes output that went to the terminal.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        // A switch may be cut in two.
        let seam = bytes.get(..REACH).unwrap_or(bytes);
        let known = self.recent.len();
        let mut joined = std::mem::take(&mut self.recent);
        joined.extend_from_slice(seam);
        let back = self.look(&joined, known).map(|end| end - known);
        let back = self.look(bytes, seam.len()).or(back);
        let newest = match back.and_then(|end| bytes.get(end..)) {
            // What the alternate screen showed says nothing of the one that is back.
            Some(behind) => {
                joined = line_like(self.left_at_start).to_vec();
                joined.extend_from_slice(behind.get(..REACH).unwrap_or(behind));
                if behind.len() > REACH { bytes } else { &joined }
            }
            None if bytes.len() >= REACH => bytes,
            None => &joined,
        };
        let start = newest.len().saturating_sub(REACH);
        self.recent = newest.get(start..).unwrap_or_default().to_vec();
    }

    /// Obeys the switches in `bytes` that do not end within the first `known`. Gives the end of
    /// the last one that leads back to the primary screen.
    fn look(&mut self, bytes: &[u8], known: usize) -> Option<usize> {
        let mut back = None;
        for at in memmem::find_iter(bytes, b"\x1b[?") {
            let (before, sequence) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
            let Some((on, length)) = switches_screen(sequence) else {
                continue;
            };
            if at + length <= known || on == self.alternate {
                continue;
            }
            if on {
                self.left_at_start = ends_a_line(before);
            }
            back = (!on).then_some(at + length);
            self.alternate = on;
        }
        back
    }
}

/// Output that ends a line, or does not.
fn line_like(at_start: bool) -> &'static [u8] {
    if at_start { b"\r" } else { b"x" }
}

/// Whether a private mode sequence at the front switches to the alternate screen or back, and the
/// sequence's length.
fn switches_screen(sequence: &[u8]) -> Option<(bool, usize)> {
    let parameters = sequence.strip_prefix(b"\x1b[?")?;
    let length = parameters
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b';'))?;
    let (parameters, rest) = parameters.split_at_checked(length)?;
    let on = match rest.first()? {
        b'h' => true,
        b'l' => false,
        _ => return None,
    };
    let screen = |mode: &[u8]| matches!(mode, b"47" | b"1047" | b"1049");
    let switches = parameters.split(|byte| *byte == b';').any(screen);
    switches.then_some((on, 3 + length + 1))
}

/// Whether nothing that moves the cursor follows the last carriage return or newline.
fn ends_a_line(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().rposition(|byte| matches!(byte, b'\r' | b'\n')) else {
        return false;
    };
    let mut rest = bytes.get(end + 1..).unwrap_or_default();
    while let Some(parameters) = rest.strip_prefix(b"\x1b[") {
        let last = parameters.iter().position(u8::is_ascii_alphabetic);
        let Some((last, behind)) = last.and_then(|last| parameters.get(last..)?.split_first())
        else {
            return false;
        };
        if !matches!(last, b'm' | b'h' | b'l' | b'J' | b'K') {
            return false;
        }
        rest = behind;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use winsta_domain::TerminalSize;

    use super::*;

    #[test]
    fn output_leaves_its_traces_however_it_is_cut() {
        let cases = [
            ("", false, false),
            ("hi", false, false),
            ("hi\r\n", false, true),
            ("hi\r\n\x1b[0m\x1b[?2004l", false, true),
            ("hi\r\n\x1b[3C", false, false),
            ("hi\r\n\x1b[?1049h\x1b[2;2Hx", true, true),
            ("hi\x1b[?1049h\r\n", true, false),
            ("\x1b[?25l;\x1b[?1;1047;25hx\x1b[?1047l", false, false),
            ("\x1b[?1049h\x1b[?25hx\x1b[?10490l", true, false),
            ("\x1b[?47h\x1b[?47l\r\n", false, true),
            ("hi\r\n\x1b[?1049hab\x1b[?1049l\x1b[m", false, true),
            ("hi\x1b[?1049h\r\n\x1b[?1049l", false, false),
        ];
        for (output, alternate, at_start) in cases {
            for cut in 0..=output.len() {
                let mut trail = Trail::default();
                let (first, second) = output.as_bytes().split_at(cut);
                trail.pass(first);
                trail.pass(b"");
                trail.pass(second);
                let seen = (trail.is_alternate(), trail.is_at_line_start());
                assert_eq!(seen, (alternate, at_start), "{output:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn what_is_far_back_counts_too() {
        let mut trail = Trail::default();
        trail.pass(b"a line\r\n\x1b[?1049h");
        for _ in 0..100 {
            trail.pass(b"some text that is not short\r\n");
        }
        assert!(trail.is_alternate() && trail.is_at_line_start());
    }

    #[test]
    fn a_painting_is_as_good_as_output() {
        for (output, alternate, at_start) in [
            ("ab\r\n", false, true),
            ("ab", false, false),
            ("ab\r\n\x1b[?1049hcd", true, true),
            ("ab\x1b[?1049h\r", true, false),
        ] {
            let mut screen = Screen::new(TerminalSize::DEFAULT);
            screen.feed(output.as_bytes());
            let trail = Trail::behind(&screen);
            let seen = (trail.is_alternate(), trail.is_at_line_start());
            assert_eq!(seen, (alternate, at_start), "{output:?}");
        }
    }
}
