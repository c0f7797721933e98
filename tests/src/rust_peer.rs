//! Peers that are Rust's crates: programs in `tests/peers`, each a workspace of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The program of the crate `tests/peers/<folder>`, built the first time; why there is none where
/// its dependencies cannot be had.
///
/// # Panics
///
/// Where it has its dependencies and does not compile.
pub fn build(folder: &str, program: &str) -> Result<PathBuf, String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = tests.join("peers").join(folder).join("Cargo.toml");
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| tests.join("../target"), PathBuf::from);
    let target = target.join("peers").join(folder);
    let cargo = |words: &[&str]| {
        let own = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(own);
        command.args(words).arg("--manifest-path").arg(&manifest);
        command.env("CARGO_TARGET_DIR", &target).output()
    };
    let fetched = cargo(&["fetch", "--locked", "--quiet"]).map_err(|error| error.to_string())?;
    if !fetched.status.success() {
        let said = String::from_utf8_lossy(&fetched.stderr);
        return Err(format!("the crates of {folder} cannot be had: {said}"));
    }
    let built = cargo(&["build", "--locked", "--offline", "--quiet"]).expect("cargo runs");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    Ok(target.join("debug").join(program))
}
