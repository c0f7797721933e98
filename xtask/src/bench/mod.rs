//! Winsta and its peers measured side by side.

pub(crate) mod codec;
mod cost;
mod figures;
pub(crate) mod fleet;
mod material;
mod measures;
mod peer;
mod peers;
mod place;
mod processes;
mod report;
mod rows;
mod served;
pub(crate) mod service;
pub(crate) mod sessions;
mod signals;
mod terminal;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use figures::Figures;
use material::Material;
use measures::{ALL, Measure, Setting};
use peer::Peer;
use place::{Argv, Place};
use report::Circumstances;

use crate::workspace;

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure only these [all of them, and write benches/RESULTS.md]
    #[arg(value_name = "MEASURE", value_parser = known_measure)]
    only: Vec<String>,
    /// Measure only these peers
    #[arg(long, value_delimiter = ',', value_name = "PEER,…")]
    peers: Vec<String>,
    /// How often to measure; the median counts
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// One small run, to see that everything works; the figures mean nothing
    #[arg(long)]
    quick: bool,
}

fn known_measure(name: &str) -> Result<String> {
    if ALL.iter().any(|measure| measure.name == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<_> = ALL.iter().map(|measure| measure.name).collect();
    bail!("there are: {}", names.join(", "))
}

/// How much of everything.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// Blocks of 1.07 MB that a flood consists of.
    pub(crate) flood_blocks: u32,
    /// Keystrokes that are echoed.
    pub(crate) keystrokes: usize,
    /// Idle sessions.
    pub(crate) sessions: usize,
    /// How long idle sessions are watched.
    pub(crate) idle: Duration,
}

impl Scale {
    /// What figures are made with.
    pub(crate) const FULL: Self = Self {
        flood_blocks: 187,
        keystrokes: 2000,
        sessions: 1000,
        idle: Duration::from_secs(10),
    };

    /// Just enough to see that everything works.
    pub(crate) const QUICK: Self = Self {
        flood_blocks: 10,
        keystrokes: 100,
        sessions: 20,
        idle: Duration::from_secs(1),
    };
}

/// Measures, and prints or writes what came of it.
pub(crate) fn run(options: &Options) -> Result<()> {
    let peers = chosen_peers(options)?;
    let wanted = |m: &&Measure| options.only.is_empty() || options.only.iter().any(|o| o == m.name);
    let measures: Vec<_> = ALL.iter().filter(wanted).collect();
    let (scale, runs) = if options.quick {
        (Scale::QUICK, 1)
    } else {
        (Scale::FULL, options.runs)
    };
    Place::sweep()?;
    raise_limits()?;
    let material = Material::new(&scale)?;
    let mut figures = Figures::default();
    for measure in &measures {
        for number in 1..=runs {
            for peer in &peers {
                let setting = Setting {
                    scale: &scale,
                    material: &material,
                    figures: &mut figures,
                };
                once(measure, number, peer.as_ref(), setting);
            }
        }
    }
    let how = Circumstances {
        command: "cargo xtask bench".to_owned(),
        runs,
        commands: commands(&peers)?,
    };
    let page = report::page(&figures, &peers, &how);
    let whole = options.only.is_empty() && options.peers.is_empty() && !options.quick;
    report::publish(&page, whole.then_some("RESULTS.md"))
}

fn once(measure: &Measure, number: usize, peer: &dyn Peer, setting: Setting) {
    if peer.name() == peers::RAW && !measure.raw {
        return;
    }
    let mut setting = setting;
    let begin = Instant::now();
    let outcome = (measure.run)(peer, &mut setting);
    let took = begin.elapsed().as_secs_f64();
    let name = measure.name;
    eprintln!("{name} {number} {}: {took:.1} s", peer.name());
    if let Err(error) = outcome {
        eprintln!("  failed: {error:#}");
        for row in measure.rows {
            setting.figures.fail(row, peer.name(), error.to_string());
        }
    }
}

/// The peers that were asked for and are installed.
fn chosen_peers(options: &Options) -> Result<Vec<Box<dyn Peer>>> {
    let mut chosen = Vec::new();
    for peer in peers::all() {
        let name = peer.name();
        if !options.peers.is_empty() && !options.peers.iter().any(|wanted| wanted == name) {
            continue;
        }
        if peer.version().is_some() {
            chosen.push(peer);
        } else {
            eprintln!("warning: {name} is not installed, so it is left out");
        }
    }
    ensure!(!chosen.is_empty(), "none of these peers is installed");
    Ok(chosen)
}

/// A thousand sessions take more descriptors than a login usually has.
fn raise_limits() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).context("cannot raise the limit of descriptors")
}

/// The command lines that peers are driven with.
fn commands(peers: &[Box<dyn Peer>]) -> Result<Vec<(String, String)>> {
    let place = Place::new()?;
    let folder = place.path("").to_string_lossy().into_owned();
    let shown = |line: &Argv| {
        let words: Vec<_> = line.iter().map(|word| word.to_string_lossy()).collect();
        let root = format!("{}/", workspace::root().display());
        let line = words.join(" ").replace(&root, "");
        line.replace(&folder, "PLACE/")
    };
    let mut commands = Vec::new();
    for peer in peers {
        let lines = [
            Some(peer.create_argv(&place, "NAME", &["COMMAND"])),
            Some(peer.attach(&place, "NAME")),
            peer.list(&place),
            peer.history(&place, "NAME"),
        ];
        let lines = lines.iter().flatten().map(shown);
        commands.extend(lines.map(|line| (peer.name().to_owned(), line)));
    }
    Ok(commands)
}
