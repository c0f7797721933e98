//! Rules for files: their length, their names, and words that must not stand in them.

use anyhow::Result;

use crate::workspace::{self, Source};

/// Lines that a Rust file may have.
const MAX_LINES: usize = 500;

/// Files that may be longer: up to how many lines, and why.
const LONGER: &[(&str, usize, &str)] = &[];

/// Module names that say nothing.
const DRAWERS: &[&str] = &["util", "utils", "common", "helpers", "misc"];

/// A word that must not stand in Rust files, and why. Split, so that this file is not found.
const WORDS: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "finish it, or open an issue"),
    (concat!("FIX", "ME"), "finish it, or open an issue"),
    (concat!("XX", "X:"), "finish it, or open an issue"),
    (concat!("unimple", "mented!"), "finish it"),
    (
        concat!("#[all", "ow("),
        "use #[expect(.., reason = \"..\")]",
    ),
    (
        concat!("#![all", "ow("),
        "use #![expect(.., reason = \"..\")]",
    ),
    (concat!("#[ign", "ore"), "a test that is not run is no test"),
];

/// Traces of the machine or the tool that a file was written with.
const TRACES: &[(&str, &str)] = &[
    (concat!("/Use", "rs/"), "a path of one machine"),
    (concat!("file:", "///"), "a path of one machine"),
    (concat!("<<<<", "<<< "), "an unfinished merge"),
    (concat!(">>>>", ">>> "), "an unfinished merge"),
];

/// Files that may hold a word all the same, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// What is wrong, one line each.
pub(super) fn check() -> Result<Vec<String>> {
    let sources = workspace::sources()?;
    let mut complaints: Vec<_> = sources.iter().flat_map(faults).collect();
    complaints.extend(LONGER.iter().filter_map(|entry| stale(entry, &sources)));
    Ok(complaints)
}

fn faults(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let mut complaints = word_faults(path, text, TRACES);
    if source.is_rust() {
        complaints.extend(word_faults(path, text, WORDS));
        let lines = text.lines().count();
        let limit = LONGER.iter().find(|(longer, ..)| longer == path);
        let limit = limit.map_or(MAX_LINES, |(_, limit, _)| *limit);
        if lines > limit {
            complaints.push(format!("{path}: {lines} lines, at most {limit}: split it"));
        }
        let mut names = path.trim_end_matches(".rs").split('/');
        if names.any(|name| DRAWERS.contains(&name)) {
            complaints.push(format!("{path}: name it after what it does"));
        }
    }
    complaints
}

fn word_faults(path: &str, text: &str, words: &[(&str, &str)]) -> Vec<String> {
    let excepted = |word: &str| EXCEPTIONS.iter().any(|(p, w, _)| *p == path && *w == word);
    let mut complaints = Vec::new();
    for (word, why) in words.iter().filter(|(word, _)| !excepted(word)) {
        for (index, _) in text.lines().enumerate().filter(|(_, l)| l.contains(word)) {
            complaints.push(format!("{path}:{}: {word} ({why})", index + 1));
        }
    }
    complaints
}

/// An entry of the table that is no longer needed.
fn stale(entry: &(&str, usize, &str), sources: &[Source]) -> Option<String> {
    let (path, ..) = entry;
    let lines = sources.iter().find(|source| source.path == *path);
    let lines = lines.map_or(0, |source| source.text.lines().count());
    (lines <= MAX_LINES).then(|| format!("{path} is short enough: take it out of the table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(path: &str, text: &str) -> usize {
        let path = path.to_owned();
        let text = text.to_owned();
        faults(&Source { path, text }).len()
    }

    #[test]
    fn long_files_unfinished_work_and_drawers_are_found() {
        assert_eq!(faults_of("crates/x/src/ring.rs", "fn ring() {}\n"), 0);
        assert_eq!(faults_of("crates/x/src/ring.rs", &"\n".repeat(501)), 1);
        assert_eq!(faults_of("crates/x/src/util.rs", ""), 1);
        assert_eq!(faults_of("crates/x/src/misc/ring.rs", ""), 1);
        let unfinished = format!("// {}: later\n", concat!("TO", "DO"));
        assert_eq!(faults_of("crates/x/src/ring.rs", &unfinished), 1);
        let trace = format!("see {}me/notes\n", concat!("/Use", "rs/"));
        assert_eq!(faults_of("README.md", &trace), 1);
    }
}
