//! What a session costs once its program has printed 10,000 lines.

use std::time::Duration;

use anyhow::Result;

use super::Setting;
use crate::bench::figures::float;
use crate::bench::material::KEPT_LINES;
use crate::bench::peer::Peer;
use crate::bench::place::Place;
use crate::bench::processes::{memory_files, pss_without_files};
use crate::bench::signals::Signals;

/// Sessions over which the price is averaged.
const SESSIONS: usize = 10;

/// Memory of a peer with ten such sessions, without what it takes with none, a session.
pub(super) fn lines(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let place = Place::new()?;
    let mut signals = Signals::new(&place)?;
    peer.start(&place)?;
    peer.create(&place, "first", &["sleep", "1000000"])?;
    std::thread::sleep(Duration::from_secs(1));
    let before = memory(peer, &place)?;
    let text = format!(
        "cat {}\n{}\nexec sleep 1000000\n",
        setting.material.kept.display(),
        signals.say_done()
    );
    let script = place.write("lines.sh", &text)?;
    let script = script.to_string_lossy();
    let mut sessions = Vec::new();
    for number in 0..SESSIONS {
        sessions.push(peer.create(&place, &format!("s{number}"), &["/bin/sh", &script])?);
    }
    signals.wait(SESSIONS, Duration::from_secs(60))?;
    std::thread::sleep(Duration::from_secs(1));
    let grown = memory(peer, &place)?.saturating_sub(before);
    let each = float(grown) / 1e6 / float(SESSIONS as u64);
    setting.figures.add("lines", peer.name(), each);
    let history = sessions.first().and_then(|id| peer.history(&place, id));
    if let Some(history) = history {
        let text = place.output(&history)?;
        let kept = text
            .lines()
            .filter(|line| line.contains("the quick"))
            .count();
        let note = format!("keeps {kept} of {KEPT_LINES}");
        setting.figures.note("lines", peer.name(), note);
    }
    Ok(())
}

/// Memory of the peer's processes and of the files in memory that they hold, in bytes, each page
/// counted once.
fn memory(peer: &dyn Peer, place: &Place) -> Result<u64> {
    let own = place.own(peer.programs())?;
    Ok(pss_without_files(&own)? + memory_files(&own)?)
}
