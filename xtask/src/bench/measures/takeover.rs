//! How long it takes to take a session over from a client that hangs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Signal, kill_process};

use super::Setting;
use crate::bench::peer::Peer;
use crate::bench::place::Place;
use crate::bench::signals::Signals;
use crate::bench::terminal::Terminal;

/// When to give up.
const LIMIT: Duration = Duration::from_secs(8);

/// A client is stopped while the program prints on; then another one comes.
pub(super) fn takeover(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let place = Place::new()?;
    let mut signals = Signals::new(&place)?;
    peer.start(&place)?;
    // 3 MB, more than any socket holds.
    let text = format!(
        "stty sane -echo\nread x\necho READY\n{}\ncat {}\necho THE-LAST-LINE\n{}\nexec sleep 1000000\n",
        signals.wait_for_go(),
        setting.material.scrolled.display(),
        signals.say_done()
    );
    let script = place.write("hang.sh", &text)?;
    let script = script.to_string_lossy();
    let session = peer.create(&place, "hang", &["/bin/sh", &script])?;
    let line = peer.attach(&place, &session);
    let mut hung = Terminal::open(&place, &line)?;
    hung.rouse(b"READY", LIMIT)?;
    hung.settle(Duration::from_millis(200));
    kill_process(hung.client(), Signal::STOP).context("cannot stop the client")?;
    signals.go()?;
    let figures = &mut *setting.figures;
    if signals.wait(1, Duration::from_secs(3)).is_err() {
        figures.note("takeover", peer.name(), "the hung client stops the program");
    }
    let begin = Instant::now();
    let mut terminal = Terminal::open(&place, &line)?;
    let shown = terminal.expect(b"THE-LAST-LINE", LIMIT);
    let took = begin.elapsed().as_secs_f64() * 1e3;
    match shown {
        Ok(()) => figures.add("takeover", peer.name(), took),
        Err(_) => figures.fail("takeover", peer.name(), "not possible"),
    }
    drop(place);
    terminal.close();
    hung.close();
    Ok(())
}
