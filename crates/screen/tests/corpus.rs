//! Replays the corpus of the fuzz target, and what real programs wrote.
#![expect(
    clippy::unwrap_used,
    reason = "a test may fail this way as well as any other"
)]

use std::path::Path;

use winsta_domain::TerminalSize;
use winsta_screen::oracle;

fn each(folder: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check(&std::fs::read(&path).unwrap());
        files += 1;
    }
    assert!(files > 0, "nothing in {}", folder.display());
}

#[test]
fn corpus() {
    each("corpus", oracle::check);
}

#[test]
fn recordings() {
    each("tests/recordings", |output| {
        for (cols, rows) in [(80, 24), (37, 9)] {
            oracle::check_output(TerminalSize::clamped(cols, rows), output);
        }
    });
}
