//! CLIXML and PowerShell remoting: our codec beside psrpcore, on the same documents and lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use winsta_python::packages::{self, PSRPCORE};
use winsta_python::{Python, recordings};

use super::figures::quantile;
use super::report::{machine, publish};
use crate::workspace;

/// Options of `cargo xtask codec`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often to measure; the median counts
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How long to measure each row, in seconds
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Write benches/CODEC.md
    #[arg(long)]
    write: bool,
}

const PEER: &str = include_str!("peer.py");
/// Lines of text, as `ls -l` makes them.
const LINES: usize = 3_000;

/// Bytes in a second, for each row.
type Rates = BTreeMap<String, f64>;

/// Measures and prints, and writes the page if that is wanted.
pub(crate) fn run(options: &Options) -> Result<()> {
    let python = Python::with(packages::REMOTING)?;
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let (documents, lines) = (folder.path().join("documents"), folder.path().join("lines"));
    let count = extract(&python, folder.path(), &documents)?;
    fs::write(&lines, text()).context("cannot write the lines")?;
    let ours = build()?;
    let seconds = options.seconds.to_string();
    let files = [path(&documents)?, path(&lines)?, &seconds];
    let mut measured = Vec::new();
    for number in 1..=options.runs {
        let output = Command::new(&ours).args(files).output();
        let output = output.context("cannot run our codec")?;
        ensure!(output.status.success(), "our codec failed");
        let peer = python.run(PEER, &["measure", files[0], files[1], files[2]])?;
        measured.push((rates(&output.stdout)?, rates(&peer)?));
        eprintln!("{number} of {}", options.runs);
    }
    let page = page(&measured, count);
    publish(&page, options.write.then_some("CODEC.md"))
}

/// Writes the documents of recorded exchanges as a list, and says how many there are.
fn extract(python: &Python, folder: &Path, documents: &Path) -> Result<usize> {
    let exchanges = recordings()?.into_iter().flat_map(|r| r.exchanges);
    let psrp = exchanges.filter(|e| e.request.contains("/powershell/Microsoft.PowerShell"));
    let envelopes: Vec<String> = psrp.flat_map(|e| [e.request, e.response]).collect();
    let all = folder.join("envelopes");
    fs::write(&all, serde_json::to_vec(&envelopes)?).context("cannot write the envelopes")?;
    python.run(PEER, &["documents", path(&all)?, path(documents)?])?;
    let texts: Vec<String> = serde_json::from_slice(&fs::read(documents)?)?;
    ensure!(
        texts.len() > 500,
        "only {} documents were found",
        texts.len()
    );
    Ok(texts.len())
}

fn text() -> String {
    (0..LINES).fold(String::new(), |mut text, number| {
        let size = number * 37;
        let _ = writeln!(
            text,
            "-rw-r--r-- 1 root root {size:7} Nov 21 14:00 a_file-{number}.txt"
        );
        text
    })
}

/// Builds our side as it is shipped, and gives its path.
fn build() -> Result<std::path::PathBuf> {
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--quiet",
            "--package",
            "winsta-psrp",
            "--example",
            "codec",
        ])
        .current_dir(workspace::root())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "our codec cannot be built");
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| workspace::root().join("target"), Into::into);
    Ok(target.join("release/examples/codec"))
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

fn rates(output: &[u8]) -> Result<Rates> {
    serde_json::from_slice(output).context("no figures came")
}

fn page(measured: &[(Rates, Rates)], documents: usize) -> String {
    let mut page = format!(
        "# CLIXML and PowerShell remoting\n\nMade by `cargo xtask codec`. Each figure is the median \
         of {} runs, in which both sides do the same work one after the other. The documents are \
         {documents} that Windows hosts and their clients sent each other (recordings in pypsrp's \
         source), the lines such as `ls -l` prints. Of documents the whole text counts, of lines \
         nothing but their own: writing makes fragments of them that can be sent, reading takes \
         such fragments to events.\n\n- machine: {}\n- peer: {PSRPCORE}\n\n| row | winsta, MB/s | \
         psrpcore, MB/s | times |\n|---|---:|---:|---:|\n",
        measured.len(),
        machine(),
    );
    let rows = measured.first().map(|(ours, _)| ours.keys());
    for row in rows.into_iter().flatten() {
        let median = |pick: &dyn Fn(&(Rates, Rates)) -> Option<f64>| {
            let values: Vec<f64> = measured.iter().filter_map(pick).collect();
            quantile(&values, 50).unwrap_or_default()
        };
        let ours = median(&|(ours, _)| ours.get(row).copied());
        let peer = median(&|(_, peer)| peer.get(row).copied());
        let times = median(&|(ours, peer)| Some(ours.get(row)? / peer.get(row)?));
        let (ours, peer) = (ours / 1e6, peer / 1e6);
        let _ = writeln!(page, "| {row} | {ours:.0} | {peer:.2} | {times:.0} |");
    }
    page
}
