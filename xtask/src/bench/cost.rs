//! What a command costs.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{WaitOptions, wait};

use crate::bench::place::{Argv, Place};
use crate::bench::processes::Process;

/// How long what a command leaves behind has to end.
const SETTLE: Duration = Duration::from_millis(500);

/// Time that one run took, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// On the clock.
    pub(crate) wall: f64,
    /// Of the processor: the command, its children and the masters of ssh that it uses.
    pub(crate) client: f64,
    /// Of the processor, by everything on this machine.
    pub(crate) machine: f64,
}

/// Runs a command, which has to succeed: with all tools that means that every machine answered.
pub(crate) fn measured(place: &Place, line: &Argv) -> Result<Cost> {
    measured_with(place, line, SETTLE)
}

/// The same, where what a command leaves behind takes `rest` to end.
pub(crate) fn measured_with(place: &Place, line: &Argv, rest: Duration) -> Result<Cost> {
    let out = place.path("out");
    let mut command = place.command(line)?;
    command
        .stdout(fs::File::create(&out)?)
        .stderr(fs::File::create(place.path("err"))?);
    settle(SETTLE);
    let (children, masters, machine) = (children()?, masters(place)?, machine()?);
    let begin = Instant::now();
    let status = command.status().context("cannot run it")?;
    let wall = begin.elapsed().as_secs_f64();
    let busy = self::machine()? - machine;
    settle(rest);
    let err = || fs::read_to_string(place.path("err")).unwrap_or_default();
    ensure!(status.success(), "{status}: {}", err());
    Ok(Cost {
        wall,
        client: self::children()? - children + self::masters(place)? - masters,
        machine: busy,
    })
}

/// Takes in what commands left behind, so that nothing of it is lost or counted with the next.
fn settle(rest: Duration) {
    // What ends has no event that this process could wait for without waiting for masters too.
    std::thread::sleep(rest);
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

/// Processor time of this process's children that have ended.
fn children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("cannot read /proc")?;
    times(&stat, 13).context("/proc/self/stat is not understood")
}

/// Processor time of ssh's masters of this place so far.
fn masters(place: &Place) -> Result<f64> {
    let own = place.path("").to_string_lossy().into_owned();
    let mut sum = 0.0;
    for entry in fs::read_dir("/proc").context("cannot read /proc")? {
        let folder = entry?.path();
        // A master's title is the path of its socket.
        let title = fs::read_to_string(folder.join("cmdline")).unwrap_or_default();
        if title.starts_with("ssh: ") && title.contains(&own) {
            let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default();
            sum += times(&stat, 11).unwrap_or_default();
        }
    }
    Ok(sum)
}

/// Processor time of living processes so far, in seconds.
pub(crate) fn spent(processes: &[Process]) -> f64 {
    let stats = processes.iter().map(|process| {
        let path = format!("/proc/{}/stat", process.pid);
        fs::read_to_string(path).unwrap_or_default()
    });
    stats.filter_map(|stat| times(&stat, 11)).sum()
}

/// Two fields of a `stat` file, in seconds, counted behind the program's name.
fn times(stat: &str, first: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(first)? + ticks(first + 1)?) / TICKS)
}

/// Ticks in a second; Linux shows programs no other number.
const TICKS: f64 = 100.0;

/// Processor time that this machine has spent.
fn machine() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc")?;
    let line = stat.lines().next().unwrap_or_default();
    let fields: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .map_while(|f| f.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq; guests are counted in user already.
    let busy = [0, 1, 2, 5, 6]
        .iter()
        .filter_map(|index| fields.get(*index));
    Ok(busy.sum::<f64>() / TICKS)
}
