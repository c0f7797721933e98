//! The steps of the gate.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::{files, layers};
use crate::workspace;

/// What came of a step that did not fail.
pub(super) enum Outcome {
    /// It passed; lines that are worth repeating in the summary.
    Passed(Vec<String>),
    /// It could not be run here, and why.
    Skipped(String),
}

/// One check.
pub(super) struct Step {
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// What it checks, for people.
    pub(super) what: &'static str,
    /// Runs it.
    pub(super) run: fn() -> Result<Outcome>,
}

/// In order: what is quick and fails often comes first.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "everything is formatted",
        run: fmt,
    },
    Step {
        name: "files",
        what: "length of files, forbidden words and names",
        run: || check(&files::check()?),
    },
    Step {
        name: "layers",
        what: "dependencies run downwards only, pure crates are pure",
        run: || check(&layers::check()?),
    },
    Step {
        name: "clippy",
        what: "no warning in any target",
        run: clippy,
    },
    Step {
        name: "fuzz",
        what: "the fuzz targets compile",
        run: fuzz,
    },
    Step {
        name: "deny",
        what: "licences and sources of dependencies",
        run: deny,
    },
    Step {
        name: "release",
        what: "the release binary, for the end-to-end tests",
        run: release,
    },
    Step {
        name: "test",
        what: "unit, property, corpus and end-to-end tests",
        run: test,
    },
    Step {
        name: "doctest",
        what: "examples in the documentation",
        run: doctest,
    },
    Step {
        name: "doc",
        what: "the documentation builds without a warning",
        run: doc,
    },
];

fn check(complaints: &[String]) -> Result<Outcome> {
    for complaint in complaints {
        println!("{complaint}");
    }
    match complaints.len() {
        0 => Ok(Outcome::Passed(Vec::new())),
        count => bail!("{count} found, listed above"),
    }
}

fn fmt() -> Result<Outcome> {
    cargo(&["fmt", "--all", "--check"], &[])?;
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    cargo(&fuzz, &[])
}

fn clippy() -> Result<Outcome> {
    let command = "clippy --workspace --all-targets --locked -- -D warnings";
    cargo(&words(command), &[])
}

/// Without the fuzzing engine, which needs a C++ compiler and a nightly compiler to be of use.
fn fuzz() -> Result<Outcome> {
    let command = "check --manifest-path fuzz/Cargo.toml --no-default-features \
                   --target-dir target/fuzz";
    cargo(&words(command), &[])
}

fn deny() -> Result<Outcome> {
    if !is_installed("cargo-deny", &["--version"]) {
        return Ok(Outcome::Skipped("cargo-deny is not installed".to_owned()));
    }
    // Advisories change without a change here, so they are no part of a gate.
    cargo(&words("deny --workspace check licenses bans sources"), &[])
}

fn release() -> Result<Outcome> {
    cargo(&words("build --release --locked --bins"), &[])
}

fn test() -> Result<Outcome> {
    let binary = workspace::root().join("target/release/winsta");
    let binary = binary.to_string_lossy();
    let command = if is_installed("cargo", &["nextest", "--version"]) {
        "nextest run --workspace --locked --no-fail-fast"
    } else {
        println!("cargo-nextest is not installed: cargo test does its work");
        "test --workspace --all-targets --locked --no-fail-fast"
    };
    cargo(&words(command), &[("WINSTA_BIN", &binary)])
}

fn doctest() -> Result<Outcome> {
    cargo(&words("test --doc --workspace --locked"), &[])
}

fn doc() -> Result<Outcome> {
    let command = "doc --workspace --no-deps --locked";
    cargo(&words(command), &[("RUSTDOCFLAGS", "-D warnings")])
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

fn is_installed(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs cargo in the root; passes its words on and keeps the test runner's closing lines.
fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Outcome> {
    println!("$ cargo {}", arguments.join(" "));
    let mut child = Command::new("cargo")
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(workspace::root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run cargo")?;
    let errors = child.stderr.take().context("no standard error")?;
    let output = child.stdout.take().context("no standard output")?;
    // nextest closes with a summary on standard error, `cargo test` with one on standard output.
    let errors = std::thread::spawn(move || pass_on(errors, |line| eprintln!("{line}")));
    let mut closing = pass_on(output, |line| println!("{line}"))?;
    let from_errors = errors.join().ok().context("the reader panicked")?;
    closing.extend(from_errors?);
    let status = child.wait().context("cannot wait for cargo")?;
    ensure!(status.success(), "cargo {}: {status}", arguments.join(" "));
    Ok(Outcome::Passed(closing))
}

fn pass_on(from: impl Read, to: fn(&str)) -> Result<Vec<String>> {
    let mut closing = Vec::new();
    for line in BufReader::new(from).split(b'\n') {
        let line = line.context("cannot read what cargo says")?;
        let line = String::from_utf8_lossy(&line);
        to(&line);
        let text = line.trim();
        let counts = text.starts_with("test result:") && !text.contains(" 0 passed; 0 failed");
        if counts || (text.starts_with("Summary [") && text.contains("run:")) {
            closing.push(text.to_owned());
        }
    }
    Ok(closing)
}
