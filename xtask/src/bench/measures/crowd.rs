//! A thousand idle sessions: to create, to keep and to list.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memchr_iter;

use super::Setting;
use crate::bench::figures::{float, quantile};
use crate::bench::peer::Peer;
use crate::bench::place::Place;
use crate::bench::processes::{memory_files, pss, wakeups};

/// How often the list is asked for in a run.
const LISTINGS: usize = 21;

/// How long everybody is given to come to rest.
const SETTLE: Duration = Duration::from_secs(1);

/// Creates the sessions, then looks at what they cost.
pub(super) fn crowd(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let place = Place::new()?;
    peer.start(&place)?;
    // The first session may start a server; that is no part of the price of the others.
    peer.create(&place, "first", &["sleep", "1000000"])?;
    let begin = Instant::now();
    for number in 0..setting.scale.sessions {
        peer.create(&place, &format!("s{number}"), &["sleep", "1000000"])?;
    }
    let took = begin.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs(2));
    let living = place.own(&["sleep"])?.len();
    ensure!(
        living > setting.scale.sessions,
        "only {living} sessions live of {}",
        setting.scale.sessions + 1
    );
    setting.figures.add("create", peer.name(), took);
    idle(peer, &place, setting)?;
    list(peer, &place, setting)
}

fn idle(peer: &dyn Peer, place: &Place, setting: &mut Setting) -> Result<()> {
    let own = place.own(peer.programs())?;
    // What the last creation and listing set going is not idleness yet.
    std::thread::sleep(SETTLE);
    let before = wakeups(&own)?;
    std::thread::sleep(setting.scale.idle);
    let after = wakeups(&own)?;
    let figures = &mut *setting.figures;
    figures.add("wakeups", peer.name(), float(after - before));
    // Memory comes after the idle time, so that what a server clears up late is gone.
    let megabytes = |bytes: u64| float(bytes) / 1e6;
    figures.add("memory", peer.name(), megabytes(pss(&own)?));
    for (group, processes) in peer.groups(&own) {
        let row = format!("memory-{group}");
        figures.add(&row, peer.name(), megabytes(pss(&processes)?));
        let row = format!("memory-{group}-files");
        figures.add(&row, peer.name(), megabytes(memory_files(&processes)?));
    }
    Ok(())
}

fn list(peer: &dyn Peer, place: &Place, setting: &mut Setting) -> Result<()> {
    let Some(line) = peer.list(place) else {
        setting
            .figures
            .note("list", peer.name(), "has no such command");
        return Ok(());
    };
    let mut times = Vec::new();
    for _ in 0..LISTINGS {
        let mut command = place.command(&line)?;
        command.stdout(std::process::Stdio::piped());
        let begin = Instant::now();
        let output = command.output().context("cannot list")?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        let rows = memchr_iter(b'\n', &output.stdout).count();
        ensure!(rows > setting.scale.sessions, "it lists {rows} rows only");
    }
    let time = quantile(&times, 50).context("no listing")?;
    setting.figures.add("list", peer.name(), time);
    Ok(())
}
