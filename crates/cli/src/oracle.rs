//! What fuzzing feeds, as plain functions.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Reads `bytes` as a command line, its words separated by NUL, without carrying it out: no
/// command line may panic, and what is wrong with one is its usage.
///
/// # Panics
/// If that does not hold.
pub fn grammar(bytes: &[u8]) {
    let words = bytes.split(|byte| *byte == 0);
    let argv: Vec<OsString> = words
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect();
    match crate::dispatch::read(argv) {
        Ok(call) => drop(call),
        Err(failure) => assert_eq!(failure.exit, crate::report::Exit::Usage),
    }
}
