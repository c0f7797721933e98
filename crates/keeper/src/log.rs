//! What the keeper has to say: rare lines on standard error, which its starter points at a file.

use std::io::Write;

/// Writes a line. A log that cannot be written is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(
        std::io::stderr(),
        "winsta keeper[{}]: {text}",
        std::process::id()
    );
}
