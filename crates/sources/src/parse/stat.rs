//! `/proc/PID/stat`.

use super::tty::Tty;

/// Longest program name that the kernel keeps, with room for what it may keep one day.
const MAX_NAME: usize = 64;

/// What is read of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Process id.
    pub pid: u32,
    /// Name of its program, as far as the kernel keeps it (15 bytes).
    pub name: String,
    /// Parent.
    pub parent: u32,
    /// Its session in the kernel's sense: the pid of the first process of it.
    pub session: u32,
    /// Its terminal.
    pub tty: Option<Tty>,
    /// When it started: clock ticks since the machine's start.
    pub start: u64,
    /// Whether it is dead and waits for its parent.
    pub zombie: bool,
}

/// Reads the file's text. A program's name may hold anything, brackets and newlines too, so the
/// last `)` ends it.
pub fn stat(text: &[u8]) -> Option<Stat> {
    let open = text.iter().position(|byte| *byte == b'(')?;
    let close = text.iter().rposition(|byte| *byte == b')')?;
    let pid = number(text.get(..open)?.trim_ascii())?;
    let name = text.get(open + 1..close)?;
    let name = name.get(..MAX_NAME).unwrap_or(name);
    let rest = std::str::from_utf8(text.get(close + 1..)?).ok()?;
    let mut words = rest.split_ascii_whitespace();
    let state = words.next()?;
    let parent = words.next()?.parse().ok()?;
    let _group = words.next()?;
    let session = words.next()?.parse().ok()?;
    let tty = words.next()?.parse::<i64>().ok()?;
    let start = words.nth(14)?.parse().ok()?;
    Some(Stat {
        pid,
        name: String::from_utf8_lossy(name).into_owned(),
        parent,
        session,
        tty: u32::try_from(tty).ok().and_then(Tty::from_number),
        start,
        zombie: matches!(state, "Z" | "X"),
    })
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSHD: &str = "179 (sshd) S 129 179 179 0 -1 4194560 822 679 0 0 0 0 1 0 20 0 1 0 1295090 \
        18444288 2803 18446744073709551615 93936215113728 93936215958413 140736126823216 0 0 0 0 \
        16781312 16387 1 0 0 17 1 0 0 0 0 0 93936216311664 93936216327824 93936773230592 \
        140736126828255 140736126828276 140736126828276 140736126828521 0\n";

    #[test]
    fn a_recorded_process() {
        let read = stat(SSHD.as_bytes()).unwrap();
        assert_eq!(
            read,
            Stat {
                pid: 179,
                name: "sshd".to_owned(),
                parent: 129,
                session: 179,
                tty: None,
                start: 1_295_090,
                zombie: false,
            }
        );
    }

    #[test]
    fn names_with_brackets_deceive_nobody() {
        let nasty = SSHD.replace("(sshd)", "(a) S 1 1 1 34816 (\n)");
        let read = stat(nasty.as_bytes()).unwrap();
        assert_eq!(read.name, "a) S 1 1 1 34816 (\n");
        assert_eq!((read.parent, read.tty), (129, None));
    }

    #[test]
    fn terminals_and_the_dead() {
        let on_pts = SSHD.replace("179 179 0 -1", "179 186 34819 -1");
        let read = stat(on_pts.as_bytes()).unwrap();
        assert_eq!((read.session, read.tty), (186, Some(Tty::Pts(3))));
        assert!(stat(SSHD.replace(") S", ") Z").as_bytes()).unwrap().zombie);
    }

    #[test]
    fn what_is_cut_is_nothing() {
        for cut in [
            "",
            "179",
            "179 (sshd",
            "179 (sshd)",
            "179 (sshd) S 129 179",
            ")(",
            "x (y) S 1",
        ] {
            assert_eq!(stat(cut.as_bytes()), None, "{cut}");
        }
    }
}
