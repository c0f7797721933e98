//! How long a client takes to come back.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Setting;
use crate::bench::peer::Peer;
use crate::bench::place::Place;
use crate::bench::signals::Signals;
use crate::bench::terminal::Terminal;

/// From the start of the client's process until the last line is on the terminal.
pub(super) fn reattach(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let place = Place::new()?;
    let mut signals = Signals::new(&place)?;
    peer.start(&place)?;
    let text = format!(
        "cat {}\necho THE-LAST-LINE\n{}\nexec sleep 1000000\n",
        setting.material.scrolled.display(),
        signals.say_done()
    );
    let script = place.write("scroll.sh", &text)?;
    let script = script.to_string_lossy();
    let session = peer.create(&place, "scroll", &["/bin/sh", &script])?;
    signals.wait(1, Duration::from_secs(60))?;
    std::thread::sleep(Duration::from_secs(1));
    let line = peer.attach(&place, &session);
    let begin = Instant::now();
    let mut terminal = Terminal::open(&place, &line)?;
    let shown = terminal.expect(b"THE-LAST-LINE", Duration::from_secs(4));
    let took = begin.elapsed().as_secs_f64() * 1e3;
    terminal.close();
    let figures = &mut *setting.figures;
    if shown.is_ok() {
        figures.add("reattach", peer.name(), took);
    } else {
        figures.fail("reattach", peer.name(), "does not show what was there");
    }
    Ok(())
}
