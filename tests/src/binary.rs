//! Where the binary under test is.

use std::path::PathBuf;

/// Path of `winsta`: `$WINSTA_BIN`, or the one that was built beside the running test.
pub fn winsta() -> PathBuf {
    if let Some(path) = std::env::var_os("WINSTA_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("tests are two folders below the profile's");
    let path = folder.join("winsta");
    assert!(
        path.exists(),
        "{} is missing: build it with `cargo build -p winsta-cli`",
        path.display()
    );
    path
}
