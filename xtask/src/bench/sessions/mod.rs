//! PSSessions on many hosts: the cmdlets beside a script that does the same with pypsrp.
//!
//! The hosts are so many of ours on this machine. What they cost is in nobody's figures, but they
//! share the processor with whoever is measured.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result};
use winsta_python::Python;
use winsta_python::packages::{self, PYPSRP};

use super::cost::{Cost, measured, measured_with};
use super::figures::quantile;
use super::place::{Argv, Place, argv};
use super::report::{machine, publish};
use super::served::{self, await_answer, binary, serve};

/// Options of `cargo xtask sessions`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many hosts, one row for each number
    #[arg(long, value_delimiter = ',', default_values_t = [1, 50])]
    hosts: Vec<u16>,
    /// How often to measure; the median counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Write benches/SESSIONS.md
    #[arg(long)]
    write: bool,
}

const PEER: &str = include_str!("peer.py");
/// Most that are asked at once.
const THROTTLE: u16 = 32;
/// What the cmdlets do on each host, `W` being the program and `U` the hosts' addresses.
const SCRIPT: &str = "set -e
s=$($W New-PSSession -ConnectionUri $U -Credential ann)
test $($W Invoke-Command $s '{seq 100}' | wc -l) = $((N * 100))
$W Disconnect-PSSession $s > /dev/null
$W Connect-PSSession $s > /dev/null
$W Remove-PSSession $s
t=$($W Invoke-Command -ConnectionUri $U -Credential ann -InDisconnectedSession '{seq 100}')
test $(echo \"$t\" | $W Receive-PSSession | wc -l) = $((N * 100))
$W Remove-PSSession $t";
/// How long the agent waits for more before it ends.
const AGENT: Duration = Duration::from_secs(4);

/// Measures and prints, and writes the page if that is wanted.
pub(crate) fn run(options: &Options) -> Result<()> {
    let python = Python::with(packages::CLIENTS)?;
    Place::sweep()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut rows = Vec::new();
    for count in &options.hosts {
        let hosts = Hosts::start(*count)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for number in 1..=options.runs {
            let place = Place::new()?;
            let cost = measured_with(&place, &hosts.cmdlets(), AGENT);
            ours.push(cost.context("the cmdlets")?);
            theirs.push(measured(&place, &hosts.script(&place, &python)?).context("pypsrp")?);
            eprintln!("{count} hosts: {number} of {}", options.runs);
        }
        rows.push((*count, ours, theirs));
    }
    let page = page(&rows, options);
    publish(&page, options.write.then_some("SESSIONS.md"))
}

/// Hosts at consecutive ports.
struct Hosts {
    first: u16,
    all: Vec<(Place, Child)>,
}

impl Hosts {
    fn start(count: u16) -> Result<Self> {
        let users = Place::new()?;
        let file = served::users(&users)?;
        let first = free(count)?;
        let mut all = Vec::new();
        for port in first..first + count {
            let place = Place::new()?;
            let child = serve(&place, port, &file)?;
            all.push((place, child));
        }
        for port in first..first + count {
            await_answer(port)?;
        }
        drop(users);
        Ok(Self { first, all })
    }

    fn cmdlets(&self) -> Argv {
        let addresses: Vec<String> = (self.first..)
            .take(self.all.len())
            .map(|port| format!("http://127.0.0.1:{port}/wsman"))
            .collect();
        let (count, addresses) = (self.all.len(), addresses.join(","));
        let script = format!(
            "export WINSTA_PASSWORD=secret; N={count} U={addresses} W={}\n{SCRIPT}",
            binary()
        );
        argv(["/bin/bash", "-c", script.as_str()])
    }

    fn script(&self, place: &Place, python: &Python) -> Result<Argv> {
        let script = place.write("peer.py", PEER)?.display().to_string();
        let program = python
            .command()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let (first, count, throttle) = (
            self.first.to_string(),
            self.all.len().to_string(),
            THROTTLE.to_string(),
        );
        Ok(argv([&program, &script, &first, &count, &throttle]))
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for (place, mut host) in self.all.drain(..) {
            // Its place takes the rest with it.
            let _gone = (host.kill(), host.wait());
            drop(place);
        }
    }
}

/// The first of so many ports that are free at the moment.
fn free(count: u16) -> Result<u16> {
    let mut first = 20_000;
    while first < 40_000 {
        let taken =
            (first..first + count).rfind(|port| TcpListener::bind(("127.0.0.1", *port)).is_err());
        match taken {
            None => return Ok(first),
            Some(port) => first = port + 1,
        }
    }
    anyhow::bail!("there are no {count} free ports in a row")
}

fn page(rows: &[(u16, Vec<Cost>, Vec<Cost>)], options: &Options) -> String {
    let mut page = format!(
        "# PSSessions on many hosts\n\nMade by `cargo xtask sessions`. Each figure is the median of \
         {} runs, in which the cmdlets and a script with pypsrp do the same on so many hosts of ours \
         on this machine, {THROTTLE} at a time: make a session, run a command in it, leave it, come \
         back, end it; make another, start a command and leave, come back and hear it, end it. The time of the processor is the client's: \
         shell, commands and agent here, Python there. Each host checks a password with argon2 for each \
         connection that is made to it; script and agent both keep theirs.\n\n- machine: {}\n- peer: {PYPSRP}\n\n\
         | hosts | winsta, s | its CPU, s | pypsrp, s | its CPU, s | times less CPU | wall |\n\
         |---:|---:|---:|---:|---:|---:|---:|\n",
        options.runs,
        machine()
    );
    for (count, ours, theirs) in rows {
        let of = |costs: &[Cost], pick: fn(&Cost) -> f64| {
            let values: Vec<f64> = costs.iter().map(pick).collect();
            quantile(&values, 50).unwrap_or_default()
        };
        let (wall, cpu) = (of(ours, |cost| cost.wall), of(ours, |cost| cost.client));
        let (their_wall, their_cpu) =
            (of(theirs, |cost| cost.wall), of(theirs, |cost| cost.client));
        let _ = writeln!(
            page,
            "| {count} | {wall:.2} | {cpu:.2} | {their_wall:.2} | {their_cpu:.2} | {:.1} | {:.2} |",
            their_cpu / cpu.max(0.01),
            wall / their_wall
        );
    }
    page
}
