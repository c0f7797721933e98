//! The steps of the gate.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use winsta_python::{Missing, Python, packages, recordings};

use super::ahead::Ahead;
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
    /// What can begin while the steps before it run; the step itself then finds it done, or waits.
    pub(super) ahead: Option<fn() -> Result<Ahead>>,
}

/// Where Debian 13's files are kept between runs.
const TREE: &str = "/var/tmp/winsta-trixie";

/// In order: what is quick and fails often comes first.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "everything is formatted",
        run: fmt,
        ahead: None,
    },
    Step {
        name: "files",
        what: "length of files, forbidden words and names",
        run: || check(&files::check()?),
        ahead: None,
    },
    Step {
        name: "layers",
        what: "dependencies run downwards only, pure crates are pure",
        run: || check(&layers::check()?),
        ahead: None,
    },
    Step {
        name: "clippy",
        what: "no warning in any target",
        run: clippy,
        ahead: None,
    },
    Step {
        name: "fuzz",
        what: "the fuzz targets compile",
        run: fuzz,
        ahead: None,
    },
    Step {
        name: "deny",
        what: "licences and sources of dependencies",
        run: deny,
        ahead: None,
    },
    Step {
        name: "release",
        what: "the release binary, for the end-to-end tests",
        run: release,
        ahead: Some(release_ahead),
    },
    Step {
        name: "peers",
        what: "what the tests have from PyPI and crates.io",
        run: peers,
        ahead: Some(peers_ahead),
    },
    Step {
        name: "test",
        what: "unit, property, corpus and end-to-end tests",
        run: test,
        ahead: None,
    },
    Step {
        name: "debian13",
        what: "machines of another Debian than this one",
        run: debian13,
        ahead: None,
    },
    Step {
        name: "doctest",
        what: "examples in the documentation",
        run: doctest,
        ahead: None,
    },
    Step {
        name: "doc",
        what: "the documentation builds without a warning",
        run: doc,
        ahead: None,
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
    let command = "check --manifest-path fuzz/Cargo.toml --no-default-features --target-dir target";
    cargo(&words(command), &[])
}

fn deny() -> Result<Outcome> {
    if !is_installed("cargo-deny", &["--version"]) {
        return Ok(Outcome::Skipped("cargo-deny is not installed".to_owned()));
    }
    // Advisories change without a change here, so they are no part of a gate.
    cargo(&words("deny --workspace check licenses bans sources"), &[])
}

const RELEASE: &str = "build --release --locked --bins";

fn release() -> Result<Outcome> {
    cargo(&words(RELEASE), &[])
}

/// Most of it is one long piece of work for one core, which the steps before leave idle at times.
fn release_ahead() -> Result<Ahead> {
    let quiet = [&words(RELEASE)[..], &["--quiet"]].concat();
    Ahead::command(Command::new("cargo").args(quiet))
}

/// No test has to wait for them then, nor is stopped for waiting.
fn peers() -> Result<Outcome> {
    let made = packages::ALL.iter().try_for_each(|packages| {
        println!("{}", packages.join(", "));
        Python::with(packages).map(drop)
    });
    match made.and_then(|()| recordings()) {
        // Whether it compiles is for its test to say, and here it may be that nothing can be had.
        Ok(_) => cargo(&words(WINRM), &[])
            .or_else(|error| Ok(Outcome::Skipped(format!("tests/peers/winrm: {error}")))),
        Err(missing @ (Missing::Start { .. } | Missing::Failed { .. })) => {
            Ok(Outcome::Skipped(missing.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

const WINRM: &str = "build --locked --quiet --manifest-path tests/peers/winrm/Cargo.toml \
                     --target-dir target/peers/winrm";

fn peers_ahead() -> Result<Ahead> {
    let this = std::env::current_exe().context("this program has no path")?;
    Ahead::command(Command::new(this).args(["ci", "peers"]))
}

fn test() -> Result<Outcome> {
    let binary = released();
    let command = if is_installed("cargo", &["nextest", "--version"]) {
        "nextest run --profile gate --workspace --locked --no-fail-fast"
    } else {
        println!("cargo-nextest is not installed: cargo test does its work");
        "test --workspace --all-targets --locked --no-fail-fast"
    };
    cargo(&words(command), &[("WINSTA_BIN", &*binary)])
}

/// Sessions of ssh, xrdp and the console, the host for all users and its gateway, where logins are in
/// no utmp.
fn debian13() -> Result<Outcome> {
    let skipped = |why: &str| Ok(Outcome::Skipped(why.to_owned()));
    if !is_installed("mmdebstrap", &["--version"]) {
        return skipped("mmdebstrap is not installed");
    }
    if !is_installed("cargo", &["nextest", "--version"]) {
        return skipped("cargo-nextest is not installed");
    }
    let made = Command::new("tests/testhost/tree")
        .args(["trixie", TREE])
        .current_dir(workspace::root())
        .status()
        .context("cannot run tests/testhost/tree")?;
    if !made.success() {
        return skipped("its files cannot be had; the lines above say why");
    }
    // The whole workspace, or it would be compiled once more with other features.
    let command = "nextest run --profile gate --workspace --locked --no-fail-fast \
                   -E binary(/^(elsewhere|gateway|system)/)-binary(system_package)";
    let binary = released();
    let environment = [("WINSTA_BIN", &*binary), ("WINSTA_TESTHOST_ROOT", TREE)];
    cargo(&words(command), &environment)
}

fn released() -> String {
    let binary = workspace::root().join("target/release/winsta");
    binary.to_string_lossy().into_owned()
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
        let is_summary = text.starts_with("Summary [") && text.contains("run:");
        if counts || is_summary || text.starts_with("FLAKY ") {
            closing.push(text.to_owned());
        }
    }
    Ok(closing)
}
