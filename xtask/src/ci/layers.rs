//! The layers: which crate may use which, and which must stay pure.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace::{self, Source};

/// What a crate of the workspace may depend on.
struct Layer {
    /// The crate.
    name: &'static str,
    /// Crates of the workspace that it may use. Each stands further up in [`LAYERS`], so that
    /// dependencies run downwards only.
    uses: &'static [&'static str],
    /// Whether it does no I/O and reads no clock.
    pure: bool,
    /// Crates from elsewhere that it must not use.
    never: &'static [&'static str],
}

/// What does I/O: not for pure crates.
const IO: &[&str] = &[
    "axum", "hyper", "libc", "mio", "nix", "rusqlite", "rustix", "tokio",
];

/// What would make the keeper more than a keeper.
const RUNTIMES: &[&str] = &["axum", "hyper", "mio", "rusqlite", "tokio", "tracing"];

/// From the bottom to the top.
const LAYERS: &[Layer] = &[
    Layer {
        name: "winsta-domain",
        uses: &[],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-inventory",
        uses: &["winsta-domain"],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-cmdlet",
        uses: &["winsta-domain"],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-wire",
        uses: &["winsta-domain"],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-wsman",
        uses: &[],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-screen",
        uses: &["winsta-domain"],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-api",
        uses: &["winsta-domain"],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-psrp",
        uses: &[],
        pure: true,
        never: IO,
    },
    Layer {
        name: "winsta-keeper",
        uses: &["winsta-domain", "winsta-wire", "winsta-screen"],
        pure: false,
        never: RUNTIMES,
    },
    Layer {
        name: "winsta-pam",
        uses: &[],
        pure: false,
        never: RUNTIMES,
    },
    Layer {
        name: "winsta-client",
        uses: &["winsta-domain", "winsta-wire", "winsta-api"],
        pure: false,
        never: &[],
    },
    Layer {
        name: "winsta-pssession",
        uses: &["winsta-wsman", "winsta-psrp", "winsta-client"],
        pure: false,
        never: RUNTIMES,
    },
    Layer {
        name: "winsta-attach",
        uses: &[
            "winsta-domain",
            "winsta-wire",
            "winsta-screen",
            "winsta-api",
        ],
        pure: false,
        never: &[],
    },
    Layer {
        name: "winsta-sources",
        uses: &["winsta-domain"],
        pure: false,
        never: &["axum", "hyper", "rusqlite"],
    },
    Layer {
        name: "winsta-host",
        uses: &[
            "winsta-domain",
            "winsta-wire",
            "winsta-screen",
            "winsta-sources",
            "winsta-wsman",
            "winsta-psrp",
            "winsta-api",
            "winsta-keeper",
            "winsta-pam",
            "winsta-client",
        ],
        pure: false,
        never: &[],
    },
    Layer {
        name: "winsta-cli",
        uses: &[
            "winsta-domain",
            "winsta-inventory",
            "winsta-wire",
            "winsta-screen",
            "winsta-api",
            "winsta-keeper",
            "winsta-cmdlet",
            "winsta-client",
            "winsta-pssession",
            "winsta-attach",
            "winsta-host",
        ],
        pure: false,
        never: &[],
    },
    Layer {
        name: "winsta-python",
        uses: &[],
        pure: false,
        never: &["axum", "hyper", "tokio"],
    },
    Layer {
        name: "winsta-xtask",
        uses: &["winsta-python"],
        pure: false,
        never: &[],
    },
    Layer {
        name: "winsta-tests",
        uses: &[
            "winsta-domain",
            "winsta-wire",
            "winsta-screen",
            "winsta-wsman",
            "winsta-psrp",
            "winsta-api",
            "winsta-keeper",
            "winsta-client",
            "winsta-attach",
            "winsta-python",
        ],
        pure: false,
        never: &[],
    },
];

/// Words that reach the world outside: not in pure crates, but for their tests.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io::stdin",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "UnixStream",
    "TcpStream",
];

/// What is wrong, one line each.
pub(super) fn check() -> Result<Vec<String>> {
    let mut complaints = table_faults(LAYERS);
    complaints.extend(dependency_faults(&metadata()?)?);
    let sources = workspace::sources()?;
    for layer in LAYERS.iter().filter(|layer| layer.pure) {
        complaints.extend(purity_faults(layer.name, &sources));
    }
    complaints.extend(sources.iter().flat_map(unsafe_faults));
    Ok(complaints)
}

/// An edge to a crate that does not stand above in the table would run upwards.
fn table_faults(layers: &[Layer]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut below: Vec<&str> = Vec::new();
    for layer in layers {
        for used in layer.uses.iter().filter(|used| !below.contains(used)) {
            complaints.push(format!(
                "the table lets {} use {used}, which is not below it",
                layer.name
            ));
        }
        below.push(layer.name);
    }
    complaints
}

fn metadata() -> Result<Value> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(workspace::root())
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("cargo metadata gives no JSON")
}

fn dependency_faults(metadata: &Value) -> Result<Vec<String>> {
    let list = |value: &Value, key: &str| {
        let list = value.get(key).and_then(Value::as_array).cloned();
        list.with_context(|| format!("cargo metadata has no {key}"))
    };
    let text = |value: &Value, key: &str| {
        let text = value.get(key).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let mut complaints = Vec::new();
    for package in list(metadata, "packages")? {
        let name = text(&package, "name");
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
            complaints.push(format!(
                "{name} is in no layer: give it a place in the table"
            ));
            continue;
        };
        for dependency in list(&package, "dependencies")? {
            let used = text(&dependency, "name");
            let for_tests = text(&dependency, "kind") == "dev";
            // A crate's tests may use the crate itself with other features.
            let own = used == name && for_tests;
            let ours = used.starts_with("winsta-") && !own;
            if ours && !layer.uses.contains(&used.as_str()) {
                complaints.push(format!("{name} must not depend on {used}: not below it"));
            }
            if !for_tests && layer.never.contains(&used.as_str()) {
                complaints.push(format!("{name} must not depend on {used}"));
            }
        }
    }
    Ok(complaints)
}

fn purity_faults(name: &str, sources: &[Source]) -> Vec<String> {
    let folder = format!("crates/{}/src/", name.trim_start_matches("winsta-"));
    let mut complaints = Vec::new();
    let own = |source: &&Source| source.path.starts_with(&folder) && source.is_rust();
    for Source { path, text } in sources.iter().filter(own) {
        for (number, line) in code_lines(text) {
            for word in IMPURE.iter().filter(|word| has_word(line, word)) {
                complaints.push(format!("{path}:{number}: {word} in a crate without I/O"));
            }
        }
    }
    complaints
}

/// Where unsafe code may be: in the keeper, and where PAM's library is called.
const UNSAFE: &[&str] = &["crates/keeper/src/", "crates/pam/src/sys.rs"];

/// Unsafe code is allowed nowhere else.
fn unsafe_faults(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    if !source.is_rust() || UNSAFE.iter().any(|room| path.starts_with(room)) {
        return Vec::new();
    }
    let lifts = |line: &str| has_word(line, concat!("unsafe", "_code")) && line.contains('#');
    code_lines(text)
        .filter(|(_, line)| lifts(line))
        .map(|(number, _)| format!("{path}:{number}: unsafe code is the keeper's and PAM's alone"))
        .collect()
}

/// Lines with their numbers, without comments, up to the tests, which stand last.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..);
        let after = after.and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_runs_downwards() {
        assert_eq!(table_faults(LAYERS), Vec::<String>::new());
        let layer = |name, uses| Layer {
            name,
            uses,
            pure: false,
            never: &[],
        };
        assert_eq!(
            table_faults(&[layer("a", &["b"]), layer("b", &[])]).len(),
            1
        );
    }

    #[test]
    fn wrong_edges_are_found() {
        let package = |name: &str, used: &str, kind: Option<&str>| json!({ "packages": [{ "name": name, "dependencies": [{ "name": used, "kind": kind }] }] });
        let faults =
            |name, used, kind| dependency_faults(&package(name, used, kind)).unwrap().len();
        assert_eq!(faults("winsta-wire", "winsta-domain", None), 0);
        assert_eq!(faults("winsta-wire", "winsta-keeper", None), 1);
        assert_eq!(faults("winsta-wire", "winsta-keeper", Some("dev")), 1);
        assert_eq!(faults("winsta-wire", "winsta-wire", Some("dev")), 0);
        assert_eq!(faults("winsta-screen", "tokio", None), 1);
        assert_eq!(faults("winsta-unheard-of", "serde", None), 1);
    }

    #[test]
    fn impure_words_are_found_outside_comments_and_tests() {
        let source = |text: &str| {
            vec![Source {
                path: "crates/domain/src/lib.rs".to_owned(),
                text: text.to_owned(),
            }]
        };
        let faults = |text: &str| purity_faults("winsta-domain", &source(text)).len();
        assert_eq!(faults("use std::fs::File;"), 1);
        assert_eq!(faults("let now = Instant::now();"), 1);
        assert_eq!(faults("// an Instant of ours"), 0);
        assert_eq!(faults("struct Instantly;"), 0);
        assert_eq!(faults("#[cfg(test)]\nmod tests { use std::fs; }"), 0);
    }
}
