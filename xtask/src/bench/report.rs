//! The figures as a page.

use std::fmt::Write;
use std::process::Command;

use anyhow::{Context, Result};

use super::figures::{Figures, quantile};
use super::peer::Peer;
use super::peers::{OURS, RAW};
use super::rows::{ROWS, Row};
use crate::workspace;

/// Where and how figures were made.
pub(crate) struct Circumstances {
    /// The command that made them.
    pub(crate) command: String,
    /// How many runs.
    pub(crate) runs: usize,
    /// What is measured with what, for people: `(peer, command line)`.
    pub(crate) commands: Vec<(String, String)>,
}

/// The page.
pub(crate) fn page(figures: &Figures, peers: &[Box<dyn Peer>], how: &Circumstances) -> String {
    let mut page = String::new();
    heading(&mut page, peers, how);
    table(&mut page, figures, peers);
    ratios(&mut page, figures, peers);
    remarks(&mut page, figures, peers);
    commands(&mut page, how);
    page
}

/// Writing to a string cannot fail.
macro_rules! line {
    ($page:expr, $($text:tt)*) => {{
        let _ = writeln!($page, $($text)*);
    }};
}

fn heading(page: &mut String, peers: &[Box<dyn Peer>], how: &Circumstances) {
    line!(page, "# Winsta against its peers\n");
    line!(
        page,
        "Made by `{}`, which measures everything anew.",
        how.command
    );
    line!(
        page,
        "Each figure is the median of {} runs; in every run all peers are measured one after the \
         other, each in an empty place of its own. The terminal is a PTY of 80 by 24 that the \
         benchmark reads as fast as it can.\n",
        how.runs
    );
    line!(page, "- machine: {}", machine());
    line!(
        page,
        "- date: {}",
        printed("date", &["-u", "+%Y-%m-%d %H:%M UTC"])
    );
    line!(
        page,
        "- source: {}",
        printed("git", &["describe", "--always", "--dirty"])
    );
    for peer in peers {
        let version = peer.version().unwrap_or_default();
        line!(page, "- {}: {version}", peer.name());
    }
    line!(page, "");
}

/// Prints a page, and writes it to `benches/` if it has a name there.
pub(crate) fn publish(page: &str, name: Option<&str>) -> Result<()> {
    println!("{page}");
    if let Some(name) = name {
        let path = workspace::root().join("benches").join(name);
        std::fs::write(&path, page).context("cannot write the page")?;
        println!("written to {}", path.display());
    }
    Ok(())
}

/// The machine that figures are of.
pub(super) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = read("/proc/meminfo");
    let memory = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .map_or("", str::trim);
    let release = read("/proc/sys/kernel/osrelease");
    let release = release.trim();
    format!("{cores} cores of {model}, {memory} of memory, Linux {release}")
}

fn printed(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

fn table(page: &mut String, figures: &Figures, peers: &[Box<dyn Peer>]) {
    line!(page, "## Figures\n");
    let names: Vec<_> = peers.iter().map(|peer| peer.name()).collect();
    line!(page, "| measure | unit | {} |", names.join(" | "));
    line!(page, "|---|---|{}", "---:|".repeat(names.len()));
    for row in ROWS {
        let cells: Vec<_> = names.iter().map(|name| cell(figures, row, name)).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            line!(
                page,
                "| {} | {} | {} |",
                row.title,
                row.unit,
                cells.join(" | ")
            );
        }
    }
    line!(
        page,
        "\nIn brackets: the lowest and the highest of the runs.\n"
    );
}

fn cell(figures: &Figures, row: &Row, peer: &str) -> String {
    let Some(cell) = figures.get(row.id, peer) else {
        return String::new();
    };
    if !cell.failures.is_empty() {
        return "fails".to_owned();
    }
    if cell.values.is_empty() {
        return "–".to_owned();
    }
    let at = |percent| quantile(&cell.values, percent).unwrap_or_default();
    let (low, middle, high) = (at(0), at(50), at(100));
    if cell.values.len() < 2 || (low.total_cmp(&high)).is_eq() {
        return number(middle);
    }
    format!("{} ({}–{})", number(middle), number(low), number(high))
}

/// Three digits that matter.
fn number(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn ratios(page: &mut String, figures: &Figures, peers: &[Box<dyn Peer>]) {
    line!(page, "## Ratios\n");
    line!(
        page,
        "| measure | Winsta | goal | Winsta / goal | best peer | Winsta / best peer | goal met |"
    );
    line!(page, "|---|---:|---:|---:|---|---:|---|");
    for row in ROWS {
        let Some(ours) = figures.median(row.id, OURS) else {
            continue;
        };
        let target = row.target(figures);
        let sign = if row.more { "≥" } else { "≤" };
        let goal = target.map_or_else(String::new, |goal| format!("{sign} {}", number(goal)));
        let best = best(figures, row, peers);
        let (peer, to_best) = best.map_or_else(Default::default, |(name, figure)| {
            (format!("{name} {}", number(figure)), ratio(ours, figure))
        });
        let met = match row.met(figures) {
            None => "",
            Some(true) => "yes",
            Some(false) => "**no**",
        };
        let to_goal = target.map_or_else(String::new, |goal| ratio(ours, goal));
        line!(
            page,
            "| {} | {} {} | {goal} | {to_goal} | {peer} | {to_best} | {met} |",
            row.title,
            number(ours),
            row.unit
        );
    }
    line!(page, "");
}

fn ratio(ours: f64, other: f64) -> String {
    if other > 0.0 {
        format!("{:.2}", ours / other)
    } else {
        String::new()
    }
}

/// The best of the others that keep sessions.
fn best<'a>(figures: &Figures, row: &Row, peers: &'a [Box<dyn Peer>]) -> Option<(&'a str, f64)> {
    peers
        .iter()
        .map(|peer| peer.name())
        .filter(|name| ![OURS, RAW].contains(name))
        .filter_map(|name| Some((name, figures.median(row.others(), name)?)))
        .min_by(|(_, a), (_, b)| {
            if row.more {
                b.total_cmp(a)
            } else {
                a.total_cmp(b)
            }
        })
}

fn remarks(page: &mut String, figures: &Figures, peers: &[Box<dyn Peer>]) {
    line!(page, "## What fails, and what else is to be said\n");
    for row in ROWS {
        for peer in peers {
            let Some(cell) = figures.get(row.id, peer.name()) else {
                continue;
            };
            for text in cell.failures.iter().chain(&cell.notes) {
                line!(page, "- {}, {}: {text}", row.title, peer.name());
            }
        }
    }
    line!(page, "");
}

fn commands(page: &mut String, how: &Circumstances) {
    line!(page, "## Commands\n");
    line!(
        page,
        "`PLACE` is the peer's own folder, and `XDG_RUNTIME_DIR`, `HOME`, `SCREENDIR`, \
         `WINSTA_RUNTIME_DIR` and so on lead there. Peers from crates.io were installed with \
         `cargo install shpool retach --root target/peers`.\n"
    );
    for (peer, command) in &how.commands {
        line!(page, "- {peer}: `{command}`");
    }
}
