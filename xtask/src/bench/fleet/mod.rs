//! Who is logged in on many machines: `quser --server` beside what administrators use for that.
//!
//! The machines are one ssh server on so many loopback addresses. What the servers' side costs is
//! in the figures of the whole machine, not in those of the client.

mod ground;
mod tools;

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use super::cost::{Cost, measured};
use super::figures::quantile;
use super::place::Place;
use super::report::publish;
use ground::Ground;
use tools::{TOOLS, Tool};

/// Options of `cargo xtask fleet`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many machines
    #[arg(long, default_value_t = 200)]
    hosts: u8,
    /// How often to measure; the median counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Measure only these tools, and print only
    #[arg(long, value_delimiter = ',', value_name = "TOOL,…")]
    tools: Vec<String>,
}

/// What was measured of one tool.
struct Column {
    name: &'static str,
    cold: Vec<Cost>,
    warm: Vec<Cost>,
}

/// Measures, prints, and writes `benches/FLEET.md` if all of it was measured.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!(options.hosts > 0, "no machine is no fleet");
    let wanted = |tool: &&Tool| {
        options.tools.is_empty() || options.tools.iter().any(|name| name == tool.name)
    };
    let mut columns = Vec::new();
    Place::sweep()?;
    // Children that a tool does not wait for count as well.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let ground = Ground::new(options.hosts)?;
    for tool in TOOLS.iter().filter(wanted) {
        if !tool.is_installed() {
            eprintln!("warning: {} is not installed, so it is left out", tool.name);
            continue;
        }
        let mut column = Column {
            name: tool.name,
            cold: Vec::new(),
            warm: Vec::new(),
        };
        for number in 1..=options.runs {
            let place = Place::new()?;
            ground.lead(&place)?;
            let line = (tool.line)(&place, options.hosts);
            let once = || measured(&place, &line);
            column
                .cold
                .push(once().with_context(|| format!("{} cold", tool.name))?);
            column
                .warm
                .push(once().with_context(|| format!("{} warm", tool.name))?);
            eprintln!("{number} {}", tool.name);
            ground::end_masters(&place);
        }
        columns.push(column);
    }
    let page = page(&columns, options);
    publish(&page, options.tools.is_empty().then_some("FLEET.md"))
}

fn page(columns: &[Column], options: &Options) -> String {
    let Options { hosts, runs, .. } = options;
    let mut page = format!(
        "# Who is logged in on {hosts} machines\n\nMade by `cargo xtask fleet`. Each figure is the \
         median of {runs} runs. The machines are one sshd on {hosts} loopback addresses, and \
         one host of ours, which looks for hosted sessions only: the logins of all these machines \
         stand in one table of processes, which the other tools do not read. All tools ask 32 at a time. Cold: every login is new. Warm: the second time, over connections that \
         ssh's masters keep open, which every tool is configured to use. The client's CPU time \
         has its children and its masters in it, that of the machine everything else too, sshd \
         first of all.\n\n| tool | cold, s | client CPU, s | machine CPU, s | warm, s | client CPU, \
         s | machine CPU, s |\n|---|---:|---:|---:|---:|---:|---:|\n"
    );
    for column in columns {
        let cells = |costs: &[Cost]| {
            let of = |pick: fn(&Cost) -> f64| {
                let values: Vec<f64> = costs.iter().map(pick).collect();
                quantile(&values, 50).unwrap_or_default()
            };
            let (wall, client) = (of(|cost| cost.wall), of(|cost| cost.client));
            format!("{wall:.2} | {client:.2} | {:.2}", of(|cost| cost.machine))
        };
        let (cold, warm) = (cells(&column.cold), cells(&column.warm));
        let _ = writeln!(page, "| {} | {cold} | {warm} |", column.name);
    }
    page.push_str("\n## Commands\n\n`PLACE` is a folder of the benchmark's own.\n\n");
    for tool in TOOLS {
        let _ = writeln!(page, "- {}: `{}`", tool.name, tool.shown);
    }
    page
}
