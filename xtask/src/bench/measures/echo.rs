//! How long a keystroke takes to the program and back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use memchr::memchr;

use super::Setting;
use crate::bench::figures::quantile;
use crate::bench::peer::Peer;
use crate::bench::place::Place;
use crate::bench::terminal::Terminal;

/// Letters that end no escape sequence which a client draws with.
const KEYS: &[u8] = b"xyzwv";

/// Keystrokes one after the other, each sent once the one before has come back.
pub(super) fn echo(peer: &dyn Peer, setting: &mut Setting) -> Result<()> {
    let place = Place::new()?;
    peer.start(&place)?;
    let text = "stty sane -echo\nread x\nstty raw\nprintf READY\nexec cat\n";
    let script = place.write("echo.sh", text)?;
    let script = script.to_string_lossy();
    let session = peer.create(&place, "echo", &["/bin/sh", &script])?;
    let mut terminal = Terminal::open(&place, &peer.attach(&place, &session))?;
    terminal.rouse(b"READY", Duration::from_secs(8))?;
    terminal.settle(Duration::from_millis(300));
    let mut times = Vec::new();
    for key in KEYS.iter().cycle().take(setting.scale.keystrokes) {
        let begin = Instant::now();
        terminal.send(&[*key])?;
        while memchr(*key, terminal.read(begin + Duration::from_secs(5))?).is_none() {}
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    terminal.close();
    for (row, percent) in [("echo-p50", 50), ("echo-p99", 99)] {
        let time = quantile(&times, percent).context("no keystroke")?;
        setting.figures.add(row, peer.name(), time);
    }
    Ok(())
}
