//! What an interactive bash says to its standard error of itself, and no command printed.

/// What it says when it is told to exit.
pub(super) const PARTING: &[u8] = b"exit\n";

/// Whether a line is about the terminal for which bash takes its standard error, and whose settings
/// it wants to put back once a signal has ended a program: `bash: [PID: 1 (255)] tcsetattr: …`.
pub(super) fn is_about_terminal(line: &str) -> bool {
    let place = line
        .split_once(": [")
        .and_then(|(_, rest)| rest.split_once("] tcsetattr: "));
    place.is_some_and(|(place, _)| {
        place
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b": ()".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_say_is_left() {
        let about = [
            "bash: [30085: 1 (255)] tcsetattr: Inappropriate ioctl for device",
            "bash: [7: 2 (255)] tcsetattr: Unpassender IOCTL (I/O-Control) für das Gerät",
        ];
        assert!(about.into_iter().all(is_about_terminal));
        for said in [
            "",
            "tcsetattr: Inappropriate ioctl for device",
            "stty: tcsetattr: Inappropriate ioctl for device",
            "ssh: [db01] tcsetattr: Input/output error",
            "bash: line 1: tcsetattr: command not found",
        ] {
            assert!(!is_about_terminal(said), "{said}");
        }
    }
}
